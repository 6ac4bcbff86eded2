"""The same questions to cedar-go, an engine written anew in Go: it shares no code with the one that decides.

Random worlds near the edges of the rules; in each, every action on the thing at every level of log-in. Both
must say the same, by the same rules, without an error. The program is built from the sources beside.
"""

import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

from policies.catalogue.faults import BadSource, Fault
from policies.engine.alarms import AlarmCounter
from policies.engine.decide import Engine
from policies.engine.facts import catalogue_entities, context_of, ref_of, to_cedar
from policies.engine.request import EntityRef, Request
from policies.engine.revision import Policies
from policies.language.model import Model
from policies.review.cases.random_worlds import random_request

HERE = Path(__file__).parent
LEVELS = (0, 1, 2)
WORLDS_AT_A_TIME = 16
"""Their answers fit into a pipe, so that neither side waits for the other to read."""
SHOWN = 20


@dataclass(slots=True)
class Comparison:
    """What both said; `differences` are the first ones of `disagreements`."""

    decisions: int = 0
    allowed: int = 0
    worlds: int = 0
    disagreements: int = 0
    differences: list[str] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """The result for people."""
        yield from (f"DISAGREE {each}" for each in self.differences)
        yield (
            f"{self.decisions:,} decisions in {self.worlds:,} random worlds, {self.allowed:,} allowed, "
            f"{len(self.rules)} rules decided: {self.disagreements} disagreements with cedar-go"
        )


def compare_engines(
    policies: Policies, decisions: int, seed: int, theirs: Policies | None = None
) -> Comparison:
    """Ask both at least so many questions.

    Args:
        policies: what our engine decides by.
        decisions: how many.
        seed: the same questions for the same seed.
        theirs: what cedar-go decides by; the same by default.

    Raises:
        BadSource: there is no Go toolchain, or the program cannot be built.
    """
    found = Comparison()
    engine = Engine(policies, AlarmCounter(), explains=False)
    worlds = _worlds(policies, random.Random(seed))  # noqa: S311 - reproducible questions, not a secret
    with _cedar_go(theirs or policies) as (ask, answers):
        while found.decisions < decisions:
            batch = list(islice(worlds, WORLDS_AT_A_TIME))
            ask.write("".join(f"{_line(requests)}\n" for requests in batch))
            ask.flush()
            for requests in batch:
                ours = engine.decide_many(requests)
                for request, own, other in zip(requests, ours, json.loads(answers.readline()), strict=True):
                    _note(found, request, (own.allowed, list(own.rules), []), _told(other))
            found.worlds += len(batch)
    return found


def _note(found: Comparison, request: Request, ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> None:
    found.decisions += 1
    found.allowed += ours[0]
    found.rules.update(ours[1])
    if ours != theirs:
        found.disagreements += 1
        if len(found.differences) < SHOWN:
            asked = f"{request.actor.type} {request.action} {request.resource.type} acr={request.acr}"
            found.differences.append(f"{asked}: ours {ours}, cedar-go {theirs}: {_line([request])}")


def _told(answer: dict[str, Any]) -> tuple[Any, ...]:
    return answer["allowed"], answer["rules"], answer["errors"]


def _worlds(policies: Policies, draw: random.Random) -> Iterator[Sequence[Request]]:
    """Each the questions of one world; they share its facts."""
    model = policies.model
    while True:
        drawn = random_request(model, draw.choice(model.environments), draw)
        kinds = (drawn.actor.type, drawn.resource.type)
        actions = [each.action for each in model.environments if (each.principal, each.resource) == kinds]
        yield [replace(drawn, action=action, acr=acr) for action in actions for acr in LEVELS]


def _line(requests: Sequence[Request]) -> str:
    asks = [
        {
            "principal": ref_of(each.actor),
            "action": each.action,
            "resource": ref_of(each.resource),
            "context": context_of(each),
        }
        for each in requests
    ]
    return json.dumps({"entities": list(map(to_cedar, requests[0].entities)), "asks": asks})


@contextmanager
def _cedar_go(policies: Policies) -> Iterator[tuple[IO[str], IO[str]]]:
    """The program, running on these rules: where questions go in, and answers come out."""
    with tempfile.TemporaryDirectory() as folder:
        program = _built(Path(folder))
        with subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as running:
            assert running.stdin is not None and running.stdout is not None  # noqa: S101, PT018
            first = {
                "policies": {rule.id: rule.text for rule in policies.rules},
                "entities": [
                    *map(to_cedar, catalogue_entities(policies.catalogue)),
                    *_actions(policies.model),
                ],
            }
            running.stdin.write(json.dumps(first) + "\n")
            yield running.stdin, running.stdout
            running.stdin.close()


def _actions(model: Model) -> Iterator[dict[str, Any]]:
    """The actions with their groups, which our engine takes from the schema."""
    for action in dict.fromkeys(each.action for each in model.environments):
        parents = [group for group, actions in model.groups.items() if action in actions]
        refs = [ref_of(EntityRef("Action", group)) for group in parents]
        yield {"uid": ref_of(EntityRef("Action", action)), "attrs": {}, "parents": refs}


def _built(folder: Path) -> str:
    go = shutil.which("go")
    if go is None:
        told = "is not installed: cedar-go needs a Go toolchain, 1.26 or later (policies/README.md)"
        raise BadSource([Fault("go", 0, "", told)])
    program = folder / "cedar-go"
    command = [go, "build", "-o", str(program), "."]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadSource([Fault("go", 0, "build", " ".join(done.stderr.split())[:300])])
    return str(program)
