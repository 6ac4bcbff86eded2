"""Text is cleaned, compared and folded in one module; an address gets its form in one other."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("onboarding_api", "policies", "idp_extension", "demo", "samples")
# What takes Unicode apart, and where it may stand.
DOORS = {
    r"\bunicodedata\b": {"onboarding_api/model/words/typed_text.py"},
    r"\.casefold\(": {"onboarding_api/model/words/typed_text.py"},
    r"\bemail_validator\b": {"onboarding_api/model/words/contact.py"},
    r"\bidna\b(?!.*[»])|punycode": set(),
    r"\b(uni|any)decode\b|\banyascii\b": set(),
}


def code_of(path: Path) -> str:
    """The source without its docstrings and comments."""
    return ast.unparse(_Bare().visit(ast.parse(path.read_text("utf-8"))))


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Pass() if is_text else node


# Doors where people's texts come in: `str.strip` knows neither U+200B nor the byte order mark.
TYPED_IN = ("onboarding_api/usecases/", "onboarding_api/web/", "onboarding_api/registry/")

SOURCES = {
    path.relative_to(ROOT).as_posix(): code_of(path)
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
}


@pytest.mark.parametrize(("pattern", "doors"), DOORS.items())
def test_there_is_no_second_folding_cleaning_or_form_of_an_address(pattern: str, doors: set[str]) -> None:
    assert {name for name, source in SOURCES.items() if re.search(pattern, source)} == doors


def test_no_door_has_a_trimming_of_its_own() -> None:
    doors = {name: source for name, source in SOURCES.items() if name.startswith(TYPED_IN)}
    stripping = {name for name, source in doors.items() if ".strip()" in source}
    # What npm says when it fails is no text of people.
    assert stripping == {"onboarding_api/registry/build.py"}
