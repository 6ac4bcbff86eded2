"""The checker finds what was planted in the tables, and nothing in a sound world."""

from collections.abc import Callable, Iterator

import pytest

from demo.chaos.invariants.books import Books
from demo.chaos.invariants.journal import (
    decisions_are_by_administrators,
    journal_is_whole,
    states_move_along_the_graph,
)
from demo.chaos.invariants.rights import (
    a_code_names_one_administrator,
    effective,
    granted_rights_have_an_administrator,
)
from onboarding_api.delivery.desired.person import desired_person
from onboarding_api.model.base import Database
from tests.demo.chaos.invariants.world import LOAN, World, sound_world

Invariant = Callable[[Books], Iterator[str]]
OF_THE_TABLES: tuple[Invariant, ...] = (
    a_code_names_one_administrator,
    decisions_are_by_administrators,
    journal_is_whole,
    granted_rights_have_an_administrator,
    states_move_along_the_graph,
)


def test_a_sound_world_breaks_nothing(database: Database) -> None:
    books = sound_world(database).books()
    assert [fault for invariant in OF_THE_TABLES for fault in invariant(books)] == []


def test_what_is_effective_is_what_the_rules_say(database: Database) -> None:
    world = sound_world(database)
    with world.portal.reading() as session:
        by_rules = {
            (desired.identifiant, structure.siren, f"{role.client_id}:{role.role}")
            for person in (world.anne, world.paul, world.luc)
            if (desired := desired_person(session, person.id, world.portal.now))
            for structure in desired.structures
            for role in structure.roles
        }
    assert set(effective(world.books(), world.portal.now)) == by_rules
    assert len(by_rules) == 3


@pytest.mark.invariant("I3")
def test_a_code_that_named_two_is_found(world: World) -> None:
    books = world.plant(
        "INSERT INTO administration (id, membership_id, siren, origin, rank, since)"
        " SELECT 'planted', id, siren, 'letter', 'referent', attached_at FROM membership"
        " WHERE person_id = :paul",
        paul=world.paul.id,
    )
    assert [fault[:14] for fault in a_code_names_one_administrator(books)] == ["I3: membership"]


@pytest.mark.invariant("I3")
def test_a_claim_redeemed_by_two_letters_is_found(world: World) -> None:
    books = world.plant(
        "INSERT INTO letter (id, claim_id, state, asked_at, state_at, used_at)"
        " SELECT 'planted', claim_id, state, asked_at, state_at, used_at FROM letter"
    )
    assert [fault[-7:] for fault in a_code_names_one_administrator(books)] == ["2 times"]


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("decider", "said"), [("paul", "no administrator"), ("luc", "no administrator")])
def test_a_decision_by_somebody_else_is_found(world: World, decider: str, said: str) -> None:
    books = world.plant(
        "UPDATE journal SET actor_id = :who WHERE event = 'habilitation_deactivated'",
        who=getattr(world, decider).id,
    )
    faults = list(decisions_are_by_administrators(books))
    assert bool(faults) is (decider != "paul")  # one may give one's own right up
    assert all(said in fault for fault in faults)


@pytest.mark.invariant("I4")
def test_a_grant_by_its_requester_is_found(world: World) -> None:
    subject = f"habilitation:{world.paul.habilitation(world.siren, LOAN)}"
    books = world.plant(
        "UPDATE journal SET actor_id = :who WHERE event = 'habilitation_granted' AND subject = :subject",
        who=world.paul.id,
        subject=subject,
    )
    assert ["requester" in fault for fault in decisions_are_by_administrators(books)] == [True, False]


@pytest.mark.invariant("I5")
@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE journal SET siren = NULL WHERE seq = 3",
        "DELETE FROM delivery; DELETE FROM journal WHERE seq = 4",
        "UPDATE journal_head SET seq = 2",
        "UPDATE habilitation SET state = 'granted' WHERE state = 'pending'",
        "DELETE FROM habilitation WHERE state = 'deactivated'",
    ],
)
def test_a_change_that_the_journal_does_not_tell_is_found(world: World, planted: str) -> None:
    for statement in planted.split(";"):
        books = world.plant(statement)
    assert list(journal_is_whole(books))


@pytest.mark.invariant("I9")
@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE administration SET ended_at = since",
        "UPDATE person SET is_active = (1 = 0) WHERE prenom = 'Anne'",
        "UPDATE membership SET state = 'left' WHERE person_id IN (SELECT person_id FROM membership"
        " JOIN administration ON membership_id = membership.id)",
    ],
)
def test_rights_without_an_administrator_are_found(world: World, planted: str) -> None:
    assert list(granted_rights_have_an_administrator(world.plant(planted))) == [
        f"I9: {world.siren} has granted habilitations and no administrator"
    ]


@pytest.mark.invariant("I12")
def test_a_move_outside_the_graph_is_found(world: World) -> None:
    books = world.books()
    entries = tuple(
        {**entry, "details": {**entry["details"], "before": "refused"}}
        if entry["event"] == "habilitation_granted"
        else entry
        for entry in books.rows("journal")
    )
    planted = Books({**books.tables, "journal": entries})
    assert {fault.partition(" ")[2][-23:] for fault in states_move_along_the_graph(planted)} == {
        " refused became granted"
    }
