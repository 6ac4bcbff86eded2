"""`bdt policy report`: one printable page for a security committee, in French, with no outside resource."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from policies.catalogue.yaml_source import load_yaml
from policies.engine.revision import Policies
from policies.review.cases.case import golden_cases
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutate import never_decisive
from policies.review.pages.controls import read_controls
from policies.review.pages.matrix import as_html, matrix
from policies.review.pages.planned import actions_without_page, has_no_page
from policies.review.proofs.prove import Proof, prove

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; } nav ul { columns: 2; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; display: block; overflow-x: auto; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { border: 1px solid #767676; padding: .25rem .5rem; text-align: left; vertical-align: top; }
thead th { background: #eee; } code { font-family: ui-monospace, monospace; }
a:focus-visible { outline: 3px solid #0a5; outline-offset: 2px; }
@media print { body { max-width: none; font-size: 9pt; } nav { display: none; } table { display: table; }
tr { break-inside: avoid; } h2 { break-before: page; } }
"""
VERDICTS = {"PROVED": "démontrée", "REFUTED": "réfutée", "UNKNOWN": "non tranchée", "VACUOUS": "sans objet"}
SECTIONS = (
    ("permissions", "Ce que les règles permettent"),
    ("interdictions", "Ce qu'elles interdisent toujours"),
    ("proprietes", "Propriétés démontrées"),
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
    bodies = (
        _rules(policies, "permit"),
        _rules(policies, "forbid"),
        _properties(prove(policies)),
        _lifecycle(policies),
        as_html(matrix(policies)),
        _controls(policies),
        _coverage(policies),
    )
    parts = [
        f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(title)}</h2>{body}</section>'
        for (key, title), body in zip(SECTIONS, bodies, strict=True)
    ]
    links = "".join(f'<li><a href="#{key}">{escape(title)}</a></li>' for key, title in SECTIONS)
    return (
        '<!doctype html>\n<html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Règles d'habilitation</title><style>{STYLE}</style></head><body>"
        f"<header><h1>Règles d'habilitation</h1><p>Empreinte <code>{policies.digest}</code></p></header>"
        f'<nav aria-label="Sommaire"><ul>{links}</ul></nav><main>{"".join(parts)}</main></body></html>\n'
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names its rows."""
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in rest)}</tr>'
        for first, *rest in rows
    )
    top = f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _rules(policies: Policies, effect: str) -> str:
    rules = [rule for rule in policies.rules if rule.effect == effect]
    without = actions_without_page(policies)
    rows = [
        (
            rule.id,
            rule.note("says_fr"),
            _conditions(rule.template.annotations),
            rule.note("control"),
            "pas encore de page" if has_no_page(rule, policies, without) else "",
        )
        for rule in rules
    ]
    head = ("Règle", "Phrase", "Sinon, la personne lit", "Exigences", "Portail")
    return _table(f"{len(rows)} règles", head, rows)


def _conditions(notes: Mapping[str, str]) -> str:
    return " ".join(notes[name] for name in sorted(notes) if name.startswith("needs_"))


def _properties(proof: Proof) -> str:
    rows = [
        (each.property.id, each.property.note("says_fr"), VERDICTS[each.outcome], str(each.environments))
        for each in proof.verdicts
    ]
    caption = f"{len(rows)} propriétés, pour un nombre quelconque de personnes, de structures et de services"
    return _table(caption, ("Propriété", "Phrase", "Verdict", "Sortes de questions"), rows)


def _lifecycle(policies: Policies) -> str:
    written = load_yaml(policies.root / "properties" / "lifecycle.yaml", policies.root).data["invariants"]
    rows = [(name, row["says_fr"], row["control"]) for name, row in written.items()]
    return _table("Vérifiés état par état", ("Invariant", "Phrase", "Exigences"), rows)


def _controls(policies: Policies) -> str:
    rows = [
        (each.id, each.text, " ".join(each.rules), " ".join(each.properties), str(each.scenarios))
        for each in read_controls(policies)
    ]
    return _table(f"{len(rows)} exigences", ("Exigence", "Texte", "Règles", "Propriétés", "Scénarios"), rows)


def _coverage(policies: Policies) -> str:
    scenarios, golden = read_scenarios(policies), golden_cases(policies.root)
    silent = never_decisive(policies, (*scenarios, *golden))
    told = "".join(f"<li>{escape(str(mutant))}</li>" for mutant in silent) or "<li>aucune</li>"
    return (
        f"<p>{len(scenarios)} scénarios écrits par des relecteurs, {len(golden)} cas trouvés par le solveur. "
        f"Règles ou conditions qui ne décident jamais :</p><ul>{told}</ul>"
    )
