"""Questions that a reviewer points at: a scenario by its line, a record of the journal, a file of records."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.engine.journal import request_of
from policies.engine.request import Request
from policies.engine.revision import Policies
from policies.review.cases.scenarios import read_scenarios


def read_question(policies: Policies, pointer: str) -> Request:
    """The question at `scenarios/10-self.yaml:33` (any line of the scenario), or `FILE.jsonl:LINE`.

    Raises:
        BadSource: there is nothing of the kind at that place.
    """
    name, _, number = pointer.rpartition(":")
    if not name or not number.isdecimal():
        raise BadSource([Fault(pointer, 0, "", "expected FILE:LINE, as scenarios/10-self.yaml:33")])
    if name.endswith(".yaml"):
        before = [case for case in read_scenarios(policies) if case.file == name and case.line <= int(number)]
        if before and int(number) <= _length(policies.root / name):
            return before[-1].request
    elif Path(name).is_file():
        for line, _, request in read_records(Path(name)):
            if line == int(number):
                return request
    raise BadSource([Fault(name, int(number), "", "no question stands there")])


def _length(path: Path) -> int:
    """How many lines a file has: what comes after the last one belongs to no scenario."""
    return len(path.read_text(encoding="utf-8").splitlines())


def read_records(path: Path) -> Iterator[tuple[int, Mapping[str, Any], Request]]:
    """The records of a journal, one a line: its number, the record, its question.

    Raises:
        BadSource: a line that is cut or is no record.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSource([Fault(str(path), 0, "", "cannot be read")]) from error
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = json.loads(line)
            yield number, record, request_of(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            fault = Fault(
                path.name, number, "", "not a journalled decision: the line is cut or lacks a field"
            )
            raise BadSource([fault]) from error
