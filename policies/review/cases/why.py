"""`bdt policy explain`: a decision taken apart: rules, facts read, and how near each permit came."""

from collections.abc import Iterator

from policies.engine.decide import ENGINE_FAULT, Engine
from policies.engine.explain import condition_fr
from policies.engine.request import Request
from policies.engine.revision import Policies
from policies.language.model import Environment
from policies.review.cases.story import facts_at

SHOWN = 2


def explain(engine: Engine, request: Request) -> Iterator[str]:
    """A decision in lines: the answer, its rules, what is missing, the attributes read."""
    environment = Environment(request.actor.type, request.action, request.resource.type)
    if environment not in engine.policies.model.environments:
        yield f"no rule speaks of: {environment}"
        return
    decision = engine.decide(request)
    answer = "ALLOWED" if decision.allowed else "REFUSED"
    yield f"{answer}: {request.actor.id} {request.action} {request.resource.id}"
    if ENGINE_FAULT in decision.rules:
        yield "  the engine could not decide: the facts are not whole, or not of the model"
        return
    for rule_id in decision.rules:
        rule = engine.policies.rule(rule_id)
        yield f"  {rule_id} ({rule.file}:{rule.line}) {rule.note('says')}"
    if not decision.allowed:
        for missing in engine.near_misses(request)[:SHOWN]:
            yield from _near_miss(engine.policies, missing)
    yield f"read for {request.action}:"
    yield from facts_at(engine.policies, request, engine.contract(environment).paths)


def _near_miss(policies: Policies, missing: tuple[str, ...]) -> Iterator[str]:
    if missing:
        yield f"nearest {missing[0].partition('#')[0]}, missing:"
        yield from (f"  {part} {condition_fr(policies, part)}" for part in missing)
