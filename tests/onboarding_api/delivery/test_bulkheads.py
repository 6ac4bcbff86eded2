"""A right dies in Keycloak within a second, whatever mail, letters, strangers or bad rows do meanwhile.

Each trouble on its own, with the product's targets and threads and no breaker to help, after an idle run on
the same database. `bdt bench bulkheads` prints the same figures.
"""

import pytest
from sqlalchemy import func, select

from demo.bulkheads.measure import measure
from demo.bulkheads.trouble import COURTESIES, NEWCOMERS, Trouble
from onboarding_api.delivery.overview import parked
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState

pytestmark = pytest.mark.slow

P95_SECONDS = 1.0
"""The contract (design, figures to hold), on a machine whose idle run takes a quarter of it."""
STILL_WAITING = {Trouble.COURTESIES: COURTESIES / 2, Trouble.NEWCOMERS: NEWCOMERS / 2}


@pytest.mark.attack(49)
@pytest.mark.parametrize(
    "trouble", [each for each in Trouble if each is not Trouble.NONE], ids=lambda each: each.name
)
def test_a_revocation_does_not_wait_for_a_neighbour(database: Database, trouble: Trouble) -> None:
    idle = measure(database, Trouble.NONE, 10)
    found = measure(database, trouble)

    assert found.p95 <= max(P95_SECONDS, 4 * idle.p95), f"idle {idle.seconds}, now {found.seconds}"
    undone = select(func.count()).where(Delivery.state.not_in([DeliveryState.DONE, DeliveryState.PARKED]))
    with database.reading() as session:
        waiting = session.scalars(undone).one()
    if trouble is Trouble.POISONED:
        assert len(parked(database)) == 50 + len(found.seconds)
        assert {row.attempts for row in parked(database)} == {1}
    else:
        assert waiting >= STILL_WAITING.get(trouble, 1)  # the trouble was there until the end
