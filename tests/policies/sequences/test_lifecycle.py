"""The whole life, walked state by state: the invariants hold, faults are found, and so is the race."""

import dataclasses
from typing import Any

import pytest

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.revision import Policies, read_policies
from policies.review.sequences.lifecycle import Universe, read_universes, walk
from tests.policies.conftest import Replace

LEAVING = Universe(
    "leaving",
    2,
    0,
    ("attach", "detach", "claimAdministration", "redeemCode", "appointAdmin", "promoteAdmin", "time"),
)
ASKING = Universe("asking", 2, 1, ("attach", "requestHabilitation", "claimAdministration", "redeemCode",
                                   "appointAdmin", "validateHabilitation"))  # fmt: skip


def without(policies: Policies, *rule_ids: Any) -> Any:
    return policies.with_rules(tuple(rule for rule in policies.rules if rule.id not in rule_ids))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first-user", "administrators", "services"])
def test_the_invariants_hold_in_every_state(engine: Engine, name: str) -> None:
    universe = next(each for each in read_universes(engine.policies) if each.name == name)
    found = walk(engine.policies, universe)
    assert found.broken is None, "\n".join(found.lines())
    assert found.states > 80


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule_ids", "universe", "broken"),
    [
        (("G-LAST-ADMIN", "G-LAST-REFERENT"), LEAVING, "administered-or-vacant"),
        (("G-LAST-REFERENT",), LEAVING, "a-referent-among-them"),
        (("G-CODE-EXPIRED",), LEAVING, "codes-die"),
        (("G-CODE-TRIES-WINDOW",), LEAVING, "codes-die"),
        (("G-SELF-DECISION",), ASKING, "nobody-grants-himself"),
        (("G-ATTACHED",), ASKING, "nothing-without-attachment"),
        (("G-ATTACHED",), LEAVING, "administrators-are-attached"),
        (("G-ADMIN-EXISTS",), LEAVING, "no-claim-beside-an-administrator"),
    ],
)
def test_a_rule_taken_away_breaks_an_invariant_by_a_shortest_trace(
    engine: Engine, rule_ids: Any, universe: Any, broken: Any
) -> None:
    found = walk(without(engine.policies, *rule_ids), universe)
    assert found.broken == broken
    assert 1 <= len(found.trace) <= 9


@pytest.mark.slow
def test_without_the_lock_two_administrators_leave_at_once(engine: Engine) -> None:
    """The rules allow each of the two on one snapshot: the structure row must be locked before deciding."""
    assert walk(engine.policies, LEAVING).broken is None
    found = walk(engine.policies, LEAVING, races=("detach",))
    assert found.broken == "administered-or-vacant"
    assert found.trace[-1] == "person-0 detach person-0 and at once person-1 detach person-1"


def test_without_the_lock_one_who_leaves_is_appointed_at_once(engine: Engine) -> None:
    found = walk(engine.policies, LEAVING, races=("detach", "appointAdmin"))
    assert found.broken == "administrators-are-attached"


@pytest.mark.slow
@pytest.mark.parametrize("universe", [LEAVING, ASKING], ids=lambda each: each.name)
def test_remembered_decisions_are_the_engine_s_own(engine: Engine, universe: Any) -> None:
    """A key that forgets an attribute would hide violations: walk again, asking every time."""
    remembered, asked = (walk(engine.policies, universe, remembers=each) for each in (True, False))
    assert (remembered.states, remembered.transitions) == (asked.states, asked.transitions)
    assert remembered.decisions < asked.decisions


def test_an_invariant_that_nobody_checks_is_an_error(replace_in: Replace) -> None:
    root = replace_in("properties/lifecycle.yaml", "  codes-die:", "  codes-live:")
    with pytest.raises(BadSource, match="codes-live"):
        read_universes(read_policies(root))


def test_a_universe_that_is_too_large_says_so(engine: Engine) -> None:
    with pytest.raises(OverflowError, match="smaller"):
        walk(engine.policies, dataclasses.replace(LEAVING, people=3), limit=3)
