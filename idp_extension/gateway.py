"""What the onboarding service may ask of Keycloak, in its own words.

Fifteen methods, all of them repeatable. Each id is checked to be a UUID before any call, each write is read
back: an answer cut in its headers looks like a success, and after a 409 somebody else may have written.
"""

import re
import threading
from dataclasses import dataclass
from typing import Any

from idp_extension.admin_api import AdminAPI, GatewayError, NotSent, Refused, Unknown
from idp_extension.naming import GroupName, subgroup_name

__all__ = [
    "GatewayError",
    "Group",
    "KeycloakGateway",
    "NotAUUID",
    "NotSent",
    "Refused",
    "Unknown",
    "User",
]

MAX_TIMEOUT_SECONDS = 5.0
MAX_LABEL_LENGTH = 255  # an attribute value holds no more (Keycloak #15685)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_CONFLICT = 409
# What Keycloak says of a role that another delivery maps at the same moment ("Duplicate resource error").
_DONE_MEANWHILE = 400
_NOT_FOUND = 404
_MAX_SUBGROUPS = "1000"  # one per service of the catalogue; without `max` Keycloak gives the first ten


class NotAUUID(ValueError):
    """An id that is not a UUID. In a path it could name another resource, so it is never sent."""


@dataclass(frozen=True)
class User:
    """A person as Keycloak knows her. `identifiant` is Keycloak's username, in lower case."""

    id: str
    identifiant: str
    email: str
    prenom: str
    nom: str
    is_active: bool


@dataclass(frozen=True)
class Group:
    """A group. `path` starts with a slash: "/216600726/mes-prets:demande"; `label` names a structure."""

    id: str
    path: str
    label: str = ""


class KeycloakGateway:
    """A service account of one realm. Safe to share between threads, which is how it is meant to be used.

    Methods raise `NotSent`, `Unknown` or `Refused` (see `idp_extension.admin_api`), and `NotAUUID`.
    """

    def __init__(
        self,
        base_url: str,
        realm: str,
        client_id: str,
        client_secret: str,
        timeout: float = MAX_TIMEOUT_SECONDS,
    ) -> None:
        timeout = min(timeout, MAX_TIMEOUT_SECONDS)
        self._api = AdminAPI.as_service_account(base_url, realm, client_id, client_secret, timeout)
        self._roles: dict[str, dict[str, Any]] = {}
        self._roles_lock = threading.Lock()

    def __enter__(self) -> "KeycloakGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()

    def ping(self) -> None:
        """Raises unless the realm answers our account."""
        self._api.get()

    def find_user(self, identifiant: str) -> User | None:
        """The user of that username, None when there is none."""
        found = self._api.get("users", username=identifiant, exact="true", briefRepresentation="true")
        return next((_user(user) for user in found if user["username"] == identifiant.lower()), None)

    def get_user(self, user_id: str) -> User | None:
        """The user of that id, None when there is none any more."""
        found = self._api.find("users", _uuid(user_id))
        return None if found is None else _user(found)

    def create_user(
        self, identifiant: str, *, email: str, prenom: str, nom: str, is_active: bool = True
    ) -> str:
        """Creates a user without a credential and returns her id; the id of the existing one if there is one.

        Raises `Refused` with status 409 when the e-mail belongs to another user.
        """
        body = {"username": identifiant} | _profile(email, prenom, nom, is_active)
        conflict = self._create("users", body=body)
        user = self.find_user(identifiant)
        if user is None:
            raise conflict or Unknown(f"user {identifiant} was not created")
        return user.id

    def update_user(self, user_id: str, *, email: str, prenom: str, nom: str, is_active: bool) -> None:
        """Makes the user's profile the one given."""
        self._api.put("users", _uuid(user_id), body=_profile(email, prenom, nom, is_active))
        user = self.get_user(user_id)
        wanted = (email.lower(), prenom, nom, is_active)
        if user is None or (user.email, user.prenom, user.nom, user.is_active) != wanted:
            raise Unknown(f"user {user_id} was not updated")

    def send_choose_password_mail(
        self, user_id: str, client_id: str, redirect_uri: str | None, lifespan_seconds: int
    ) -> None:
        """Has Keycloak send the mail whose link lets the person choose her password and proves her address.

        Afterwards she is sent to `redirect_uri`, or offered the home page of `client_id` when it is None.
        Not to be repeated after `Unknown` without thought: the mail may have left.
        """
        query = {"client_id": client_id, "lifespan": str(lifespan_seconds)}
        if redirect_uri is not None:
            query["redirect_uri"] = redirect_uri
        # VERIFY_EMAIL: from 26.8 on the link proves the address only when it is listed.
        actions = ["VERIFY_EMAIL", "UPDATE_PASSWORD"]
        self._api.put("users", _uuid(user_id), "execute-actions-email", body=actions, **query)

    def groups_of_user(self, user_id: str) -> tuple[Group, ...]:
        """Every group the user is a direct member of."""
        found = self._api.get("users", _uuid(user_id), "groups", briefRepresentation="false")
        return tuple(_group(group) for group in found)

    def find_structure_group(self, siren: str) -> Group | None:
        """The group of a structure, None when it was not made yet."""
        name = GroupName(siren).key
        found = self._api.get("groups", search=name, exact="true", briefRepresentation="false")
        return next((_group(group) for group in found if group["name"] == name), None)

    def create_structure_group(self, siren: str, label: str) -> Group:
        """Makes the group of a structure, or finds the one that exists, and gives it this label.

        Raises `ValueError` when the label is longer than 255 characters.
        """
        if len(label) > MAX_LABEL_LENGTH:
            raise ValueError(f"label of {siren} is longer than {MAX_LABEL_LENGTH} characters")
        body = {"name": GroupName(siren).key, "attributes": {"label": [label]}}
        conflict = self._create("groups", body=body)
        group = self.find_structure_group(siren)
        if group is not None and group.label != label:
            self._api.put("groups", group.id, body=body)
            group = self.find_structure_group(siren)
        if group is None or group.label != label:
            raise conflict or Unknown(f"group {siren} was not created, or not labelled")
        return group

    def subgroups(self, group_id: str) -> dict[str, Group]:
        """The subgroups of a structure's group, by name."""
        found = self._api.get(
            "groups", _uuid(group_id), "children", briefRepresentation="true", max=_MAX_SUBGROUPS
        )
        return {group["name"]: _group(group) for group in found}

    def create_subgroup(self, group_id: str, name: str) -> Group:
        """Makes a subgroup, or finds the one that exists."""
        conflict = self._create("groups", _uuid(group_id), "children", body={"name": name})
        group = self.subgroups(group_id).get(name)
        if group is None:
            raise conflict or Unknown(f"subgroup {name} of {group_id} was not created")
        return group

    def map_client_role(self, group_id: str, client_id: str, role: str) -> bool:
        """Makes the members of a group hold a client role. False when they already did.

        Raises `ValueError` for a role of Keycloak's own clients, `Refused` (404) for an unknown one.
        """
        wanted = self._client_role(client_id, role)
        path = ("groups", _uuid(group_id), "role-mappings", "clients", wanted["containerId"])
        try:
            if self._is_mapped(path, wanted):
                return False
            self._api.post(*path, body=[wanted])
        except Refused as refusal:
            with self._roles_lock:
                self._roles.clear()  # a client that was made anew has other ids: the next try reads them
            if refusal.status == _DONE_MEANWHILE and self._is_mapped(path, wanted):
                return False
            raise
        if not self._is_mapped(path, wanted):
            raise Unknown(f"role {client_id}:{role} was not mapped to group {group_id}")
        return True

    def join_group(self, user_id: str, group_id: str) -> None:
        """Makes the user a member. Raises `Refused` (404) when either of them is gone."""
        self._api.put("users", _uuid(user_id), "groups", _uuid(group_id))
        if not self._is_member(user_id, group_id):
            raise Unknown(f"user {user_id} did not join group {group_id}")

    def leave_group(self, user_id: str, group_id: str) -> None:
        """Ends the user's membership. A group that is gone has no member."""
        try:
            self._api.delete("users", _uuid(user_id), "groups", _uuid(group_id))
        except Refused as refusal:
            if refusal.status != _NOT_FOUND:
                raise
        if self._is_member(user_id, group_id):
            raise Unknown(f"user {user_id} did not leave group {group_id}")

    def end_sessions(self, user_id: str) -> None:
        """Ends every session of the user; refresh tokens die with them."""
        self._api.post("users", _uuid(user_id), "logout")
        if self._api.get("users", _uuid(user_id), "sessions"):
            raise Unknown(f"sessions of user {user_id} were not ended")

    def _create(self, *segments: str, body: object) -> Refused | None:
        """Posts, and returns a conflict instead of raising it: the caller looks for what exists."""
        try:
            self._api.post(*segments, body=body)
        except Refused as refusal:
            if refusal.status != _CONFLICT:
                raise
            return refusal
        return None

    def _is_member(self, user_id: str, group_id: str) -> bool:
        return any(group.id == group_id for group in self.groups_of_user(user_id))

    def _is_mapped(self, path: tuple[str, ...], role: dict[str, Any]) -> bool:
        return any(mapped["id"] == role["id"] for mapped in self._api.get(*path))

    def _client_role(self, client_id: str, role: str) -> dict[str, Any]:
        key = subgroup_name(client_id, role)
        with self._roles_lock:
            if key not in self._roles:
                self._roles |= self._roles_of_client(client_id)
            if key not in self._roles:
                raise Refused(_NOT_FOUND, f"the realm has no role {key}")
            return self._roles[key]

    def _roles_of_client(self, client_id: str) -> dict[str, dict[str, Any]]:
        clients = self._api.get("clients", clientId=client_id)
        if not clients:
            raise Refused(_NOT_FOUND, f"the realm has no client {client_id}")
        roles = self._api.get("clients", clients[0]["id"], "roles")
        return {f"{client_id}:{role['name']}": role for role in roles}


def _uuid(value: str) -> str:
    if not _UUID.fullmatch(value):
        raise NotAUUID(f"not a UUID: {value!r}")
    return value


def _profile(email: str, prenom: str, nom: str, is_active: bool) -> dict[str, object]:
    return {"email": email, "firstName": prenom, "lastName": nom, "enabled": is_active}


def _user(body: dict[str, Any]) -> User:
    return User(
        id=body["id"],
        identifiant=body["username"],
        email=body.get("email", ""),
        prenom=body.get("firstName", ""),
        nom=body.get("lastName", ""),
        is_active=body["enabled"],
    )


def _group(body: dict[str, Any]) -> Group:
    (label,) = body.get("attributes", {}).get("label") or [""]
    return Group(id=body["id"], path=body["path"], label=label)
