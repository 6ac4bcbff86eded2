"""What pages read: services with their next step, dashboard, queue and entry, in the words of the rules."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import new_code
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound, WrongCode
from onboarding_api.queries.access import NOT_OPEN, STOPPED, Entry, entry
from onboarding_api.queries.claims import CodeState, claim_view
from onboarding_api.queries.dashboard import Step, dashboard
from onboarding_api.queries.people import person_by_keycloak
from onboarding_api.queries.requests import administrator_queue
from onboarding_api.queries.services import RequestCase, ServiceView, my_services, request_case
from onboarding_api.queries.structures import my_structures
from onboarding_api.queries.terms import terms_to_accept
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from tests.builders.portal import Portal, Someone

DATAVIZ = "dataviz-coeur-de-ville:acces"
LOAN = "mes-prets:demande"
OPEN = {"mes-prets"}
SUB = "77777777-0000-4000-8000-000000000000"


@pytest.fixture
def portal(database: Database) -> Portal:
    return Portal(database)


def service(person: Someone, siren: str, key: str) -> ServiceView:
    with person.portal.reading() as session:
        services = my_services(session, person.id, siren, person.portal.now)
    return next(each for each in services if each.key == key)


def enter(person: Someone, siren: str, espace: str = "mes-prets") -> Entry:
    with person.portal.reading() as session:
        return entry(session, person.id, siren, espace, person.portal.now, open_espaces=OPEN)


def test_the_whole_catalogue_is_shown_in_order_with_what_to_do(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    with portal.reading() as session:
        espaces = my_services(session, cendrine.id, eus, portal.now).espaces
    assert [espace.label for espace in espaces] == [
        "Mes prêts en ligne",
        "Dataviz Cœur de Ville",
        "Espace privé Territoires d'innovation",
    ]
    for espace in espaces:
        assert not espace.can_enter
        for each in espace.services:
            assert (each.state, each.may_request, each.missing) == (None, True, ())
            assert each.next_step == "Vous pouvez demander l'habilitation à ce service."


def test_a_missing_fonction_is_named_and_said(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus, fonction=None)
    loan = service(cendrine, eus, LOAN)
    assert (loan.may_request, loan.missing) == (False, ("fonction",))
    assert "fonction" in loan.next_step
    assert service(cendrine, eus, DATAVIZ).may_request


@pytest.mark.parametrize(
    ("state", "label", "may_request"),
    [
        ("pending", "En cours de validation", False),
        ("awaiting_letter", "En attente du courrier", False),
        ("granted", "Validée", False),
        ("refused", "Refusée", True),
        ("deactivated", "Désactivée", True),
        ("expired", "Expirée", True),
        ("cancelled", "Annulée", True),
    ],
)
def test_each_state_has_its_label_and_its_next_step(
    portal: Portal, state: str, label: str, may_request: bool
) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state=state)
    view = service(paul, eus, LOAN)
    assert (view.state, view.state_label, view.may_request) == (state, label, may_request)
    assert view.next_step.endswith(".")


def test_a_new_request_hides_the_old_refusal(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
    portal.wait(days=1)
    paul.holding(eus, LOAN, state="refused")
    assert service(paul, eus, LOAN).state == "pending"


def test_the_case_of_a_request_is_told_before_anything_is_recorded(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus)

    def case(person: Someone) -> RequestCase:
        with portal.reading() as session:
            return request_case(session, person.id, eus, portal.now)

    assert (case(cendrine), case(paul)) == (RequestCase.FIRST_USER, RequestCase.FIRST_USER)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (DATAVIZ,), True))
    assert (case(cendrine), case(paul)) == (RequestCase.OWN_CLAIM, RequestCase.CLAIM_OPEN)
    cendrine.administrator_of(eus)
    assert (case(cendrine), case(paul)) == (RequestCase.ADMINISTRATOR, RequestCase.ADMINISTRATOR)


def test_the_button_leads_to_the_terms_then_waits_for_keycloak_then_opens(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    assert enter(paul, eus).state == "refused"
    assert enter(paul, eus).sentences
    paul.holding(eus, LOAN)
    assert enter(paul, eus).state == "terms"
    accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    assert enter(paul, eus).state == "preparing"
    with portal.writing() as session:
        session.execute(update(Delivery).values(state=DeliveryState.DONE))
    assert enter(paul, eus) == Entry("ready", ())
    with pytest.raises(NotFound):
        enter(paul, eus, "unknown")


def test_a_right_that_never_reached_keycloak_does_not_pass_for_open(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN)
    accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    with portal.writing() as session:
        session.execute(update(Delivery).values(state=DeliveryState.PARKED))
    assert enter(paul, eus) == Entry("refused", (STOPPED,))
    assert "contactez-nous" in STOPPED
    edit_profile(portal.office, paul.actor, EditProfile(eus, fonction="elu"))
    assert enter(paul, eus).state == "preparing"  # the next row does the parked one's work


def test_an_espace_without_an_address_says_so(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, DATAVIZ)
    assert enter(paul, eus, "dataviz-coeur-de-ville").sentences == (NOT_OPEN,)


def test_a_pending_request_says_who_has_to_act(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
    assert enter(paul, eus).sentences == (
        "« Demande de prêts » : Un administrateur de votre structure doit valider votre demande.",
    )


def test_terms_are_shown_whole_and_the_acceptance_with_its_moment(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus)
    with portal.reading() as session:
        before = terms_to_accept(session, paul.id, eus, "mes-prets")
    accept_terms(portal.office, paul.actor, AcceptTerms(eus, "mes-prets", before.version))
    with portal.reading() as session:
        after = terms_to_accept(session, paul.id, eus, "mes-prets")
    assert after == replace(before, accepted_at=portal.now)
    assert "Mes prêts en ligne" in before.title
    for espace in ("dataviz-coeur-de-ville", "unknown"):
        with portal.reading() as session, pytest.raises(NotFound):
            terms_to_accept(session, paul.id, eus, espace)


@pytest.mark.attack(17)
def test_nothing_of_a_structure_is_told_to_a_stranger(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    member = portal.a_person("Léa", "Vidal").attached_to(eus)
    stranger = portal.a_person("Luc", "Bosch")
    with portal.reading() as session:
        for read in (my_services, claim_view, administrator_queue, request_case):
            with pytest.raises(NotFound):
                read(session, stranger.id, eus, portal.now)
        with pytest.raises(NotFound):
            administrator_queue(session, member.id, eus, portal.now)
        with pytest.raises(NotFound):
            terms_to_accept(session, stranger.id, eus, "mes-prets")


def test_the_queue_shows_pending_by_age_and_what_was_decided_last_first(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    anne.holding(eus, DATAVIZ, state="pending")
    portal.wait(days=2)
    portal.a_person("Paul", "Durand").attached_to(eus, fonction="elu").holding(eus, LOAN, state="pending")
    portal.a_person("Zoé", "Aris").attached_to(eus).holding(eus, LOAN)
    portal.a_person("Luc", "Bosch").attached_to(eus).holding(eus, LOAN, state="refused")
    portal.wait(days=1)
    with portal.reading() as session:
        queue = administrator_queue(session, anne.id, eus, portal.now)
    assert [(row.requester, row.age_days, row.is_own) for row in queue.pending.rows] == [
        ("Madame Anne Roca", 3, True),
        ("Madame Paul Durand", 1, False),
    ]
    assert queue.pending.rows[1].fonction == "Élu(e) délégué(e)"
    assert [row.requester for row in queue.granted.rows] == ["Madame Zoé Aris"]
    assert [(row.state, row.state_label) for row in queue.decided.rows] == [("refused", "Refusée")]


@pytest.mark.invariant("I13")
def test_structures_are_those_of_the_person_with_her_profile_and_her_queue(portal: Portal) -> None:
    eus, ria = portal.a_structure("Eus"), portal.a_structure("Ria")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus).attached_to(ria)
    for siren in (eus, ria):
        portal.a_person(f"Paul{siren}", "Durand").attached_to(siren).holding(siren, LOAN, state="pending")
    with portal.reading() as session:
        first, second = my_structures(session, anne.id)
    assert (first.name, first.is_administrator, first.pending_count) == ("Commune d'Eus", True, 1)
    assert (second.is_administrator, second.pending_count) == (False, 0)
    assert first.departement == "Pyrénées-Orientales (66)"
    assert first.fonction_label == "Directeur(trice) financier(ère)"


def test_the_dashboard_without_a_structure_leads_to_one(portal: Portal) -> None:
    cendrine = portal.a_person("Cendrine", "Martin")
    with portal.reading() as session:
        board = dashboard(session, cendrine.id, None, portal.now)
    assert (board.espaces_to_enter, board.pending_letter) == ((), None)
    assert [task.is_done for task in board.tasks] == [True, False, False, False]
    assert board.tasks[1].step == Step.STRUCTURE


def test_the_dashboard_shows_the_letter_the_buttons_and_what_remains(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (LOAN,), True))
    portal.letter_arrives(eus)
    with portal.reading() as session:
        board = dashboard(session, cendrine.id, my_structures(session, cendrine.id)[0], portal.now)
    assert board.pending_letter
    assert board.pending_letter.expires_on == date(2026, 11, 23) + timedelta(days=DAYS)
    assert board.tasks[-1].step == Step.CODE
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, DATAVIZ)
    with portal.reading() as session:
        board = dashboard(session, paul.id, my_structures(session, paul.id)[0], portal.now)
    assert [each.espace for each in board.espaces_to_enter] == ["mes-prets", "dataviz-coeur-de-ville"]
    assert (board.tasks[-1].step, board.tasks[-1].espace) == (Step.TERMS, "mes-prets")


def test_a_claim_past_its_last_day_shows_as_expired_before_the_job_comes_by(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (LOAN,), True))
    portal.letter_arrives(eus)
    portal.wait(days=31)
    with portal.reading() as session:
        view = claim_view(session, cendrine.id, eus, portal.now)
    assert view
    assert (view.state, view.may_ask_new_letter) == ("expired", True)


def test_a_token_is_matched_by_subject_and_an_identifiant_never_overrides_it(portal: Portal) -> None:
    cendrine = portal.a_person("Cendrine", "Martin")
    with portal.reading() as session:
        identifiant = session.get_one(Person, cendrine.id).identifiant
        found = person_by_keycloak(session, SUB, identifiant.upper())
    assert found
    assert (found.id, found.nom) == (cendrine.id, "Martin")
    with portal.writing() as session:
        session.get_one(Person, cendrine.id).keycloak_id = SUB
    with portal.reading() as session:
        assert person_by_keycloak(session, SUB, "somebody-else") == found
        other = SUB.replace("7", "8")
        assert person_by_keycloak(session, other, identifiant) is None


def test_ages_are_whole_days(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
    portal.now += timedelta(hours=47)
    with portal.reading() as session:
        (row,) = administrator_queue(session, anne.id, eus, portal.now).pending.rows
    assert row.age_days == 1


def test_one_view_decides_the_state_of_the_code_and_both_pages_read_it(portal: Portal) -> None:
    """Ten wrong codes: « hors d'usage » on one page, « valable jusqu'au … » on the other."""
    eus = portal.a_structure("Eus")
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(eus)
    request_habilitations(portal.office, cendrine.actor, RequestHabilitations(eus, (LOAN,), True))

    def seen() -> tuple[str, bool, bool]:
        with portal.reading() as session:
            claim = claim_view(session, cendrine.id, eus, portal.now)
            board = dashboard(session, cendrine.id, my_structures(session, cendrine.id)[0], portal.now)
        assert claim
        assert claim.letter
        assert board.pending_letter
        assert board.pending_letter == claim.letter
        may_type = any(task.step == Step.CODE for task in board.tasks)
        return claim.letter.code, claim.letter.takes_code, may_type

    assert seen() == (CodeState.AWAITED, True, True)
    portal.letter_arrives(eus)
    assert seen() == (CodeState.AWAITED, True, True)
    for round_ in range(2):
        for _ in range(5):
            with suppress(WrongCode):
                redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, new_code()))
        assert seen() == [(CodeState.LOCKED, True, True), (CodeState.EXHAUSTED, False, False)][round_]
        portal.wait(minutes=16)
    assert seen() == (CodeState.EXHAUSTED, False, False)
