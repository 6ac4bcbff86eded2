"""The journal's chain: whatever is edited, deleted, swapped or cut is seen (security threat 54)."""

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from onboarding_api.model.base import Database
from onboarding_api.model.journal import JournalEntry, append, first_broken_link


def write(database: Database, count: int) -> None:
    with database.writing() as session:
        for number in range(count):
            append(
                session,
                JournalEntry(
                    at=datetime(2026, 11, 23, 9, number, tzinfo=UTC),
                    event="habilitation_granted",
                    actor_id=None,
                    siren="216600726",
                    subject=f"habilitation:{number}",
                    details={"before": "pending", "after": "granted"},
                    decision={},
                ),
            )


def test_a_whole_chain_is_whole(database: Database) -> None:
    write(database, 5)
    with database.reading() as session:
        assert first_broken_link(session) is None


def test_an_empty_journal_is_whole(database: Database) -> None:
    with database.reading() as session:
        assert first_broken_link(session) is None


@pytest.mark.attack(54)
@pytest.mark.invariant("I5")
@pytest.mark.parametrize(
    ("tampering", "seen_at"),
    [
        ("UPDATE journal SET subject = 'habilitation:9' WHERE seq = 2", 2),
        ("UPDATE journal SET event = 'habilitation_refused' WHERE seq = 5", 5),
        ("DELETE FROM journal WHERE seq = 3", 4),
        ("DELETE FROM journal WHERE seq = 5", 5),
        ("UPDATE journal SET at = (SELECT at FROM journal WHERE seq = 1) WHERE seq = 4", 4),
    ],
)
def test_tampering_shows(database: Database, tampering: str, seen_at: int) -> None:
    write(database, 5)
    with database.writing() as session:
        session.execute(text(tampering))
    with database.reading() as session:
        assert first_broken_link(session) == seen_at


def _an_edit(draw: random.Random, rows: int) -> str:
    seq, other = draw.sample(range(1, rows + 1), 2)
    return draw.choice(
        [
            f"UPDATE journal SET actor_id = 'somebody' WHERE seq = {seq}",
            f"UPDATE journal SET details = '{{}}' WHERE seq = {seq}",
            f"UPDATE journal SET hash = previous_hash WHERE seq = {seq}",
            f"UPDATE journal SET siren = NULL WHERE seq = {seq}",
            f"DELETE FROM journal WHERE seq = {seq}",
            f"DELETE FROM journal WHERE seq >= {seq}",
            f"UPDATE journal SET subject = 'habilitation:x{other}' WHERE seq = {seq}",
            f"UPDATE journal_head SET seq = {min(seq, other)}",
            f"UPDATE journal SET seq = {rows + 1} WHERE seq = {seq}",
        ]
    )


@pytest.mark.slow
@pytest.mark.attack(54)
@pytest.mark.invariant("I5")
def test_a_thousand_edits_deletions_swaps_and_cuts_are_all_seen(database: Database) -> None:
    rows, draw = 20, random.Random(54)
    write(database, rows)
    with database.reading() as session:
        assert first_broken_link(session) is None
    for _ in range(1000):
        edit = _an_edit(draw, rows)
        with Session(database.engine) as session:
            session.execute(text(edit))
            assert first_broken_link(session) is not None, edit
            session.rollback()
