"""Each number of the rules stands once: declared, filled in everywhere, refused when it is not declared."""

import re
from datetime import timedelta

import pytest

from policies.catalogue.faults import BadSource
from policies.catalogue.limits import read_limits, written_limits
from policies.catalogue.loader import load_catalogue
from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.language.statements import read_rules
from policies.review.proofs.prove import Prover, read_properties
from tests.policies.conftest import Replace

LIMITS = "catalogue/limits.yaml"
LIFE = f"code_life: {load_catalogue().limits.code_life.days}d"


def test_no_rule_and_no_property_writes_a_number_of_its_own(engine: Engine) -> None:
    """Flags and empty sets aside, a literal in a rule is a code of the catalogue or a declared limit."""
    own_number = re.compile(r'duration\("|[^a-zA-Z_"-][0-9]+')
    for folder in ("rules", "properties"):
        for path in (engine.policies.root / folder).glob("*.cedar"):
            lines = path.read_text(encoding="utf-8").splitlines()
            bare = [line for line in lines if not line.startswith(("//", "@"))]
            allowed = "context.acr == 1"
            assert [line for line in bare if own_number.search(line) and allowed not in line] == [], path.name


def test_no_sentence_of_a_rule_writes_a_number_of_its_own(engine: Engine) -> None:
    for folder in ("rules", "properties"):
        for path in (engine.policies.root / folder).glob("*.cedar"):
            said = re.findall(
                r'@(?:says|says_fr|needs_[0-9]+)\("([^"]*)"\)', path.read_text(encoding="utf-8")
            )
            assert [sentence for sentence in said if re.search(r"[0-9]", sentence)] == [], path.name


def test_a_shorter_life_of_the_code_is_one_line(replace_in: Replace) -> None:
    root = replace_in(LIMITS, LIFE, "code_life: 21d")
    policies = read_policies(root)
    assert 'duration("22d1h")' in policies.rule("G-CODE-EXPIRED").text
    assert 'duration("22d1h")' in policies.rule("G-CLAIM-OPEN").text
    assert (
        policies.rule("G-CODE-EXPIRED").note("says_fr") == "Ce code n'est plus valable : il servait 21 jours."
    )
    assert policies.catalogue.limits.code_longest == timedelta(days=22, hours=1)
    prover = Prover(policies)
    verdicts = {each.id: prover.verdict(each).outcome for each in read_properties(policies)}
    assert set(verdicts.values()) == {"PROVED"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("try_window: 15m", "try_widow: 15m", "try_window is missing"),
        (LIFE, "code_life: thirty", "expected a number, a length of time"),
        (LIFE, 'code_life: "30"', "expected a number, a length of time"),
        (LIFE, "code_life: 36h", "a printed day needs whole days"),
        (LIFE, "code_life: 99999999999d", "expected a number, a length of time"),
        ("veto_window: 7d", 'veto_window: "7"', "expected a length of time"),
        ("veto_window: 7d", "veto_window: 7d\nveto: 8d", "no code reads it"),
        ("code_life + 1d", "code_lief + 1d", "expected a number, a length of time"),
    ],
)
def test_a_badly_declared_limit_is_told_with_its_line(
    replace_in: Replace, old: str, new: str, message: str
) -> None:
    with pytest.raises(BadSource, match=r"catalogue/limits.yaml:[0-9]+: ") as caught:
        read_limits(replace_in(LIMITS, old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("context.limits.tries_in_all", "context.limits.tries_in_al"),
        ("Déjà {tries_in_all}", "Déjà {tries_in_al}"),
    ],
)
def test_a_rule_that_names_no_declared_limit_is_told(replace_in: Replace, old: str, new: str) -> None:
    root = replace_in("rules/95*.cedar", old, new)
    with pytest.raises(BadSource, match="unknown limit tries_in_al, did you mean tries_in_all"):
        read_rules(root, "rules")


def test_the_words_of_a_limit_are_those_of_its_file(engine: Engine) -> None:
    limits = written_limits(engine.policies.root)
    assert limits["letter_interval"].words(is_french=True) == "24 heures"
    assert limits["tries_in_all"].words(is_french=False) == "10"
