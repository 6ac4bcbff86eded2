"""A change of the rules in French: what is so from now on, for whom, and one person who could have."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.catalogue.yaml_source import load_yaml
from policies.engine.decide import Engine
from policies.engine.revision import Policies, load_policies, read_policies
from policies.language.model import Environment
from policies.language.statements import read_rule
from policies.review.changes.diff import Difference, answers, compare
from policies.review.changes.sides import Sides
from policies.review.commands.policy import policy
from policies.review.words.french import french_faults, load_french, moment_fr, smooth
from policies.review.words.sentences import summary, tell
from policies.review.words.settings import lost_fr, settings_fr
from policies.review.words.standing import Standing
from tests.policies.conftest import Replace

HERE = Path(__file__).parent
CHANGES = load_yaml(HERE / "changes.yaml", HERE).data
MODEL = load_policies().model
pytestmark = pytest.mark.slow


def with_permit(policies: Policies, environment: str, condition: str) -> Policies:
    who, act, what = environment.split()
    scope = f'principal is {who}, action == Action::"{act}", resource is {what}'
    text = f'@id("NEW") @says("New.") @says_fr("Vous pouvez.") permit ({scope}) when {{ {condition} }};'
    return policies.with_rules((*policies.rules, read_rule("new.cedar", 1, text)))


def changed(before: Policies, after: Policies, environment: str) -> Difference:
    """What differs in one kind of question: the others are not asked."""
    sides = Sides(before, after)
    found = tuple(answers(sides, Environment(*environment.split())))
    return Difference((), found, 0, (), (), (), (), (), (), 0.0)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(("environment", "condition", "sentence", "example"), CHANGES["opened"])
def test_a_door_is_told_for_whom_and_when(
    engine: Engine, environment: str, condition: str, sentence: str, example: str
) -> None:
    after = with_permit(engine.policies, environment, condition)
    (told,) = tell(engine.policies, after, changed(engine.policies, after, environment))
    assert told.opens
    assert sentence in plain(told.sentence)
    assert example in plain(told.example)
    (shut,) = tell(after, engine.policies, changed(after, engine.policies, environment))
    assert plain(shut.sentence).startswith("Désormais, ")
    assert " ne peut plus " in plain(shut.sentence)
    assert "n’aurait plus pu" in plain(shut.example)


@pytest.mark.parametrize(("environment", "condition"), [row[:2] for row in CHANGES["opened"]])
def test_a_case_is_of_people_places_and_days_that_a_reader_knows(
    engine: Engine, environment: str, condition: str
) -> None:
    """No « user-1 », no « service-other », no 1970; and both sides answer it as it is told."""
    after = with_permit(engine.policies, environment, condition)
    (change,) = changed(engine.policies, after, environment).changes
    told = "\n".join(change.lines())
    assert not re.search(r"\b(user|staff|structure|membership|service|espace)-(\d+|other)\b|\b19\d\d-", told)
    assert (change.before.allowed, change.after.allowed) == (False, True)
    answer = (engine.decide(change.request), Engine(after).decide(change.request))
    assert [each.rules for each in answer] == [change.before.rules, change.after.rules]


def test_a_limit_moved_by_a_millisecond_is_told_to_the_millisecond(engine: Engine) -> None:
    environment, condition, *_ = CHANGES["opened"][3]
    after = with_permit(engine.policies, environment, condition.replace("30d1h", "30d1ms"))
    (told,) = tell(engine.policies, after, changed(engine.policies, after, environment))
    assert any("11 h 00 min 00,001 s" in plain(value) for _, _, value in told.facts)
    assert any(".001" in line for line in told.changes[0].case)


def test_acts_that_open_for_the_same_people_are_one_sentence(engine: Engine, replace_in: Replace) -> None:
    old = "when { resource.membership.user == principal };"
    after = read_policies(
        replace_in("rules/9*.cedar", old, old.replace("principal }", "principal && false }"))
    )
    difference = compare(engine.policies, after)
    first, *_ = summary(difference, tell(engine.policies, after, difference))
    (told,) = tell(engine.policies, after, difference)
    assert first == "6 actes s’ouvrent."
    assert len(told.changes) == 6
    assert told.sentence.startswith("Désormais, un administrateur, pour lui-même, peut valider")
    assert any("P-SELF-DECISION" in line for line in lost_fr(difference, engine.policies, after))


def test_nothing_changed_is_told_as_proved(engine: Engine) -> None:
    (line,) = summary(compare(engine.policies, engine.policies), ())
    assert line.startswith("Rien ne change : démontré")


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("limits", ("veto_window: 7d", "veto_window: 8d"), "8 jours au lieu de 7 jours"),
        ("limits", ('tries_in_all: "10"', 'tries_in_all: "9"'), "9 au lieu de 10"),
        ("limits", ("try_window: 15m", "try_window: 16m"), "16 minutes au lieu de 15 minutes"),
        ("espaces", ('"2022-02"', '"2026-01"'), "version 2026-01 au lieu de 2022-02"),
        ("structure_types", ("region: Région", "region: Région\npetr: Pôle"), "« Pôle » est en plus"),
        ("fonctions", ("autre: Autre\n", ""), "« Autre » disparaît"),
    ],
)
def test_the_catalogue_and_the_numbers_are_told(
    engine: Engine, replace_in: Replace, name: str, change: tuple[str, str], told: str
) -> None:
    after = read_policies(replace_in(f"catalogue/{name}.yaml", *change))
    (line,) = settings_fr(engine.policies, after, load_french())
    assert told in plain(line)


def test_a_service_of_the_catalogue_is_told_by_its_label(engine: Engine, copied_policies: Path) -> None:
    path = copied_policies / "catalogue/services.yaml"
    before, mark, after = path.read_text(encoding="utf-8").partition("mes-prets:encours:")
    path.write_text(before + mark + after.replace('"true"', '"false"', 1), encoding="utf-8")
    changed_policies = read_policies(copied_policies)
    (line,) = settings_fr(engine.policies, changed_policies, load_french())
    assert plain(line) == "Service « Encours » : une fonction n’est plus exigée."
    told = tell(engine.policies, changed_policies, compare(engine.policies, changed_policies))
    assert all("au service « Encours »" in plain(each.sentence) for each in told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  invite: inviter", "  convite: inviter", "invite has no French"),
        ("  invite: inviter", "  invite: inviter", ""),
        ("  fresh: [", "  stale: [", "fresh has no French"),
        ("  code_life: durée", "  code_live: durée", "code_life has no French"),
        ("- { when: support,", "- { when: assistance,", "unknown word « assistance »"),
        ("  Structure:\n    type:", "  Structure:\n    kind:", "Structure has no kind"),
    ],
)
def test_what_has_no_french_fails_the_check(copied_policies: Path, old: str, new: str, told: str) -> None:
    path = copied_policies / "model/french.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    faults = [str(each) for each in french_faults(copied_policies, MODEL)]
    assert any(told in each for each in faults) if told else faults == []


def test_the_check_tells_what_has_no_french(replace_in: Replace) -> None:
    root = replace_in("model/french.yaml", "  invite: inviter", "  convite: inviter")
    result = CliRunner().invoke(policy, ["--root", str(root), "check"])
    assert result.exit_code == 2
    assert "model/french.yaml:4: acts: invite has no French" in result.stderr


@pytest.mark.parametrize(
    "text", ["acts: []", "- a", "{}", "acts: {a: b}\nnothing: 1", "kinds: {User: {any: x}}"]
)
def test_a_file_of_french_of_another_form_is_told(copied_policies: Path, text: str) -> None:
    (copied_policies / "model/french.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(policy, ["--root", str(copied_policies), "check"])
    assert result.exit_code == 2
    assert "model/french.yaml:" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("environment", MODEL.environments, ids=str)
def test_the_ways_to_stand_are_everybody_and_each_act_has_its_sentence(
    engine: Engine, environment: Any
) -> None:
    """Whoever asks has one of the ways; none of the words of an act is left open."""
    french = load_french()
    assert french.who[-1].when == ()
    thing = french.any_thing(environment.resource)
    act = french.act(environment.action, thing=thing, structure="une structure", person="une personne")
    assert "{" not in act
    assert Standing(engine.policies, environment).words


@pytest.mark.parametrize(
    ("rough", "told"),
    [
        ("les membres de Eus", "les membres d’Eus"),
        ("le code de le courrier", "le code du courrier"),
        ("s'opposer à le membre", "s’opposer au membre"),
        ("les accès de une structure", "les accès d’une structure"),
        ("le mandat de Paul", "le mandat de Paul"),
        ("quoi : « oui »", "quoi\u00a0: «\u00a0oui\u00a0»"),
    ],
)
def test_a_sentence_is_smooth(rough: str, told: str) -> None:
    assert smooth(rough) == told


def test_a_moment_is_told_in_paris_in_winter_and_in_summer() -> None:
    from datetime import UTC, datetime

    assert plain(moment_fr(datetime(2026, 1, 1, 23, 30, tzinfo=UTC))) == "2 janvier 2026 à 0 h 30"
    assert plain(moment_fr(datetime(2026, 6, 30, 22, 0, tzinfo=UTC))) == "1er juillet 2026 à 0 h 00"
    assert plain(moment_fr(datetime(2026, 6, 1, 8, 0, 5, tzinfo=UTC))) == "1er juin 2026 à 10 h 00 min 05 s"
