"""One act: all of it happens or nothing does, and a refusal leaves its own line."""

import pytest

from onboarding_api.model.delivery import Delivery
from onboarding_api.model.journal import JournalEntry, first_broken_link
from onboarding_api.model.membership import Membership, open_stay
from onboarding_api.model.refusals import NotAllowed, NotFound, NotPossibleNow
from onboarding_api.usecases.act import Actor, act
from tests.builders.portal import Portal


def test_a_fault_in_the_middle_leaves_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with pytest.raises(ZeroDivisionError), act(portal.office, anne.actor) as it:
        stay = it.own_stay(eus)
        it.permit("detach", stay)
        stay.leave(it.now)
        it.record("structure_left", stay)
        raise ZeroDivisionError
    with portal.reading() as session:
        assert open_stay(session, anne.id, eus)
    assert (portal.count(JournalEntry), portal.count(Delivery)) == (0, 0)


def test_a_refusal_undoes_the_act_and_is_the_only_line_left(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with pytest.raises(NotAllowed), act(portal.office, anne.actor) as it:
        stay = it.own_stay(eus)
        it.permit("editProfile", stay)
        stay.telephone = "+33140205050"
        it.record("profile_changed", stay)
        it.permit("viewQueue", stay.structure)
    assert portal.events() == ["act_refused"]
    assert portal.count(Delivery) == 0
    with portal.reading() as session:
        row = session.query(JournalEntry).one()
        assert (row.actor_id, row.siren, row.subject) == (anne.id, eus, f"structure:{eus}")
        assert row.decision["missing"] == ["ADMIN-VIEW#1"]
        assert first_broken_link(session) is None
        assert session.query(Membership.telephone).scalar() is None


def test_what_is_not_possible_leaves_no_line(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with pytest.raises(NotPossibleNow), act(portal.office, anne.actor) as it:
        it.permit("detach", it.own_stay(eus))
        raise NotPossibleNow("stay", "attached", "fly")
    assert portal.events() == []


def test_nobody_and_nowhere_are_not_found(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    for actor, siren in (
        (None, eus),
        (Actor("nobody"), eus),
        (portal.a_person("A", "Roca").actor, "000000000"),
    ):
        with pytest.raises(NotFound), act(portal.office, actor) as it:
            it.own_stay(siren)


def test_a_password_suffices_today_and_no_authentication_does_not(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    for acr in (0, 1, 2):
        with act(portal.office, Actor(anne.id, acr)) as it:
            assert it.may("viewQueue", it.lock(eus)) == (acr > 0)


def test_a_disabled_account_does_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with pytest.raises(NotAllowed) as refusal, act(portal.office, anne.actor) as it:
        it.person.is_active = False
        it.permit("editProfile", it.own_stay(eus))
    assert refusal.value.rules == ("G-ACCOUNT",)
    assert refusal.value.sentences == ("Votre compte est désactivé.",)
