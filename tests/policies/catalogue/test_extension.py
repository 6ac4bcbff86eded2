"""« Investissement », a service with two levels and four eyes: five files, none of them Python.

See « A new service, a new field » in policies/README.md. Also: the version of the conditions stands in the
catalogue and where a reviewer confirmed it, and nowhere else.
"""

from pathlib import Path
from typing import Any

from policies.engine.decide import Engine
from policies.engine.facts import service_entity
from policies.engine.revision import read_policies
from policies.engine.sqlfilter import CATALOGUE
from policies.language.model import render_schema
from policies.review.cases.case import run_cases
from policies.review.cases.confirmed import confirmed_cases, unconfirmed_codes
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutants import retold
from policies.review.pages.matrix import matrix
from policies.review.proofs.bounds import read_bounds
from policies.review.proofs.check import check, format_files
from policies.review.proofs.prove import Prover
from policies.review.sequences.life import moves, start
from policies.review.sequences.life_facts import entities_of, request_of_move

# File, what stands there, what stands there then.
STEPS = [
    (
        "catalogue/schema/services.yaml",
        "    levels: {type: list",
        "    four_eyes: {type: boolean, coerce: boolean, meta: {fact: fourEyes}}\n    levels: {type: list",
    ),
    (
        "catalogue/services.yaml",
        "mes-prets:documents:",
        "mes-prets:investissement:\n  label: Investissement\n  description: Préparer, puis valider.\n"
        '  requires_fonction: "true"\n  structure_types: [commune, epci]\n  levels: [saisie, validation]\n'
        '  four_eyes: "true"\nmes-prets:documents:',
    ),
    (
        "rules/93-services.cedar",
        '@id("G-EXPIRED")',
        '@id("G-SERVICE-FOUR-EYES")\n@control("BDT-SRV-02")\n@owner("security")\n'
        '@says("A service with four eyes is for nobody who administers the structure alone.")\n'
        '@says_fr("Ce service demande deux personnes : vous êtes seul administrateur.")\n'
        'forbid (\n  principal is User,\n  action in Action::"holding",\n  resource is Habilitation\n)\n'
        "when\n{\n"
        "  resource.service.fourEyes &&\n"
        "  resource.membership.structure.admins == [resource.membership.user]\n};\n\n"
        '@id("G-EXPIRED")',
    ),
    (
        "properties/words.yaml",
        "right to hold: (!resource.service.requiresFonction",
        "right to hold: (!resource.service.fourEyes || resource.membership.structure.admins !="
        " [resource.membership.user]) && (!resource.service.requiresFonction",
    ),
    (
        "scenarios/confirmed/services.yaml",
        "mes-prets:documents:",
        'mes-prets:investissement: { fonction: required, types: [commune, epci], terms: "2022-02",'
        " levels: [saisie, validation], conflicts: [], flags: [fourEyes] }\nmes-prets:documents:",
    ),
]


def with_steps(root: Path, steps: Any) -> Any:
    for name, old, new in steps:
        path = root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")
    for name, text in render_schema(root).items():
        (root / name).write_text(text, encoding="utf-8")
    format_files(root)
    return read_policies(root)


def test_a_service_with_a_field_of_its_own_is_five_files_and_none_of_them_python(
    copied_policies: Path,
) -> None:
    policies = with_steps(copied_policies, STEPS)
    assert len({name for name, _, _ in STEPS}) == 5
    assert check(copied_policies).faults == ()
    cases = (*read_scenarios(policies), *confirmed_cases(policies))
    assert (unconfirmed_codes(policies), run_cases(Engine(policies), cases)) == ([], [])
    prover = Prover(policies)
    holding = [
        bound
        for bound in read_bounds(copied_policies, policies.model)
        if bound.environment.action in ("enterService", "validateHabilitation")
        and bound.environment.principal == "User"
    ]
    for bound in holding:
        assert prover.verdict(bound.property).outcome == "PROVED"
        assert [*prover.beyond(bound)] == []


def test_the_field_reaches_facts_walk_matrix_and_mutants_from_its_declaration(copied_policies: Path) -> None:
    policies = with_steps(copied_policies, STEPS)
    service = policies.catalogue.services["mes-prets:investissement"]
    assert service_entity(service).attributes["fourEyes"] is True
    assert "Service" in CATALOGUE
    assert policies.model.entities["Service"]["fourEyes"].name == "Bool"
    assert any(
        str(each) == "mes-prets:suivi: fourEyes False made True" for each in retold(policies.catalogue)
    )
    life = start(2, 1)
    engine = Engine(policies)
    for move in moves(life, ("requestHabilitation",)):
        request = request_of_move(life, move, entities_of(life, policies.catalogue.flags))
        assert request is not None
        assert "ENGINE-FAULT" not in engine.decide(request).rules
    assert matrix(policies)


def test_a_flag_that_nobody_confirmed_or_that_fell_is_told(copied_policies: Path) -> None:
    *others, (name, old, new) = STEPS
    policies = with_steps(copied_policies, [*others, (name, old, new.replace(", flags: [fourEyes]", ""))])
    assert any(
        "fourEyes: no reviewer has confirmed this" in str(each) for each in unconfirmed_codes(policies)
    )


def test_the_conditions_rolled_back_one_version_break_nothing_written_elsewhere(
    copied_policies: Path,
) -> None:
    steps = [("catalogue/espaces.yaml", '"2022-02"', '"2021-01"')]
    confirmed = copied_policies / "scenarios/confirmed/services.yaml"
    confirmed.write_text(
        confirmed.read_text(encoding="utf-8").replace("2022-02", "2021-01"), encoding="utf-8"
    )
    before = matrix(read_policies(copied_policies))
    policies = with_steps(copied_policies, steps)
    cases = (*read_scenarios(policies), *confirmed_cases(policies))
    assert run_cases(Engine(policies), cases) == []
    assert matrix(policies) == before
