"""Decisions: each state with each of the four, who may, and what a second click does."""

from collections.abc import Callable
from itertools import product

import pytest

from onboarding_api.acts.actor import Actor
from onboarding_api.model.habilitation import TRANSITIONS, HabilitationState, Move
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.refusals import BadInput, NotAllowed, NotFound, NotPossibleNow, Refusal
from onboarding_api.queries.structures import my_structures
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    reactivate_habilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from tests.builders.portal import Portal, Someone

DATAVIZ = "dataviz-coeur-de-ville:acces"
LOAN = "mes-prets:demande"
MOTIVE = "Vous n'êtes plus en charge des prêts."

DECISIONS: dict[Move, Callable[..., None]] = {
    Move.GRANT: validate_habilitation,
    Move.REFUSE: refuse_habilitation,
    Move.DEACTIVATE: deactivate_habilitation,
    Move.REACTIVATE: reactivate_habilitation,
}


def decide(move: Move, decider: Someone, habilitation_id: str) -> None:
    command = DecideHabilitation(habilitation_id, MOTIVE)
    DECISIONS[move](decider.portal.office, decider.actor, command)


def eus_with(portal: Portal, state: str) -> tuple[Someone, Someone, str]:
    """Its administrator, a member with a request in that state, and the id of the request."""
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state=state)
    return anne, paul, paul.habilitation(eus, LOAN)


@pytest.mark.parametrize(("state", "move"), list(product(HabilitationState, DECISIONS)))
def test_every_state_has_an_answer_to_every_decision(
    portal: Portal, state: HabilitationState, move: Move
) -> None:
    anne, paul, habilitation = eus_with(portal, state)
    eus = next(iter(_sirens(paul)))
    target = TRANSITIONS.get((state, move))
    # An administrator never answers for the legal representative.
    if target is None or state == HabilitationState.AWAITING_LETTER:
        with pytest.raises(Refusal):
            decide(move, anne, habilitation)
        assert paul.states(eus) == {LOAN: state}
        assert set(portal.events()) <= {"act_refused"}
        assert portal.mails() == []
    else:
        decide(move, anne, habilitation)
        assert paul.states(eus) == {LOAN: target}
        (event,) = portal.events()
        with portal.reading() as session:
            row = session.query(JournalEntry).one()
        assert (row.event, row.details["before"], row.details["after"]) == (event, state, target)
        assert row.decision["allowed"]
        assert len(portal.mails()) == 1


def _sirens(person: Someone) -> list[str]:
    with person.portal.reading() as session:
        return [place.siren for place in my_structures(session, person.id)]


@pytest.mark.parametrize("move", DECISIONS)
def test_a_second_click_changes_nothing_a_second_administrator_is_told(portal: Portal, move: Move) -> None:
    state = next(state for state, each in TRANSITIONS if each == move)
    anne, _, habilitation = eus_with(portal, state)
    zoe = portal.a_person("Zoé", "Petit").attached_to(_sirens(anne)[0]).administrator_of(_sirens(anne)[0])
    decide(move, anne, habilitation)
    before = portal.events(), portal.mails()
    decide(move, anne, habilitation)
    assert (portal.events(), portal.mails()) == before
    with pytest.raises(NotPossibleNow):
        decide(move, zoe, habilitation)
    assert (portal.events(), portal.mails()) == before


@pytest.mark.attack(1)
@pytest.mark.parametrize("move", DECISIONS)
def test_strangers_find_nothing(portal: Portal, move: Move) -> None:
    state = next(state for state, each in TRANSITIONS if each == move)
    _, paul, habilitation = eus_with(portal, state)
    ria = portal.a_structure("Ria")
    elsewhere = portal.a_person("Luc", "Bosch").attached_to(ria).administrator_of(ria)
    colleague = portal.a_person("Léa", "Vidal").attached_to(_sirens(paul)[0])
    for person in (elsewhere, colleague, paul):
        with pytest.raises(NotFound):
            decide(move, person, habilitation)
    with pytest.raises(NotFound):
        decide(move, elsewhere, "00000000-0000-4000-8000-000000000000")
    with pytest.raises(NotFound):
        validate_habilitation(portal.office, Actor("nobody"), DecideHabilitation(habilitation))
    assert (portal.events(), portal.mails()) == ([], [])


@pytest.mark.attack(2)
@pytest.mark.invariant("I4")
def test_nobody_decides_on_her_own_request_and_the_refusal_stays_in_the_journal(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    anne.holding(eus, DATAVIZ, state="pending")
    with pytest.raises(NotAllowed) as refusal:
        decide(Move.GRANT, anne, anne.habilitation(eus, DATAVIZ))
    assert refusal.value.rules == ("G-SELF-DECISION",)
    assert refusal.value.sentences == ("Vous ne pouvez pas décider de votre propre habilitation.",)
    assert anne.states(eus) == {DATAVIZ: "pending"}
    with portal.reading() as session:
        row = session.query(JournalEntry).one()
    assert (row.event, row.details["action"], row.decision["allowed"]) == (
        "act_refused",
        "validateHabilitation",
        False,
    )


def test_a_refusal_needs_a_motive_of_a_readable_length(portal: Portal) -> None:
    anne, _, habilitation = eus_with(portal, "pending")
    for motive in (None, "   ", "\u00a0\u200b", "\ufeff", "a\x00b", "x" * 501):
        with pytest.raises(BadInput):
            refuse_habilitation(portal.office, anne.actor, DecideHabilitation(habilitation, motive))
    assert portal.events() == []


def test_a_refused_service_may_be_asked_again_and_a_deactivated_one_has_one_life_at_a_time(
    portal: Portal,
) -> None:
    anne, paul, habilitation = eus_with(portal, "deactivated")
    eus = _sirens(paul)[0]
    portal.wait(minutes=1)
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, (LOAN,)))
    assert paul.states(eus) == {LOAN: "pending"}
    with pytest.raises(NotPossibleNow):
        decide(Move.REACTIVATE, anne, habilitation)
    decide(Move.REFUSE, anne, paul.habilitation(eus, LOAN))
    portal.wait(minutes=1)
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, (LOAN,)))
    assert paul.states(eus) == {LOAN: "pending"}


def test_a_decision_tells_keycloak_and_the_requester_in_that_order(portal: Portal) -> None:
    anne, paul, habilitation = eus_with(portal, "pending")
    decide(Move.GRANT, anne, habilitation)
    (told,), (mailed,) = portal.deliveries("keycloak.person"), portal.deliveries("mail")
    assert told.args == {"person_id": paul.id}
    assert told.journal_seq == mailed.journal_seq == 1
    assert mailed.args["habilitation_ids"] == [habilitation]
    assert "Durand" not in str(mailed.args)
