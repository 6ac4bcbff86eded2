"""Reads the wanted realm: the files of realm-config/, the values of the installation, the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import yaml

from idp_extension.naming import subgroup_name
from idp_extension.realm.closed import closed
from idp_extension.realm.defaults import load_defaults
from idp_extension.realm.state import (
    ADMINISTRATION,
    RealmState,
    Representation,
    by_key,
    merged,
    role_name,
)


@dataclass(frozen=True, slots=True)
class Role:
    """A service of an espace, as a client role. `label` is what people read: « Demande de prêts »."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class CatalogueClient:
    """An espace of the catalogue. `redirect_uris` are exact; `base_url` is where people open it."""

    client_id: str
    name: str
    roles: tuple[Role, ...]
    redirect_uris: tuple[str, ...]
    base_url: str


@dataclass(frozen=True, slots=True)
class RealmValues:
    """What differs per installation. `public_keys` (JWKS) and `secrets` go by client id.

    Our own clients have a key or cannot log in. An espace has a key, else a secret, else a secret at random.
    `portal_url` has no final slash; `portal_reach_url` is where Keycloak reaches the portal, if not there.
    Mail goes without login unless `smtp_user` is given.
    """

    portal_url: str
    smtp_host: str
    smtp_port: int
    smtp_from: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_keys: Mapping[str, str] = field(default_factory=dict)
    portal_reach_url: str = ""
    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    realm: str = "bdt"


def load_desired(
    config_dir: Path, values: RealmValues, catalogue: Iterable[CatalogueClient] = ()
) -> RealmState:
    """The wanted realm, whole: what the files and the catalogue say, and what Keycloak makes by itself.

    Raises:
        OSError: a file is not there.
        yaml.YAMLError: one is no YAML.
        KeyError: a `${name}` that nobody knows.
        ValueError: an espace or role whose name would not do as one.
    """
    espaces = tuple(catalogue)
    known = _placeholders(values)
    defaults = load_defaults(config_dir, values.realm)
    scopes = _read(config_dir / "client-scopes.yaml", known)
    clients = [
        *_read(config_dir / "clients.yaml", known),
        *(_relying_client(config_dir, known, espace) for espace in espaces),
    ]
    return closed(
        defaults,
        RealmState(
            name=values.realm,
            settings=_settings(config_dir, known, values),
            user_profile=_read(config_dir / "user-profile.yaml", known),
            scopes={scope["name"]: scope for scope in scopes["scopes"]},
            new_client_scopes={"default": scopes["default"], "optional": scopes["optional"]},
            clients={client["clientId"]: _with_proof(client, values) for client in clients},
            roles={name: role for espace in espaces for name, role in _roles(espace).items()},
            account_roles={
                account: {"roles": [role_name(role, ADMINISTRATION) for role in roles]}
                for account, roles in _read(config_dir / "service-accounts.yaml", known).items()
            },
            flows={
                flow["flow"]: {"steps": flow["steps"]}
                for flow in _read(config_dir / "login-flow.yaml", known)
            },
        ),
    )


def _placeholders(values: RealmValues) -> dict[str, str]:
    return {
        "portal_url": values.portal_url.rstrip("/"),
        "portal_reach_url": (values.portal_reach_url or values.portal_url).rstrip("/"),
        "smtp_host": values.smtp_host,
        "smtp_port": str(values.smtp_port),
        "smtp_from": values.smtp_from,
        "smtp_starttls": str(values.smtp_starttls).lower(),
        "smtp_auth": str(bool(values.smtp_user)).lower(),
    }


def _read(path: Path, known: Mapping[str, str]) -> Any:
    return _filled(yaml.safe_load(path.read_text(encoding="utf-8")), known)


def _filled(node: Any, known: Mapping[str, str]) -> Any:
    # After parsing, not before: a value may hold what YAML would read as syntax.
    match node:
        case str():
            return Template(node).substitute(known)
        case dict():
            return {key: _filled(value, known) for key, value in node.items()}
        case list():
            return [_filled(value, known) for value in node]
        case _:
            return node


def _settings(config_dir: Path, known: Mapping[str, str], values: RealmValues) -> dict[str, Any]:
    settings: dict[str, Any] = _read(config_dir / "realm.yaml", known)
    if values.smtp_user:
        settings["smtpServer"] |= {"user": values.smtp_user, "password": values.smtp_password}
    return settings


def _relying_client(config_dir: Path, known: Mapping[str, str], espace: CatalogueClient) -> dict[str, Any]:
    own = {
        "client_id": espace.client_id,
        "name": espace.name,
        "base_url": espace.base_url,
        "told_at": f"{espace.base_url}deconnexion/keycloak" if espace.base_url else "",
    }
    client: dict[str, Any] = _read(config_dir / "relying-client.yaml", {**known, **own})
    return client | {"redirectUris": list(espace.redirect_uris)}


def _roles(espace: CatalogueClient) -> dict[str, Representation]:
    for role in espace.roles:
        subgroup_name(espace.client_id, role.name)
    return {role_name(role.name, espace.client_id): {"description": role.label} for role in espace.roles}


def _with_proof(client: dict[str, Any], values: RealmValues) -> dict[str, Any]:
    client_id = client["clientId"]
    if client_id in values.public_keys:
        return merged(client, by_key(values.public_keys[client_id]))
    if client.get("clientAuthenticatorType") == "client-secret" and client_id in values.secrets:
        return client | {"secret": values.secrets[client_id]}
    return client
