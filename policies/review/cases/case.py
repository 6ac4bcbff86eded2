"""A case: one question with the answer that people expect; from a scenario or from the golden corpus."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.catalogue.faults import BadSource, Fault
from policies.engine.decide import Engine
from policies.engine.journal import request_of
from policies.engine.request import Decision, Request

GOLDEN = "golden/cases.jsonl"


@dataclass(frozen=True, slots=True)
class Case:
    """`expected` are the deciding rules and, on a refusal, the missing conditions that the author names."""

    title: str
    file: str
    line: int
    request: Request
    allowed: bool
    expected: tuple[str, ...]

    def fault(self, decision: Decision) -> Fault | None:
        """What is wrong with an answer; None when it is the expected one."""
        rules = tuple(sorted(name for name in self.expected if "#" not in name))
        missing = tuple(sorted(name for name in self.expected if "#" in name))
        if (
            decision.allowed == self.allowed
            and decision.rules == rules
            and missing in ((), tuple(sorted(decision.missing)))
        ):
            return None
        told = f"expected {_told(self.allowed, self.expected)}"
        got = f"got {_told(decision.allowed, (*decision.rules, *decision.missing))}"
        return Fault(self.file, self.line, self.title, f"{told}, {got}")


def _told(allowed: bool, ids: Sequence[str]) -> str:
    return f"{'allow' if allowed else 'deny'} by {' '.join(ids) or 'default'}"


def run_cases(engine: Engine, cases: Sequence[Case]) -> list[Fault]:
    """The faults of the cases that answer otherwise."""
    decisions = engine.decide_many([case.request for case in cases])
    found = (case.fault(decision) for case, decision in zip(cases, decisions, strict=True))
    return [fault for fault in found if fault]


def golden_cases(root: Path) -> tuple[Case, ...]:
    """The golden corpus of a policies folder; empty when it was never written.

    Raises:
        BadSource: a line that is not a case.
    """
    path = root / GOLDEN
    return tuple(_read_lines(path)) if path.is_file() else ()


def _read_lines(path: Path) -> Iterator[Case]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            yield Case(
                title=record["kills"],
                file=GOLDEN,
                line=number,
                request=request_of(record),
                allowed=record["allowed"],
                expected=tuple(record["rules"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadSource([Fault(GOLDEN, number, "", "not a case of the corpus")]) from error
