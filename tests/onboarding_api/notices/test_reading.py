"""Mails read their facts when they leave, are rendered whole, and stay home once the occasion has passed."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.words.sender import Sender
from onboarding_api.notices.account import ForgottenIdentifiant
from onboarding_api.notices.first_administrator import LetterSent
from onboarding_api.notices.notice import Addressed
from onboarding_api.notices.reading import notice_of
from onboarding_api.notices.rendering import render
from onboarding_api.usecases.account.register_person import RegisterPerson, register_person
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from tests.builders.portal import Portal, Someone

LOANS = ("mes-prets:demande", "mes-prets:suivi")
SENDER = Sender("Banque des Territoires", ("Ici",), "https://espace.example", "01", "9 h", "aide@example.fr")


@pytest.fixture
def portal(database: Database) -> Portal:
    return Portal(database)


def left(portal: Portal) -> dict[str, Addressed | None]:
    """What each waiting mail or reminder would say now, by notice."""
    kinds = ["mail", "timer.letter_reminder"]
    waiting = select(Delivery).where(Delivery.kind.in_(kinds)).order_by(Delivery.sequence)
    with portal.reading() as session:
        found = [{"notice": "letter_reminder", **row.args} for row in session.scalars(waiting)]
        return {args["notice"]: notice_of(session, args) for args in found}


def said(portal: Portal, notice: str) -> Any:
    """The notice of that key, as it would leave now; it can be rendered."""
    return written(portal, notice).notice


def written(portal: Portal, notice: str) -> Addressed:
    found = left(portal)[notice]
    assert found
    assert render(found.notice, SENDER).subject
    return found


def claimant(portal: Portal, siren: str) -> tuple[Someone, str]:
    cendrine = portal.a_person("Cendrine", "Martin").attached_to(siren)
    outcome = request_habilitations(portal.office, cendrine.actor, RequestHabilitations(siren, LOANS, True))
    return cendrine, str(outcome.claim_reference)


def requester(portal: Portal, siren: str) -> tuple[Someone, Someone]:
    anne = portal.a_person("Anne", "Roca").attached_to(siren).administrator_of(siren)
    paul = portal.a_person("Paul", "Durand").attached_to(siren, fonction="elu")
    request_habilitations(portal.office, paul.actor, RequestHabilitations(siren, LOANS))
    return anne, paul


def test_the_letter_is_announced_and_reminded_with_its_last_day(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    _, reference = claimant(portal, eus)
    portal.letter_arrives(eus)
    sent = LetterSent(
        recipient="Madame Martin",
        siren=eus,
        structure="Commune d'Eus",
        services=("Demande de prêts", "Suivi des dossiers"),
        reference=reference,
        last_day=date(2026, 11, 23) + timedelta(days=DAYS),
    )
    assert written(portal, "letter_sent") == ("cendrine.martin@example.fr", sent)
    reminder = written(portal, "letter_reminder")
    assert reminder.to == "cendrine.martin@example.fr"
    assert said(portal, "letter_reminder").last_day == date(2026, 11, 23) + timedelta(days=DAYS)
    with portal.writing() as session:
        session.execute(update(Letter).values(state=LetterState.REJECTED))
    assert left(portal)["letter_reminder"] is None  # no letter to look for


def test_after_the_code_the_reminders_are_silent_and_the_new_administrator_is_told(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    cendrine, reference = claimant(portal, eus)
    code = portal.letter_arrives(eus)
    redeem_activation_code(portal.office, cendrine.actor, RedeemActivationCode(eus, code))
    mails = left(portal)
    assert mails["letter_sent"] is None
    assert mails["letter_reminder"] is None
    assert said(portal, "administrator_named").administrator == "Madame Cendrine Martin"
    assert said(portal, "request_granted").reference == reference


def test_a_claim_that_ends_otherwise_says_how(portal: Portal) -> None:
    eus, ria = portal.a_structure("Eus"), portal.a_structure("Ria")
    _, reference = claimant(portal, eus)
    portal.letter_arrives(eus)
    refuse_claim(portal.office, RefuseClaim(reference))
    assert said(portal, "administrator_refused").refused_on == date(2026, 11, 23)
    luc = portal.a_person("Luc", "Bosch").attached_to(ria)
    request_habilitations(portal.office, luc.actor, RequestHabilitations(ria, LOANS, True))
    portal.letter_arrives(ria)
    portal.wait(days=32)
    portal.claims_expire()
    assert written(portal, "letter_expired").to == "luc.bosch@example.fr"
    assert said(portal, "letter_expired").last_day == date(2026, 11, 23) + timedelta(days=DAYS)


def test_a_request_is_told_to_both_and_grows_stale_once_decided(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne, paul = requester(portal, eus)
    assert written(portal, "request_to_decide").to == "anne.roca@example.fr"
    decide = said(portal, "request_to_decide")
    assert decide.requester == "Madame Paul Durand"
    assert decide.fonction == "Élu(e) délégué(e)"
    assert said(portal, "request_sent").services == ("Demande de prêts", "Suivi des dossiers")
    validate_habilitation(portal.office, anne.actor, DecideHabilitation(paul.habilitation(eus, LOANS[0])))
    assert said(portal, "request_to_decide").services == ("Suivi des dossiers",)
    refusal = DecideHabilitation(paul.habilitation(eus, LOANS[1]), "Pas cette année.")
    refuse_habilitation(portal.office, anne.actor, refusal)
    mails = left(portal)
    assert mails["request_to_decide"] is None
    assert mails["request_sent"] is None
    assert said(portal, "request_refused").motive == "Pas cette année."


def test_a_deactivation_replaces_the_good_news_that_had_not_left(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne, paul = requester(portal, eus)
    command = DecideHabilitation(paul.habilitation(eus, LOANS[0]))
    validate_habilitation(portal.office, anne.actor, command)
    deactivate_habilitation(portal.office, anne.actor, command)
    assert left(portal)["request_granted"] is None
    assert said(portal, "habilitation_deactivated").motive is None


def test_registration_and_forgotten_identifiant_tell_the_identifiant(portal: Portal) -> None:
    command = RegisterPerson("Madame", "Cendrine", "Martin", "c.martin@eus.example")
    register_person(portal.office, command)
    portal.wait(minutes=1)
    register_person(portal.office, command)
    identifiant = said(portal, "already_registered").identifiant
    for address, told in ((command.email, (identifiant,)), ("nobody@eus.example", ())):
        with portal.reading() as session:
            found = notice_of(session, {"notice": "forgotten_identifiant", "address": address})
        assert found == (address, ForgottenIdentifiant(told))


def test_a_mail_to_nobody_is_nothing(portal: Portal) -> None:
    with portal.reading() as session:
        assert notice_of(session, {"notice": "already_registered", "person_id": "nobody"}) is None


@pytest.mark.parametrize("end", ["refused", "expired", "given up", "vacant"])
def test_who_waited_for_an_administrator_learns_that_none_comes(portal: Portal, end: str) -> None:
    eus = portal.a_structure("Eus")
    reference = ""
    if end == "vacant":
        first = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    else:
        first, reference = claimant(portal, eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus, fonction="elu")
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, LOANS))
    assert said(portal, "request_sent").is_administered is (end == "vacant")
    if end == "refused":
        refuse_claim(portal.office, RefuseClaim(reference))
    elif end == "expired":
        portal.letter_arrives(eus)
        portal.wait(days=32)
        portal.claims_expire()
    else:
        command = DetachStructure(eus, leaves_vacant=end == "vacant")
        detach_structure(portal.office, first.actor, command)

    stranded = written(portal, "request_stranded")

    assert stranded.to == "paul.durand@example.fr"
    assert [mail for mail in portal.mails() if mail[0] == "request_stranded"] == [
        ("request_stranded", "Paul")
    ]
    assert said(portal, "request_stranded").reference == said(portal, "request_sent").reference
    portal.wait(days=2)  # between two letters
    request_habilitations(portal.office, paul.actor, RequestHabilitations(eus, LOANS, True))
    assert left(portal)["request_stranded"] is None
