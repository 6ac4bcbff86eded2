"""Rights first: the order of classes, in a lane and before a target; and rows that no retry can cure."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from onboarding_api.delivery.ledger import LeaseLost, Ledger
from onboarding_api.delivery.overview import parked
from onboarding_api.delivery.queue import Place
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import DeliveryClass, DeliveryState, Target
from tests.builders.deliveries import EITHER, NOON, HandClock, lease_all, put, row_of

AWAY, GIVING = DeliveryClass.TAKING_AWAY, DeliveryClass.GIVING


class Unreachable(Exception):
    pass


@pytest.mark.attack(50)
def test_a_revocation_overtakes_a_grant_that_waits_for_its_next_try(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    grant = put(database, EITHER, lane="paul", of_class=GIVING)
    (lease,) = lease_all(ledger)
    ledger.fail(lease, Unreachable())
    revocation = put(database, EITHER, lane="paul", of_class=AWAY)

    (lease,) = lease_all(ledger)

    assert lease.id == revocation
    clock.forward(minutes=1)
    ledger.renew([lease])
    clock.forward(seconds=20)
    assert lease_all(ledger) == ()  # never two of a lane at once
    ledger.finish(lease)
    (lease,) = lease_all(ledger)
    assert lease.id == grant


def test_a_revocation_waits_for_the_grant_under_way(database: Database, ledger: Ledger) -> None:
    put(database, EITHER, lane="paul", of_class=GIVING)
    (grant,) = lease_all(ledger)
    revocation = put(database, EITHER, lane="paul", of_class=AWAY)

    assert lease_all(ledger) == ()
    ledger.finish(grant)
    assert [lease.id for lease in lease_all(ledger)] == [revocation]


def test_a_revocation_goes_before_an_older_grant_of_its_lane(database: Database, ledger: Ledger) -> None:
    ids = [put(database, EITHER, lane="paul", of_class=each) for each in (GIVING, GIVING, AWAY, AWAY)]
    order = []
    for _ in ids:
        (lease,) = lease_all(ledger)
        order.append(lease.id)
        ledger.finish(lease)

    assert order == [ids[2], ids[3], ids[0], ids[1]]


def test_a_revocation_is_not_given_up_and_never_waits_for_long(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    id_ = put(database, EITHER, of_class=AWAY)
    for _ in range(30):
        (lease,) = lease_all(ledger)
        ledger.fail(lease, Unreachable())
        row = row_of(database, id_)
        assert row.state == DeliveryState.OPEN
        assert row.due - clock.now <= timedelta(seconds=10)
        clock.now = row.due


def test_those_behind_a_failed_head_are_not_looked_at_in_vain(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    head, behind = put(database, lane="a"), put(database, lane="a")
    (lease,) = lease_all(ledger)
    ledger.fail(lease, Unreachable())

    assert row_of(database, behind).due == row_of(database, head).due > clock.now
    assert row_of(database, behind).first_due == NOON
    ledger.cancel(head)
    assert [lease.id for lease in lease_all(ledger)] == [behind]


NO_JSON = "{'person_id': cendrine"
NO_MOMENT = "the day before yesterday"


def spoil(database: Database, id_: str, column: str, value: object) -> None:
    """As by hand, on SQLite: PostgreSQL refuses it."""
    with database.writing() as session:
        session.execute(
            text(f"UPDATE delivery SET {column} = :value WHERE id = :id"), {"value": value, "id": id_}
        )


@pytest.mark.attack(49)
@pytest.mark.parametrize(("column", "value"), [("args", NO_JSON), ("first_due", NO_MOMENT)])
def test_a_row_that_cannot_be_read_stops_nothing(ledger: Ledger, column: str, value: object) -> None:
    """On PostgreSQL such a row cannot be written; there the others leave just the same."""
    database = ledger.database
    is_sqlite = database.engine.dialect.name == "sqlite"
    bad, behind, elsewhere = put(database, lane="a"), put(database, lane="a"), put(database)
    if is_sqlite:
        spoil(database, bad, column, value)

    leased = [lease for _ in range(2) for lease in lease_all(ledger)]

    ids = [lease.id for lease in leased]
    assert elsewhere in ids
    if column == "first_due" and is_sqlite:
        assert ids == [elsewhere, behind]
        assert [(row.id, row.last_error) for row in parked(database)] == [(bad, "Unreadable")]
    else:
        assert ids == [bad, elsewhere]
        ledger.cancel(bad)
        assert row_of(database, bad).state == DeliveryState.CANCELLED


@pytest.mark.attack(50)
def test_a_stopped_worker_cannot_finish_what_was_overtaken_meanwhile(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    put(database, EITHER, lane="paul", of_class=GIVING)
    (stopped,) = lease_all(ledger)
    clock.forward(minutes=1)
    put(database, EITHER, lane="paul", of_class=AWAY)
    (revocation,) = lease_all(ledger)
    ledger.finish(revocation)
    (again,) = lease_all(ledger)

    with pytest.raises(LeaseLost):
        ledger.finish(stopped)
    ledger.finish(again)


def test_a_place_is_looked_at_by_itself(database: Database, ledger: Ledger) -> None:
    put(database, EITHER, of_class=AWAY)
    places = [Place(Target.KEYCLOAK, each) for each in DeliveryClass]

    assert ledger.where_due(places) == {Place(Target.KEYCLOAK, AWAY)}
    assert ledger.where_due([]) == frozenset()
    assert ledger.lease(Place(Target.KEYCLOAK, GIVING)) == ()
