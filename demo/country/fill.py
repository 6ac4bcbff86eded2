"""Write the country into an empty database, in one transaction: an interrupted fill leaves nothing behind."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from types import SimpleNamespace
from typing import NamedTuple

from sqlalchemy import Table, func, insert, inspect, select, text, update
from sqlalchemy.orm import Session

from demo.country.chronicle import MOMENT, Chronicle, Row, Told
from demo.country.lives import live
from demo.country.people import register
from demo.country.shape import Kind, Shape, settle
from onboarding_api.consequences.goals import Happening
from onboarding_api.consequences.table import deliveries
from onboarding_api.migrations import migrate
from onboarding_api.model.administration import Administration
from onboarding_api.model.base import Base, Database
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import CodeTry, Letter, LetterState
from onboarding_api.model.first_administrator.printed_code import PrintedCode
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.journal import GENESIS, JournalEntry, JournalHead
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import read_register

ROWS_AT_A_TIME = 5_000
LEDGER_SINCE = timedelta(days=90)
"""What left the house before is not in the ledger of the data set."""
_CACHE = text("PRAGMA cache_size = -400000")
_VERSIONS = "alembic_version"
# Each after those that it points to.
_IN_ORDER: tuple[type[Base], ...] = (
    Person, Membership, Claim, Letter, PrintedCode, CodeTry, Habilitation, Administration, TermsAcceptance,
)  # fmt: skip
START_AGAIN = (
    "To start again, give an empty database: another SQLite file, or a PostgreSQL database made anew "
    "(dropdb, createdb). Then run the command again."
)


class NotFillable(Exception):
    """The database is not empty, or not of this product; the text says what was found and what to do."""


class Filled(NamedTuple):
    """How many rows each table got."""

    rows: dict[str, int]


def fill(database: Database, scale: float = 1, seed: int = 1) -> Filled:
    """Make the tables and fill them.

    Args:
        database: empty, with or without our tables.
        scale: 1 is the country, 0.1 and 0.01 keep its shape.
        seed: another one, other people.

    Raises:
        NotFillable: it holds anything already, as a fill that was cut short by other means than its end.
        SchemaUnfit: its tables are of another version.
    """
    _check_ours(database)
    migrate(str(database.engine.url.render_as_string(hide_password=False)))
    told = Chronicle(seed)
    with database.writing() as session:
        _check_empty(session)
        if session.connection().dialect.name == "sqlite":
            # Random keys go everywhere in an index: one that does not fit is written to disk again and again.
            session.execute(_CACHE)
        _tell_all(session, told, scale)
        for model in _IN_ORDER:
            _insert(session, model, told.rows[model])
        _journal(session, told)
        session.execute(text("ANALYZE"))
        return Filled({table.name: _count(session, table) for table in Base.metadata.sorted_tables})


def _check_ours(database: Database) -> None:
    with database.reading() as session:
        found = set(inspect(session.connection()).get_table_names())
    strange = found - {table.name for table in Base.metadata.sorted_tables} - {_VERSIONS}
    if strange:
        names = ", ".join(sorted(strange))
        raise NotFillable(f"The database holds tables that are not ours: {names}. {START_AGAIN}")


def _check_empty(session: Session) -> None:
    counts = {table.name: _count(session, table) for table in Base.metadata.sorted_tables}
    found = ", ".join(f"{count} in {name}" for name, count in counts.items() if count)
    if found:
        raise NotFillable(f"The database is not empty: it holds rows, {found}. {START_AGAIN}")


def _count(session: Session, table: Table) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def _tell_all(session: Session, told: Chronicle, scale: float) -> None:
    """Load the structures of this scale; make up who is there and what happened."""
    shape = Shape.at(scale)
    entries = list(islice(read_register(), 0, None, shape.step))
    load_register(session, entries)
    session.execute(
        update(Structure).where(Structure.insee.is_not(None)).values(code_tiers="1" + Structure.insee)
    )
    ids = {number: told.new_id() for number in range(shape.people)}
    for place in settle(shape, entries, told.dice):
        pending = shape.pending_in_largest if place.kind == Kind.LARGEST else 0
        live(told, place, [ids[number] for number in place.people], pending)
    register(told, ids)


def _insert(session: Session, model: type[Base], rows: Iterable[Row]) -> None:
    left = iter(rows)
    while chunk := list(islice(left, ROWS_AT_A_TIME)):
        session.connection().execute(insert(model.__table__), chunk)  # type: ignore[arg-type]


def _journal(session: Session, told: Chronicle) -> None:
    """The events, chained in order of time; and the ledger's rows of those that are still being followed."""
    followed: list[tuple[Told, int]] = []
    told.events.sort(key=lambda event: (event.at, event.order))
    _insert(session, JournalEntry, _chained(told.events, followed))
    head = session.get_one(JournalEntry, len(told.events))
    session.add(JournalHead(id=1, seq=head.seq, hash=head.hash))
    session.flush()
    _insert(session, Delivery, _ledger(told, followed))


def _chained(events: Iterable[Told], followed: list[tuple[Told, int]]) -> Iterator[Row]:
    previous = GENESIS
    for seq, event in enumerate(events, start=1):
        row: Row = {
            "seq": seq,
            "at": event.at,
            "event": event.event,
            "actor_id": event.actor_id,
            "siren": event.siren,
            "subject": event.subject,
            "details": event.details,
            "decision": {},
            "previous_hash": previous,
        }
        # The journal's own sum, over a plain row: a mapped object costs three times as much as its hash.
        previous = row["hash"] = JournalEntry.expected_hash(SimpleNamespace(**row))  # type: ignore[arg-type]
        if event.refs is not None and event.at > MOMENT - LEDGER_SINCE:
            followed.append((event, seq))
        yield row


def _ledger(told: Chronicle, followed: Iterable[tuple[Told, int]]) -> Iterator[Row]:
    """What left the house with people, and what has yet to leave for the claims that are open."""
    is_open = {row["id"] for row in told.rows[Claim] if row["state"] == ClaimState.OPEN}
    unprinted = {row["id"] for row in told.rows[Letter] if row["state"] == LetterState.ASKED}
    for event, seq in followed:
        refs = event.refs or {}
        if refs.get("claim_id") is not None and refs["claim_id"] not in is_open:
            continue
        happening = Happening(
            event.event, seq, event.at, event.person_id, event.siren, refs, ends_at=event.ends_at
        )
        for delivery in deliveries([happening]):
            waits = delivery.due > MOMENT or delivery.args.get("letter_id") in unprinted
            row = {name: value for name, value in vars(delivery).items() if name[0] != "_"}
            yield row | {
                "id": told.new_id(),
                "state": DeliveryState.OPEN if waits else DeliveryState.DONE,
                "done_at": None if waits else delivery.due + timedelta(seconds=1),
            }
