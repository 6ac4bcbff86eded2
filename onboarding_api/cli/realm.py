"""`bdt realm plan|apply|lint`: the realm of Keycloak from realm-config/ and the catalogue."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from idp_extension.admin_api import AdminAPI, NotSent
from idp_extension.realm import (
    MASTER,
    CatalogueClient,
    Finding,
    Plan,
    RealmState,
    RealmValues,
    Role,
    apply,
    close_master,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    lint,
    lint_files,
    lint_live,
    lint_master,
    load_desired,
    locks_of,
    plan,
    read_live,
)
from idp_extension.realm.accounts import BOOTSTRAP
from idp_extension.relying_party.client_key import BadKey, ClientKey, read_public_keys, write_new_key
from onboarding_api.settings import BadSettings, Settings, client_key, read_settings
from policies.catalogue.loader import load_catalogue

REALM_CONFIG = Path(__file__).parents[2] / "realm-config"
READER = "bdt-reader"
KEY_CLIENTS = frozenset({"portail", "bdt-sync", READER})
"""Our own clients, which have no secret at all."""


@dataclass(frozen=True, slots=True)
class ServerAdmin:
    """A temporary administrator of the server (realm `master`), as `kc.sh bootstrap-admin` makes one.

    `name` and `secret` are those of a user or, if `is_service`, of a client.
    """

    url: str
    name: str
    secret: str = field(repr=False)
    is_service: bool = False

    @contextmanager
    def speaking_of(self, realm: str) -> Iterator[AdminAPI]:
        """The admin API as this administrator, on a realm."""
        way = AdminAPI.as_master_service if self.is_service else AdminAPI.as_master_admin
        with closing(way(self.url, self.name, self.secret, realm)) as api:
            yield api


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
        public_keys=_public_keys(settings),
        secrets=secrets,
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
    key = ClientKey.fresh(BOOTSTRAP)
    with admin.speaking_of(settings.keycloak_realm) as master:
        try:
            ensure_bootstrap_account(master, key.public_jwks())
            account = AdminAPI.as_service_account(
                admin.url, settings.keycloak_realm, key, issuer=settings.issuer
            )
            with closing(account) as api:
                return apply(api, wanted_realm(settings, secrets))
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
        changes = plan(wanted_realm(settings, espace_secrets()), read_live(api))
    _print(changes)
    sys.exit(1 if changes else 0)


@realm.command("apply")
def apply_command() -> None:
    """Make the realm as the files say.

    Needs the public keys in BDT_PUBLIC_KEYS, and a temporary administrator of the server:
    KC_BOOTSTRAP_ADMIN_CLIENT_ID and …_CLIENT_SECRET, or KC_BOOTSTRAP_ADMIN_USERNAME and …_PASSWORD; none is
    asked when BDT_READER_KEY is given and sees nothing to change. An espace without a key has the secret
    BDT_ESPACE_SECRET_<ESPACE>, else one drawn at random.
    """
    settings = read_settings()
    if settings.reader_key and _is_as_wanted(settings):
        click.echo("0 changes")
        return
    _print(apply_realm(settings, _administrator(settings), espace_secrets()))


@realm.command("close-master")
def close_master_command() -> None:
    """Make the realm `master` fast: its locks, no password grant, and no temporary administrator any more.

    The administrator is named as for `apply`; none is asked when BDT_READER_KEY sees that all is done.
    """
    settings = read_settings()
    if not (settings.reader_key and not _look_at_master(settings)):
        make_master_fast(settings, _administrator(settings))
    click.echo("The realm master is closed; kc.sh bootstrap-admin opens it again.")


def make_master_fast(settings: Settings, admin: ServerAdmin) -> None:
    """Close `master` behind us; `admin`, if temporary, is gone then.

    Raises:
        GatewayError, BadSettings: a repeat goes on where this stopped.
    """
    wanted = wanted_realm(settings, {})
    with admin.speaking_of(MASTER) as master:
        own = admin.name if admin.is_service else ""
        close_master(master, locks_of(wanted), _public_keys(settings)[READER], own)


@realm.command("new-key")
@click.argument("client_id")
@click.argument("private_file", type=click.Path(path_type=Path))
@click.argument("public_keys", type=click.Path(path_type=Path))
def new_key_command(client_id: str, private_file: Path, public_keys: Path) -> None:
    """Draw a key for CLIENT_ID.

    Its private half goes into PRIVATE_FILE, its public half into PUBLIC_KEYS/CLIENT_ID.pem, behind those that
    are accepted already; they stay so until their lines are taken out.
    """
    try:
        write_new_key(private_file, public_keys / f"{client_id}.pem")
    except FileExistsError as error:
        raise click.UsageError(f"{private_file} exists; another name, please") from error
    click.echo(f"{private_file}: for the process that acts as {client_id}. Next: bdt realm apply.")


@realm.command("lint")
@click.option("--live", is_flag=True, help="Also read the server, its realm master, and ours, as bdt-reader.")
def lint_command(live: bool) -> None:
    """Refuse what must never be in a realm; exit code 1 when something is found."""
    findings = [*lint_files(REALM_CONFIG)]
    if live:
        settings = read_settings()
        with _reader(settings) as api:
            findings += [*lint_live(api), *lint(wanted_realm(settings, espace_secrets()))]
        findings += _look_at_master(settings)
    for finding in findings:
        click.echo(str(finding))
    click.echo(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


def _look_at_master(settings: Settings) -> list[Finding]:
    try:
        with _reader(settings, MASTER) as api:
            return [*lint_master(api, locks_of(wanted_realm(settings, {})))]
    except NotSent:
        message = f"nobody may look: the account {READER} is made there by `bdt realm close-master`"
        return [Finding("master-unseen", MASTER, message)]


def _is_as_wanted(settings: Settings) -> bool:
    try:
        with _reader(settings) as api:
            return not plan(wanted_realm(settings, espace_secrets()), read_live(api))
    except NotSent:  # no realm yet, or it does not know the key
        return False


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


def _public_keys(settings: Settings) -> dict[str, str]:
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


@contextmanager
def _reader(settings: Settings, realm_name: str = "") -> Iterator[AdminAPI]:
    key = client_key(READER, "BDT_READER_KEY", settings.reader_key)
    named = realm_name or settings.keycloak_realm
    issuer = f"{settings.keycloak_public_url}/realms/{named}"
    with closing(AdminAPI.as_service_account(settings.keycloak_url, named, key, issuer=issuer)) as api:
        yield api


def _administrator(settings: Settings) -> ServerAdmin:
    if os.environ.get("KC_BOOTSTRAP_ADMIN_CLIENT_ID"):
        pair, is_service = ("KC_BOOTSTRAP_ADMIN_CLIENT_ID", "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"), True
    else:
        pair, is_service = ("KC_BOOTSTRAP_ADMIN_USERNAME", "KC_BOOTSTRAP_ADMIN_PASSWORD"), False
    name, secret = (_needed(variable) for variable in pair)
    return ServerAdmin(settings.keycloak_url, name, secret, is_service)


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"{name} is not set")
    return value


def _print(changes: Plan) -> None:
    for change in changes.changes:
        click.echo(str(change))
    count = len(changes.changes)
    click.echo(f"{count} change{'' if count == 1 else 's'}")
