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
from dataclasses import dataclass, replace
from functools import reduce
from itertools import count
from pathlib import Path

from policies.catalogue.faults import BadSource, Fault
from policies.engine.revision import Policies, policy_set
from policies.language.cedar import pst
from policies.language.environments import applied_rules, cone
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.language.syntax import conjunction
from policies.review.proofs.prove import Proof, Prover

SECONDS = 90
EARLIEST, LATEST = "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


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
            held = symcc.ask_all([_question(rule, each, policies) for each in here])
            theirs = not all(held) if rule.note("kind") == "possible" else all(held)
            yield Opinion(rule.id, verdict.outcome, _verdict(theirs), len(here))


def compare_bounds(policies: Policies, proof: Proof) -> Iterator[Opinion]:
    """Each line of the bounds both ways: the rules allow no more than it says, and no less."""
    with _Symcc(policies) as symcc:
        for verdict in proof.bounds:
            rule = verdict.property
            (here,) = Prover(policies).environments_of(rule)
            no_more = _question(rule, here, policies)
            _, _, (rules, own) = no_more
            held = symcc.ask_all([no_more, ("implies", here, (own, rules))])
            is_wide = any(f" {here}: the line allows" in line for line in proof.wide)
            ours = _verdict(verdict.outcome == "PROVED" and not is_wide)
            yield Opinion(rule.id, ours, _verdict(all(held)), len(held))


def rules_never_error(policies: Policies) -> Iterator[Opinion]:
    """Each rule in each environment where it applies: no evaluation of it can error."""
    with _Symcc(policies) as symcc:
        for rule in policies.rules:
            here = [
                each for each in policies.model.environments if applied_rules((rule,), policies.model, each)
            ]
            held = symcc.ask_all([("never-errors", each, (_guarded(rule, each, policies),)) for each in here])
            yield Opinion(f"{rule.id} never errors", "PROVED", _verdict(all(held)), len(here))


def compare_revisions(
    before: Policies, after: Policies, newly_allowed: set[Environment]
) -> Iterator[Opinion]:
    """Each environment: whether the second revision allows something that the first refused."""
    with _Symcc(after) as symcc:
        here = after.model.environments
        held = symcc.ask_all(
            [
                ("implies", each, (_resolved(after, each, after), _resolved(before, each, after)))
                for each in here
            ]
        )
        for environment, is_covered in zip(here, held, strict=True):
            yield Opinion(
                str(environment), _verdict(environment not in newly_allowed), _verdict(is_covered), 1
            )


def _resolved(policies: Policies, environment: Environment, after: Policies) -> "_Statements":
    """The rules of a revision in one environment, by its own groups, on the schema of the second."""
    principal, resource = (
        pst.ScopeIs(pst.EntityType(name)) for name in (environment.principal, environment.resource)
    )
    action = pst.ActionEq(pst.EntityUid(pst.EntityType("Action"), environment.action))
    rules = []
    for each in applied_rules(policies.rules, policies.model, environment):
        own = each.rule.template
        clauses = (pst.When(each.condition),)
        made = replace(own, principal=principal, action=action, resource=resource, clauses=clauses)
        rules.append(replace(each.rule, template=made))
    return _bounded(rules, environment, after)


def _verdict(holds: bool) -> str:
    return "PROVED" if holds else "REFUTED"


_Statements = tuple[pst.Template, ...]
_Query = tuple[str, Environment, tuple[_Statements, ...]]


def _question(rule: Rule, environment: Environment, policies: Policies) -> _Query:
    """The primitive of symcc that says what the kind of the property says."""
    rules, own = (_bounded(each, environment, policies) for each in (policies.rules, (rule,)))
    match rule.note("kind"):
        case "only-if":
            return "implies", environment, (rules, own)
        case "always":
            return "implies", environment, (own, rules)
        case _:
            return "disjoint", environment, (rules, own)


def _bounded(rules: Sequence[Rule], environment: Environment, policies: Policies) -> _Statements:
    """Statements that allow nothing outside the assumption on moments."""
    scope = pst.ScopeAny()
    clauses = (pst.Unless(_moments(environment, policies)),)
    outside = pst.Template("OUTSIDE", "forbid", scope, scope, scope, clauses, {})
    return (*(rule.template for rule in rules), outside)


def _guarded(rule: Rule, environment: Environment, policies: Policies) -> _Statements:
    """One statement that is asked under the assumption on moments only."""
    clauses = (pst.When(_moments(environment, policies)), *rule.template.clauses)
    return (replace(rule.template, clauses=clauses),)


def _moments(environment: Environment, policies: Policies) -> pst.Expr:
    """The assumption of the proofs: every moment that the rules read lies between 1970 and 2100.

    Without it the difference of two moments may overflow, which is an error in Cedar.
    """
    model = policies.model
    parts = []
    for path in sorted(cone(applied_rules(policies.rules, model, environment))):
        kind = model.type_of(environment, path)
        if kind is not None and kind.name == "datetime":
            *names, last = path
            base: pst.Expr = reduce(pst.GetAttr, names[1:], pst.Var(names[0]))  # type: ignore[arg-type]
            value = pst.GetAttr(base, last)
            inside = conjunction((_compared("greater_eq", value, EARLIEST), _compared("less", value, LATEST)))
            guard = pst.HasAttr(base, (last,))
            parts.append(pst.IfThenElse(guard, inside, pst.BoolLit(True)) if kind.is_optional else inside)
    return conjunction(parts)


def _compared(op: pst.BinaryOpName, value: pst.Expr, moment: str) -> pst.Expr:
    return pst.BinaryOp(op, value, pst.UnaryOp("datetime", pst.StringLit(moment)))


class _Symcc:
    """The program on a folder of files."""

    def __init__(self, policies: Policies) -> None:
        self._program = find_cedar()
        self._schema = policies.root / "model" / "bdt.cedarschema"
        self._folder = tempfile.TemporaryDirectory()
        self._names = count()

    def __enter__(self) -> "_Symcc":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def ask_all(self, queries: list[_Query]) -> list[bool]:
        """Ask several queries, two at a time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(self._ask, queries))

    def _ask(self, query: _Query) -> bool:
        command, environment, sets = query
        names = ("--policies",) if len(sets) == 1 else ("--policies1", "--policies2")
        files = [part for name, each in zip(names, sets, strict=True) for part in (name, self._written(each))]
        done = subprocess.run(
            [
                *(self._program, "symcc", "--no-counterexample"),
                *("--principal-type", environment.principal, "--resource-type", environment.resource),
                *("--action", f'Action::"{environment.action}"', "--schema", str(self._schema)),
                *(command, *files),
            ],
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

    def _written(self, statements: _Statements) -> str:
        path = Path(self._folder.name, f"{next(self._names)}.cedar")
        path.write_text(str(policy_set(statements)), encoding="utf-8")
        return str(path)
