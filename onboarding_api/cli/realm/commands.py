"""`bdt realm plan|apply|lint`: the realm of Keycloak from realm-config/ and the catalogue."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import unified_diff
from pathlib import Path

import click

from idp_extension.admin_api import AdminAPI, NotSent, Refused
from idp_extension.realm import (
    MASTER,
    Finding,
    Plan,
    RealmState,
    lint,
    lint_files,
    lint_live,
    lint_master,
    locks_of,
    plan,
    read_live,
    record_defaults,
    recorded_realm,
    stale_defaults,
)
from idp_extension.realm.defaults import FILE
from idp_extension.relying_party.client_key import write_new_key
from onboarding_api.cli.realm.server_admin import Applied, administrator, apply_realm, make_master_fast
from onboarding_api.cli.realm.wanted import (
    READER,
    REALM_CONFIG,
    espace_secrets,
    refuse_lost_addresses,
    wanted_realm,
)
from onboarding_api.settings import Settings, client_key, read_settings


@click.group()
def realm() -> None:
    """The realm of Keycloak, from realm-config/ and the catalogue."""


@realm.command("plan")
def plan_command() -> None:
    """Show what `apply` would change; exit code 1 when there is something. Reads as bdt-reader.

    What neither realm-config/, the catalogue nor this version of Keycloak says is shown as well:
    `apply --prune` takes it away.
    """
    settings = read_settings(whole=False)
    with _reader(settings) as api:
        _say_version(api)
        changes = plan(wanted_realm(settings, espace_secrets()), _there(api))
    _print(changes)
    _count(changes)
    sys.exit(1 if changes else 0)


@realm.command("apply")
@click.option("--prune", is_flag=True, help="Also take away what nobody declared; each is listed first.")
@click.option("--adopt", is_flag=True, help="Make a realm ours that does not carry our mark.")
@click.option("--close-espace", multiple=True, help="Let this espace lose the address that its client has.")
def apply_command(prune: bool, adopt: bool, close_espace: tuple[str, ...]) -> None:
    """Make the realm as the files say.

    Needs the public keys in BDT_PUBLIC_KEYS, and a temporary administrator of the server:
    KC_BOOTSTRAP_ADMIN_CLIENT_ID and …_CLIENT_SECRET, or KC_BOOTSTRAP_ADMIN_USERNAME and …_PASSWORD; none is
    asked when BDT_READER_KEY is given and sees nothing to change. An espace without a key has the secret
    BDT_ESPACE_SECRET_<ESPACE>, else one drawn at random.
    """
    settings = read_settings(whole=False)

    def tell(todo: Plan) -> None:
        _print(todo)
        refuse_lost_addresses(todo, settings, close_espace)

    seen = _seen(settings) if settings.reader_key else None
    if seen is not None and not (seen if prune else seen.repairs):
        _print(seen)
        applied = Applied(Plan(()), seen, is_new=False)
    else:
        applied = apply_realm(
            settings, administrator(settings), espace_secrets(), prune=prune, adopt=adopt, tell=tell
        )
    _count(applied.done)
    if left := len(applied.left.changes):
        click.echo(f"{left} left, which nobody declared: bdt realm apply --prune takes them away.")
    if applied.is_new:
        click.echo("The realm was made new: nobody is in it. Next: bdt sync apply.")


@realm.command("record")
def record_command() -> None:
    """Record what the server's version of Keycloak makes by itself, in a realm made for it and gone after.

    Run it when the version rises; what is different is read in review. The administrator is named as for
    `apply`.
    """
    settings = read_settings(whole=False)
    file = REALM_CONFIG / FILE
    before = file.read_text("utf-8").splitlines() if file.exists() else []
    with administrator(settings).speaking_of(recorded_realm()) as master:
        file.write_text(record_defaults(master), encoding="utf-8")
    for line in unified_diff(before, file.read_text("utf-8").splitlines(), "recorded", "now", "", "", 0, ""):
        click.echo(line)


@realm.command("close-master")
def close_master_command() -> None:
    """Make the realm `master` fast: its locks, no password grant, and no temporary administrator any more.

    The administrator is named as for `apply`; none is asked when BDT_READER_KEY sees that all is done.
    """
    settings = read_settings(whole=False)
    if not (settings.reader_key and not _look_at_master(settings)):
        make_master_fast(settings, administrator(settings))
    click.echo("The realm master is closed; kc.sh bootstrap-admin opens it again.")


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
        settings = read_settings(whole=False)
        with _reader(settings) as api:
            wanted = wanted_realm(settings, espace_secrets())
            findings += [*lint_live(api, wanted), *lint(wanted)]
        findings += _look_at_master(settings)
    for finding in findings:
        click.echo(str(finding))
    click.echo(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


def _look_at_master(settings: Settings) -> list[Finding]:
    try:
        with _reader(settings, MASTER) as api:
            locks = locks_of(wanted_realm(settings, {}))
            return [*lint_master(api, locks, settings.keycloak_realm, settings.master_administrators)]
    except NotSent:
        message = f"nobody may look: the account {READER} is made there by `bdt realm close-master`"
        return [Finding("master-unseen", MASTER, message)]


def _seen(settings: Settings) -> Plan | None:
    """The plan as bdt-reader sees it; None: no realm yet, or it does not know its key or rights."""
    try:
        with _reader(settings) as api:
            return plan(wanted_realm(settings, espace_secrets()), _there(api))
    except (NotSent, Refused):
        return None


def _there(api: AdminAPI) -> RealmState:
    found = read_live(api)
    if found is None:
        raise click.ClickException(f"There is no realm {api.realm}.")
    return found


def _say_version(api: AdminAPI) -> None:
    if told := stale_defaults(REALM_CONFIG, api.server_info()):
        click.echo(f"Careful: {told}.", err=True)


@contextmanager
def _reader(settings: Settings, realm_name: str = "") -> Iterator[AdminAPI]:
    key = client_key(READER, "BDT_READER_KEY", settings.reader_key)
    named = realm_name or settings.keycloak_realm
    issuer = f"{settings.keycloak_public_url}/realms/{named}"
    with closing(AdminAPI.as_service_account(settings.keycloak_url, named, key, issuer=issuer)) as api:
        yield api


def _print(changes: Plan) -> None:
    """Removals first."""
    for change in (*changes.removals.changes, *changes.repairs.changes):
        click.echo(str(change))
        for line in change.lines:
            click.echo(f"  {line}")


def _count(changes: Plan) -> None:
    count = len(changes.changes)
    click.echo(f"{count} change{'' if count == 1 else 's'}")
