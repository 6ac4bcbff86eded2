"""A plan is applied as it was read, when it was read, where it was made, or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idp_extension.sync.applying.guard import TooManyRemovals, check_removals
from idp_extension.sync.applying.plan_file import (
    LONGEST_AGE,
    About,
    PlanRefused,
    check_plan,
    read_plan,
    write_plan,
)
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ABOUT = About("bdt", "https://portail.example", NOON, 400)
FOUND = (
    Difference(Kind.EMAIL_CHANGED, "cend589", wanted="é@eus.example", found="x@x.example", keycloak_id="u"),
    Difference(Kind.USER_FOREIGN, "intrus", keycloak_id="v"),
)
KEY = b"of this house"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = write_plan(tmp_path / "plan", ABOUT, FOUND, KEY)
    read = read_plan(tmp_path / "plan", KEY)

    assert read == written
    assert tuple(read.differences()) == FOUND
    assert (read.removals, read.counts) == (1, {Kind.EMAIL_CHANGED: 1, Kind.USER_FOREIGN: 1})
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


SPOILT: dict[str, Callable[[str], str]] = {
    "a value edited": lambda text: text.replace("intrus", "cend589"),
    "a line taken out": lambda text: "".join(text.splitlines(keepends=True)[:1] + text.splitlines(True)[2:]),
    "a line more": lambda text: text.replace("[", '["user foreign", "x", "", "", "", ""]\n[', 1),
    "lines exchanged": lambda text: "\n".join([text.splitlines()[i] for i in (0, 2, 1, 3)]) + "\n",
    "the date edited": lambda text: text.replace("2026-11-25", "2026-11-26"),
    "cut": lambda text: text[: len(text) // 2],
    "cut at a line": lambda text: text[: text.rindex("{")],
    "empty": lambda text: "",
    "another file": lambda text: "[tool.ruff]\nline-length = 110\n",
    "counts of no kind": lambda text: text.replace('"user foreign": 1', '"user strange": 1'),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_plan_that_was_touched_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "plan"
    write_plan(path, ABOUT, FOUND, KEY)
    path.write_text(SPOILT[how](path.read_text("utf-8")), "utf-8")

    with pytest.raises(PlanRefused):
        read_plan(path, KEY)


def test_a_plan_of_another_house_is_refused(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan", ABOUT, FOUND, b"of another")

    with pytest.raises(PlanRefused, match="another house"):
        read_plan(tmp_path / "plan", KEY)


@pytest.mark.parametrize(
    ("realm", "house", "age"),
    [
        ("bdt-2", ABOUT.house, timedelta(0)),
        ("bdt", "https://recette.example", timedelta(0)),
        ("bdt", ABOUT.house, LONGEST_AGE + timedelta(seconds=1)),
        ("bdt", ABOUT.house, timedelta(seconds=-1)),
    ],
)
def test_a_plan_made_elsewhere_or_long_ago_is_refused(
    tmp_path: Path, realm: str, house: str, age: timedelta
) -> None:
    plan = write_plan(tmp_path / "plan", ABOUT, FOUND, KEY)
    check_plan(plan, ABOUT.realm, ABOUT.house, NOON + LONGEST_AGE)

    with pytest.raises(PlanRefused):
        check_plan(plan, realm, house, NOON + age)


@pytest.mark.parametrize(
    ("size", "removals", "confirmed", "passes"),
    [
        (8, 5, None, True),
        (8, 6, None, False),
        (400, 20, None, True),
        (400, 21, None, False),
        (10_000, 100, None, True),
        (10_000, 101, None, False),
        (10_000, 101, 101, True),
        (10_000, 101, 100, False),
        (8, 2, 3, False),
    ],
)
def test_more_removals_than_an_ordinary_day_has_need_their_exact_number(
    tmp_path: Path, size: int, removals: int, confirmed: int | None, passes: bool
) -> None:
    strangers = (Difference(Kind.USER_FOREIGN, f"x{number}") for number in range(removals))
    plan = write_plan(tmp_path / "plan", About("bdt", ABOUT.house, NOON, size), strangers, KEY)

    if passes:
        check_removals(plan, confirmed)
    else:
        with pytest.raises(TooManyRemovals, match=f"--yes-remove {removals}"):
            check_removals(plan, confirmed)
