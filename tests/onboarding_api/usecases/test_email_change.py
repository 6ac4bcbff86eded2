"""A professional e-mail changes once its reader has said so, and the old one is told (GS-16)."""

import pytest
from sqlalchemy import select

from onboarding_api.model.base import Database
from onboarding_api.model.membership import EmailChange, Membership
from onboarding_api.model.refusals import BadInput, NotFound, NotPossibleNow
from onboarding_api.notices.notice import Addressed
from onboarding_api.notices.reading import notice_of
from onboarding_api.usecases.structure.change_email import (
    AskEmailChange,
    ask_email_change,
    confirm_email_change,
)
from tests.builders.portal import Portal, Someone

OLD, NEW = "ancienne@eus.example", "mairie@eus.example"


@pytest.fixture
def portal(database: Database) -> Portal:
    return Portal(database)


@pytest.fixture
def cendrine(portal: Portal) -> Someone:
    someone = portal.a_person("Cendrine", "Martin").attached_to(portal.a_structure("Eus"))
    with portal.writing() as session:
        session.scalars(select(Membership)).one().email = OLD
    return someone


EUS = "216600742"


def ask(portal: Portal, who: Someone, email: str = NEW) -> str:
    ask_email_change(portal.office, who.actor, AskEmailChange(EUS, email))
    with portal.reading() as session:
        return session.scalars(select(EmailChange.id).where(EmailChange.confirmed_at.is_(None))).one()


def stands(portal: Portal) -> str | None:
    with portal.reading() as session:
        return session.scalars(select(Membership.email)).first()


def mails(portal: Portal) -> list[Addressed | None]:
    with portal.reading() as session:
        return [notice_of(session, row.args) for row in portal.deliveries("mail")]


def test_address_changes_when_its_reader_confirms_and_the_old_one_is_told(
    portal: Portal, cendrine: Someone
) -> None:
    change = ask(portal, cendrine, "Mairie@Eus.example")
    assert stands(portal) == OLD
    (link,) = mails(portal)
    assert link
    assert link.to == NEW
    assert link.notice.door.path == f"/structures/{EUS}/email/{change}"

    for _ in range(2):
        confirm_email_change(portal.office, cendrine.actor, EUS, change)

    assert stands(portal) == NEW
    stale, told = mails(portal)
    assert stale is None
    assert told
    assert told.to == OLD
    assert portal.events() == ["email_change_asked", "email_changed"]


def test_link_of_another_of_yesterday_or_replaced_confirms_nothing(portal: Portal, cendrine: Someone) -> None:
    other = portal.a_person("Paul", "Durand").attached_to(EUS)
    first = ask(portal, cendrine)
    with pytest.raises(NotFound):
        confirm_email_change(portal.office, other.actor, EUS, first)
    second = ask(portal, cendrine, "autre@eus.example")
    with pytest.raises(NotFound):
        confirm_email_change(portal.office, cendrine.actor, EUS, first)
    portal.wait(hours=25)
    with pytest.raises(NotPossibleNow):
        confirm_email_change(portal.office, cendrine.actor, EUS, second)

    assert stands(portal) == OLD


def test_address_in_place_asks_for_nothing_and_a_bad_one_is_refused(
    portal: Portal, cendrine: Someone
) -> None:
    assert not ask_email_change(portal.office, cendrine.actor, AskEmailChange(EUS, OLD))
    with pytest.raises(BadInput):
        ask_email_change(portal.office, cendrine.actor, AskEmailChange(EUS, "cendrine@"))

    assert mails(portal) == []
