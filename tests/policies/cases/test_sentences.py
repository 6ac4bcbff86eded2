"""No property says less than its sentence: lists of acts follow the schema, states follow the catalogue."""

import pytest

from policies.engine.decide import Engine
from policies.review.proofs.prove import Prover, read_properties


def acts(engine: Engine, name: str) -> set[str]:
    rule = next(each for each in read_properties(engine.policies) if each.id == name)
    return {each.action for each in Prover(engine.policies).environments_of(rule)}


def test_the_support_desk_is_refused_every_act_of_a_desk_but_looking(engine: Engine) -> None:
    of_desks = {each.action for each in engine.policies.model.environments if each.principal == "Staff"}
    granting = engine.policies.model.groups["granting"]
    assert acts(engine, "P-SUPPORT-SEES") == of_desks - granting - {"viewRecord"}


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("P-SELF-DECISION", "deciding"),
        ("P-FONCTION", "holding"),
        ("P-CONFLICT", "holding"),
        ("P-LEVEL-OF-SERVICE", "holding"),
        ("P-SERVICE-FOR-TYPE", "holding"),
        ("P-FROZEN", "holding"),
    ],
)
def test_a_property_of_a_group_speaks_of_the_whole_group(engine: Engine, name: str, group: str) -> None:
    assert acts(engine, name) == set(engine.policies.model.groups[group])


def test_no_desk_is_granted_any_act_that_grants(engine: Engine) -> None:
    of_desks = {each.action for each in engine.policies.model.environments if each.principal == "Staff"}
    assert acts(engine, "P-STAFF-NEVER-GRANTS") == engine.policies.model.groups["granting"] & of_desks


def test_whoever_waits_may_withdraw_in_each_waiting_state(engine: Engine) -> None:
    rule = next(each for each in read_properties(engine.policies) if each.id == "L-WITHDRAW")
    assert '"pending"' in rule.text
    assert '"awaiting_letter"' in rule.text
