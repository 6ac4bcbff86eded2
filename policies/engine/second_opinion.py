"""`--second-opinion`: every verdict put to the official symbolic compiler, `cedar symcc`, and to cvc5.

It shares no code with our encoder. One query is one process of 25 to 40 ms, so it is for the nightly run, not
for every change. Install (5 minutes on two cores):

    apt-get install cvc5
    cargo install cedar-policy-cli --version 4.14.1 --locked --features analyze
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from policies.engine.environments import applied_rules
from policies.engine.faults import BadSource, Fault
from policies.engine.model import Environment
from policies.engine.prove import Proof, Prover
from policies.engine.revision import Policies
from policies.engine.statements import Rule

__all__ = ["Opinion", "compare_properties", "compare_revisions", "find_cedar", "rules_never_error"]

SECONDS = 90


@dataclass(frozen=True, slots=True)
class Opinion:
    """What both say of one thing."""

    subject: str
    ours: str
    theirs: str
    queries: int

    @property
    def agrees(self) -> bool:
        """The two say the same."""
        return self.ours == self.theirs

    def __str__(self) -> str:
        mark = "agree   " if self.agrees else "DISAGREE"
        return f"{mark} {self.subject:28} ours {self.ours:9} symcc {self.theirs:9} {self.queries:3} queries"


def find_cedar() -> str:
    """The `cedar` program with its solver.

    Raises:
        BadSource: one of them is not installed.
    """
    found = {name: shutil.which(name) for name in ("cedar", "cvc5")}
    for name, path in found.items():
        if path is None:
            told = "is not installed: see policies/README.md, « Second opinion »"
            raise BadSource([Fault(name, 0, "", told)])
    return str(found["cedar"])


def compare_properties(policies: Policies, proof: Proof) -> Iterator[Opinion]:
    """Each property of a proof, with the verdict of symcc."""
    prover = Prover(policies)
    with _Symcc(policies) as symcc:
        for verdict in proof.verdicts:
            rule = verdict.property
            here = prover.environments_of(rule)
            held = symcc.ask_all([(_query(rule), each, _files(rule)) for each in here], (rule,))
            is_wanted = rule.note("kind") == "possible"
            theirs = not all(held) if is_wanted else all(held)
            yield Opinion(rule.id, verdict.outcome, "PROVED" if theirs else "REFUTED", len(here))


def rules_never_error(policies: Policies) -> Iterator[Opinion]:
    """Each rule in each environment where it applies: no evaluation of it can error."""
    with _Symcc(policies) as symcc:
        for rule in policies.rules:
            here = [
                each for each in policies.model.environments if applied_rules((rule,), policies.model, each)
            ]
            held = symcc.ask_all(
                [("never-errors", each, ("--policies", f"{rule.id}.cedar")) for each in here], (rule,)
            )
            yield Opinion(
                f"{rule.id} never errors", "PROVED", "PROVED" if all(held) else "REFUTED", len(here)
            )


def compare_revisions(
    before: Policies, after: Policies, newly_allowed: set[Environment]
) -> Iterator[Opinion]:
    """Each environment: whether the second revision allows something that the first refused."""
    with _Symcc(after) as symcc:
        symcc.write("before.cedar", before.rules)
        here = after.model.environments
        files = ("--policies1", "rules.cedar", "--policies2", "before.cedar")
        for environment, held in zip(
            here, symcc.ask_all([("implies", each, files) for each in here]), strict=True
        ):
            ours = "REFUTED" if environment in newly_allowed else "PROVED"
            yield Opinion(str(environment), ours, "PROVED" if held else "REFUTED", 1)


def _query(rule: Rule) -> str:
    """The primitive of symcc that says what the kind of the property says."""
    return {"never": "disjoint", "possible": "disjoint", "only-if": "implies", "always": "implies"}[
        rule.note("kind")
    ]


def _files(rule: Rule) -> tuple[str, ...]:
    own, rules = f"{rule.id}.cedar", "rules.cedar"
    first, second = (own, rules) if rule.note("kind") == "always" else (rules, own)
    return "--policies1", first, "--policies2", second


_Query = tuple[str, Environment, tuple[str, ...]]


class _Symcc:
    """The program on a folder of files."""

    def __init__(self, policies: Policies) -> None:
        self._program = find_cedar()
        self._policies = policies
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> "_Symcc":
        schema = self._policies.root / "model" / "bdt.cedarschema"
        shutil.copy(schema, self._folder.name)
        self.write("rules.cedar", self._policies.rules)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def write(self, name: str, rules: Sequence[Rule]) -> None:
        """Put statements into a file of the folder."""
        text = "\n".join(rule.text for rule in rules)
        (Path(self._folder.name) / name).write_text(text, encoding="utf-8")

    def ask_all(self, queries: list[_Query], rules: Sequence[Rule] = ()) -> list[bool]:
        """Ask several queries, two at a time; `rules` get a file each, named by their id."""
        for rule in rules:
            self.write(f"{rule.id}.cedar", (rule,))
        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(self._ask, queries))

    def _ask(self, query: _Query) -> bool:
        command, environment, files = query
        done = subprocess.run(
            [
                *(self._program, "symcc", "--no-counterexample"),
                *("--principal-type", environment.principal, "--resource-type", environment.resource),
                *("--action", f'Action::"{environment.action}"', "--schema", "bdt.cedarschema"),
                *(command, *files),
            ],
            cwd=self._folder.name,
            capture_output=True,
            check=False,
            text=True,
            timeout=SECONDS,
        )
        if "VERIFIED" in done.stdout:
            return True
        if "DOES NOT HOLD" in done.stdout:
            return False
        told = " ".join(done.stderr.split())[:200]
        raise BadSource([Fault("cedar symcc", 0, f"{command} {environment}", told or "gave no verdict")])
