"""`bdt doctor`: one page with the state of the whole house, for people, for monitoring, for Prometheus."""

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import click
from prometheus_client import CollectorRegistry, generate_latest

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import lint_present, plan, read_live
from onboarding_api.bootstrap import SYNC_ACCOUNT, build_database, build_mailer
from onboarding_api.checkup import neighbours, organs
from onboarding_api.checkup.examine import DEADLINE_SECONDS, Examined, Finding, Health, Look, examine, worst
from onboarding_api.checkup.metrics import CheckupMetrics
from onboarding_api.cli.realm.wanted import READER, espace_secrets, wanted_realm
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.metrics import LedgerMetrics
from onboarding_api.delivery.overview import Counters, counters
from onboarding_api.model.base import Database
from onboarding_api.settings import Settings, client_key, read_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.option(
    "--metrics", "as_metrics", is_flag=True, help="The same as Prometheus reads it, and the ledger."
)
@click.option("--seconds", default=DEADLINE_SECONDS, show_default=True, help="What each part has to answer.")
def doctor(as_json: bool, as_metrics: bool, seconds: float) -> None:
    """Look at every part of the house.

    Exit code 0: all is well. 1: something needs somebody. 2: something does not do what it is for.
    Reads as bdt-reader where BDT_READER_KEY is given, which the realm needs; else as bdt-sync.
    """
    settings = read_settings()
    database = build_database(settings)
    examined = examine(_looks(settings, database), seconds)
    if as_metrics:
        _print_metrics(examined, database)
    elif as_json:
        click.echo(json.dumps(_document(examined), indent=1, ensure_ascii=False))
    else:
        _print_page(examined)
    # Closes what is idle; a look that nobody answered still holds its connection, and the process ends.
    database.engine.dispose()
    sys.exit(0 if as_metrics else worst(examined))


def _looks(settings: Settings, database: Database) -> Mapping[str, Look]:
    now = clock_of(database)
    mailer = replace(build_mailer(settings), timeout_seconds=neighbours.TIMEOUT_SECONDS)
    return {
        "database": lambda: neighbours.database(database),
        "keycloak": lambda: _keycloak(settings),
        "realm": lambda: _realm(settings),
        "mail": lambda: neighbours.mail(mailer),
        "spool": lambda: neighbours.spool(settings.spool_directory, now),
        "clock": lambda: neighbours.clock(now, lambda: _moment_of_keycloak(settings)),
        "ledger": lambda: organs.ledger(lambda: counters(database, now)),
        "plan": lambda: organs.last_plan(database, now),
        "drift": lambda: organs.drift(database, now),
    }


def _keycloak(settings: Settings) -> Finding:
    with closing(_as_whoever_may(settings)) as api:
        return neighbours.keycloak(api)


def _moment_of_keycloak(settings: Settings) -> datetime:
    """Its pages carry no date: the token that it issues now does."""
    with closing(_as_whoever_may(settings)) as api:
        return api.issued_at()


def _as_whoever_may(settings: Settings) -> AdminAPI:
    return _as(settings, READER if settings.reader_key else SYNC_ACCOUNT)


def _realm(settings: Settings) -> Finding:
    """Whether the realm is as the files say; raises BadSettings without the key of who may look."""
    with closing(_as(settings, READER)) as api:
        wanted, there = wanted_realm(settings, espace_secrets()), read_live(api)
        if there is None:
            return Finding(Health.ILL, f"there is no realm {settings.keycloak_realm}")
        changes = len(plan(wanted, there).changes)
        dangers = lint_present(api, there, wanted)
    figures = {"realm_differences": float(changes)}
    words = f"{changes} differences (`bdt realm plan`)"
    if dangers:
        told = "; ".join(map(str, dangers[:3]))
        return Finding(Health.ILL, f"{words}, {len(dangers)} of them dangerous: {told}", figures)
    return Finding(Health.POOR if changes else Health.WELL, words, figures)


def _as(settings: Settings, account: str) -> AdminAPI:
    key = {
        READER: ("BDT_READER_KEY", settings.reader_key),
        SYNC_ACCOUNT: ("BDT_SYNC_KEY", settings.sync_key),
    }[account]
    return AdminAPI.as_service_account(
        settings.keycloak_url,
        settings.keycloak_realm,
        client_key(account, *key),
        issuer=settings.issuer,
        timeout=neighbours.TIMEOUT_SECONDS,
    )


def _print_page(examined: tuple[Examined, ...]) -> None:
    for each in examined:
        click.echo(f"{each.finding.health.name.lower():5} {each.part:9} {each.finding.words}")
    click.echo(f"the house is {worst(examined).name.lower()}")


def _document(examined: tuple[Examined, ...]) -> dict[str, object]:
    parts = {
        each.part: {
            "health": each.finding.health.name.lower(),
            "words": each.finding.words,
            "seconds": round(each.seconds, 3),
            "figures": dict(each.finding.figures),
        }
        for each in examined
    }
    return {"health": worst(examined).name.lower(), "parts": parts}


def _print_metrics(examined: tuple[Examined, ...], database: Database) -> None:
    registry = CollectorRegistry()
    registry.register(CheckupMetrics(examined))
    if any(each.part == "database" and each.finding.health is Health.WELL for each in examined):
        registry.register(LedgerMetrics(lambda: _counters(database)))
    click.echo(generate_latest(registry).decode(), nl=False)


def _counters(database: Database) -> Counters:
    return counters(database, clock_of(database))
