"""The look for due rows reads the head of a place, whatever waits: the plans of both databases say so."""

from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text
from sqlalchemy.orm import Session

from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.queue import Place, is_there, leasable, undelivered
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass, DeliveryState, Target
from tests.builders.deliveries import NOON, HandClock

WAITING = 10_000
DONE = 20_000
LANES = 5_000


@pytest.fixture
def full(database: Database) -> Database:
    """Ten thousand courtesies wait, twenty thousand deliveries are over, of five thousand people."""
    rows: list[dict[str, Any]] = [
        {
            "kind": "mail",
            "target": Target.MAIL,
            "of_class": DeliveryClass.COURTESY,
            "lane": f"mail:{number % LANES}",
            "unique_key": new_id(),
            "args": {},
            "due": NOON,
            "state": DeliveryState.OPEN if number < WAITING else DeliveryState.DONE,
        }
        for number in range(WAITING + DONE)
    ]
    with database.writing() as session:
        session.execute(insert(Delivery), rows)
        session.execute(text("ANALYZE"))
    return database


def plan(session: Session, statement: Select[int]) -> str:
    name = session.get_bind().dialect.name
    explain = "EXPLAIN QUERY PLAN" if name == "sqlite" else "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)"
    query = statement.compile(session.connection(), compile_kwargs={"literal_binds": True})
    return "\n".join(str(row[-1]) for row in session.execute(text(f"{explain} {query}")))


@pytest.mark.parametrize(
    "place", [Place(Target.MAIL, DeliveryClass.COURTESY), Place(Target.KEYCLOAK, DeliveryClass.TAKING_AWAY)]
)
def test_the_look_reads_indexes_alone(full: Database, place: Place) -> None:
    with full.reading() as session:
        plans = [plan(session, leasable(place, NOON, 10)), plan(session, select(is_there(place, NOON)))]
    for found in plans:
        assert "ix_delivery_due" in found, found
        assert "SCAN delivery" not in found, found
        assert "Seq Scan" not in found, found
        assert "TEMP B-TREE" not in found, found


def test_a_failed_head_costs_the_look_nothing(full: Database, clock: HandClock) -> None:
    """Each lane has a row behind its head: when the heads wait for their next try, those are not read."""
    ledger = Ledger(full, clock, draw=lambda: 1.0)
    place = Place(Target.MAIL, DeliveryClass.COURTESY)
    failed: list[Lease] = []
    for _ in range(5):
        failed += ledger.lease(place)
        for lease in failed[-10:]:
            ledger.fail(lease, OSError())

    lanes = {lease.lane for lease in failed}
    with full.reading() as session:
        waiting = select(Delivery.due).where(Delivery.lane.in_(lanes), undelivered(Delivery.state))
        dues = session.scalars(waiting).all()
    assert (len(lanes), len(dues)) == (50, 100)
    assert min(dues) > clock.now
