"""The case that refutes a property, as a reader sees it: who does what, and what the deciding rules read."""

import dataclasses

from policies.engine.decide import Engine
from policies.engine.request import Request
from policies.engine.revision import policy_set
from policies.language.environments import applied_rules
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.review.cases.story import story
from policies.review.proofs.models import ModelCase
from policies.review.words.french import load_french
from policies.review.words.readable import readable
from policies.review.words.standing import holding


def counter_example(engine: Engine, rule: Rule, case: ModelCase) -> tuple[str, ...]:
    """The case in lines, made readable: the engine answers it alike, and the property holds in it alike."""
    policies, request = engine.policies, case.request
    here = Environment(request.actor.type, request.action, request.resource.type)
    deciding = [rule, *(policies.rule(rule_id) for rule_id in case.rules)]
    read = [each.condition for each in applied_rules(deciding, policies.model, here)]
    shown = policy_set([dataclasses.replace(rule.template, effect="permit")])

    def answer(asked: Request) -> object:
        decision = engine.decide(asked)
        return decision.allowed, decision.rules, holding(policies, shown, asked)

    told = readable(request, load_french(), policies.catalogue, policies.model, answer)
    return tuple(story(policies, told, read))
