"""What is left after the storm: everything converges, then every invariant is read through its own door."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import requests
from sqlalchemy import create_engine, text

from demo.chaos.invariants.books import Books, read_books
from demo.chaos.invariants.journal import (
    decisions_are_by_administrators,
    journal_is_whole,
    states_move_along_the_graph,
)
from demo.chaos.invariants.outside import (
    counters_are_the_counts,
    no_secret_is_seen,
    tokens_tell_what_is_effective,
)
from demo.chaos.invariants.post import (
    everybody_was_welcomed,
    mails_left_once_or_twice,
    one_letter_a_row,
    read_spool,
)
from demo.chaos.invariants.realm import (
    Realm,
    RealmReader,
    no_decision_lost,
    no_right_without_decision,
    realm_is_what_the_books_say,
)
from demo.chaos.invariants.rights import a_code_names_one_administrator, granted_rights_have_an_administrator
from demo.chaos.resident import PASSWORD, Resident
from demo.system import System
from idp_extension.relying_party.client_key import ClientKey

READER = "bdt-reader"
LATER = ("timer.", "letter.follow")
"""Kinds whose rows wait for another day."""
WAITING = text("SELECT kind, state, last_error FROM delivery WHERE state IN ('open', 'sending')")


class NotConverged(Exception):
    """Deliveries are still under way; the text says of which kinds."""


def wait_until_delivered(system: System, seconds: float) -> None:
    """Until nothing waits in the ledger but what is due another day.

    Raises:
        NotConverged: after so many seconds.
    """
    engine = create_engine(system.settings.database_url)
    over_at = time.monotonic() + seconds
    waiting: list[tuple[str, ...]] = []
    while time.monotonic() < over_at:
        with engine.connect() as connection:
            waiting = [tuple(row) for row in connection.execute(WAITING) if not row.kind.startswith(LATER)]
        if not waiting:
            engine.dispose()
            return
        time.sleep(0.5)
    engine.dispose()
    raise NotConverged(f"after {seconds:.0f} s: {sorted(set(waiting), key=str)}")


def read_all(system: System) -> tuple[Books, Realm]:
    """Database and Keycloak."""
    return read_books(system.settings.database_url), RealmReader(
        system.keycloak_url, system.settings.keycloak_realm, _reader_token(system)
    ).read()


def broken(system: System, residents: Sequence[Resident]) -> Iterator[str]:
    """What breaks an invariant, I1 to I13; I14 compares two readings."""
    # Tokens first: a log-in writes a session, and nothing that is compared below.
    tokens = {
        (each.identifiant, each.town.siren, "mes-prets"): each.token("mes-prets")
        for each in residents
        if each.done["choose_password"]
    }
    shown = {
        (each.identifiant, each.town.siren): each.waiting_requests()
        for each in residents
        if each.town.is_administered.is_set() and each.is_first
    }
    books, realm = read_all(system)
    now = datetime.now(UTC)
    mails = requests.get(f"{system.mailbox_url}/messages.json", timeout=10).json()
    letters = read_spool(system.spool)
    secrets = _secrets(system, residents) | {f"code {letter.key}": letter.code for letter in letters}
    yield from no_right_without_decision(books, realm)
    yield from no_decision_lost(books, realm, now)
    yield from a_code_names_one_administrator(books)
    yield from decisions_are_by_administrators(books)
    yield from journal_is_whole(books)
    yield from mails_left_once_or_twice(books, mails)
    yield from everybody_was_welcomed(books, mails)
    yield from one_letter_a_row(books, letters, system.settings.code_keys.keys)
    yield from realm_is_what_the_books_say(books, realm, now)
    yield from granted_rights_have_an_administrator(books)
    yield from tokens_tell_what_is_effective(books, tokens, now)
    yield from no_secret_is_seen(secrets, _places(system, books))
    yield from states_move_along_the_graph(books)
    yield from counters_are_the_counts(books, shown)


def _reader_token(system: System) -> str:
    issuer = f"{system.keycloak_url}/realms/{system.settings.keycloak_realm}"
    key = ClientKey.in_file(READER, system.keys / f"{READER}.pem")
    asked = {"grant_type": "client_credentials", "client_id": READER, **key.proof(issuer)}
    answer = requests.post(f"{issuer}/protocol/openid-connect/token", data=asked, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _secrets(system: System, residents: Sequence[Resident]) -> dict[str, str]:
    named = {
        "a person's password": PASSWORD,
        "BDT_SECRET_KEY": system.environment["BDT_SECRET_KEY"],
        **{f"secret of {name}": secret for name, secret in system.secrets.items()},
        **{f"code key {name}": key.hex() for name, key in system.settings.code_keys.keys.items()},
    }
    for each in residents:
        named |= {
            f"cookie {name} of {each.identifiant}": value for name, value in each.browser.cookies.items()
        }
    return named


def _places(system: System, books: Books) -> dict[str, bytes]:
    """A dump of the database, what lies beside it, the logs and the mails."""
    places = {"the database": "\n".join(map(repr, books.tables.values())).encode()}
    kept = ("*.db", "*.db-wal", "*.log", "mails/*.eml", "keycloak/*.log", "letters/*.json")
    for pattern in kept:
        for path in sorted(system.directory.glob(pattern)):
            places[path.relative_to(system.directory).as_posix()] = path.read_bytes()
    return places
