"""The diff sees the whole meaning: groups, schema, catalogue, numbers, what is proved and what is walked."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.catalogue.yaml_source import load_yaml
from policies.engine.decide import Engine
from policies.engine.revision import Policies, assemble, load_policies, read_policies
from policies.language.model import read_model, render_schema
from policies.review.changes.diff import answers, compare
from policies.review.changes.sides import Sides
from policies.review.commands.policy import policy
from tests.policies.conftest import Replace

HERE = Path(__file__).parent
CHANGES = load_yaml(HERE / "meaning_changes.yaml", HERE).data
MODEL = load_policies().model
IN_GROUPS = [(action, group) for group, actions in sorted(MODEL.groups.items()) for action in sorted(actions)]


def regenerated(root: Path) -> Any:
    for name, text in render_schema(root).items():
        (root / name).write_text(text, encoding="utf-8")
    return read_policies(root)


def without_membership(policies: Policies, action: str, group: Any, tmp_path: Path) -> Any:
    """The same revision with one action taken out of one group."""
    document = json.loads(policies.model.schema_text)
    parents = document[""]["actions"][action]["memberOf"]
    document[""]["actions"][action]["memberOf"] = [each for each in parents if each["id"] != group]
    folder = tmp_path / "model"
    folder.mkdir(exist_ok=True)
    (folder / "schema.json").write_text(json.dumps(document), encoding="utf-8")
    model = dataclasses.replace(read_model(tmp_path), groups={**read_model(tmp_path).groups})
    groups = {name: model.groups.get(name, frozenset()) for name in policies.model.groups}
    return assemble(
        policies.root, policies.rules, dataclasses.replace(model, groups=groups), policies.catalogue
    )


@pytest.mark.slow
def test_each_action_taken_out_of_a_group_is_seen_or_proved_to_change_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    """99 of them open something; the diff was blind to all."""
    seen: list[Any] = []
    changed_nothing: list[Any] = []
    for action, group in IN_GROUPS:
        changed = without_membership(engine.policies, action, group, tmp_path)
        sides = Sides(engine.policies, changed)
        here = [each for each in sides.environments if each.action == action]
        opened = any(change.newly_allowed for each in here for change in answers(sides, each))
        (seen if opened else changed_nothing).append((action, group))
    assert len(seen) >= 99, changed_nothing


def told(before: Any, after: Any) -> Any:
    difference = compare(before, after)
    return difference, "\n".join(difference.lines())


@pytest.mark.slow
def test_a_frozen_structure_opened_by_a_group_alone_is_told_with_its_case(
    engine: Engine, replace_in: Replace
) -> None:
    root = replace_in(
        "model/entities.yaml",
        "approveNomination: { principal: [User, Staff], resource: [Membership], groups: [giving, ",
        "approveNomination: { principal: [User, Staff], resource: [Membership], groups: [",
    )
    difference, text = told(engine.policies, regenerated(root))
    assert difference.needs_approval
    assert "Schema: group giving approveNomination: removed" in text
    assert "Newly ALLOWED User approveNomination Membership" in text


def in_service(root: Path, key: Any, old: str, new: str) -> None:
    path = root / "catalogue/services.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index(f"{key}:")
    at = text.index(old.strip(), start)
    path.write_text(text[:at] + new.strip() + text[at + len(old.strip()) :], encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES["catalogue"])
def test_a_service_that_asks_less_shows_by_its_acts_and_back(
    engine: Engine, copied_policies: Path, change: Any
) -> None:
    key, old, new, line = change
    in_service(copied_policies, key, old, new)
    difference, text = told(engine.policies, read_policies(copied_policies))
    assert f"Catalogue: services: {key} changed: {line}" in text
    back, _ = told(read_policies(copied_policies), engine.policies)
    assert difference.newly_allowed or back.newly_allowed
    assert f"for the service {key}" in text
    assert difference.changed_rules == ()


@pytest.mark.slow
def test_terms_rolled_back_and_terms_removed_show_as_openings(engine: Engine, copied_policies: Path) -> None:
    path = copied_policies / "catalogue/espaces.yaml"
    text = path.read_text(encoding="utf-8")
    for changed in (text.replace('"2022-02"', '"2021-01"'), text.replace('  terms: "2022-02"\n', "")):
        path.write_text(changed, encoding="utf-8")
        difference, lines = told(engine.policies, read_policies(copied_policies))
        assert difference.newly_allowed
        assert "Newly ALLOWED User enterService Habilitation for the service mes-prets:demande" in lines


@pytest.mark.slow
def test_a_new_service_and_two_services_no_longer_in_conflict_show(
    engine: Engine, copied_policies: Path
) -> None:
    path = copied_policies / "catalogue/services.yaml"
    text = path.read_text(encoding="utf-8")
    new = 'territoires-innovation:depot:\n  label: Dépôt\n  description: Déposer.\n  requires_fonction: "false"\n  structure_types: [commune]\n'  # noqa: E501
    path.write_text(text + new, encoding="utf-8")
    difference, lines = told(engine.policies, read_policies(copied_policies))
    assert difference.newly_allowed
    assert (
        "Newly ALLOWED User requestHabilitation Habilitation for the service territoires-innovation:depot"
        in lines
    )
    both = text.replace(
        "mes-prets:suivi:\n", "mes-prets:suivi:\n  conflicts: [mes-prets:documents]\n"
    ).replace("mes-prets:documents:\n", "mes-prets:documents:\n  conflicts: [mes-prets:suivi]\n")
    path.write_text(both, encoding="utf-8")
    difference, lines = told(read_policies(copied_policies), engine.policies)
    assert difference.newly_allowed
    assert "for the service mes-prets:suivi" in lines


def test_a_label_is_no_change_of_meaning(engine: Engine, replace_in: Replace) -> None:
    root = replace_in("catalogue/services.yaml", "label: Encours", "label: Mes encours")
    difference, text = told(engine.policies, read_policies(root))
    assert difference.is_empty
    assert "No change" in text
    assert "label Encours -> Mes encours" in text


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES["schema"])
def test_a_change_of_the_schema_is_told(engine: Engine, replace_in: Replace, change: Any) -> None:
    old, new, line, opens = change
    root = replace_in("model/entities.yaml", old, new)
    if opens == "incomparable":
        (root / "rules/95-first-admin.cedar").write_text(
            (root / "rules/95-first-admin.cedar")
            .read_text(encoding="utf-8")
            .replace(
                "resource.lettersInPeriod >= context.limits.letters_per_period",
                "resource.lettersInPeriod > context.now",
            ),
            encoding="utf-8",
        )
    if "Staff dismiss" in line:
        bounds = root / "properties/bounds.yaml"
        bounds.write_text(bounds.read_text(encoding="utf-8") + "  dismissAdmin: never\n", encoding="utf-8")
    for name in ("safety", "words"):
        path = next(root.glob(f"properties/{name}.*"))
        text = path.read_text(encoding="utf-8")
        if opens == "incomparable":
            path.write_text(
                text.replace(
                    "resource.lettersInPeriod < context.limits.letters_per_period",
                    "resource.lettersInPeriod < context.now",
                ),
                encoding="utf-8",
            )
    difference, text = told(engine.policies, regenerated(root))
    assert f"{line}" in text
    assert difference.needs_approval is (opens != "closed")
    if opens == "incomparable":
        assert "NOT COMPARABLE User askNewLetter Claim" in text


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES["weaker"])
def test_what_is_shown_no_more_is_told_though_no_answer_changes(
    engine: Engine, replace_in: Replace, change: Any
) -> None:
    pattern, old, new, line = change
    root = replace_in(pattern, old, new)
    difference, text = told(engine.policies, read_policies(root))
    assert difference.changes == ()
    assert f"Shown no more: {line}" in text
    assert difference.needs_approval
    assert "No change" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["P-OWN-IDENTITY", "P-CODE-LIFE", "L-FREEZE", "P-VETO", "P-DISABLED-NEVER"])
def test_a_property_removed_is_told(engine: Engine, copied_policies: Path, name: str) -> None:
    for path in (copied_policies / "properties").glob("*.cedar"):
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        path.write_text(
            "\n\n".join(each for each in blocks if f'@id("{name}")' not in each), encoding="utf-8"
        )
    difference, text = told(engine.policies, read_policies(copied_policies))
    assert f"Shown no more: {name}: removed" in text
    assert difference.needs_approval


@pytest.mark.slow
def test_a_number_that_only_the_facts_use_is_told(engine: Engine, replace_in: Replace) -> None:
    root = replace_in("catalogue/limits.yaml", "try_window: 15m", "try_window: 1m")
    difference, text = told(engine.policies, read_policies(root))
    assert "Limit try_window: 0:15:00 -> 0:01:00" in text
    assert difference.needs_approval


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES["refused"])
def test_a_revision_that_the_check_refuses_is_not_compared(
    engine: Engine, replace_in: Replace, change: Any
) -> None:
    pattern, old, new, message = change
    root = replace_in(pattern, old, new)
    for pair in ((engine.policies.root, root), (root, engine.policies.root)):
        result = CliRunner().invoke(policy, ["diff", *map(str, pair)])
        assert result.exit_code == 2
        assert message in result.stderr
        assert "Traceback" not in result.output
