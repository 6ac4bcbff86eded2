"""The names of the rules as types: what is generated is what the rules say."""

import ast

from policies.engine.decide import Engine
from policies.engine.names import Action, Desk, RuleId, State
from policies.review.pages.names import NAMES, as_python


def test_the_types_are_the_names_of_the_rules_and_of_the_model(engine: Engine) -> None:
    policies = engine.policies
    assert set(Action) == {each.action for each in policies.model.environments}
    assert set(RuleId) == {rule.id for rule in policies.rules}
    assert set(State) == set(policies.catalogue.habilitation_states)
    assert set(Desk) == set(policies.catalogue.desks)


def test_the_committed_types_are_fresh(engine: Engine) -> None:
    text = as_python(engine.policies)
    ast.parse(text)
    assert (engine.policies.root / NAMES).read_text(encoding="utf-8") == text
