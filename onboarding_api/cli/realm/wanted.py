"""The realm that this installation is to have: realm-config/, the catalogue, its settings and keys."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from idp_extension.realm import CatalogueClient, Plan, RealmState, RealmValues, Role, load_desired
from idp_extension.relying_party.client_key import BadKey, read_public_keys
from onboarding_api.settings import ESPACE_PREFIX, BadSettings, Settings
from policies.catalogue.loader import load_catalogue

REALM_CONFIG = Path(__file__).parents[3] / "realm-config"
READER = "bdt-reader"
KEY_CLIENTS = frozenset({"portail", "bdt-sync", READER})
"""Our own clients, which have no secret at all."""


def wanted_realm(settings: Settings, secrets: Mapping[str, str]) -> RealmState:
    """The realm of this installation.

    Args:
        settings: where the portal, the espaces, the mail relay and the public keys are.
        secrets: espace -> secret, for those that have no key.

    Raises:
        BadSettings: a public key is missing, unreadable, or of a client that nobody knows.
    """
    values = RealmValues(
        portal_url=settings.public_url,
        portal_reach_url=settings.portal_reach_url,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        smtp_from=settings.smtp_from,
        smtp_starttls=settings.smtp_starttls,
        smtp_user=settings.smtp_user or "",
        smtp_password=settings.smtp_password or "",
        realm=settings.keycloak_realm,
        public_keys=public_keys(settings),
        secrets=secrets,
    )
    return load_desired(REALM_CONFIG, values, _espaces(settings))


def _espaces(settings: Settings) -> tuple[CatalogueClient, ...]:
    catalogue = load_catalogue()
    return tuple(
        CatalogueClient(
            client_id=espace.key,
            name=espace.label,
            roles=tuple(Role(service.role, service.label) for service in catalogue.services_of(espace.key)),
            redirect_uris=(f"{url}/connexion/retour",)
            if (url := settings.espace_urls.get(espace.key))
            else (),
            base_url=f"{url}/" if url else "",
        )
        for espace in catalogue.espaces.values()
    )


def espace_secrets() -> dict[str, str]:
    """Secrets of the espaces that have no key, from the environment."""
    named = {
        espace: os.environ.get(f"BDT_ESPACE_SECRET_{espace.upper().replace('-', '_')}")
        for espace in load_catalogue().espaces
    }
    return {client: secret for client, secret in named.items() if secret}


def public_keys(settings: Settings) -> dict[str, str]:
    """The public keys of our clients, and of the espaces that have one, from `<client>.pem`."""
    directory = settings.public_keys
    if directory is None:
        raise BadSettings("BDT_PUBLIC_KEYS is not set: the directory of the clients' public keys")
    files = {file.stem: file for file in directory.glob("*.pem")}
    if missing := KEY_CLIENTS - files.keys():
        raise BadSettings(f"BDT_PUBLIC_KEYS: no {', '.join(f'{name}.pem' for name in sorted(missing))}")
    if unknown := files.keys() - KEY_CLIENTS - load_catalogue().espaces.keys():
        raise BadSettings(f"BDT_PUBLIC_KEYS: no client is called {', '.join(sorted(unknown))}")
    try:
        return {client: read_public_keys(file) for client, file in files.items()}
    except BadKey as error:
        raise BadSettings(f"BDT_PUBLIC_KEYS: {error}") from None


def refuse_lost_addresses(todo: Plan, settings: Settings, closing: Collection[str]) -> None:
    """Stops before an espace loses its address because somebody forgot to say it.

    Args:
        todo: what is about to be done.
        settings: of this installation.
        closing: the espaces that are to lose it.

    Raises:
        BadSettings: names the variable.
    """
    for change in todo.changes:
        espace = change.name
        is_open = any(each.field == "redirectUris" and each.present for each in change.differences)
        if (
            change.kind == "client"
            and change.action == "update"
            and is_open
            and espace in load_catalogue().espaces
            and espace not in {*settings.espace_urls, *closing}
        ):
            variable = f"{ESPACE_PREFIX}{espace.upper().replace('-', '_')}"
            raise BadSettings(
                f"{variable} is not set, and the client {espace} has an address: nothing was changed. "
                f"Set it, or say --close-espace {espace}"
            )
