"""The code of the letter: forgiving to type, five tries in 15 minutes, ten in all, thirty days, once."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from onboarding_api.model.administration import Administration
from onboarding_api.model.first_administrator.activation_code import new_code
from onboarding_api.model.first_administrator.letter import CodeTry
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.refusals import CodeDead, CodeMistyped, NotFound, TooManyTries, WrongCode
from onboarding_api.queries.claims import claim_view
from onboarding_api.queries.services import ALONE, my_services
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from tests.builders.portal import Portal, Someone

LOAN = "mes-prets:demande"
DATAVIZ = "dataviz-coeur-de-ville:acces"


def claimant(portal: Portal, siren: str, prenom: str = "Cendrine") -> Someone:
    person = portal.a_person(prenom, "Martin").attached_to(siren)
    request_habilitations(portal.office, person.actor, RequestHabilitations(siren, (DATAVIZ,), True))
    return person


def redeem(person: Someone, siren: str, code: str) -> tuple[str, ...]:
    command = RedeemActivationCode(siren, code)
    return redeem_activation_code(person.portal.office, person.actor, command).services


def wrong(person: Someone, siren: str) -> int:
    with pytest.raises(WrongCode) as refusal:
        redeem(person, siren, new_code())
    return refusal.value.tries_left


@pytest.mark.attack(5)
def test_five_tries_then_a_wait_then_five_more_then_the_code_is_dead(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    assert [wrong(cendrine, eus) for _ in range(5)] == [4, 3, 2, 1, 0]
    with pytest.raises(TooManyTries) as waiting:
        redeem(cendrine, eus, code)
    assert waiting.value.again_at == portal.now + timedelta(minutes=15)
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.tries_left, view.is_locked_until) == (0, waiting.value.again_at)

    portal.wait(minutes=15)
    assert [wrong(cendrine, eus) for _ in range(5)] == [4, 3, 2, 1, 0]
    portal.wait(minutes=15)
    with pytest.raises(CodeDead) as dead:
        redeem(cendrine, eus, code)
    assert dead.value.reason == "exhausted"
    assert portal.count(CodeTry) == 10
    assert not cendrine.administers(eus)


def test_the_window_slides_one_second_too_early_is_too_early(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    for _ in range(5):
        wrong(cendrine, eus)
        portal.wait(minutes=1)
    portal.wait(minutes=9, seconds=59)
    with pytest.raises(TooManyTries):
        redeem(cendrine, eus, code)
    portal.wait(seconds=1)
    assert redeem(cendrine, eus, code) == (DATAVIZ,)


@pytest.mark.attack(5)
def test_a_new_letter_does_not_reset_the_fifteen_minutes(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    portal.letter_arrives(eus)
    portal.wait(hours=24)
    for _ in range(5):
        wrong(cendrine, eus)
    ask_new_letter(portal.office, cendrine.actor, AskNewLetter(eus))
    code = portal.letter_arrives(eus)
    with pytest.raises(TooManyTries):
        redeem(cendrine, eus, code)
    portal.wait(minutes=15)
    assert redeem(cendrine, eus, code) == (DATAVIZ,)


def test_a_typing_fault_costs_no_try(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    for typo in (code[:-1], f"{code}7", code[:-1] + ("A" if code[-1] != "A" else "B"), "", "éé"):
        with pytest.raises(CodeMistyped):
            redeem(cendrine, eus, typo)
    assert portal.count(CodeTry) == 0
    assert redeem(cendrine, eus, f"  {code.lower().replace('-', ' ')} ") == (DATAVIZ,)


@pytest.mark.attack(7, 12)
def test_a_code_serves_one_claim_alone_and_one_account(portal: Portal) -> None:
    sirens = [portal.a_structure(name) for name in ("Eus", "Ria", "Nyer")]
    people = [claimant(portal, siren, f"Marie{letter}") for siren, letter in zip(sirens, "abc", strict=True)]
    codes = [portal.letter_arrives(siren) for siren in sirens]
    for (person, siren), code in product(zip(people, sirens, strict=True), codes):
        if codes.index(code) != sirens.index(siren):
            with pytest.raises(WrongCode):
                redeem(person, siren, code)
    thief = portal.a_person("Paul", "Durand").attached_to(sirens[0])
    with pytest.raises(NotFound):
        redeem(thief, sirens[0], codes[0])
    for person, siren, code in zip(people, sirens, codes, strict=True):
        assert redeem(person, siren, code) == (DATAVIZ,)


@pytest.mark.attack(6)
def test_many_accounts_guess_no_better_than_one(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    for number in range(40):
        thief = portal.a_person("Paul", f"Durand{chr(97 + number // 20)}{chr(97 + number % 20)}").attached_to(
            eus
        )
        with pytest.raises(NotFound):
            redeem(thief, eus, code)
    assert portal.count(CodeTry) == 0  # and none of hers was spent
    assert redeem(cendrine, eus, code) == (DATAVIZ,)


@pytest.mark.attack(9)
@pytest.mark.invariant("I3")
def test_the_right_code_typed_twice_is_one_administrator_and_one_mail(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    assert redeem(cendrine, eus, code) == (DATAVIZ,)
    before = portal.events(), portal.mails()
    assert redeem(cendrine, eus, code) == (DATAVIZ,)
    with pytest.raises(CodeDead) as dead:
        redeem(cendrine, eus, new_code())
    assert dead.value.reason == "used"
    assert (portal.events(), portal.mails()) == before
    assert portal.count(Administration) == 1


@pytest.mark.attack(11)
def test_the_code_of_an_earlier_letter_is_told_apart_and_costs_no_try(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    first = portal.letter_arrives(eus)
    portal.wait(hours=24)
    ask_new_letter(portal.office, cendrine.actor, AskNewLetter(eus))
    with pytest.raises(CodeDead):
        redeem(cendrine, eus, first)  # before the new one is printed
    second = portal.letter_arrives(eus)
    with pytest.raises(CodeDead) as dead:
        redeem(cendrine, eus, first)
    assert (dead.value.reason, portal.count(CodeTry)) == ("superseded", 0)
    assert redeem(cendrine, eus, second) == (DATAVIZ,)


@pytest.mark.attack(8)
@pytest.mark.parametrize(
    ("departement", "zone", "printed"),
    [
        ("66", "Europe/Paris", datetime(2026, 10, 1, 9, tzinfo=UTC)),  # winter time begins in its life
        ("66", "Europe/Paris", datetime(2027, 3, 10, 9, tzinfo=UTC)),  # summer time begins in them
        ("974", "Indian/Reunion", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("987", "Pacific/Tahiti", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("988", "Pacific/Noumea", datetime(2026, 11, 23, 15, tzinfo=UTC)),
    ],
)
def test_the_code_works_to_the_last_second_of_the_printed_day_there(
    portal: Portal, departement: str, zone: str, printed: datetime
) -> None:
    portal.now = printed
    place = portal.a_structure("Lieu", departement=departement)
    cendrine = claimant(portal, place)
    code = portal.letter_arrives(place)
    last_day = printed.astimezone(ZoneInfo(zone)).date() + timedelta(days=DAYS)
    end = datetime(last_day.year, last_day.month, last_day.day, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    portal.now = end.astimezone(UTC)
    with pytest.raises(CodeDead) as dead:
        redeem(cendrine, place, code)
    assert dead.value.reason == "expired"
    portal.now -= timedelta(seconds=1)
    assert redeem(cendrine, place, code) == (DATAVIZ,)


def test_nothing_can_be_typed_before_the_letter_is_printed(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    with pytest.raises(CodeDead):
        redeem(cendrine, eus, new_code())
    assert portal.count(CodeTry) == 0


def test_the_new_administrator_is_told_of_what_waits_one_mail_a_requester(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    for prenom in ("Paul", "Luc"):
        person = portal.a_person(prenom, "Durand").attached_to(eus)
        request_habilitations(portal.office, person.actor, RequestHabilitations(eus, (DATAVIZ, LOAN)))
    code = portal.letter_arrives(eus)
    told = len(portal.mails())
    redeem(cendrine, eus, code)
    assert portal.mails()[told:].count(("request_to_decide", "Cendrine")) == 2
    assert portal.events().count("habilitation_handed_over") == 4


def test_what_is_not_printed_on_the_letter_is_not_granted_by_its_code(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (LOAN,)))
    told = len(portal.mails())
    assert redeem(cendrine, eus, code) == (DATAVIZ,)
    assert cendrine.states(eus) == {DATAVIZ: "granted", LOAN: "pending"}
    assert ("request_to_decide", "Cendrine") not in portal.mails()[told:]
    with portal.reading() as session:
        services = my_services(session, cendrine.id, eus, portal.now)
    (waiting,) = (each for each in services if each.state == "pending")
    assert waiting.next_step == ALONE
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    with portal.reading() as session:
        services = my_services(session, cendrine.id, eus, portal.now)
    assert ALONE not in {each.next_step for each in services}
