"""The only door to the rules: anything but a clean Allow is a refusal."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from policies.engine.alarms import AlarmCounter
from policies.engine.facts import catalogue_entities, context_of, facts_digest, facts_text, ref_of
from policies.engine.handles import Cuts
from policies.engine.probes import Missing, Probes
from policies.engine.request import Decision, Entity, EntityRef, Request
from policies.engine.revision import Policies, load_policies
from policies.engine.slice import SliceContract
from policies.language.cedar import Decision as CedarDecision
from policies.language.cedar import Entities, PolicySet, Schema, is_authorized_batch
from policies.language.model import Environment

ALARMS = AlarmCounter()
ENGINE_FAULT = "ENGINE-FAULT"


def decide(request: Request) -> Decision:
    """Ask the product's rules one question."""
    return default_engine().decide(request)


def decide_many(requests: Sequence[Request]) -> tuple[Decision, ...]:
    """Ask the product's rules many questions; those that share one `entities` tuple go as one batch."""
    return default_engine().decide_many(requests)


@cache
def default_engine() -> "Engine":
    """The engine of the product's own rules."""
    return Engine(load_policies())


class Engine:
    """Decides by one revision of the rules.

    The engine's own texts contain the facts, so they are never kept: a fault is an alarm code and a refusal.
    Alarm codes: `unknown_question`, `open_slice`, `engine_error`, `no_decision`.
    """

    def __init__(self, policies: Policies, alarms: AlarmCounter = ALARMS, *, explains: bool = True) -> None:
        """Make an engine; `explains=False`: a refusal does not look for what is missing (twice as fast)."""
        self.policies = policies
        self._alarms = alarms
        self._explains = explains
        self._catalogue = {entity.ref: entity for entity in catalogue_entities(policies.catalogue)}
        self._contracts: dict[Environment, SliceContract] = {}
        self._probes_of: dict[Environment, Probes] = {}
        self._known = frozenset(policies.model.environments)
        self._cuts = Cuts(policies)

    def decide(self, request: Request) -> Decision:
        """One answer; never raises for what is in the request."""
        return self.decide_many((request,))[0]

    def decide_many(self, requests: Sequence[Request]) -> tuple[Decision, ...]:
        """One answer each, in order."""
        batches: dict[int, list[int]] = {}
        for index, request in enumerate(requests):
            batches.setdefault(id(request.entities), []).append(index)
        answers: dict[int, Decision] = {}
        for indexes in batches.values():
            batch = [requests[index] for index in indexes]
            answers.update(zip(indexes, self._decide_batch(batch), strict=True))
        return tuple(answers[index] for index in range(len(requests)))

    def near_misses(self, request: Request) -> tuple[tuple[str, ...], ...]:
        """The missing conditions of each permit of this kind of question, the nearest permit first."""
        cut = self._cuts.of(frozenset((request.action,)))
        return self._near_misses([request], cut.with_facts(request.entities), cut.schema)[id(request)]

    def contract(self, environment: Environment) -> SliceContract:
        """What an environment of this revision reads.

        Raises:
            KeyError: the schema has no such environment.
        """
        if environment not in self._known:
            raise KeyError(environment)
        found = self._contracts.get(environment)
        if found is None:
            found = SliceContract(self.policies.rules, self.policies.model, environment)
            self._contracts[environment] = found
        return found

    def _decide_batch(self, batch: list[Request]) -> list[Decision]:
        try:
            facts = facts_text(batch[0].entities)
            cut = self._cuts.of(frozenset(request.action for request in batch))
            verdicts = self._verdicts(batch, cut.read(facts), cut.schema)
            digests = [facts_digest(request, facts) for request in batch]
        except Exception:
            # Whatever happens in there is a refusal. The exception is dropped: its text holds the facts.
            self._alarms.raise_alarm("engine_error", batch[0].action)
            verdicts, digests = [_FAULT] * len(batch), [""] * len(batch)
        return [
            Decision(allowed, rules, missing, self.policies.digest, digest)
            for (allowed, rules, missing), digest in zip(verdicts, digests, strict=True)
        ]

    def _verdicts(self, batch: list[Request], handle: Entities, schema: Schema) -> list["_Verdict"]:
        given = self._catalogue | {entity.ref: entity for entity in batch[0].entities}
        asked = [request for request in batch if self._is_askable(request, given)]
        results = dict(
            zip(map(id, asked), self._ask(asked, self.policies.handle, handle, schema), strict=True)
        )
        refused = [request for request in asked if results[id(request)].decision == CedarDecision.Deny]
        missing = self._near_misses(refused, handle, schema) if self._explains else {}
        return [
            self._verdict(request, results.get(id(request)), missing.get(id(request), ()))
            for request in batch
        ]

    def _near_misses(self, refused: list[Request], handle: Entities, schema: Schema) -> dict[int, Missing]:
        """Why not, by the identity of the request: only probes of the kinds of question at hand are asked."""
        found: dict[int, Missing] = {}
        for environment in {environment_of(request) for request in refused}:
            alike = [request for request in refused if environment_of(request) == environment]
            probes = self._probes(environment)
            results = self._ask(alike, probes.handle, handle, schema)
            for request, result in zip(alike, results, strict=True):
                found[id(request)] = probes.ranked_missing(frozenset(result.diagnostics.reasons))
        return found

    def _is_askable(self, request: Request, given: dict[EntityRef, Entity]) -> bool:
        try:
            contract = self.contract(environment_of(request))
        except KeyError:
            self._alarms.raise_alarm("unknown_question", request.action)
            return False
        if contract.absent(request.actor, request.resource, given):
            self._alarms.raise_alarm("open_slice", request.action)
            return False
        return True

    def _ask(
        self, requests: Iterable[Request], rules: PolicySet, entities: Entities, schema: Schema
    ) -> list[Any]:
        questions = [question_of(request) for request in requests]
        return is_authorized_batch(questions, rules, entities, schema) if questions else []

    def _verdict(self, request: Request, result: Any, missing: Missing) -> "_Verdict":
        if result is None:
            return _FAULT
        if result.diagnostics.errors or result.decision == CedarDecision.NoDecision:
            code = "engine_error" if result.diagnostics.errors else "no_decision"
            self._alarms.raise_alarm(code, request.action)
            return _FAULT
        rules = tuple(sorted(result.diagnostics.reasons))
        if result.decision == CedarDecision.Allow:
            return True, rules, ()
        return False, rules, missing[0] if missing else ()

    def _probes(self, environment: Environment) -> Probes:
        if environment not in self._probes_of:
            applied = self.contract(environment).applied
            self._probes_of[environment] = Probes(
                each.rule for each in applied if each.rule.effect == "permit"
            )
        return self._probes_of[environment]


_Verdict = tuple[bool, tuple[str, ...], tuple[str, ...]]
_FAULT: _Verdict = (False, (ENGINE_FAULT,), ())


def environment_of(request: Request) -> Environment:
    """The kind of a question."""
    return Environment(request.actor.type, request.action, request.resource.type)


def question_of(request: Request) -> dict[str, Any]:
    """A request in the engine's JSON form, without its facts."""
    return {
        "principal": ref_of(request.actor),
        "action": {"type": "Action", "id": request.action},
        "resource": ref_of(request.resource),
        "context": context_of(request),
    }
