"""Faults planted in a copy of the policies, and which of the reviewers' commands notice each."""

from collections.abc import Callable, Sequence
from pathlib import Path

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.revision import Policies, read_policies
from policies.language.model import render_schema
from policies.review.cases.case import golden_cases, run_cases
from policies.review.cases.confirmed import confirmed_cases, unconfirmed_codes
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.diff import compare
from policies.review.proofs.check import check, format_files
from policies.review.proofs.prove import prove
from policies.review.sequences.lifecycle import read_universes, walk

Edit = Sequence[str]


def plant(root: Path, edits: Sequence[Edit]) -> None:
    """Make the edits, and what a careful hand does after them: the schema rendered, the files formatted."""
    for name, before, old, new in edits:
        (path,) = root.glob(f"{name}*.cedar") if name.startswith("rules/") else (root / name,)
        text = path.read_text(encoding="utf-8")
        start = text.index(before)
        assert old in text[start:], f"{name}: {old!r} does not stand after {before!r}"
        path.write_text(text[:start] + text[start:].replace(old, new, 1), encoding="utf-8")
    try:
        for name, text in render_schema(root).items():
            (root / name).write_text(text, encoding="utf-8")
        format_files(root)
    except BadSource:
        return  # The commands say what is wrong with it.


def noticed_by(root: Path, product: Policies) -> tuple[str, str, str]:
    """The first command that notices, what it says, and what the diff with the product's rules says."""
    try:
        policies = read_policies(root)
    except BadSource as bad:
        return "check", str(bad.faults[0]), str(bad.faults[0])
    command, told = "", ""
    steps = {"test": _test, "check": _check, "prove": _prove, "prove --lifecycle": _walk}
    for name, step in steps.items():
        found = _said(step, policies)
        if found:
            command, told = name, found
            break
    return command, told, _said(lambda changed: _diff(product, changed), policies)


def _said(step: Callable[[Policies], str], policies: Policies) -> str:
    try:
        return step(policies)
    except BadSource as bad:
        return str(bad.faults[0])


def _test(policies: Policies) -> str:
    cases = (*read_scenarios(policies), *confirmed_cases(policies), *golden_cases(policies.root))
    faults = [*unconfirmed_codes(policies), *run_cases(Engine(policies), cases)]
    return next(map(str, faults), "")


def _check(policies: Policies) -> str:
    return next(map(str, check(policies.root).faults), "")


def _prove(policies: Policies) -> str:
    proof = prove(policies)
    return "" if proof.holds else next(line for line in proof.lines() if not line.startswith("PROVED"))


def _walk(policies: Policies) -> str:
    walks = (walk(policies, universe) for universe in read_universes(policies))
    return next((line for each in walks if not each.holds for line in each.lines()), "")


def _diff(product: Policies, changed: Policies) -> str:
    difference = compare(product, changed)
    return "" if difference.is_empty else next(iter(difference.lines()))
