"""Decisions in words. The French sentences stand in the rules themselves: `@says_fr`, `@needs_1` …"""

from policies.engine.decide import ENGINE_FAULT
from policies.engine.request import Decision
from policies.engine.revision import Policies, load_policies

FAULT_FR = "La décision n'a pas pu être prise. Réessayez dans quelques minutes."
NOTHING_FR = "Aucune règle ne permet cette action."


def explain_fr(decision: Decision, policies: Policies | None = None) -> tuple[str, ...]:
    """What a decision says to the person, in French.

    A refusal: what is missing for the nearest permit, then the prohibitions that fired. An Allow: the
    sentence of the rule that permits.
    """
    rules = policies or load_policies()
    missing = (condition_fr(rules, part) for part in decision.missing)
    decided = (sentence_fr(rules, rule_id) for rule_id in decision.rules)
    return (*missing, *decided) or (NOTHING_FR,)


def sentence_fr(policies: Policies, rule_id: str) -> str:
    """The French sentence of a rule."""
    return FAULT_FR if rule_id == ENGINE_FAULT else policies.rule(rule_id).note("says_fr")


def condition_fr(policies: Policies, part: str) -> str:
    """The French sentence of a missing condition, as `ADMIN-DECIDE#2`."""
    rule_id, _, number = part.partition("#")
    return policies.rule(rule_id).note(f"needs_{number}")
