"""The acts that no page of the portal offers yet, from their one list: marked in matrix and report."""

from collections.abc import Iterator

from policies.catalogue.faults import BadSource
from policies.catalogue.yaml_source import load_yaml
from policies.engine.revision import Policies
from policies.language.environments import scope_holds
from policies.language.statements import Rule

WITHOUT_PAGE = "model/without_page.yaml"


def actions_without_page(policies: Policies) -> frozenset[str]:
    """The listed acts.

    Raises:
        BadSource: the list names an act that does not exist, or one twice.
    """
    source = load_yaml(policies.root / WITHOUT_PAGE, policies.root)
    known = {each.action for each in policies.model.environments}
    listed: list[str] = []
    faults = []
    for index, action in enumerate(source.data):
        if action not in known or action in listed:
            faults.append(source.fault((index,), f"{action}: no such act, or listed twice"))
        listed.append(action)
    if faults:
        raise BadSource(faults)
    return frozenset(listed)


def has_no_page(rule: Rule, policies: Policies, listed: frozenset[str]) -> bool:
    """Whether each act that a rule speaks of is one that no page offers yet."""
    return set(_actions_of(rule, policies)) <= listed


def _actions_of(rule: Rule, policies: Policies) -> Iterator[str]:
    model = policies.model
    return (each.action for each in model.environments if scope_holds(rule, model, each))
