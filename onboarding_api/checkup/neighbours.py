"""The parts outside of us: database, Keycloak, mail server, spool directory, clocks."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from idp_extension.admin_api import AdminAPI
from idp_extension.server import check_provider, provider_version
from onboarding_api.checkup.examine import Finding, Health
from onboarding_api.migrations import check_schema, latest_revision
from onboarding_api.model.base import Database
from onboarding_api.notices.smtp import SmtpSettings, greet

TIMEOUT_SECONDS = 5.0
ROOM_FOR_LETTERS = 200 * 2**20
LETTERS_LIE = timedelta(days=1)
CLOCK_POOR, CLOCK_ILL = 2.0, 30.0
"""Proofs by key live a minute: past half of it, log-ins and the worker's own fail."""


def database(database: Database) -> Finding:
    """Whether it answers with the tables of this code.

    Raises:
        SchemaUnfit: they are others.
    """
    began = time.monotonic()
    check_schema(database)
    took = time.monotonic() - began
    name = database.engine.dialect.name
    return Finding(Health.WELL, f"{name}, tables of version {latest_revision()}, {took * 1000:.0f} ms")


def keycloak(api: AdminAPI) -> Finding:
    """Whether it is a version without known holes, with our provider.

    Raises:
        ServerError: it is not; the text names the holes.
        GatewayError: it does not answer, or not to this account.
    """
    info = api.server_info()
    check_provider(info, provider_version())
    mapper = info["providers"]["protocol-mapper"]["providers"]["bdt-structure-mapper"]["operationalInfo"]
    return Finding(Health.WELL, f"Keycloak {mapper['keycloak']}, provider {mapper['version']}")


def mail(settings: SmtpSettings) -> Finding:
    """Whether the mail server greets us, and takes our name and password where we have one.

    Raises:
        MailError: it does not.
    """
    greet(settings)
    return Finding(Health.WELL, f"{settings.host}:{settings.port} greets us")


def spool(directory: Path, now: Callable[[], datetime]) -> Finding:
    """Whether letters may be put there, and are taken away."""
    if not directory.is_dir():
        return Finding(Health.ILL, f"{directory} is no directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        return Finding(Health.ILL, f"{directory} may not be written to")
    free = shutil.disk_usage(directory).free
    ages = [now().timestamp() - path.stat().st_mtime for path in directory.glob("*.pdf")]
    oldest = max(ages, default=0.0)
    figures = {"letters": len(ages), "oldest_letter_seconds": oldest, "free_bytes": free}
    words = f"{len(ages)} letters lie there, the oldest for {oldest / 3600:.0f} h; {free // 2**20} MB free"
    if free < ROOM_FOR_LETTERS:
        return Finding(Health.ILL, words, figures)
    return Finding(Health.POOR if oldest > LETTERS_LIE.total_seconds() else Health.WELL, words, figures)


def clock(of_database: Callable[[], datetime], of_keycloak: Callable[[], datetime]) -> Finding:
    """How far this machine's clock is from the database's and from Keycloak's, which tells whole seconds."""
    apart = {
        "database": _apart(of_database),
        # Cut to whole seconds: in the middle of its second it is at most half a second wrong.
        "keycloak": _apart(lambda: of_keycloak() + timedelta(seconds=0.5)),
    }
    told = {name: skew for name, skew in apart.items() if skew is not None}
    worst = max(told.values(), default=0.0)
    words = "; ".join(
        f"{name} {f'{apart[name]:.1f} s apart' if name in told else 'does not tell'}" for name in apart
    )
    health = Health.ILL if worst > CLOCK_ILL else Health.POOR if worst > CLOCK_POOR else Health.WELL
    if len(told) < len(apart):
        health = max(health, Health.POOR)
    return Finding(health, words, {f"clock_apart_seconds_{name}": skew for name, skew in told.items()})


def _apart(of_other: Callable[[], datetime]) -> float | None:
    before = datetime.now(UTC)
    try:
        other = of_other()
    except Exception:  # who does not answer is told by a part of his own
        return None
    after = datetime.now(UTC)
    # Whatever the answer took, its moment lies between the two.
    return max(0.0, (before - other).total_seconds(), (other - after).total_seconds())
