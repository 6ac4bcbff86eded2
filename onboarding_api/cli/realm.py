"""`bdt realm plan|apply|lint`: the realm of Keycloak from realm-config/ and the catalogue."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from idp_extension.admin_api import AdminAPI
from idp_extension.gateway import GatewayError
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
from idp_extension.server import RunningServer
from onboarding_api.settings import Settings, read_settings
from policies.engine.catalogue import load_catalogue

REALM_CONFIG = Path(__file__).parents[2] / "realm-config"
BOOTSTRAP = "bdt-bootstrap"


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


def apply_from_scratch(settings: Settings, server: RunningServer, secrets: Mapping[str, str]) -> Plan:
    """The first apply, with the administrator of a server just started; the bootstrap account ends disabled.

    Raises:
        GatewayError: Keycloak refused or did not answer.
    """
    secret = os.urandom(24).hex()
    master = AdminAPI.as_master_admin(
        server.url, server.admin_user, server.admin_password, settings.keycloak_realm
    )
    ensure_bootstrap_account(master, secret)
    api = AdminAPI.as_service_account(server.url, settings.keycloak_realm, BOOTSTRAP, secret)
    done = apply(api, wanted_realm(settings, {**secrets, BOOTSTRAP: secret}))
    disable_bootstrap_account(api)
    return done


@click.group()
def realm() -> None:
    """The realm of Keycloak, from realm-config/ and the catalogue."""


@realm.command("plan")
def plan_command() -> None:
    """Show what `apply` would change; exit code 1 when there is something."""
    settings = read_settings()
    changes = plan(wanted_realm(settings, _espace_secrets()), read_live(_api(settings)))
    _print(changes)
    sys.exit(1 if changes else 0)


@realm.command("apply")
@click.option("--first", is_flag=True, help="Make the realm with the administrator of the server.")
@click.option("--keep-bootstrap", is_flag=True, help="Leave the bootstrap account enabled afterwards.")
def apply_command(first: bool, keep_bootstrap: bool) -> None:
    """Make the realm as the files say, then disable the bootstrap account.

    Reads BDT_BOOTSTRAP_CLIENT_SECRET, BDT_ESPACE_SECRET_<ESPACE>; with --first also
    KC_BOOTSTRAP_ADMIN_USERNAME and KC_BOOTSTRAP_ADMIN_PASSWORD.
    """
    settings = read_settings()
    try:
        if first:
            master = AdminAPI.as_master_admin(
                settings.keycloak_url,
                _needed("KC_BOOTSTRAP_ADMIN_USERNAME"),
                _needed("KC_BOOTSTRAP_ADMIN_PASSWORD"),
                settings.keycloak_realm,
            )
            ensure_bootstrap_account(master, _needed("BDT_BOOTSTRAP_CLIENT_SECRET"))
        api = _api(settings)
        _print(apply(api, wanted_realm(settings, _espace_secrets())))
        if not keep_bootstrap:
            disable_bootstrap_account(api)
    except GatewayError as error:
        raise click.ClickException(f"Keycloak: {error}") from None


@realm.command("lint")
@click.option("--live", is_flag=True, help="Also read the running realm.")
def lint_command(live: bool) -> None:
    """Refuse what must never be in a realm; exit code 1 when something is found."""
    findings = [*lint_files(REALM_CONFIG)]
    if live:
        settings = read_settings()
        api = _api(settings)
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
    named |= {
        BOOTSTRAP: os.environ.get("BDT_BOOTSTRAP_CLIENT_SECRET"),
        "bdt-reader": os.environ.get("BDT_READER_CLIENT_SECRET"),
    }
    return {client: secret for client, secret in named.items() if secret}


def _api(settings: Settings) -> AdminAPI:
    return AdminAPI.as_service_account(
        settings.keycloak_url, settings.keycloak_realm, BOOTSTRAP, _needed("BDT_BOOTSTRAP_CLIENT_SECRET")
    )


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"{name} is not set")
    return value


def _print(changes: Plan) -> None:
    for change in changes.changes:
        click.echo(str(change))
    click.echo(f"{len(changes.changes)} changes")
