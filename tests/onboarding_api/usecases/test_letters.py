"""Letters: a day apart, three in thirty days, the earlier code dead; expiry; the representative's no."""

from datetime import timedelta

import pytest

from onboarding_api.letters.carriers.port import News
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.refusals import (
    ClaimAlreadyUsed,
    CodeDead,
    LetterLimit,
    NotAllowed,
    NotFound,
)
from onboarding_api.queries.claims import claim_view
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.first_administrator.expire_claim import expire_claim
from onboarding_api.usecases.first_administrator.note_carrier_news import note_carrier_news
from onboarding_api.usecases.first_administrator.note_letter_handed_over import note_letter_handed_over
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from tests.builders.portal import Portal, Someone

DATAVIZ = "dataviz-coeur-de-ville:acces"
INNOVATION = "territoires-innovation:acces"


def claimant(portal: Portal, siren: str, prenom: str = "Cendrine") -> tuple[Someone, str]:
    person = portal.a_person(prenom, "Martin").attached_to(siren)
    command = RequestHabilitations(siren, (DATAVIZ,), becomes_administrator=True)
    reference = request_habilitations(portal.office, person.actor, command).claim_reference
    assert reference
    return person, reference


def ask(person: Someone, siren: str) -> None:
    ask_new_letter(person.portal.office, person.actor, AskNewLetter(siren))


def test_a_letter_is_a_delivery_with_reminders_and_an_end(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    claimant(portal, eus)
    portal.letter_arrives(eus)
    reminders = portal.deliveries("timer.letter_reminder")
    assert [row.due - portal.now for row in reminders[:2]] == [
        timedelta(days=DAYS // 3),
        timedelta(days=2 * DAYS // 3),
    ]
    end = portal.deliveries("timer.claim_expiry")[-1].due
    assert end - reminders[2].due == timedelta(days=3)
    lanes = [row.lane for row in reminders]
    assert len(set(lanes)) == 3
    assert all("XXXX" not in str(row.args) and set(row.args) == {"letter_id", "number"} for row in reminders)


def test_a_letter_is_noted_once_however_often_it_is_said(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    claimant(portal, eus)
    portal.letter_arrives(eus)
    with portal.reading() as session:
        letter_id = session.query(Letter.id).scalar()
    with portal.writing() as session:
        note_letter_handed_over(portal.office, session, letter_id)
    assert portal.mails() == [("letter_sent", "Cendrine")]
    with portal.writing() as session, pytest.raises(NotFound):
        note_letter_handed_over(portal.office, session, "no-such-letter")


@pytest.mark.attack(15)
def test_new_letters_are_a_day_apart_and_three_in_thirty_days(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    first = portal.now
    portal.wait(hours=23, minutes=59, seconds=59)
    with pytest.raises(LetterLimit) as refusal:
        ask(cendrine, eus)
    assert refusal.value.again_at == first + timedelta(hours=24)
    portal.wait(seconds=1)
    ask(cendrine, eus)
    portal.wait(hours=24)
    ask(cendrine, eus)
    portal.wait(hours=24)
    with pytest.raises(LetterLimit) as refusal:
        ask(cendrine, eus)
    assert refusal.value.again_at == first + timedelta(days=30)
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.may_ask_new_letter, view.new_letter_from) == (False, refusal.value.again_at)
    assert portal.count(Letter) == 3


def test_a_double_click_is_one_letter(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.wait(hours=24)
    ask(cendrine, eus)
    portal.wait(seconds=1)
    ask(cendrine, eus)
    assert portal.count(Letter) == 2


def test_the_earlier_code_dies_with_the_request_of_a_new_letter_and_its_reminders_are_stale(
    portal: Portal,
) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    portal.wait(hours=24)
    ask(cendrine, eus)
    with pytest.raises(CodeDead):
        redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert not cendrine.administers(eus)


def test_what_the_claimant_asked_since_joins_her_next_letter_never_the_one_that_left(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.letter_arrives(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (INNOVATION,)))
    assert cendrine.states(eus) == {DATAVIZ: "awaiting_letter", INNOVATION: "pending"}
    portal.wait(hours=24)
    ask(cendrine, eus)
    assert cendrine.states(eus)[INNOVATION] == "awaiting_letter"
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert set(cendrine.states(eus).values()) == {"granted"}


def test_only_the_claimant_asks_for_letters(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    claimant(portal, eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    stranger = portal.a_person("Zoé", "Petit")
    portal.wait(hours=24)
    for person in (paul, stranger):
        with pytest.raises(NotFound):
            ask(person, eus)


def test_thirty_days_later_the_claim_expires_and_nothing_is_granted(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.letter_arrives(eus)
    portal.now = portal.deliveries("timer.claim_expiry")[-1].due - timedelta(seconds=1)
    with portal.reading() as session:
        claim_id = session.query(Claim.id).scalar()
    assert not expire_claim(portal.office, claim_id)
    portal.wait(seconds=1)
    assert cendrine.states(eus) == {DATAVIZ: "awaiting_letter"}
    assert (portal.claims_expire(), portal.claims_expire()) == (1, 0)
    assert cendrine.states(eus) == {DATAVIZ: "expired"}
    assert portal.mails()[-1] == ("letter_expired", "Cendrine")


def test_an_expired_claim_is_made_again_without_typing_the_request(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.letter_arrives(eus)
    portal.wait(days=32)
    portal.claims_expire()
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.state, view.may_ask_new_letter) == ("expired", True)
    ask(cendrine, eus)
    assert cendrine.states(eus) == {DATAVIZ: "awaiting_letter"}
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert cendrine.administers(eus)


def test_a_letter_that_never_left_does_not_hold_the_structure_for_ever(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    claimant(portal, eus)
    portal.wait(days=31)
    assert portal.claims_expire() == 1


def test_a_timer_for_a_claim_that_got_a_new_letter_does_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.letter_arrives(eus)
    portal.wait(days=29)
    ask(cendrine, eus)
    portal.letter_arrives(eus)
    portal.wait(days=5)
    with portal.reading() as session:
        claim_id = session.query(Claim.id).scalar()
    assert not expire_claim(portal.office, claim_id)
    assert not expire_claim(portal.office, "no-such-claim")


def test_an_expired_claim_is_not_made_again_where_somebody_administers_by_now(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    portal.wait(days=32)
    portal.claims_expire()
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    with pytest.raises(NotAllowed) as refusal:
        ask(cendrine, eus)
    assert refusal.value.rules == ("G-ADMIN-EXISTS",)
    assert cendrine.states(eus) == {DATAVIZ: "expired"}


def news(portal: Portal, *states: LetterState) -> bool:
    with portal.writing() as session:
        letter_id = session.query(Letter.id).scalar()
        told = [News(state, portal.now, state, "") for state in states]
        return note_carrier_news(portal.office, session, letter_id, told)


def test_a_letter_that_comes_back_takes_its_code_with_it(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    assert news(portal, LetterState.POSTED)
    assert news(portal, LetterState.PRINTED, LetterState.POSTED)  # late, and repeated
    assert not news(portal, LetterState.POSTED, LetterState.RETURNED)
    with pytest.raises(CodeDead):
        redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert portal.events()[-4:] == ["letter_moved", "letter_moved", "letter_revoked", "act_refused"]
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert view.letter.state == "returned"
    portal.wait(hours=24)
    ask(cendrine, eus)


def test_a_letter_that_leaves_after_all_is_no_longer_rejected(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, _ = claimant(portal, eus)
    assert not news(portal, LetterState.REJECTED)
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.letter.state, view.new_letter_from) == ("rejected", portal.now + timedelta(hours=24))
    portal.letter_arrives(eus)
    assert portal.mails() == [("letter_sent", "Cendrine")]


@pytest.mark.attack(12)
def test_the_legal_representative_refuses_with_the_reference_alone(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, reference = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    for typed in (reference, f" {reference.lower().replace('-', ' ')} "):
        refuse_claim(portal.office, RefuseClaim(typed))
    assert cendrine.states(eus) == {DATAVIZ: "refused"}
    assert portal.mails()[1:] == [("administrator_refused", "Cendrine")]
    with pytest.raises((CodeDead, NotAllowed)):
        redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert not cendrine.administers(eus)
    portal.wait(hours=24)
    paul, _ = claimant(portal, eus, "Paul")
    assert paul.states(eus) == {DATAVIZ: "awaiting_letter"}


def test_a_reference_that_names_nothing_is_not_found(portal: Portal) -> None:
    with pytest.raises(NotFound):
        refuse_claim(portal.office, RefuseClaim("BDT-2222-2222"))


def test_a_protest_after_the_code_was_used_is_journalled_and_takes_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, reference = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    with pytest.raises(ClaimAlreadyUsed):
        refuse_claim(portal.office, RefuseClaim(reference))
    assert portal.events()[-1] == "claim_contested"
    assert cendrine.administers(eus)
