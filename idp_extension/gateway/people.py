"""The people of a realm: their profiles, their passwords, their sessions."""

from dataclasses import dataclass
from typing import Any

from idp_extension.admin_api import AdminAPI, Refused, Unknown
from idp_extension.gateway.calls import NOT_FOUND, created, drop_role, uuid

_GOING = 400  # what Keycloak says of a user whose deletion, asked before, is not through
_WELCOME_LINK = "bdt-welcome-link"  # the resource of our provider


@dataclass(frozen=True, slots=True)
class User:
    """A person as Keycloak knows her. `identifiant` is Keycloak's username, in lower case."""

    id: str
    identifiant: str
    email: str
    prenom: str
    nom: str
    is_active: bool


class People:
    """The users of one realm."""

    def __init__(self, api: AdminAPI) -> None:
        self._api = api

    def find_user(self, identifiant: str) -> User | None:
        """The user of that username, None when there is none."""
        found = self._api.get("users", username=identifiant, exact="true", briefRepresentation="true")
        return next((_user(user) for user in found if user["username"] == identifiant.lower()), None)

    def find_user_of_email(self, email: str) -> User | None:
        """The user who has that e-mail, None when nobody has."""
        found = self._api.get("users", email=email, exact="true", briefRepresentation="true")
        return next((_user(user) for user in found if user.get("email", "") == email.lower()), None)

    def get_user(self, user_id: str) -> User | None:
        """The user of that id, None when there is none any more."""
        found = self._api.find("users", uuid(user_id))
        return None if found is None else _user(found)

    def create_user(
        self, identifiant: str, *, email: str, prenom: str, nom: str, is_active: bool = True
    ) -> str:
        """Creates a user without a credential and returns her id; the id of the existing one if there is one.

        Raises:
            Refused: with status 409, when the e-mail belongs to another user.
        """
        body = {"username": identifiant} | _profile(email, prenom, nom) | {"enabled": is_active}
        conflict = created(self._api, "users", body=body)
        user = self.find_user(identifiant)
        if user is None:
            raise conflict or Unknown(f"user {identifiant} was not created")
        return user.id

    def update_user(
        self, user_id: str, *, email: str, prenom: str, nom: str, is_active: bool | None = None
    ) -> None:
        """Makes the user's profile the one given. `is_active` of None is left as it is, and not even sent:
        somebody may be disabling her at this moment.
        """
        profile = _profile(email, prenom, nom) | ({} if is_active is None else {"enabled": is_active})
        self._api.put("users", uuid(user_id), body=profile)
        user = self.get_user(user_id)
        wanted = (email.lower(), prenom, nom)
        is_done = user is not None and (user.email, user.prenom, user.nom) == wanted
        if user is None or not is_done or is_active not in (None, user.is_active):
            raise Unknown(f"user {user_id} was not updated")

    def rename_user(self, user_id: str, identifiant: str) -> None:
        """Gives the user this username.

        Raises:
            Refused: with status 409, when it belongs to another user.
        """
        self._api.put("users", uuid(user_id), body={"username": identifiant})
        user = self.get_user(user_id)
        if user is None or user.identifiant != identifiant.lower():
            raise Unknown(f"user {user_id} was not renamed")

    def delete_user(self, user_id: str) -> None:
        """Deletes a user, her sessions with her. One that is gone is no fault."""
        try:
            self._api.delete("users", uuid(user_id))
        except Refused as refusal:
            if refusal.status not in (NOT_FOUND, _GOING):
                raise
        if self.get_user(user_id) is not None:
            raise Unknown(f"user {user_id} was not deleted")

    def unlink_identity(self, user_id: str, provider: str) -> None:
        """Ends that the user may log in through another identity provider."""
        self._api.delete("users", uuid(user_id), "federated-identity", provider)
        found = self._api.get("users", user_id, "federated-identity")
        if any(each["identityProvider"] == provider for each in found):
            raise Unknown(f"user {user_id} is still linked to {provider}")

    def drop_user_role(self, user_id: str, role: str) -> None:
        """Takes a role off that the user holds by herself, as `mes-prets:demande` or `:offline_access`."""
        drop_role(self._api, "users", user_id, role)

    def choose_password_link(self, user_id: str, client_id: str, lifespan_seconds: int) -> str:
        """A link by which the person chooses her password and proves her address, once.

        Afterwards she is offered the home page of `client_id`. Nothing has changed at Keycloak; each call
        makes another link, and all of them serve until she has chosen.
        """
        query = {"client_id": client_id, "lifespan": str(lifespan_seconds)}
        link = self._api.ask(_WELCOME_LINK, uuid(user_id), **query).get("link", "")
        if not link.startswith("http"):
            raise Unknown("no link in the answer")
        return str(link)

    def end_sessions(self, user_id: str) -> None:
        """Ends every session of the user; refresh tokens die with them."""
        self._api.post("users", uuid(user_id), "logout")
        if self._api.get("users", uuid(user_id), "sessions"):
            raise Unknown(f"sessions of user {user_id} were not ended")


def _profile(email: str, prenom: str, nom: str) -> dict[str, object]:
    return {"email": email, "firstName": prenom, "lastName": nom}


def _user(body: dict[str, Any]) -> User:
    return User(
        id=body["id"],
        identifiant=body["username"],
        email=body.get("email", ""),
        prenom=body.get("firstName", ""),
        nom=body.get("lastName", ""),
        is_active=body["enabled"],
    )
