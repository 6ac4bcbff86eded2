"""The kinds of delivery are a closed world: what is not whole does not start."""

from dataclasses import replace

import pytest

from onboarding_api.consequences.table import CONSEQUENCES
from onboarding_api.delivery.bulkhead import THREADS, Bulkhead, bulkheads, threads_from
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.worker import Worker
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.model.ledger.kinds import (
    KINDS,
    MAIL,
    PERSON,
    Kind,
    KindsUnfit,
    check_kinds,
)
from tests.builders.deliveries import NOON

AWAY, GIVING, COURTESY = DeliveryClass


def test_the_kinds_of_the_product_are_a_closed_world() -> None:
    check_kinds(KINDS.values(), KINDS)
    assert {kind.target for kind in KINDS.values()} == set(Target) == set(THREADS)
    assert CONSEQUENCES


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (replace(MAIL, name=""), "a kind has a name"),
        (replace(MAIL, classes=frozenset()), "a kind has a name, a target, a class and a lane"),
        (replace(MAIL, lane=""), "a lane"),
        (replace(MAIL, name="pigeon"), "pigeon: nothing delivers it"),
        (replace(MAIL), "mail: declared twice"),
        (Kind("new", Target.KEYCLOAK, frozenset({COURTESY}), "kc:user", {}), "lane kc:user: what concerns"),
        (Kind("new", Target.MAIL, frozenset({GIVING}), "kc:user", {}), "lane kc:user: what concerns"),
    ],
)
def test_what_is_not_whole_is_refused_at_start(ledger: Ledger, kind: Kind, told: str) -> None:
    delivers = {name: lambda *_: None for name in KINDS}
    if kind.name == "new":
        delivers["new"] = lambda *_: None
    with pytest.raises(KindsUnfit, match=told):
        Worker(ledger, delivers, [*KINDS.values(), kind])


def test_a_deliverer_without_kind_is_refused(ledger: Ledger) -> None:
    with pytest.raises(KindsUnfit, match="pigeon: no such kind"):
        Worker(ledger, {name: lambda *_: None for name in [*KINDS, "pigeon"]})


@pytest.mark.parametrize("args", [{}, {"person_id": 7}, {"person_id": None}, {"person": "p"}])
def test_no_row_is_made_that_cannot_be_delivered(args: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"it needs \['person_id'\]"):
        PERSON.row("p", key="k", args=args, due=NOON, of_class=GIVING)


def test_what_may_give_or_take_away_says_which() -> None:
    with pytest.raises(ValueError, match="no delivery of class"):
        PERSON.row("p", key="k", args={"person_id": "p"}, due=NOON)
    with pytest.raises(ValueError, match="no delivery of class"):
        MAIL.row("p", key="k", args={"notice": "n"}, due=NOON, of_class=GIVING)


def test_each_target_has_threads_and_keeps_one_for_what_takes_away() -> None:
    with pytest.raises(ValueError, match="keycloak: at least 2 threads"):
        bulkheads(KINDS.values(), {**THREADS, Target.KEYCLOAK: 1})
    with pytest.raises(ValueError, match="mail: at least 1 threads"):
        bulkheads(KINDS.values(), {**THREADS, Target.MAIL: 0})


@pytest.mark.parametrize(
    ("text", "told"),
    [("pigeon=2", "not pigeon"), ("mail=2,mail=3", "not twice"), ("keycloak=1", "at least 2 threads")],
)
def test_threads_that_no_worker_can_have_are_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        threads_from(text)
    assert threads_from("keycloak=12")[Target.KEYCLOAK] == 12
    assert threads_from("keycloak=12")[Target.MAIL] == THREADS[Target.MAIL]


def test_no_class_gets_all_threads_and_none_starves() -> None:
    bulkhead = Bulkhead(Target.KEYCLOAK, 4, [AWAY, GIVING])
    first = [next(bulkhead.places()).of_class for _ in range(8)]
    assert first == [AWAY, AWAY, AWAY, GIVING] * 2

    for _ in range(3):
        bulkhead.take(GIVING)
    assert (bulkhead.seats(GIVING), bulkhead.seats(AWAY)) == (0, 1)
    bulkhead.take(AWAY)
    assert list(bulkhead.places()) == []
    bulkhead.leave(GIVING)
    assert (bulkhead.seats(GIVING), bulkhead.seats(AWAY)) == (1, 1)
