"""The most that may ever be allowed: a permit that opens anything undeclared is refuted, whatever it says."""

from pathlib import Path
from typing import Any

import pytest

from policies.catalogue.faults import BadSource
from policies.catalogue.yaml_source import load_yaml
from policies.engine.decide import Engine
from policies.engine.revision import Policies, load_policies, read_policies
from policies.language.model import Environment, render_schema
from policies.language.statements import read_rule
from policies.review.changes.diff import compare
from policies.review.proofs.bounds import bound_faults, read_bounds
from policies.review.proofs.check import check
from policies.review.proofs.prove import Prover, prove
from tests.policies.conftest import Replace

ENVIRONMENTS = load_policies().model.environments
BOUNDS = "properties/bounds.yaml"
HERE = Path(__file__).parent
ON_MEMBERS = "{ principal: [User], resource: [Membership], groups: [] }"
STAFF = "{}: {{ principal: [User, Staff]"
OPENINGS = load_yaml(HERE / "openings.yaml", HERE).data


@pytest.fixture(scope="module")
def bounds(engine: Engine) -> Any:
    found = read_bounds(engine.policies.root, engine.policies.model)
    return {each.environment: each.property for each in found}


def with_permit(policies: Policies, environment: Environment, condition: Any) -> Any:
    scope = (
        f"principal is {environment.principal}, "
        f'action == Action::"{environment.action}", resource is {environment.resource}'
    )
    text = f'@id("NEW") permit ({scope}) when {{ {condition} }};'
    return policies.with_rules((*policies.rules, read_rule("rules/new.cedar", 1, text)))


def closed_in_depth(engine: Engine, environment: Environment) -> Any:
    return any(each.rule.note("depth") for each in engine.contract(environment).applied)


def test_the_rules_stay_under_a_bound_for_every_kind_of_question(engine: Engine, bounds: Any) -> None:
    assert set(bounds) == set(ENVIRONMENTS)
    proof = prove(engine.policies)
    assert [each.property.id for each in proof.bounds if each.outcome != "PROVED"] == []
    assert proof.wide == ()


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
def test_a_permit_that_nobody_asked_for_is_refuted(
    engine: Engine, bounds: Any, environment: Environment
) -> None:
    """Two for each kind of question: without condition, and for enabled accounts with a second factor."""
    if closed_in_depth(engine, environment) or environment.action == "viewRecord":
        return
    for condition in ("true", "principal.isActive && context.acr >= 2"):
        prover = Prover(with_permit(engine.policies, environment, condition))
        verdict = prover.verdict(bounds[environment])
        assert (verdict.outcome, verdict.is_replayed) == ("REFUTED", True), condition


def test_a_door_that_closes_is_found_by_its_line_for_every_kind_of_question(
    engine: Engine, bounds: Any
) -> None:
    """Each line says exactly what the rules do: what it promises and no rule gives is told with its case."""
    text = '@id("NEW") forbid (principal, action, resource) when { context.acr == 2 };'
    rules = (*engine.policies.rules, read_rule("rules/new.cedar", 1, text))
    prover = Prover(engine.policies.with_rules(rules))
    for bound in read_bounds(engine.policies.root, engine.policies.model):
        told = "".join(prover.beyond(bound))
        is_open = "never" not in bound.property.note("says")
        assert ("the line allows what NEW refuses:" in told) is is_open, bound.environment
        assert ("context.acr = 2" in told) is is_open


@pytest.mark.parametrize(("name", "condition"), OPENINGS)
def test_an_opening_by_hand_is_refuted_and_shows_in_the_diff(
    engine: Engine, bounds: Any, name: str, condition: Any
) -> None:
    (environment,) = (each for each in ENVIRONMENTS if str(each) == name)
    changed = with_permit(engine.policies, environment, condition)
    assert Prover(changed).verdict(bounds[environment]).outcome == "REFUTED"
    assert compare(engine.policies, changed).newly_allowed


@pytest.mark.parametrize(
    ("pattern", "old", "new", "told"),
    [
        (BOUNDS, "  withdrawRequest: oneself, pending or awaiting_letter\n", "", "no line says the most"),
        (BOUNDS, "attach: oneself, not attached", "attach: myself, not attached", "unknown word « myself »"),
        (BOUNDS, "  cancelClaim:", "  cancelClaims:", "cancelClaims: no such act"),
        (BOUNDS, "editIdentity: oneself", "editIdentity: oneself, attached", "it has no member"),
        (BOUNDS, "viewQueue: administrator, password", "viewQueue: ", "no line says the most"),
        (BOUNDS, "Staff:\n  viewRecord", "Robot:\n  viewRecord", "Robot: no such kind of actor"),
        (BOUNDS, "editIdentity: oneself", "editIdentity: oneself, letter due", "lettersInPeriod"),
    ],
)
def test_a_line_that_is_missing_or_says_nothing_is_told_with_its_place(
    replace_in: Replace, pattern: str, old: str, new: str, told: str
) -> None:
    faults = [str(fault) for fault in check(replace_in(pattern, old, new)).faults]
    assert any(told in fault for fault in faults), faults
    assert all(fault.startswith(f"{BOUNDS}:") for fault in faults)


@pytest.mark.parametrize(
    ("pattern", "old", "new", "told"),
    [
        ("model/entities.yaml", "  detach: {", f"  depart: {ON_MEMBERS}\n  detach: {{", "User depart"),
        (
            "model/entities.yaml",
            "dismissAdmin: { principal: [User]",
            STAFF.format("dismissAdmin"),
            "Staff dismiss",
        ),
        (
            "model/entities.yaml",
            "  invite: { principal: [User]",
            "  " + STAFF.format("invite"),
            "Staff invite",
        ),
        ("catalogue/desks.yaml", "security: Équipe", "audit: Audit\nsecurity: Équipe", "audit: no line says"),
        (
            "catalogue/habilitation_states.yaml",
            "refused:",
            "parked: Arrêtée\nrefused:",
            "parked: no line says",
        ),
    ],
)
def test_a_new_act_actor_desk_or_state_without_a_line_fails_the_check(
    replace_in: Replace, pattern: str, old: str, new: str, told: str
) -> None:
    root = replace_in(pattern, old, new)
    for name, text in render_schema(root).items():
        (root / name).write_text(text, encoding="utf-8")
    faults = bound_faults(root, read_policies(root).model)
    assert any(told in str(fault) for fault in faults), faults
    with pytest.raises(BadSource):
        prove(read_policies(root))


@pytest.mark.parametrize(
    ("line", "word", "added", "told"),
    [
        ("withdrawRequest", "pending", "pending or granted", "is needed by no rule"),
        ("viewQueue", "administrator", "administrator or référent", "is needed by no rule"),
        ("freezeStructure", "security", "security or support", "is needed by no rule"),
        ("enableAccount", "security", "security, enabled person", "can never occur"),
        ("leaveVacant", "oneself", "oneself, without administrator", "can never occur"),
    ],
)
def test_a_bound_wider_than_the_rules_or_that_cannot_occur_is_told_with_its_proof(
    copied_policies: Path, line: str, word: str, added: str, told: str
) -> None:
    path = copied_policies / BOUNDS
    text = path.read_text(encoding="utf-8")
    (row,) = (each for each in text.splitlines() if each.startswith(f"  {line}:"))
    path.write_text(text.replace(row, row.replace(word, added, 1)), encoding="utf-8")
    policies = read_policies(copied_policies)
    prover = Prover(policies)
    wide = [
        each for bound in read_bounds(copied_policies, policies.model) for each in prover.idle_ways(bound)
    ]
    assert any(told in each and each.startswith(f"{BOUNDS}:") for each in wide), wide
