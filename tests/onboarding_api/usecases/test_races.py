"""Two at once: exactly one wins, on both databases, round after round."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from onboarding_api.model.administration import Administration
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import CodeTry, Letter
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.journal import first_broken_link
from onboarding_api.model.refusals import Refusal
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from tests.builders.portal import Portal, Someone

ROUNDS = 20

pytestmark = pytest.mark.slow

DATAVIZ = "dataviz-coeur-de-ville:acces"


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Starts the acts together; what came of each: "done", or the code of the refusal."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
        except Refusal as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def claims(person: Someone, siren: str) -> Callable[[], object]:
    command = RequestHabilitations(siren, (DATAVIZ,), becomes_administrator=True)
    return lambda: request_habilitations(person.portal.office, person.actor, command)


def member(portal: Portal, prenom: str, siren: str) -> Someone:
    return portal.a_person(prenom, "Martin").attached_to(siren)


def check_journal(portal: Portal) -> None:
    with portal.reading() as session:
        assert first_broken_link(session) is None


@pytest.mark.attack(13)
def test_two_first_users_make_one_claim(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        first, second = (member(portal, f"{name}{number}", siren) for name in ("anne", "paul"))
        assert at_once(claims(first, siren), claims(second, siren)) == ["done", "done"]
        states = Counter([*first.states(siren).values(), *second.states(siren).values()])
        assert states == {"awaiting_letter": 1, "pending": 1}
    assert (portal.count(Claim), portal.count(Letter)) == (ROUNDS, ROUNDS)
    check_journal(portal)


@pytest.mark.attack(53)
def test_a_double_click_on_accepter_is_one_request(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        person = member(portal, f"anne{number}", siren)
        assert at_once(claims(person, siren), claims(person, siren)) == ["done", "done"]
    assert (portal.count(Claim), portal.count(Habilitation)) == (ROUNDS, ROUNDS)
    check_journal(portal)


def test_two_submissions_of_a_code_name_one_administrator(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        person = member(portal, f"anne{number}", siren)
        claims(person, siren)()
        command = RedeemActivationCode(siren, portal.letter_arrives(siren))

        def redeem(person: Someone = person, command: RedeemActivationCode = command) -> object:
            return redeem_activation_code(portal.office, person.actor, command)

        assert at_once(redeem, redeem) == ["done", "done"]
    assert portal.count(Administration) == portal.count(CodeTry) == ROUNDS
    assert portal.events().count("claim_redeemed") == ROUNDS
    assert portal.mails().count(("request_granted", "anne0")) == 1
    check_journal(portal)


def test_the_code_and_the_refusal_of_the_legal_representative_never_both_win(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        person = member(portal, f"anne{number}", siren)
        command = RequestHabilitations(siren, (DATAVIZ,), becomes_administrator=True)
        reference = str(request_habilitations(portal.office, person.actor, command).claim_reference)
        code = RedeemActivationCode(siren, portal.letter_arrives(siren))
        outcomes = at_once(
            lambda person=person, code=code: redeem_activation_code(portal.office, person.actor, code),
            lambda reference=reference: refuse_claim(portal.office, RefuseClaim(reference)),
        )
        assert outcomes.count("done") == 1
        assert person.administers(siren) == (outcomes[0] == "done")
    check_journal(portal)


@pytest.mark.attack(10)
def test_validate_and_refuse_one_wins_and_one_mail_leaves(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    zoe = portal.a_person("Zoé", "Petit").attached_to(eus).administrator_of(eus)
    for number in range(ROUNDS):
        paul = member(portal, f"paul{number}", eus).holding(eus, DATAVIZ, state="pending")
        command = DecideHabilitation(paul.habilitation(eus, DATAVIZ), "Un motif.")
        outcomes = at_once(
            lambda command=command: validate_habilitation(portal.office, anne.actor, command),
            lambda command=command: refuse_habilitation(portal.office, zoe.actor, command),
        )
        assert sorted(outcomes) == ["done", "not_possible_now"]
        assert paul.states(eus) == {DATAVIZ: "granted" if outcomes[0] == "done" else "refused"}
    assert len(portal.mails()) == ROUNDS
    check_journal(portal)


@pytest.mark.attack(16)
def test_two_administrators_who_leave_at_once_leave_one(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        both = [member(portal, f"{name}{number}", siren).administrator_of(siren) for name in ("anne", "zoe")]
        outcomes = at_once(
            *(
                lambda person=person, siren=siren: detach_structure(
                    portal.office, person.actor, DetachStructure(siren)
                )
                for person in both
            )
        )
        assert sorted(outcomes) == ["done", "not_allowed"]
        assert sum(person.administers(siren) for person in both) == 1
    check_journal(portal)


def test_two_requests_for_a_new_letter_make_one(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        person = member(portal, f"anne{number}", siren)
        claims(person, siren)()
        portal.wait(hours=24)

        def ask(person: Someone = person, siren: str = siren) -> object:
            ask_new_letter(portal.office, person.actor, AskNewLetter(siren))
            return None

        assert at_once(ask, ask) == ["done", "done"]
    assert portal.count(Letter) == 2 * ROUNDS
    check_journal(portal)


@pytest.mark.attack(10)
@pytest.mark.invariant("I3")
def test_eight_submissions_of_a_code_name_one_administrator(portal: Portal) -> None:
    for number in range(ROUNDS):
        siren = portal.a_structure(f"Lieu{number}")
        person = member(portal, f"anne{number}", siren)
        claims(person, siren)()
        command = RedeemActivationCode(siren, portal.letter_arrives(siren))

        def redeem(person: Someone = person, command: RedeemActivationCode = command) -> object:
            return redeem_activation_code(portal.office, person.actor, command)

        assert set(at_once(*[redeem] * 8)) == {"done"}
    assert portal.count(Administration) == portal.count(CodeTry) == ROUNDS
    check_journal(portal)
