"""`bdt policy replay`: real decisions of the journal that another revision of the rules would change."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from policies.engine.decide import Engine
from policies.engine.request import Decision, Request
from policies.engine.revision import Policies
from policies.review.cases.questions import read_records


@dataclass(frozen=True, slots=True)
class Changed:
    """One journalled decision that would be another one now; `line` is its line in the journal."""

    line: int
    request: Request
    was_allowed: bool
    rules_before: tuple[str, ...]
    after: Decision

    def __str__(self) -> str:
        before, after = (_verdict(allowed) for allowed in (self.was_allowed, self.after.allowed))
        return (
            f"line {self.line}: {self.request.actor.id} {self.request.action} {self.request.resource.id}: "
            f"{before} {' '.join(self.rules_before)} -> {after} {' '.join(self.after.rules)}"
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """How many decisions were asked again, and which would change."""

    decisions: int
    changes: tuple[Changed, ...]

    def lines(self) -> Iterator[str]:
        """The result for people: each change, then the people concerned by id."""
        yield from map(str, self.changes)
        yield f"{len(self.changes)} of {self.decisions} decisions would change"
        people = Counter(change.request.actor.id for change in self.changes)
        yield from (f"  {person}: {number}" for person, number in sorted(people.items()))


def replay(path: Path, policies: Policies) -> Replay:
    """Ask every journalled question again to a revision.

    Raises:
        BadSource: the journal has a line that is no record.
    """
    engine = Engine(policies, explains=False)
    changes = []
    decisions = 0
    for line, record, request in read_records(path):
        decisions += 1
        decision = engine.decide(request)
        if decision.allowed != record["allowed"]:
            before = tuple(record["rules"])
            changes.append(Changed(line, request, record["allowed"], before, decision))
    return Replay(decisions, tuple(changes))


def _verdict(allowed: bool) -> str:
    return "allow" if allowed else "deny"
