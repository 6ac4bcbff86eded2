"""`bdt policy diff --page`: what changes between two revisions, one sheet in brief, then the detail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.engine.request import Decision
from policies.engine.revision import Policies
from policies.review.changes.diff import Difference
from policies.review.pages.template import page_of
from policies.review.words.french import load_french, moment_fr, typographic
from policies.review.words.people import People
from policies.review.words.sentences import Told
from policies.review.words.settings import lost_fr, settings_fr


@dataclass(frozen=True, slots=True)
class Compared:
    """Two revisions by their names, what differs, and what stands against it."""

    names: tuple[str, str]
    before: Policies
    after: Policies
    difference: Difference
    refused: tuple[str, ...]


def difference_page(
    compared: Compared,
    told: tuple[Told, ...],
    made_at: datetime | None = None,
    people: People | None = None,
) -> str:
    """The page.

    Args:
        compared: what was compared.
        told: its changes in sentences.
        made_at: the moment that the page tells.
        people: the people of a database who are concerned.

    Raises:
        BadSource: the French words cannot be read.
    """
    before, after, difference = compared.before, compared.after, compared.difference
    return page_of(
        "difference.html",
        before={"name": compared.names[0], "digest": before.digest[:12]},
        after={"name": compared.names[1], "digest": after.digest[:12]},
        made_at=moment_fr(made_at) if made_at else "",
        opened=_rows(each for each in told if each.opens),
        closed=_rows(each for each in told if not each.opens),
        lost=[*lost_fr(difference, before, after)],
        settings=[*settings_fr(before, after, load_french())],
        incomparable=difference.incomparable,
        unchanged=difference.unchanged,
        verdict=_verdict(compared),
        people=people,
        changed_rules=difference.changed_rules,
        schema=difference.schema,
    )


def _verdict(compared: Compared) -> Mapping[str, str]:
    if compared.difference.is_empty:
        text = "Les deux versions répondent la même chose à toute question, quelles que soient les données."
        return {"tone": "good", "title": "Rien ne change.", "text": text}
    if not compared.difference.needs_approval:
        text = "Aucun acte ne devient permis et toutes les garanties sont maintenues."
        return {"tone": "good", "title": "Aucune approbation n’est nécessaire.", "text": text}
    if compared.refused:
        text = "Ce changement ouvre un droit ou réduit une garantie : l’équipe sécurité doit l’approuver."
        return {"tone": "warn", "title": "Pas encore approuvé.", "text": text}
    text = "L’approbation signée de l’équipe sécurité porte sur ces deux versions exactement."
    return {"tone": "good", "title": "Approuvé.", "text": text}


def _rows(told: Iterable[Told]) -> list[Mapping[str, Any]]:
    return [
        {
            "sentence": each.sentence,
            "example": each.example,
            "facts": each.facts,
            "count": len(each.changes),
            "actions": ", ".join(change.environment.action for change in each.changes),
            "before": _answer(each.changes[0].before, each.before),
            "after": _answer(each.changes[0].after, each.after),
        }
        for each in told
    ]


def _answer(decision: Decision, reasons: tuple[str, ...]) -> Mapping[str, Any]:
    return {
        "tone": "yes" if decision.allowed else "no",
        "verdict": "permis" if decision.allowed else "refusé",
        "reasons": [typographic(each) for each in reasons],
        "rules": " ".join(decision.rules) or "aucune règle ne le permet",
    }
