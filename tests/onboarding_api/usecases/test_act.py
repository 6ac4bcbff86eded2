"""One act: all of it happens or nothing does, and a refusal leaves its own line."""

from collections.abc import Callable

import pytest

from onboarding_api.acts.act import Act, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.journal import JournalEntry, first_broken_link
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.membership import Membership, open_membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotAllowed, NotFound, NotPossibleNow
from policies.engine.names import Action
from tests.builders.portal import Portal


def perform(portal: Portal, actor: Actor | None, steps: Callable[[Act], object]) -> None:
    with act(portal.office, actor) as it:
        steps(it)


def test_a_fault_in_the_middle_leaves_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)

    def leave_and_fail(it: Act) -> None:
        membership = it.own_membership(eus)
        it.permit(Action.DETACH, membership)
        membership.leave(it.now)
        it.record(Event.STRUCTURE_LEFT, membership)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        perform(portal, anne.actor, leave_and_fail)
    with portal.reading() as session:
        assert open_membership(session, anne.id, eus)
    assert (portal.count(JournalEntry), portal.count(Delivery)) == (0, 0)


def test_a_refusal_undoes_the_act_and_is_the_only_line_left(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)

    def edit_then_look(it: Act) -> None:
        membership = it.own_membership(eus)
        it.permit(Action.EDIT_PROFILE, membership)
        membership.telephone = "+33140205050"
        it.record(Event.PROFILE_CHANGED, membership)
        it.permit(Action.VIEW_QUEUE, membership.structure)

    with pytest.raises(NotAllowed):
        perform(portal, anne.actor, edit_then_look)
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

    def fly(it: Act) -> None:
        it.permit(Action.DETACH, it.own_membership(eus))
        raise NotPossibleNow("membership", "attached", "fly")

    with pytest.raises(NotPossibleNow):
        perform(portal, anne.actor, fly)
    assert portal.events() == []


def test_nobody_and_nowhere_are_not_found(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").actor
    for actor, siren in ((None, eus), (Actor("nobody"), eus), (anne, "000000000"), (anne, eus)):
        with pytest.raises(NotFound):
            perform(portal, actor, lambda it, siren=siren: it.own_membership(siren))


def test_a_password_suffices_today_and_no_authentication_does_not(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    for acr in (0, 1, 2):
        with act(portal.office, Actor(anne.id, acr)) as it:
            assert it.may(Action.VIEW_QUEUE, it.lock(eus)) == (acr > 0)


def test_a_disabled_account_does_nothing(portal: Portal) -> None:
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with portal.writing() as session:
        session.get_one(Person, anne.id).is_active = False
    with pytest.raises(NotAllowed) as refusal:
        perform(portal, anne.actor, lambda it: it.permit(Action.EDIT_PROFILE, it.own_membership(eus)))
    assert refusal.value.rules == ("G-ACCOUNT",)
    assert refusal.value.sentences == ("Votre compte est désactivé.",)
