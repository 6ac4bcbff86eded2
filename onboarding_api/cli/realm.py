"""`bdt realm plan|apply|lint`: the realm of Keycloak from realm-config/ and the catalogue."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import (
    CatalogueClient,
    Plan,
    RealmState,
    RealmValues,
    Role,
    apply,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    lint,
    lint_files,
    lint_live,
    load_desired,
    plan,
    read_live,
)
from idp_extension.realm.accounts import BOOTSTRAP
from onboarding_api.settings import Settings, read_settings
from policies.catalogue.loader import load_catalogue

REALM_CONFIG = Path(__file__).parents[2] / "realm-config"
READER = "bdt-reader"


@dataclass(frozen=True)
class ServerAdmin:
    """An administrator of the server (realm `master`), as `kc.sh bootstrap-admin user` makes one."""

    url: str
    user: str
    password: str


def wanted_realm(settings: Settings, secrets: Mapping[str, str]) -> RealmState:
    """The realm of this installation.

    Args:
        settings: where the portal, the espaces and the mail relay are.
        secrets: client id -> secret, for the clients whose secret is not in the settings.
    """
    values = RealmValues(
        portal_url=settings.public_url,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        smtp_from=settings.smtp_from,
        smtp_starttls=settings.smtp_starttls,
        smtp_user=settings.smtp_user or "",
        smtp_password=settings.smtp_password or "",
        realm=settings.keycloak_realm,
        secrets={
            "portail": settings.portal_client_secret,
            "bdt-sync": settings.sync_client_secret,
            **secrets,
        },
    )
    return load_desired(REALM_CONFIG, values, _espaces(settings))


def apply_realm(settings: Settings, admin: ServerAdmin, secrets: Mapping[str, str]) -> Plan:
    """Make the realm as the files say; its own administrator account is awake for that time only.

    Args:
        settings: of this installation.
        admin: of the server; wakes the account.
        secrets: as for `wanted_realm`.

    Raises:
        GatewayError: Keycloak refused or did not answer; the account sleeps all the same.
    """
    secret = os.urandom(24).hex()
    with closing(
        AdminAPI.as_master_admin(admin.url, admin.user, admin.password, settings.keycloak_realm)
    ) as master:
        try:
            ensure_bootstrap_account(master, secret)
            account = AdminAPI.as_service_account(admin.url, settings.keycloak_realm, BOOTSTRAP, secret)
            with closing(account) as api:
                return apply(api, wanted_realm(settings, {**secrets, BOOTSTRAP: secret}))
        finally:
            disable_bootstrap_account(master)


@click.group()
def realm() -> None:
    """The realm of Keycloak, from realm-config/ and the catalogue."""


@realm.command("plan")
def plan_command() -> None:
    """Show what `apply` would change; exit code 1 when there is something. Reads as bdt-reader."""
    settings = read_settings()
    with _reader(settings) as api:
        changes = plan(wanted_realm(settings, _espace_secrets()), read_live(api))
    _print(changes)
    sys.exit(1 if changes else 0)


@realm.command("apply")
def apply_command() -> None:
    """Make the realm as the files say.

    Needs an administrator of the server, KC_BOOTSTRAP_ADMIN_USERNAME and KC_BOOTSTRAP_ADMIN_PASSWORD, and the
    secrets BDT_READER_CLIENT_SECRET and BDT_ESPACE_SECRET_<ESPACE>; one that is absent is drawn at random.
    """
    settings = read_settings()
    admin = ServerAdmin(
        settings.keycloak_url, _needed("KC_BOOTSTRAP_ADMIN_USERNAME"), _needed("KC_BOOTSTRAP_ADMIN_PASSWORD")
    )
    _print(apply_realm(settings, admin, _espace_secrets()))


@realm.command("lint")
@click.option("--live", is_flag=True, help="Also read the running server and realm, as bdt-reader.")
def lint_command(live: bool) -> None:
    """Refuse what must never be in a realm; exit code 1 when something is found."""
    findings = [*lint_files(REALM_CONFIG)]
    if live:
        settings = read_settings()
        with _reader(settings) as api:
            findings += [*lint_live(api), *lint(wanted_realm(settings, _espace_secrets()))]
    for finding in findings:
        click.echo(str(finding))
    click.echo(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


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


def _espace_secrets() -> dict[str, str]:
    """Secrets of the clients that only Keycloak and the services know, from the environment."""
    named = {
        espace: os.environ.get(f"BDT_ESPACE_SECRET_{espace.upper().replace('-', '_')}")
        for espace in load_catalogue().espaces
    }
    named[READER] = os.environ.get("BDT_READER_CLIENT_SECRET")
    return {client: secret for client, secret in named.items() if secret}


@contextmanager
def _reader(settings: Settings) -> Iterator[AdminAPI]:
    secret = _needed("BDT_READER_CLIENT_SECRET")
    api = AdminAPI.as_service_account(settings.keycloak_url, settings.keycloak_realm, READER, secret)
    with closing(api):
        yield api


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"{name} is not set")
    return value


def _print(changes: Plan) -> None:
    for change in changes.changes:
        click.echo(str(change))
    click.echo(f"{len(changes.changes)} changes")
