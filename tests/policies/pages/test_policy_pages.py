"""What is generated for reviewers: the matrix, the requirements, the report."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.commands.policy import policy
from policies.review.pages.controls import read_controls
from policies.review.pages.generated import render_pages
from policies.review.pages.matrix import as_csv, as_markdown, matrix
from policies.review.pages.report import matrix_html
from policies.review.proofs.prove import read_properties
from tests.policies.conftest import Replace


@pytest.fixture(scope="module")
def cells(engine: Engine) -> Any:
    return matrix(engine.policies)


def roles(cells: Any, action: str, state: str) -> Any:
    (found,) = (cell.roles for cell in cells if (cell.action, cell.state) == (action, state))
    return found


def test_the_committed_pages_are_fresh(engine: Engine) -> None:
    for name, text in render_pages(engine.policies).items():
        assert (engine.policies.root / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize(
    ("action", "state", "expected"),
    [
        ("validateHabilitation", "pending", "DR"),
        ("validateHabilitation", "awaiting_letter", ""),
        ("enterService", "granted", "T"),
        ("enterService", "granted, ended", ""),
        ("leaveVacant", "himself alone", "T"),
        ("resignAdmin", "himself alone", ""),
        ("redeemCode", "vacant, veto runs", ""),
        ("vetoClaim", "vacant, veto runs", "M"),
        ("approveNomination", "proposed", "R"),
    ],
)
def test_the_matrix_says_who_may(cells: Any, action: str, state: str, expected: Any) -> None:
    assert roles(cells, action, state) == expected


def test_the_matrix_has_three_shapes_of_one_content(cells: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(cells))))
    assert len(rows) == len(cells)
    assert matrix_html(cells).count("<table>") == as_markdown(cells).count("\n## ")


def test_a_change_of_rule_shows_in_the_matrix(cells: Any, replace_in: Replace) -> None:
    old = 'resource.state == HabilitationState::"deactivated"'
    root = replace_in("rules/20-admin.cedar", old, old.replace("deactivated", "refused"))
    changed = matrix(read_policies(root))
    assert roles(changed, "reactivateHabilitation", "refused") == "DR"
    assert as_markdown(changed) != as_markdown(cells)


def test_every_requirement_is_answered_and_proved(engine: Engine) -> None:
    controls = read_controls(engine.policies)
    assert all(each.rules and (each.properties or each.scenarios) for each in controls)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("controls.yaml", "G-15: ", "G-14: A wish.\nG-15: ", "controls.yaml:4: G-14: no rule answers"),
        (
            "controls.yaml",
            "G-15: ",
            "G-115: ",
            "names the requirement G-15, which controls.yaml",
        ),
    ],
)
def test_a_requirement_without_rule_or_a_rule_without_requirement_fails(
    replace_in: Replace, name: str, old: str, new: str, told: str
) -> None:
    root = replace_in(name, old, new)
    with pytest.raises(BadSource) as caught:
        read_controls(read_policies(root))
    assert told in str(caught.value)
    assert CliRunner().invoke(policy, ["--root", str(root), "controls"]).exit_code == 2


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.headers_without_scope = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.ids |= {found["id"]} if "id" in found else set()
        self.links |= {found["href"]} if "href" in found else set()
        self.headers_without_scope += tag == "th" and "scope" not in found
        assert not {"src", "onclick", "style"} & found.keys()


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(policy, ["report", str(tmp_path / "no-such-folder" / "report.html")])
    assert result.exit_code == 2
    assert "report.html" in result.stderr


@pytest.mark.slow
def test_the_report_is_whole_accessible_and_needs_nothing_from_outside(
    tmp_path: Path, engine: Engine
) -> None:
    result = CliRunner().invoke(policy, ["report", str(tmp_path / "report.html")])
    assert result.exit_code == 0
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert '<html lang="fr">' in text
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("caption") > 8
    assert page.headers_without_scope == 0
    assert {link.removeprefix("#") for link in page.links} <= page.ids
    assert not re.search(r"https?:|url\(|@import|<script", text)
    assert all(rule.id in text for rule in engine.policies.rules)
    assert text.count("<td>démontrée</td>") == len(read_properties(engine.policies))
