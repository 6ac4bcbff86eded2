"""The guide, act by act: Cendrine Martin opens the commune d'Eus, Paul Durand follows."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.journal import first_broken_link
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import FirstUserMustAccept
from onboarding_api.queries.access import entry
from onboarding_api.queries.claims import claim_view
from onboarding_api.queries.requests import administrator_queue
from onboarding_api.queries.services import RequestCase, request_case
from onboarding_api.usecases.account.register_person import RegisterPerson, register_person
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from tests.builders.portal import Portal, Someone

LOANS = ("mes-prets:demande", "mes-prets:suivi")


def registered(portal: Portal, prenom: str, nom: str) -> Someone:
    email = f"{prenom}.{nom}@example.fr"
    register_person(portal.office, RegisterPerson("Madame", prenom, nom, email))
    with portal.reading() as session:
        return Someone(portal, session.scalars(select(Person.id).where(Person.email == email.lower())).one())


def attached(portal: Portal, prenom: str, nom: str, siren: str) -> Someone:
    person = registered(portal, prenom, nom)
    attach_structure(portal.office, person.actor, AttachStructure(siren))
    edit_profile(portal.office, person.actor, EditProfile(siren, fonction="secretaire-general"))
    return person


def enter(portal: Portal, person: Someone, siren: str) -> str:
    with portal.reading() as session:
        return entry(session, person.id, siren, "mes-prets", portal.now, open_espaces={"mes-prets"}).state


def test_case_2_the_first_user_becomes_administrator_by_the_letter(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = attached(portal, "Cendrine", "Martin", eus)
    with portal.reading() as session:
        assert request_case(session, cendrine.id, eus, portal.now) == RequestCase.FIRST_USER
    with pytest.raises(FirstUserMustAccept):
        request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, LOANS))
    assert cendrine.states(eus) == {}

    accepted = RequestHabilitations(eus, LOANS, becomes_administrator=True)
    outcome = request_habilitations(portal.office, cendrine.actor, accepted)
    assert outcome.claim_reference
    assert set(cendrine.states(eus).values()) == {"awaiting_letter"}
    assert len(portal.deliveries("letter.print")) == 1
    assert portal.mails() == []

    code = portal.letter_arrives(eus)
    assert portal.mails() == [("letter_sent", "Cendrine")]
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.state, view.letter.state, view.letter.expires_on) == (
        "open",
        "handed_over",
        date(2026, 11, 23) + timedelta(days=DAYS),
    )
    assert view.services == ("Demande de prêts", "Suivi des dossiers")

    portal.wait(days=3)
    typed = RedeemActivationCode(eus, code.lower().replace("-", " "))
    assert redeem_activation_code(portal.office, cendrine.actor, typed).services == LOANS
    assert cendrine.administers(eus)
    assert set(cendrine.states(eus).values()) == {"granted"}
    assert portal.mails()[1:] == [("administrator_named", "Cendrine"), ("request_granted", "Cendrine")]

    assert enter(portal, cendrine, eus) == "terms"
    accept_terms(portal.office, cendrine.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    assert enter(portal, cendrine, eus) == "preparing"
    with portal.reading() as session:
        assert first_broken_link(session) is None


def test_case_1_an_administrator_decides_then_takes_back(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus).administrator_of(eus)
    paul = attached(portal, "Paul", "Durand", eus)
    with portal.reading() as session:
        assert request_case(session, paul.id, eus, portal.now) == RequestCase.ADMINISTRATOR

    outcome = request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, LOANS))
    assert outcome.claim_reference is None
    assert set(paul.states(eus).values()) == {"pending"}
    assert portal.mails() == [("request_sent", "Paul"), ("request_to_decide", "Cendrine")]
    with portal.reading() as session:
        queue = administrator_queue(session, cendrine.id, eus, portal.now)
    assert {(row.requester, row.service_label) for row in queue.pending.rows} == {
        ("Madame Paul Durand", "Demande de prêts"),
        ("Madame Paul Durand", "Suivi des dossiers"),
    }

    first = DecideHabilitation(paul.habilitation(eus, LOANS[0]))
    validate_habilitation(portal.office, cendrine.actor, first)
    assert paul.states(eus) == {LOANS[0]: "granted", LOANS[1]: "pending"}
    accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    assert enter(portal, paul, eus) == "preparing"

    deactivate_habilitation(portal.office, cendrine.actor, first)
    assert enter(portal, paul, eus) == "refused"
    assert portal.mails()[-2:] == [("request_granted", "Paul"), ("habilitation_deactivated", "Paul")]


@pytest.mark.attack(13)
def test_the_second_first_user_waits_for_the_letter_of_the_first(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    accepted = RequestHabilitations(eus, LOANS[:1], becomes_administrator=True)
    request_habilitations(portal.office, cendrine.actor, accepted)
    outcome = request_habilitations(portal.office, paul.actor, accepted)
    assert (outcome.claim_reference, paul.states(eus)) == (None, {LOANS[0]: "pending"})
    with portal.reading() as session:
        assert request_case(session, paul.id, eus, portal.now) == RequestCase.CLAIM_OPEN

    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    assert portal.mails()[-1] == ("request_to_decide", "Cendrine")
    validate_habilitation(portal.office, cendrine.actor, DecideHabilitation(paul.habilitation(eus, LOANS[0])))
    assert paul.states(eus) == {LOANS[0]: "granted"}


def test_once_a_claim_is_over_its_waiting_colleague_may_claim_and_brings_his_requests(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    accepted = RequestHabilitations(eus, LOANS[:1], becomes_administrator=True)
    request_habilitations(portal.office, cendrine.actor, accepted)
    request_habilitations(portal.office, paul.actor, accepted)
    portal.letter_arrives(eus)
    portal.wait(days=33)
    outcome = request_habilitations(portal.office, paul.actor, accepted)
    assert outcome.claim_reference
    assert cendrine.states(eus) == {LOANS[0]: "expired"}
    assert paul.states(eus) == {LOANS[0]: "awaiting_letter"}
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, paul.actor, RedeemActivationCode(eus, code))
    assert paul.states(eus) == {LOANS[0]: "granted"}
