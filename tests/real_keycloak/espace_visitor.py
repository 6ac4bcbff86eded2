"""A person of the realm who opens the espace « Mes prêts en ligne » with one browser."""

import base64
import json
from typing import Any
from uuid import uuid4

import requests

from idp_extension.projection import DesiredPerson, DesiredStructure, project_person
from tests.builders.oidc_login import log_in, refresh
from tests.builders.servers.applied_realm import MES_PRETS, AppliedRealm

PASSWORD = "Mairie-2026"
CLIENT = MES_PRETS.client_id


class EspaceVisitor:
    """Attached to these structures; her browser keeps her logged in from one request to the next."""

    def __init__(self, realm: AppliedRealm, browser: requests.Session, *structures: DesiredStructure) -> None:
        self._realm, self._browser = realm, browser
        identifiant = f"cend{uuid4().hex[:10]}"
        self.person = DesiredPerson(
            identifiant, None, f"{identifiant}@eus.example", "Zoé", "Le Goff", True, structures
        )
        self.id = project_person(realm.gateway, self.person).keycloak_id
        realm.choose_password(self.id, PASSWORD)

    def open(self, **parameters: str) -> dict[str, Any]:
        """The tokens the espace gets. Keyword arguments go with the authorisation request."""
        return log_in(
            base_url=self._realm.url,
            realm=self._realm.name,
            client_id=CLIENT,
            client_secret=self._realm.values.secrets[CLIENT],
            redirect_uri=MES_PRETS.redirect_uris[0],
            username=self.person.identifiant,
            password=PASSWORD,
            browser=self._browser,
            **parameters,
        )

    def refresh(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """New tokens, as the espace asks for them while the person works."""
        secret = self._realm.values.secrets[CLIENT]
        return refresh(self._realm.url, self._realm.name, CLIENT, secret, tokens["refresh_token"])


def active_structure(tokens: dict[str, Any]) -> tuple[str, list[str]] | None:
    """SIREN and roles that the access token tells; None when it tells of neither."""
    encoded = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(encoded + "=="))
    if "structure" not in claims:
        assert not claims.get("resource_access")
        return None
    roles = sorted(claims["structure"]["roles"])
    assert claims["resource_access"].keys() == {CLIENT}
    assert sorted(claims["resource_access"][CLIENT]["roles"]) == roles
    return claims["structure"]["siren"], roles
