"""The five operations of the standard, over a decision point."""

from collections.abc import Callable, Mapping
from typing import Any

from onboarding_api.access.looks import Cut, Found
from onboarding_api.acts.actor import Actor
from onboarding_api.limits.bounds import API, SEARCH
from onboarding_api.model.refusals import BadInput
from onboarding_api.web.api.authzen import batches, messages, paging
from onboarding_api.web.api.authzen.messages import Asked, DecisionPoint
from onboarding_api.web.api.operations import Call, Operation, checked
from onboarding_api.web.api.schemas import Schema

Given = Mapping[str, Any]
Search = Callable[[Actor, Asked, Cut], Found]


class Door:
    """Reads the messages of the standard, asks a decision point, writes its answers."""

    def __init__(self, point: DecisionPoint) -> None:
        self._point = point

    def evaluate(self, call: Call) -> Given:
        """One decision."""
        (answer,) = self._point.evaluate(call.actor, [Asked.read(call.body)])
        return answer.written()

    def evaluate_all(self, call: Call) -> Given:
        """Several decisions; without `evaluations`, one."""
        if not call.body.get("evaluations"):
            faults: list[dict[str, str]] = []
            checked(messages.EVALUATION, call.body, "body", faults, is_open=True)
            if faults:
                raise BadInput(faults[0]["field"], faults[0]["reason"])
            return self.evaluate(call)
        made = batches.answers(call.body, lambda asked: self._point.evaluate(call.actor, asked))
        return {"evaluations": [answer.written() for answer in made]}

    def search_subjects(self, call: Call) -> Given:
        """Who may do an action on a resource."""
        return self._things(call, self._point.subjects, "subject")

    def search_resources(self, call: Call) -> Given:
        """On what a subject may do an action."""
        return self._things(call, self._point.resources, "resource")

    def search_actions(self, call: Call) -> Given:
        """What a subject may do on a resource."""
        page, found = _searched(call, self._point.actions)
        return {"page": page, "results": [{"name": name} for name in found.names]}

    def _things(self, call: Call, search: Search, sought: str) -> Given:
        page, found = _searched(call, search)
        kind = call.body[sought]["type"]
        return {"page": page, "results": [{"type": kind, "id": name} for name in found.names]}

    def operations(self) -> tuple[Operation, ...]:
        """As the API declares them."""
        m = messages
        return (
            _said("/evaluation", "Evaluate", self.evaluate, (m.EVALUATION, m.DECISION)),
            _said("/evaluations", "Evaluate several", self.evaluate_all, (m.EVALUATIONS, m.DECISIONS)),
            _said("/search/subject", "Search subjects", self.search_subjects, (m.SUBJECTS, m.THINGS)),
            _said("/search/resource", "Search resources", self.search_resources, (m.RESOURCES, m.THINGS)),
            _said("/search/action", "Search actions", self.search_actions, (m.ACTIONS, m.NAMES)),
        )


def _searched(call: Call, search: Search) -> tuple[Given, Found]:
    page = paging.Page.of(call.body)
    found = search(call.actor, Asked.read(call.body), page.cut)
    return page.written(found), found


def _said(
    path: str, summary: str, act: Callable[[Call], Given], takes_and_gives: tuple[Schema, Schema]
) -> Operation:
    body, gives = takes_and_gives
    bound = SEARCH if path.startswith("/search/") else API
    return Operation(
        "POST", path, summary, act, bound, body=body, gives=gives, fault_status=400, is_open=True
    )
