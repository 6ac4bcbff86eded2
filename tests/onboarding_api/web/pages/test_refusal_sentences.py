"""Every refusal of the house has a status and a French sentence; no page shows a code or a trace."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import onboarding_api
from onboarding_api.model import refusals
from onboarding_api.model.refusals import Refusal
from onboarding_api.web.errors import ANSWERS, answer_to

AT = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
ROOMS = {"model", "registry", "usecases", "queries", "web"}
EXAMPLES = [
    refusals.Refusal(),
    refusals.NotAllowed("attach", ("G-CLOSED",), ("Cette structure est fermée.",)),
    refusals.NotAllowed("attach", ("G-CLOSED",)),
    refusals.NotFound(),
    refusals.NotPossibleNow("claim", "redeemed", "refuse"),
    refusals.ClaimAlreadyUsed(),
    refusals.BadInput("email", "malformed"),
    refusals.BadInput("unheard_of", "malformed"),
    refusals.CodeMistyped(),
    *(refusals.WrongCode(left) for left in (0, 1, 4)),
    *(refusals.CodeDead(reason) for reason in ("expired", "used", "superseded", "exhausted", "unheard_of")),
    refusals.TooManyTries(AT),
    refusals.LetterLimit(AT),
    refusals.TooMuchAsked(AT),
    refusals.LimitsDown(),
    refusals.DatabaseBusy(),
]


def every_refusal() -> Iterator[type[Refusal]]:
    """Every class of refusal that a room with refusals defines."""
    for module in pkgutil.walk_packages(onboarding_api.__path__, "onboarding_api."):
        if module.name.split(".")[1] in ROOMS:
            importlib.import_module(module.name)
    found = [Refusal]
    for one in found:
        found += one.__subclasses__()
    return (one for one in found if one.__module__.startswith("onboarding_api."))


def test_every_code_has_an_answer_and_every_answer_a_code() -> None:
    assert {one.code for one in every_refusal()} == set(ANSWERS)


@pytest.mark.parametrize("refusal", EXAMPLES, ids=repr)
def test_sentence_is_french_and_whole(refusal: Refusal) -> None:
    status, sentence = answer_to(refusal)

    assert 400 <= status < 600
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert refusal.code not in sentence


def test_refusal_tells_its_facts() -> None:
    assert "1\u00a0essai." in answer_to(refusals.WrongCode(1))[1]
    assert "4\u00a0essais." in answer_to(refusals.WrongCode(4))[1]
    assert "c'était le dernier essai" in answer_to(refusals.WrongCode(0))[1]
    assert "Appelez-nous sans attendre" in answer_to(refusals.ClaimAlreadyUsed())[1]
    assert "le 23 novembre 2026 à\u00a014\u00a0h\u00a005" in answer_to(refusals.LetterLimit(AT))[1]
    closed = refusals.NotAllowed("attach", ("G-CLOSED",), ("Cette structure est fermée.",))
    assert answer_to(closed) == (403, "Cette structure est fermée.")


def test_busy_is_temporary() -> None:
    assert answer_to(refusals.DatabaseBusy())[0] == 503


def test_spaces_of_a_sentence_do_not_break() -> None:
    assert "« Contactez-nous »".replace(" ", "\u00a0") in answer_to(refusals.ClaimAlreadyUsed())[1]
