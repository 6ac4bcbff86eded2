"""A sentence of the rules that tells people to do something leads to a page where it can be done (F7)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.engine.names import Action
from policies.engine.revision import load_policies
from tests.onboarding_api.web.portal import Portal

ROOT = Path(__file__).parents[4]
# An act that a sentence asks for, and the endpoint where people do it. « devez », « il faut » are no way out.
PLACES = {
    "déclarez le poste vacant": "structures.detach",
    "patientez avant de réessayer": "letter.redeem",
}
# Second person plural of what one is told to do: « passez la main », « désignez un autre », « mettez fin ».
TOLD = re.compile(
    r"(?:^|[ :;,.(«])((?!vous\b|avez\b|êtes\b|pouvez\b|chez\b|assez\b)[a-zà-ÿ]+ez\b(?!-vous que))",
    re.IGNORECASE,
)
STATEMENT = re.compile(r"\bvous (?:ne |n'|l'|les |en |y |vous )?[a-zà-ÿ]+ez\b", re.IGNORECASE)


def asked_actions() -> set[str]:
    """The actions that some use case asks the rules about: the sentences of others reach nobody yet."""
    asked = set()
    for room in ("usecases", "queries", "web", "acts"):
        for path in (ROOT / "onboarding_api" / room).rglob("*.py"):
            asked |= {
                Action[name].value for name in re.findall(r"\bAction\.([A-Z_]+)\b", path.read_text("utf-8"))
            }
    return asked


def sentences() -> Iterator[tuple[str, str]]:
    """Rule and sentence, of every rule that a page of today may show."""
    asked = asked_actions()
    for rule in load_policies().rules:
        # A rule that names no action, or a group of them, may refuse any.
        named = set(re.findall(r'Action::"(\w+)"', rule.text))
        if not named or named & asked or not named <= {action.value for action in Action}:
            for name, text in rule.template.annotations.items():
                if name == "says_fr" or name.startswith("needs_"):
                    yield rule.id, text


def told(text: str) -> list[str]:
    return TOLD.findall(STATEMENT.sub("", text))


def test_each_act_that_a_sentence_names_has_a_route(portal: Portal) -> None:
    endpoints = {rule.endpoint for rule in portal.app.url_map.iter_rules()}
    lost = []
    for rule, text in sentences():
        acts = told(text)
        places = [place for phrase, place in PLACES.items() if phrase in text]
        if acts and not (places and set(places) <= endpoints):
            lost.append(f"{rule}: {text}")
    assert lost == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Vous êtes le dernier administrateur : passez la main ou déclarez le poste vacant.", 2),
        ("Désignez d'abord un autre administrateur référent.", 1),
        ("Mettez d'abord fin au mandat d'administrateur de ce membre.", 1),
        ("Cette invitation est ancienne : demandez-en une nouvelle.", 1),
        ("Vous n'êtes pas administrateur de cette structure.", 0),
        ("Vous pouvez retirer votre demande.", 0),
        ("Vous ne pouvez retirer que vos propres demandes.", 0),
        ("Vous avez déjà demandé ou obtenu ce service.", 0),
        ("Cette structure est fermée.", 0),
    ],
)
def test_what_tells_to_do_something_is_told_apart(text: str, count: int) -> None:
    assert len(told(text)) == count
