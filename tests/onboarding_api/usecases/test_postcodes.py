"""A commune with several postcodes: the mairie's is known, or told before a letter leaves."""

from datetime import timedelta

import pytest

from onboarding_api.letters.address import AddressImpossible
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.refusals import BadInput, PostcodeNeeded
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.sender import Sender
from onboarding_api.queries.claims import claim_view
from onboarding_api.queries.letters import LetterPlace, letter_facts, letter_place
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from tests.builders.portal import Portal, Someone

SERVICES = ("dataviz-coeur-de-ville:acces",)
SENDER = Sender("BDT", ("Paris",), "01", "9 h", "a@b.example", "portail.example")


@pytest.fixture
def nice(portal: Portal) -> str:
    siren = portal.a_structure("Nice", departement="06")
    with portal.writing() as session:
        session.get_one(Structure, siren).postcodes = ["06000", "06100", "06300"]
    return siren


def claims(portal: Portal, someone: Someone, siren: str, postcode: str | None) -> None:
    command = RequestHabilitations(siren, SERVICES, True, postcode)
    request_habilitations(portal.office, someone.actor, command)


def last_line(portal: Portal) -> str:
    with portal.reading() as session:
        letter = session.query(Letter).order_by(Letter.asked_at.desc()).first()
        assert letter is not None
        facts = letter_facts(session, letter.id, SENDER, portal.now)
        assert facts is not None
        return facts.address_lines[-1]


def test_nothing_leaves_before_the_postcode_is_told(portal: Portal, nice: str) -> None:
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(nice)
    with portal.reading() as session:
        assert letter_place(session, nice) == LetterPlace(asked_postcodes=("06000", "06100", "06300"))
    with pytest.raises(PostcodeNeeded):
        claims(portal, cendrine, nice, None)
    for wrong in ("75001", "06400", "0600"):
        with pytest.raises(BadInput):
            claims(portal, cendrine, nice, wrong)
    assert (portal.count(Claim), portal.count(Letter)) == (0, 0)


def test_the_letter_goes_where_it_was_told_and_the_next_one_too(portal: Portal, nice: str) -> None:
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(nice)
    claims(portal, cendrine, nice, "06300")
    assert last_line(portal) == "06300 NICE"
    portal.wait(days=2)
    ask_new_letter(portal.office, cendrine.actor, AskNewLetter(nice))
    assert portal.count(Letter) == 2
    assert last_line(portal) == "06300 NICE"


def test_what_one_claimant_told_is_no_fact_for_the_next(portal: Portal, nice: str) -> None:
    claims(portal, portal.a_person("Cendrine", "Martin").attached_to(nice), nice, "06300")
    with portal.reading() as session:
        assert session.get_one(Structure, nice).town_hall_postcode is None


def test_a_known_town_hall_is_asked_of_nobody_and_overruled_by_nobody(portal: Portal, nice: str) -> None:
    with portal.writing() as session:
        session.get_one(Structure, nice).town_hall_postcode = "06000"
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(nice)
    with portal.reading() as session:
        assert letter_place(session, nice).lines[-1] == "06000 NICE"
    with pytest.raises(BadInput):
        claims(portal, cendrine, nice, "06300")
    claims(portal, cendrine, nice, None)
    assert last_line(portal) == "06000 NICE"


def test_a_claim_of_earlier_days_is_asked_with_its_next_letter(portal: Portal, nice: str) -> None:
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(nice)
    claims(portal, cendrine, nice, "06300")
    with portal.writing() as session:
        session.query(Claim).update({"postcode": None})
    with pytest.raises(AddressImpossible):
        last_line(portal)
    portal.wait(days=2)
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, nice, portal.now + timedelta(seconds=1))
        assert view is not None
        assert view.asked_postcodes == ("06000", "06100", "06300")
    with pytest.raises(PostcodeNeeded):
        ask_new_letter(portal.office, cendrine.actor, AskNewLetter(nice))
    ask_new_letter(portal.office, cendrine.actor, AskNewLetter(nice, "06100"))
    assert last_line(portal) == "06100 NICE"


def test_one_postcode_is_no_question(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    claims(portal, portal.a_person("Cendrine", "Martin").attached_to(eus), eus, None)
    assert last_line(portal) == "66500 EUS"
