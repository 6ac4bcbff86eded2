"""`bdt policy report`: the rules for a committee, in French: one sheet in brief, then everything."""

from collections.abc import Iterable, Mapping
from typing import Any

from policies.catalogue.loader import load_catalogue
from policies.engine.revision import Policies
from policies.review.cases.case import golden_cases
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutate import never_decisive
from policies.review.pages.controls import read_controls
from policies.review.pages.matrix import Cell, matrix, tables
from policies.review.pages.planned import actions_without_page, has_no_page
from policies.review.pages.template import page_of
from policies.review.proofs.prove import Proof, prove
from policies.review.sequences.written import read_lifecycle
from policies.review.words.french import French, acts_on, listed, load_french, typographic
from policies.review.words.settings import VERDICTS

SECTIONS = (
    ("roles", "Ce que chacun peut faire"),
    ("permissions", "Ce que les règles permettent"),
    ("interdictions", "Ce qu’elles interdisent toujours"),
    ("proprietes", "Garanties démontrées"),
    ("cycle", "Invariants du cycle de vie"),
    ("matrice", "Qui peut faire quoi, dans quel état"),
    ("exigences", "Exigences"),
    ("couverture", "Couverture"),
)


def report(policies: Policies) -> str:
    """The page.

    Raises:
        BadSource: something in the revision cannot be read; z3-solver is not installed.
    """
    proof, cells, french = prove(policies), matrix(policies), load_french()
    scenarios, golden = read_scenarios(policies), golden_cases(policies.root)
    return page_of(
        "report.html",
        digest=policies.digest,
        sections=SECTIONS,
        permits=_rules(policies, "permit"),
        forbids=_rules(policies, "forbid"),
        acts=len({each.action for each in policies.model.environments}),
        properties=[
            (each.property.id, each.property.note("says_fr"), VERDICTS[each.outcome], each.environments)
            for each in proof.verdicts
        ],
        proved=sum(each.outcome == "PROVED" for each in proof.verdicts),
        verdict=_verdict(proof),
        lifecycle=_lifecycle(policies),
        roles=[*_roles(cells, french)],
        matrix=matrix_html(cells),
        controls=read_controls(policies),
        scenarios=len(scenarios),
        golden=len(golden),
        silent=[str(mutant) for mutant in never_decisive(policies, (*scenarios, *golden))],
    )


def _rules(policies: Policies, effect: str) -> list[Mapping[str, Any]]:
    without = actions_without_page(policies)
    return [
        {
            "id": rule.id,
            "says": typographic(rule.note("says_fr")),
            "needs": [
                typographic(told)
                for name, told in sorted(rule.template.annotations.items())
                if name.startswith("needs_")
            ],
            "controls": rule.note("control"),
            "portal": "pas encore de page" if has_no_page(rule, policies, without) else "",
        }
        for rule in policies.rules
        if rule.effect == effect
    ]


def _verdict(proof: Proof) -> Mapping[str, str]:
    if proof.holds:
        return {
            "tone": "good",
            "title": "Tout est démontré.",
            "text": "Cela vaut pour un nombre quelconque de personnes, de structures et de services.",
        }
    return {
        "tone": "warn",
        "title": "Tout n’est pas démontré.",
        "text": "Les autres garanties sont marquées dans le détail : ces règles ne doivent pas servir.",
    }


def _lifecycle(policies: Policies) -> list[tuple[str, str, str]]:
    written = read_lifecycle(policies.root).data["invariants"]
    return [(name, typographic(row["says_fr"]), row["control"]) for name, row in written.items()]


def _act(action: str, kind: str, french: French) -> str:
    return french.act(action, thing=french.any_thing(kind), structure="une structure", person="une personne")


def _roles(cells: list[Cell], french: French) -> Iterable[tuple[str, list[str]]]:
    """Each role with what it may do in some state, a line a kind of thing."""
    for letter, role in french.roles.items():
        acts: dict[str, dict[str, None]] = {}
        for each in cells:
            if letter in each.roles:
                acts.setdefault(each.kind, {})[_act(each.action, each.kind, french)] = None
        yield role, [listed(acts_on(french.any_thing(kind), told), "et") for kind, told in acts.items()]


def matrix_html(cells: list[Cell]) -> str:
    """The matrix as tables of a page."""
    french, known = load_french(), load_catalogue().habilitation_states
    told = {(each.action, each.kind): _act(each.action, each.kind, french) for each in cells}
    return page_of(
        "matrix.html",
        roles=french.roles,
        tables=[
            {
                "title": french.any_thing(kind),
                "states": [french.states.get(state) or known.get(state, state) for state in heads],
                "rows": [
                    (
                        told[first.removesuffix(" †"), kind],
                        first.removesuffix(" †"),
                        first.endswith("†"),
                        rest,
                    )
                    for first, *rest in rows
                ],
            }
            for kind, heads, rows in tables(cells)
        ],
    )
