"""The attack table: `python -m tests.architecture.attack_table [--check]` writes docs/security/attacks.md.

Tests say themselves what they prove, `@pytest.mark.attack(12)` and `@pytest.mark.invariant("I3")`; they are
read as text, none is run. An attack without a test is a hole, unless the door it needs does not exist: that
is looked for in the program, so that whoever builds the door is asked for the test.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import yaml

from onboarding_api.cli import PARTS

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "docs" / "security" / "attacks.yaml"
PAGE = ROOT / "docs" / "security" / "attacks.md"
PROGRAM = ("onboarding_api", "idp_extension", "demo", "samples")
NOT_BUILT = "not built: nothing to attack"
MARKS = ("attack", "invariant")


@dataclass(frozen=True)
class Words:
    """What the page says beside the tests: number -> (attack, defence), and the invariants."""

    attacks: Mapping[int, tuple[str, str]]
    invariants: Mapping[str, str]


@dataclass
class Table:
    """The proofs of each attack and invariant, by number or name, and what is wrong."""

    words: Words
    proofs: Mapping[int | str, list[str]]
    not_built: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def read_words(path: Path = WORDS) -> Words:
    """The words of docs/security/attacks.yaml."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    attacks = {number: (row["attack"], row["defence"]) for number, row in read["attacks"].items()}
    return Words(attacks, read["invariants"])


def proofs_in(tests: Path) -> dict[int | str, list[str]]:
    """`path::test` by the numbers and names that the tests carry."""
    found: dict[int | str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        for test, named in _marked(ast.parse(path.read_bytes())):
            found[named].append(f"{path.relative_to(tests.parent).as_posix()}::{test}")
    return dict(found)


def _marked(tree: ast.Module) -> Iterator[tuple[str, int | str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                yield from ((node.name, named) for named in _named_by(decorator))


def _named_by(decorator: ast.expr) -> list[int | str]:
    match decorator:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr=mark)) if mark in MARKS:
            return [ast.literal_eval(argument) for argument in decorator.args]
    return []


def texts_of_the_program() -> dict[str, str]:
    """Each Python file of the program."""
    files = (path for part in PROGRAM for path in sorted((ROOT / part).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _writes_csv(texts: Mapping[str, str]) -> list[str]:
    words = ("csv.writer", "DictWriter", "text/csv")
    return [name for name, text in texts.items() if any(word in text for word in words)]


def _calls_addresses_that_others_give(texts: Mapping[str, str]) -> list[str]:
    doors = [name for name, text in texts.items() if "webhook" in text.lower() or "logo_url" in text]
    commands = [name for name in PARTS if "webhook" in name]
    return doors + commands


DOORS: Mapping[int, Callable[[Mapping[str, str]], list[str]]] = MappingProxyType(
    {
        36: _writes_csv,
        42: _calls_addresses_that_others_give,
        43: _calls_addresses_that_others_give,
    }
)
"""Where an attack needs a door that may not exist: the places where it stands."""


def build_table(words: Words, proofs: Mapping[int | str, list[str]], texts: Mapping[str, str]) -> Table:
    """Bring words, tests and doors together."""
    table = Table(words, proofs)
    known: set[int | str] = {*words.attacks, *words.invariants}
    for stray in sorted(map(str, proofs.keys() - known)):
        table.faults.append(f"{stray}: no such attack or invariant")
    for number in sorted(words.attacks):
        if proofs.get(number):
            continue
        places = DOORS[number](texts) if number in DOORS else None
        if places == []:
            table.not_built.add(number)
        elif places:
            table.faults.append(
                f"attack {number}: {', '.join(places)} opened the door, no test proves it shut"
            )
        else:
            table.faults.append(f"attack {number}: no test proves it")
    table.faults += [f"{name}: no test proves it" for name in words.invariants if not proofs.get(name)]
    return table


def page_of(table: Table) -> str:
    """The page, in Markdown."""
    lines = [
        "# Attacks and invariants, and the tests that prove them",
        "",
        "Written by `python -m tests.architecture.attack_table` from the marks of the tests and from",
        "`attacks.yaml`; `make check` refuses a hole or a stale page. How the defences are laid out:",
        "[SECURITY.md](../../SECURITY.md).",
        "",
        "| # | Attack | Defence | Proof |",
        "|---|---|---|---|",
    ]
    for number, (attack, defence) in sorted(table.words.attacks.items()):
        proof = NOT_BUILT if number in table.not_built else _links(table.proofs.get(number, []))
        lines.append(f"| {number} | {attack} | {defence} | {proof} |")
    lines += ["", "| | Invariant | Proof |", "|---|---|---|"]
    for name, invariant in table.words.invariants.items():
        lines.append(f"| {name} | {invariant} | {_links(table.proofs.get(name, []))} |")
    return "\n".join(lines) + "\n"


def _links(proofs: list[str]) -> str:
    return "<br>".join(
        f"[{test.removeprefix('test_').replace('_', ' ')}](../../{path})"
        for path, _, test in (proof.partition("::") for proof in sorted(proofs))
    )


def main() -> int:
    """Write the page, or look whether it is whole and fresh; 1 when it is not."""
    table = build_table(read_words(), proofs_in(ROOT / "tests"), texts_of_the_program())
    page = page_of(table)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page:
        table.faults.append(
            f"{PAGE.relative_to(ROOT)} is stale: run python -m tests.architecture.attack_table"
        )
    for fault in table.faults:
        sys.stdout.write(f"{fault}\n")
    return 1 if table.faults else 0


if __name__ == "__main__":
    sys.exit(main())
