"""The attack table sees its holes: no proof, an unknown number, a door opened unseen, a stale page."""

from pathlib import Path

import pytest

from tests.architecture.attack_table import (
    DOORS,
    NOT_BUILT,
    PAGE,
    ROOT,
    Words,
    build_table,
    page_of,
    proofs_in,
    read_words,
    texts_of_the_program,
)

WORDS = Words(
    {1: ("Reading a neighbour's file", "404"), 36: ("Formula", "quoted")}, {"I3": "one administrator"}
)
PROOFS: dict[int | str, list[str]] = {
    1: ["tests/test_a.py::test_a_stranger"],
    "I3": ["tests/test_a.py::test_one"],
}


def test_what_is_proved_and_what_is_not_built_is_no_fault() -> None:
    table = build_table(WORDS, PROOFS, {"cli/journal.py": "json.dumps(decision)"})
    assert (table.faults, table.not_built) == ([], {36})
    page = page_of(table)
    assert f"| 36 | Formula | quoted | {NOT_BUILT} |" in page
    assert "| 1 | Reading a neighbour's file | 404 | [a stranger](../../tests/test_a.py) |" in page
    assert "| I3 | one administrator | [one](../../tests/test_a.py) |" in page


def test_a_door_that_was_built_wants_its_proof() -> None:
    table = build_table(WORDS, PROOFS, {"web/pages/members.py": "csv.writer(answer)"})
    assert table.faults == ["attack 36: web/pages/members.py opened the door, no test proves it shut"]


@pytest.mark.parametrize(
    ("proofs", "fault"),
    [
        ({"I3": PROOFS["I3"]}, "attack 1: no test proves it"),
        ({1: PROOFS[1]}, "I3: no test proves it"),
        ({**PROOFS, 99: ["x"]}, "99: no such attack or invariant"),
        ({**PROOFS, "I99": ["x"]}, "I99: no such attack or invariant"),
    ],
)
def test_a_hole_and_a_stray_mark_are_faults(proofs: dict[int | str, list[str]], fault: str) -> None:
    assert build_table(WORDS, proofs, {}).faults == [fault]


def test_marks_are_read_without_running_anything(tmp_path: Path) -> None:
    file = tmp_path / "tests" / "room" / "test_x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "raise SystemExit\n"
        "@pytest.mark.attack(1, 2)\n@pytest.mark.slow\n@pytest.mark.invariant('I3')\ndef test_a(): ...\n"
        "@pytest.mark.attack(9)\ndef helper(): ...\n"
        "def test_b(): ...\n"
    )
    place = "tests/room/test_x.py::test_a"
    assert proofs_in(tmp_path / "tests") == {1: [place], 2: [place], "I3": [place]}


def test_every_door_is_looked_for_in_the_program_as_it_is() -> None:
    texts = texts_of_the_program()
    assert len(texts) > 100
    for number, look in DOORS.items():
        assert number in read_words().attacks
        assert look({**texts, "onboarding_api/x.py": "import webhooks\ncsv.writer(x)"}) != []


def test_the_table_has_no_hole_and_the_page_is_fresh() -> None:
    table = build_table(read_words(), proofs_in(ROOT / "tests"), texts_of_the_program())
    assert table.faults == []
    assert PAGE.read_text("utf-8") == page_of(table), "run python -m tests.architecture.attack_table"
