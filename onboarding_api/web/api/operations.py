"""An operation of the API: its route, its schemas and its function, declared once.

The same declaration makes the Flask route, checks what comes in, and writes the OpenAPI document.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, g, request

from onboarding_api.acts.actor import Actor
from onboarding_api.limits.bounds import API, Bound
from onboarding_api.web.api.bearer import calling_person
from onboarding_api.web.api.problems import bad_input
from onboarding_api.web.api.schemas import SIREN, UUID, Schema
from onboarding_api.web.limits import spend
from policies.catalogue.strict import StrictValidator, flat_errors

PATH: Mapping[str, Schema] = {"siren": SIREN, "habilitation_id": UUID}
DEEPEST = 16
"""Levels of a body; no schema has more than five, and a standard lets callers say more beside it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A checked call: who calls, the path's values, the query and the body in their normal form."""

    actor: Actor
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Args:
        template: the path as OpenAPI writes it, `/memberships/{siren}`; the variables are those of PATH.
        query, body: what comes in; `body` None: the method has none.
        gives: the JSON that goes out; None: an empty answer.
        bound: how much of it one person may ask, beside what every caller may (`API`).
        fault_status: of an answer about what came in.
        is_open: a standard says that names which it does not know are passed over, not refused.
    """

    method: str
    template: str
    summary: str
    act: Callable[[Call], Mapping[str, Any] | None]
    bound: Bound
    status: int = 200
    query: Schema = field(default_factory=dict)
    body: Schema | None = None
    gives: Schema | None = None
    fault_status: int = 422
    is_open: bool = False

    @property
    def name(self) -> str:
        """The function's name, which is the operation's id too."""
        return self.act.__name__

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return self.template.replace("{", "<").replace("}", ">")

    def answer(self, **path: str) -> Response:
        """Check the call, act, and give JSON; a fault of the call is a problem answer."""
        actor = calling_person()
        spend(API)
        faults: list[dict[str, str]] = []
        checked_path = checked({name: PATH[name] for name in path}, path, "path", faults)
        query = checked(self.query, _query(faults), "query", faults)
        body = self._body(faults)
        if faults:
            return bad_input(faults, self.fault_status)
        g.siren = body.get("siren")
        if self.bound is not API:
            spend(self.bound)
        given = self.act(Call(actor, checked_path, query, body))
        if given is None:
            nothing = Response(status=self.status)
            del nothing.headers["Content-Type"]  # of a body that there is not
            return nothing
        return Response(json.dumps(given, ensure_ascii=False), self.status, mimetype="application/json")

    def _body(self, faults: list[dict[str, str]]) -> Mapping[str, Any]:
        if self.body is None:
            return {}
        received = _json(faults)
        if received is None:
            return {}
        return checked(self.body, received, "body", faults, is_open=self.is_open)


def add_to(blueprint: Blueprint, operation: Operation) -> None:
    """Make the operation's route."""
    blueprint.add_url_rule(operation.rule, operation.name, operation.answer, methods=[operation.method])


def checked(
    schema: Schema,
    value: Mapping[str, Any],
    where: str,
    faults: list[dict[str, str]],
    *,
    is_open: bool = False,
) -> Mapping[str, Any]:
    """A document in its normal form; what is wrong with it is added to the faults."""
    validator = StrictValidator(dict(schema), allow_unknown=is_open)
    if not validator.validate(value):
        faults += [
            {"field": ".".join(map(str, (where, *path))), "reason": reason}
            for path, reason in flat_errors([validator.errors])
        ]
    document: Mapping[str, Any] = validator.document or {}
    return document


def _query(faults: list[dict[str, str]]) -> dict[str, str]:
    for name, values in request.args.lists():
        if len(values) > 1:
            faults.append({"field": f"query.{name}", "reason": "given twice"})
    return request.args.to_dict()


def _json(faults: list[dict[str, str]]) -> dict[str, Any] | None:
    """The body as a JSON object; NaN, Infinity, doubled names and other values are faults (None)."""
    if request.mimetype != "application/json":
        faults.append({"field": "body", "reason": "Content-Type must be application/json"})
        return None
    try:
        text = request.get_data().decode()
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        _check_plain(value)
    except (ValueError, RecursionError):
        faults.append({"field": "body", "reason": "not JSON in UTF-8 with each name once"})
        return None
    if not isinstance(value, dict):
        faults.append({"field": "body", "reason": "not a JSON object"})
        return None
    return value


def _check_plain(value: Any, level: int = 0) -> None:
    """Raise ValueError for what no database can hold, lone surrogates, and for what nobody sends, depth."""
    if level > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict | list):
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _check_plain(item, level + 1)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name is doubled")
    return dict(pairs)
