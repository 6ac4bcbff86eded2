"""The policy of the watch is a closed world: a kind without a line, and no worker starts."""

from pathlib import Path

import pytest
import yaml

from idp_extension.admin_events import Act
from idp_extension.sync.kinds import Kind
from onboarding_api.delivery.watch.policy import FILE, KINDS, Answer, PolicyUnfit, load_policy

LINES: dict[str, str] = yaml.safe_load(FILE.read_text("utf-8"))


def test_every_kind_has_its_line() -> None:
    assert load_policy().keys() == KINDS
    assert {*Kind, *Act} < KINDS


def test_rights_planted_by_hand_are_an_alarm() -> None:
    """The issue's own words: taken away, and the sessions of the person end."""
    policy = load_policy()
    planted = [
        Kind.MEMBERSHIP_PLANTED, Kind.SERVICE_PLANTED, Kind.FOREIGN_GROUP_JOINED, Kind.USER_ROLE_PLANTED,
        Kind.GROUP_ROLE_PLANTED, Kind.EMAIL_CHANGED, Kind.USERNAME_CHANGED, Act.PASSWORD_SET,
    ]  # fmt: skip
    assert {policy[kind] for kind in planted} == {Answer.ALARM}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_without_a_line_is_told(tmp_path: Path, kind: str) -> None:
    with pytest.raises(PolicyUnfit, match=f"{kind}: it has no line"):
        load_policy(written(tmp_path, {each: line for each, line in LINES.items() if each != kind}))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"group vanished": "repair"}, "group vanished: there is no such kind"),
        ({"email changed": "ignore"}, "email changed: ignore is none of repair, report, alarm"),
        ({"email changed": None}, "email changed: None is none of"),
        ({"password set": "repair"}, "password set: nothing repairs it; report or alarm"),
        ({"user administration planted": "repair"}, "user administration planted: nothing repairs it"),
        ({"realm changed": "repair"}, "realm changed: nothing repairs it"),
    ],
)
def test_a_line_that_says_nothing_we_can_do_is_told(
    tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    with pytest.raises(PolicyUnfit, match=told):
        load_policy(written(tmp_path, LINES | changed))


@pytest.mark.parametrize("text", ["", "- repair", "repair"])
def test_a_file_that_is_no_table_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(PolicyUnfit, match="each line is a kind and its answer"):
        load_policy(tmp_path / "policy.yaml")


def written(directory: Path, lines: dict[str, str]) -> Path:
    file = directory / "policy.yaml"
    file.write_text(yaml.safe_dump(lines))
    return file
