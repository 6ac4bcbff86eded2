"""`bdt policy check` on the product's rules, and on every way to break them: file, line, id, exit code 2."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.review.commands.policy import policy
from policies.review.proofs.check import check
from tests.policies.conftest import Replace

RULES = "rules/20-admin.cedar"
GUARDS = "rules/90-accounts.cedar"


def run(root: Path, *arguments: Any) -> Any:
    return CliRunner().invoke(policy, ["--root", str(root), *arguments])


def test_the_rules_of_the_product_are_in_order(engine: Engine) -> None:
    checked = check(engine.policies.root)
    assert checked.faults == ()
    assert checked.summary().startswith(f"{len(engine.policies.rules)} rules, ")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "fonctions",
            "maire: Maire",
            "maire: Maire\nmaire: Mairesse",
            "maire: doubled key, first at line 2",
        ),
        ("fonctions", "elu:", "NO:", ":11: NO: value does not match regex"),
        ("fonctions", "elu:", "01001:", ":11: 01001: value does not match regex"),
        ("espaces", "terms:", "term:", ":6: mes-prets.term: unknown field, did you mean terms?"),
        ("services", "mes-prets:suivi:", "mes-pret:suivi:", ": unknown espace mes-pret"),
        ("levels", "saisie: Saisie", "saisie: [", "levels.yaml:"),
    ],
)
def test_a_broken_catalogue_is_told_with_file_and_line(
    replace_in: Replace, name: str, old: str, new: str, told: str
) -> None:
    result = run(replace_in(f"catalogue/{name}.yaml", old, new), "check")
    assert result.exit_code == 2
    assert f"catalogue/{name}.yaml:" in result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("desk: Desk", "desk: Dsk", "entities.Staff.attributes.desk: unknown type Dsk"),
        ("pendingInvitations: Long", "pendingInvites: Long", "model/schema.json: stale"),
    ],
)
def test_a_broken_or_changed_model_is_told(replace_in: Replace, old: str, new: str, told: str) -> None:
    result = run(replace_in("model/entities.yaml", old, new), "check")
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("resource.user != principal", "resource.usr != principal", "did you mean user?"),
        ('Action::"invite"', 'Action::"invit"', "ADMIN-INVITE: unrecognized action"),
        ('@id("ADMIN-INVITE")\n', "", '(no id): @id("UPPER-CASE-ID") is missing'),
        ('@id("ADMIN-INVITE")', '@id("ADMIN-VIEW")', "doubled id, first at rules/20-admin.cedar:3"),
        ('@control("G-54 GS-24")\n', "", 'ADMIN-DECIDE: @control("…") is missing'),
        ("resource.isPending };", "resource.isPending }", "not Cedar"),
        ('State::"deactivated"', 'State::"deactivate"', "did you mean deactivated?"),
    ],
)
def test_a_broken_rule_is_told_with_file_line_and_id(
    replace_in: Replace, old: str, new: str, told: str
) -> None:
    result = run(replace_in(RULES, old, new), "check")
    assert result.exit_code == 2
    assert "rules/20-admin.cedar:" in result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("permit (principal is User, action, resource);", "every forbid stands in a file rules/9…"),
        ("forbid (principal, action, resource);", "the scope must say what the principal `is`"),
        ('forbid (principal is User, action == Action::"invite", resource is Letter);', "can never apply"),
        (
            "forbid (principal is User, action, resource is Claim) when { principal == resource };",
            "can never",
        ),
        ('forbid (principal is User, action, resource in Structure::"eus");', "name one entity in `when`"),
        ("forbid (principal is User, action, resource) when { context.acr + 1 > 2 };", "add is outside the"),
        ('@needs_1("x") forbid (principal is User, action, resource);', "a forbid has no @needs_1"),
    ],
)
def test_a_statement_against_the_rules_of_the_house_is_told(
    copied_policies: Path, statement: Any, told: str
) -> None:
    notes = '@id("G-NEW") @control("BDT-X") @owner("o") @says("s") @says_fr("f")\n'
    path = copied_policies / GUARDS
    path.write_text(path.read_text(encoding="utf-8") + notes + statement + "\n", encoding="utf-8")
    result = run(copied_policies, "check")
    assert result.exit_code == 2
    assert f"{GUARDS}:" in result.stderr
    assert told in result.stderr
