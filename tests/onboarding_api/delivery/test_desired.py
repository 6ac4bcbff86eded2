"""A role is projected into Keycloak exactly when the rules let its holder enter: one sentence, told twice."""

from itertools import product

import pytest

from onboarding_api.delivery.desired.person import desired_person
from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.base import Database
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import MembershipState
from onboarding_api.queries.asking import ask
from policies.engine.names import Action
from tests.builders.portal import Portal

LOAN = "mes-prets:demande"


@pytest.mark.parametrize("state", HabilitationState)
def test_projection_and_rules_agree(database: Database, state: HabilitationState) -> None:
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state=state)
    ana = portal.a_person("Ana", "Roca").attached_to(eus).holding(eus, LOAN, state=state)
    ana.accepting_terms(eus, "mes-prets", "2022-02")
    answers = []
    flags: list[tuple[bool, ...]] = list(product((True, False), repeat=4))
    for person, (is_attached, is_active, is_open, has_ended) in product((paul, ana), flags):
        with portal.reading() as session:
            habilitation = session.get_one(Habilitation, person.habilitation(eus, LOAN))
            membership = habilitation.membership
            membership.state = MembershipState.ATTACHED if is_attached else MembershipState.LEFT
            membership.person.is_active, membership.structure.is_active = is_active, is_open
            habilitation.expires_at = portal.now if has_ended else None
            found = Gathering(session, portal.now)
            (decision,) = ask(found, membership.person, [(Action.ENTER_SERVICE, habilitation)])
            desired = desired_person(session, person.id, portal.now)
            assert desired
            projected = any(key.endswith(LOAN) for key in desired.group_keys)
            assert projected == decision.allowed
            answers.append(projected)
    assert answers.count(True) == (1 if state == HabilitationState.GRANTED else 0)
