"""A realm made by bare admin calls, so that what is tested here leans on no other code of ours."""

import time
from typing import Any

import requests

from idp_extension.server import RunningServer

SECRET = "secret-of-the-tests"
MAPPER = "bdt-structure-mapper"
PASSWORD_PATTERN = (
    r"(?:(?=.*\p{Ll})(?=.*\p{Lu})(?=.*\p{Nd})|(?=.*\p{Ll})(?=.*\p{Lu})(?=.*[^\p{L}\p{N}])"
    r"|(?=.*\p{Ll})(?=.*\p{Nd})(?=.*[^\p{L}\p{N}])|(?=.*\p{Lu})(?=.*\p{Nd})(?=.*[^\p{L}\p{N}])).{8,}"
)


class PlainRealm:
    """One realm of a running Keycloak: relying clients with roles, structures as groups, people."""

    def __init__(self, server: RunningServer, name: str, *, has_step: bool = True, **settings: Any) -> None:
        self.server, self.name = server, name
        self.url = f"{server.url}/realms/{name}"
        self._token, self._token_until = "", 0.0
        self._groups: dict[str, str] = {}
        self._clients: dict[str, str] = {}
        self._post(
            "/admin/realms",
            realm=name,
            enabled=True,
            internationalizationEnabled=True,
            supportedLocales=["fr"],
            defaultLocale="fr",
            loginTheme="bdt",
            emailTheme="bdt",
            loginWithEmailAllowed=True,
            resetPasswordAllowed=True,
            sslRequired="none",
            attributes={"bdt.portal-url": "http://127.0.0.1:8400"},
            **(_LOGIN if has_step else {}),
            passwordPolicy=f"length(8) and maxLength(128) and regexPattern({PASSWORD_PATTERN})",
            **settings,
        )
        self.scope = self._post(
            f"/admin/realms/{name}/client-scopes",
            name="structure",
            protocol="openid-connect",
            attributes={"include.in.token.scope": "false"},
            protocolMappers=[
                {"name": "structure", "protocol": "openid-connect", "protocolMapper": MAPPER, "config": {}}
            ],
        )

    def relying_client(
        self, client_id: str, *roles: str, need: str = "required", is_scoped: bool = True, **settings: Any
    ) -> None:
        """A client with its roles and its need of a structure, and with the scope of our mapper."""
        client = self._post(
            f"/admin/realms/{self.name}/clients",
            clientId=client_id,
            secret=SECRET,
            redirectUris=[f"http://127.0.0.1/{client_id}"],
            baseUrl=f"http://127.0.0.1/{client_id}/",
            fullScopeAllowed=False,
            attributes={"pkce.code.challenge.method": "S256", "bdt.structure": need},
            protocolMappers=[_audience(client_id)],
            **settings,
        )
        self._clients[client_id] = client
        for role in roles:
            self._post(f"/admin/realms/{self.name}/clients/{client}/roles", name=role)
        if is_scoped:
            self.call("PUT", f"/admin/realms/{self.name}/clients/{client}/default-client-scopes/{self.scope}")

    def structure(self, siren: str, label: str) -> None:
        """A top-level group named by its SIREN."""
        self._groups[siren] = self._post(
            f"/admin/realms/{self.name}/groups", name=siren, attributes={"label": [label]}
        )

    def service(self, siren: str, name: str, mapped: str | None = None) -> None:
        """A subgroup `<client>:<role>`, to which that role (or `mapped`, or none for "") is mapped."""
        parent = self._groups[siren]
        group = self._post(f"/admin/realms/{self.name}/groups/{parent}/children", name=name)
        self._groups[f"{siren}/{name}"] = group
        client_id, _, role = (name if mapped is None else mapped).partition(":")
        if not client_id:
            return
        client = self._clients[client_id]
        found = self.call("GET", f"/admin/realms/{self.name}/clients/{client}/roles/{role}").json()
        path = f"/admin/realms/{self.name}/groups/{group}/role-mappings/clients/{client}"
        self.call("POST", path, json=[found])

    def person(self, username: str, password: str | None = None, **settings: Any) -> str:
        """A person who may log in; gives her id."""
        credentials = [{"type": "password", "value": password, "temporary": False}] if password else []
        return self._post(
            f"/admin/realms/{self.name}/users",
            username=username,
            enabled=True,
            emailVerified=True,
            email=settings.pop("email", f"{username}@example.test"),
            firstName="Cendrine",
            lastName="Martin",
            credentials=credentials,
            **settings,
        )

    def join(self, user: str, *groups: str) -> None:
        for group in groups:
            self.call("PUT", f"/admin/realms/{self.name}/users/{user}/groups/{self._groups[group]}")

    def leave(self, user: str, group: str) -> None:
        self.call("DELETE", f"/admin/realms/{self.name}/users/{user}/groups/{self._groups[group]}")

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Call the admin API as the administrator of the server; a refusal fails the test."""
        headers = {"Authorization": f"Bearer {self._admin_token()}"}
        answer = requests.request(method, self.server.url + path, headers=headers, timeout=20, **arguments)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _post(self, path: str, **body: Any) -> str:
        return self.call("POST", path, json=body).headers["Location"].rpartition("/")[2]

    def _admin_token(self) -> str:
        if time.monotonic() > self._token_until:
            answer = requests.post(
                f"{self.server.url}/realms/master/protocol/openid-connect/token",
                data={
                    "grant_type": "password",
                    "client_id": "admin-cli",
                    "username": self.server.admin_user,
                    "password": self.server.admin_password,
                },
                timeout=20,
            )
            self._token, self._token_until = answer.json()["access_token"], time.monotonic() + 30
        return self._token


def _audience(client_id: str) -> dict[str, Any]:
    """Keycloak answers the introspection of a token only to a client in its audience."""
    config = {"included.client.audience": client_id, "access.token.claim": "true"}
    return {
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": config | {"introspection.token.claim": "true"},
    }


def _flow(alias: str, is_top_level: bool, *steps: dict[str, Any]) -> dict[str, Any]:
    executions = [{**step, "priority": 10 * place} for place, step in enumerate(steps)]
    return {
        "alias": alias,
        "providerId": "basic-flow",
        "topLevel": is_top_level,
        "builtIn": False,
        "authenticationExecutions": executions,
    }


# Log in by cookie or form, then our step, which must run in both cases.
_LOGIN = {
    "browserFlow": "browser with structure",
    "authenticationFlows": [
        _flow(
            "browser with structure",
            True,
            {"flowAlias": "log in", "authenticatorFlow": True, "requirement": "REQUIRED"},
            {"authenticator": "bdt-structure-step", "requirement": "REQUIRED"},
        ),
        _flow(
            "log in",
            False,
            {"authenticator": "auth-cookie", "requirement": "ALTERNATIVE"},
            {"flowAlias": "log in forms", "authenticatorFlow": True, "requirement": "ALTERNATIVE"},
        ),
        _flow(
            "log in forms",
            False,
            {"authenticator": "auth-username-password-form", "requirement": "REQUIRED"},
        ),
    ],
}
