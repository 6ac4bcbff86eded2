"""`bdt policy mutate`: which slips the cases would notice; and the golden corpus that pins the others.

A mutant is killed by a case that the engine answers otherwise under it. A mutant under which no answer can
change is equivalent (proved); one that the validator refuses is no slip. What remains are survivors: the
exact list of cases that reviewers must still pin. `write_corpus` lets the solver find one case for each.

Pairs: a slip, with the bound and the property that see it changed alike. They are noticed by a case alone.
"""

import dataclasses
import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from policies.catalogue.faults import BadSource
from policies.engine.alarms import AlarmCounter
from policies.engine.decide import Engine, question_of
from policies.engine.facts import facts_text
from policies.engine.journal import journal_record
from policies.engine.request import Request
from policies.engine.revision import Policies, assemble, policy_set
from policies.language.cedar import Decision as CedarDecision
from policies.language.cedar import Entities, PolicySet, Schema, is_authorized_batch, pst, validate_policies
from policies.language.environments import Applied, applied_rules, specialise, whole_condition
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.review.cases.case import GOLDEN, Case, golden_cases, run_cases
from policies.review.cases.confirmed import confirmed_cases, unconfirmed_codes
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutants import Mutant, Regrouped, Retold, mutants_of, regrouped, retold
from policies.review.changes.mutation import Mutation
from policies.review.proofs.bounds import read_bounds
from policies.review.proofs.models import find_case
from policies.review.proofs.prove import prove
from policies.review.proofs.smt import Question, world_of

_Asked = Mutant | Regrouped


def mutate(policies: Policies) -> Mutation:
    """Every mutant against scenarios and golden corpus."""
    cases = (*read_scenarios(policies), *golden_cases(policies.root))
    bench = _Bench(policies, cases)
    found = Mutation()
    for mutant in _slips(policies):
        bench.file(mutant, found)
    for changed in retold(policies.catalogue):
        _file_of_catalogue(changed, policies, found)
    return found


def _slips(policies: Policies) -> Iterator[Mutant | Regrouped]:
    """The slips in the rules, and in the groups that they speak of."""
    yield from (mutant for rule in policies.rules for mutant in mutants_of(rule, policies.model))
    yield from regrouped(policies.model)


def _file_of_catalogue(changed: Retold, policies: Policies, found: Mutation) -> None:
    """What a service's own cases do not notice survives."""
    other = assemble(policies.root, policies.rules, policies.model, changed.catalogue)
    engine = Engine(other, AlarmCounter(), explains=False)
    is_noticed = unconfirmed_codes(other) or run_cases(engine, confirmed_cases(policies))
    (found.killed if is_noticed else found.survivors).append(changed)


def never_decisive(policies: Policies, cases: Sequence[Case]) -> list[Mutant]:
    """The rules and conditions that decide no case: leaving them out changes no answer of the cases."""
    bench = _Bench(policies, cases)
    dropped = (mutant for rule in policies.rules for mutant in mutants_of(rule, policies.model))
    return [
        mutant
        for mutant in dropped
        if mutant.is_drop and not mutant.rule.note("depth")
        if bench.is_valid(mutant) and not bench.kills(mutant)
    ]


def write_corpus(policies: Policies, *, drops_changed: bool = False) -> int:
    """Write the smallest corpus found that kills what the scenarios leave alive; the number of its cases.

    Never over a red test: what the rules answer wrongly today would be pinned as right.

    Args:
        policies: the rules.
        drops_changed: golden cases that answer otherwise now may go; a reviewer has looked at them.

    Raises:
        BadSource: a scenario fails, a property is refuted, or a golden case answers otherwise.
    """
    # The solver's choice of a case hangs on when its terms are freed: in order, each run writes the same.
    gc.disable()
    try:
        return _write_corpus(policies, golden_cases(policies.root) if not drops_changed else ())
    finally:
        gc.enable()


def _write_corpus(policies: Policies, golden: Sequence[Case]) -> int:
    _refuse_over_red(policies, golden)
    bench = _Bench(policies, read_scenarios(policies))
    found: dict[_Asked, Case] = {}
    for mutant in _slips(policies):
        # Also what a bound refutes: the cases notice it when the bound is changed in the same way.
        if bench.is_valid(mutant) and not bench.kills(mutant):
            case = bench.distinguishing_case(mutant)
            if case:
                found[mutant] = case
    lines = [_line(bench.engine, case) for case in _cover(policies, found)]
    (policies.root / GOLDEN).write_text("".join(lines), encoding="utf-8")
    return len(lines)


def _refuse_over_red(policies: Policies, golden: Sequence[Case]) -> None:
    faults = run_cases(Engine(policies), (*read_scenarios(policies), *golden))
    proof = prove(policies)
    faults += [
        each.property.fault(f"{each.outcome}: the corpus would pin what breaks it")
        for each in (*proof.verdicts, *proof.bounds)
        if each.outcome != "PROVED"
    ]
    if faults:
        raise BadSource(faults)


def _cover(policies: Policies, found: dict[_Asked, Case]) -> list[Case]:
    """Few cases that kill all: each time the one that kills most of the mutants still alive (greedy)."""
    bench = _Bench(policies, [*found.values()])
    kills: dict[int, set[_Asked]] = {id(case): set() for case in found.values()}
    for mutant in found:
        for case in bench.killers(mutant):
            kills[id(case)].add(mutant)
    alive, kept = set(found), []
    while alive:
        case = max(found.values(), key=lambda each: len(kills[id(each)] & alive))
        kept.append(case)
        alive -= kills[id(case)]
    return kept


def _line(engine: Engine, case: Case) -> str:
    record = journal_record(case.request, engine.decide(case.request))
    # No digest: a line changes when its case does, not with every other rule.
    for name in ("policy_digest", "facts_digest"):
        del record[name]
    return json.dumps({"kills": case.title, **record}, ensure_ascii=False, sort_keys=True) + "\n"


class _Bench:
    """Cases, by environment, with their facts parsed once."""

    def __init__(self, policies: Policies, cases: Sequence[Case]) -> None:
        self.engine = Engine(policies)
        self._policies = policies
        self._cases: dict[Environment, list[tuple[Case, Entities]]] = {}
        for case in cases:
            self.add(case)

    @cached_property
    def _bounds(self) -> Mapping[Environment, Rule]:
        bounds = read_bounds(self._policies.root, self._policies.model)
        return {each.environment: each.property for each in bounds}

    def add(self, case: Case) -> None:
        request = case.request
        environment = Environment(request.actor.type, request.action, request.resource.type)
        facts = self._policies.base.with_added_json_str(facts_text(request.entities), self._policies.schema)
        self._cases.setdefault(environment, []).append((case, facts))

    def file(self, mutant: _Asked, found: Mutation) -> None:
        """Put a mutant where it belongs."""
        if not self.is_valid(mutant):
            found.rejected.append(mutant)
        elif self.kills(mutant):
            found.killed.append(mutant)
        elif self.is_refuted(mutant):
            found.refuted.append(mutant)
        elif self.distinguishing_case(mutant):
            found.survivors.append(mutant)
        else:
            found.equivalent.append(mutant)

    def is_valid(self, mutant: _Asked) -> bool:
        """The validator accepts it, so that it could be committed."""
        if isinstance(mutant, Regrouped) or mutant.template is None:
            return True
        return bool(validate_policies(str(policy_set([mutant.template])), self._policies.schema))

    def kills(self, mutant: _Asked) -> bool:
        """Some case is answered otherwise under the mutant."""
        return next(self.killers(mutant), None) is not None

    def killers(self, mutant: _Asked) -> Iterator[Case]:
        """The cases that are answered otherwise under the mutant."""
        for environment in self._changed(mutant):
            here = self._cases.get(environment, ())
            applied = self._applied(environment, mutant) if here else ()
            mutated = policy_set(_for_one_act(each.rule.template, environment) for each in applied)
            for case, facts in here:
                if _is_allowed(case.request, mutated, facts, self._policies.schema) != case.allowed:
                    yield case

    def is_refuted(self, mutant: _Asked) -> bool:
        """What the mutant allows is not what the bound of its kind of question says: `prove` fails."""
        for environment in self._changed(mutant):
            question = Question(world_of(self._policies.model), environment)
            own = self._bounds[environment]
            fits = specialise(whole_condition(own.template), self._policies.model, environment)
            allow = question.allow(self._applied(environment, mutant))
            solver = question.z3.Solver()
            solver.add(allow != question.truth(fits))
            if solver.check() == question.z3.sat:
                return True
        return False

    def distinguishing_case(self, mutant: _Asked) -> Case | None:
        """A question that the mutant answers otherwise, found by the solver; None: it is equivalent."""
        for environment in self._changed(mutant):
            question = Question(world_of(self._policies.model), environment)
            applied = self.engine.contract(environment).applied
            changed = self._applied(environment, mutant)
            differs = question.allow(applied) != question.allow(changed)
            found = find_case(question, applied, differs, *(each.condition for each in changed))
            if found:
                return Case(str(mutant), GOLDEN, 0, found.request, found.allowed, found.rules)
        return None

    def _changed(self, mutant: _Asked) -> list[Environment]:
        """The environments where the mutant reads otherwise than its rule."""
        model = self._policies.model
        if isinstance(mutant, Regrouped):
            here = (each for each in model.environments if each.action == mutant.action)
            rules = self._policies.rules
            return [
                e for e in here if applied_rules(rules, model, e) != applied_rules(rules, mutant.model, e)
            ]
        own = (mutant.rule,)
        return [
            each
            for each in model.environments
            if _conditions(applied_rules(own, model, each))
            != _conditions(applied_rules(_rule_of(mutant), model, each))
        ]

    def _applied(self, environment: Environment, mutant: _Asked) -> tuple[Applied, ...]:
        if isinstance(mutant, Regrouped):
            return applied_rules(self._policies.rules, mutant.model, environment)
        others = [each for each in self.engine.contract(environment).applied if each.rule is not mutant.rule]
        return (*others, *applied_rules(_rule_of(mutant), self._policies.model, environment))


def _for_one_act(template: pst.Template, environment: Environment) -> pst.Template:
    """The rule for the act at hand alone, whatever groups the schema has."""
    action = pst.EntityUid(pst.EntityType("Action"), environment.action)
    return dataclasses.replace(template, action=pst.ActionEq(action))


def _rule_of(mutant: Mutant) -> tuple[Rule, ...]:
    return (dataclasses.replace(mutant.rule, template=mutant.template),) if mutant.template else ()


def _conditions(applied: tuple[Applied, ...]) -> list[pst.Expr]:
    return [each.condition for each in applied]


def _is_allowed(request: Request, rules: PolicySet, facts: Entities, schema: Schema) -> bool:
    """As the engine decides: an error is a refusal."""
    (result,) = is_authorized_batch([question_of(request)], rules, facts, schema)
    return bool(result.decision == CedarDecision.Allow and not result.diagnostics.errors)
