"""Asking for services: once, with what is required, and never for somebody else's place."""

from datetime import timedelta

import pytest

from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.refusals import BadInput, LetterLimit, NoPostalAddress, NotAllowed, NotFound
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from policies.engine.journal import request_of
from tests.builders.portal import Portal

DATAVIZ = "dataviz-coeur-de-ville:acces"
LOANS = ("mes-prets:demande", "mes-prets:suivi")


def test_accepting_twice_is_one_claim_one_letter(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    command = RequestHabilitations(eus, LOANS, becomes_administrator=True)
    first = request_habilitations(portal.office, cendrine.actor, command)
    before = portal.events()
    assert request_habilitations(portal.office, cendrine.actor, command) == first
    assert (portal.count(Claim), portal.count(Letter), portal.events()) == (1, 1, before)


def test_asking_twice_is_one_request_one_mail(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    for _ in range(2):
        request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, (*LOANS, *LOANS)))
    assert portal.count(Habilitation) == 2
    assert portal.mails() == [("request_sent", "Paul"), ("request_to_decide", "Anne")]


@pytest.mark.attack(4)
def test_loans_need_a_fonction_and_the_others_do_not(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus, fonction=None)
    with pytest.raises(NotAllowed) as refusal:
        request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, (DATAVIZ, LOANS[0])))
    assert refusal.value.rules == ("G-FONCTION",)
    assert paul.states(eus) == {}
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, (DATAVIZ,)))
    assert paul.states(eus) == {DATAVIZ: "pending"}


@pytest.mark.parametrize("services", [(), ("mes-prets:admin",), ("manage-realm",)])
def test_only_services_of_the_catalogue(portal: Portal, services: tuple[str, ...]) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    with pytest.raises(BadInput):
        request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, services, True))


def test_no_place_no_request(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    stranger = portal.a_person("Paul", "Durand")
    with pytest.raises(NotFound):
        request_habilitations(portal.office, stranger.actor, RequestHabilitations(eus, LOANS, True))
    with pytest.raises(NotFound):
        accept_terms(portal.office, stranger.actor, AcceptTerms(eus, "mes-prets", "2022-02"))


def test_an_epci_without_known_seat_gets_no_letter_and_nothing_is_recorded(portal: Portal) -> None:
    epci = portal.a_structure("CC Conflent-Canigó", kind="epci")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(epci)
    with pytest.raises(NoPostalAddress):
        request_habilitations(portal.office, cendrine.actor, RequestHabilitations(epci, LOANS, True))
    assert (cendrine.states(epci), portal.events()) == ({}, [])


@pytest.mark.attack(15)
def test_a_town_hall_is_not_flooded_by_one_claim_after_another(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    command = RequestHabilitations(eus, (DATAVIZ,), becomes_administrator=True)
    first = portal.now
    for number in range(3):
        person = portal.a_person(f"Marie{'abc'[number]}", "Roca").attached_to(eus)
        request_habilitations(portal.office, person.actor, command)
        detach_structure(portal.office, person.actor, DetachStructure(eus))
        person.attached_to(eus)
        portal.wait(hours=23)
        with pytest.raises(LetterLimit):
            request_habilitations(portal.office, person.actor, command)
        portal.wait(hours=1)
    fourth = portal.a_person("Paul", "Durand").attached_to(eus)
    with pytest.raises(LetterLimit) as refusal:
        request_habilitations(portal.office, fourth.actor, command)
    assert refusal.value.again_at == first + timedelta(days=30)
    assert fourth.states(eus) == {}
    portal.now = refusal.value.again_at
    request_habilitations(portal.office, fourth.actor, command)
    assert portal.count(Letter) == 4


def test_terms_are_accepted_once_in_the_version_in_force(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    for _ in range(2):
        accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    assert portal.events() == ["terms_accepted"]
    with pytest.raises(BadInput):
        accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2021-01"))
    with pytest.raises(NotFound):
        accept_terms(portal.office, paul.actor, AcceptTerms(eus, "dataviz-coeur-de-ville", "2022-02"))


def test_the_journal_keeps_each_decision_in_the_form_that_replay_reads(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, LOANS, True))
    with portal.reading() as session:
        rows = session.query(JournalEntry).filter(JournalEntry.event == "habilitation_claimed").all()
    assert [row.details["after"] for row in rows] == ["awaiting_letter"] * 2
    for row in rows:
        asked = request_of(row.decision)
        assert (asked.action, asked.actor.id) == ("requestHabilitation", cendrine.id)
        assert row.subject == f"habilitation:{asked.resource.id}"
        assert "Martin" not in str(row.decision)
