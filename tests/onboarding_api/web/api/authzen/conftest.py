"""The standard door: ours over the small world, and one over the standard's own scenario."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import pytest
from werkzeug.test import TestResponse

from onboarding_api.access.looks import Cut, Found
from onboarding_api.acts.actor import Actor
from onboarding_api.web.api.authzen.door import door
from onboarding_api.web.api.authzen.messages import Answer, Asked, Named, error
from onboarding_api.web.application import build_application
from policies.catalogue.loader import Catalogue, load_catalogue
from policies.engine.decide import Engine
from policies.engine.request import Entity, EntityRef, Request
from policies.engine.revision import assemble
from policies.language.model import read_model
from policies.language.statements import read_rule, split_statements
from tests.onboarding_api.web.api.conftest import check_answer, token_of
from tests.onboarding_api.web.portal import PUBLIC_URL, Portal
from tests.onboarding_api.web.world import NOON

RECORDS = Path(__file__).parent / "records"
OURS, THEIRS = "/access/v1", "/records/access/v1"


class Ask(Protocol):
    """Sends a message of the standard to a door, with somebody's token."""

    def __call__(
        self, path: str, message: Any = None, *, identifiant: str | None = "cend589", **more: Any
    ) -> TestResponse: ...


def records() -> Engine:
    """The engine of the house over the fixture's rules."""
    path = RECORDS / "rules" / "records.cedar"
    rules = tuple(read_rule(path.name, *each) for each in split_statements(path.read_text("utf-8")))
    nothing: Any = MappingProxyType({})
    empty = Catalogue(*[nothing] * 7, limits=load_catalogue().limits)
    return Engine(assemble(RECORDS, rules, read_model(RECORDS), empty))


class Records:
    """The decision point of the scenario: it holds two users and two records, and believes `properties`."""

    def __init__(self) -> None:
        self._engine = records()
        self._users = {
            "alice": {"isEditor": True, "isAdmin": False},
            "bob": {"isEditor": False, "isAdmin": True},
        }
        self._records = {"record-1": {"isArchived": False}, "record-2": {"isArchived": True}}

    def evaluate(self, _caller: Actor, asked: Sequence[Asked]) -> Sequence[Answer]:
        return [self._answer(each) for each in asked]

    def subjects(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        each = [replace(asked, subject=replace(asked.subject, id=name)) for name in self._users]
        return self._those(caller, each, lambda one: one.subject.id, cut)

    def resources(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        each = [replace(asked, resource=replace(asked.resource, id=name)) for name in self._records]
        return self._those(caller, each, lambda one: one.resource.id, cut)

    def actions(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        each = [replace(asked, action=Named("", name)) for name in ("read", "write")]
        return self._those(caller, each, lambda one: one.action.id, cut)

    def _those(self, caller: Actor, asked: list[Asked], name: Any, cut: Cut) -> Found:
        answers = zip(asked, self.evaluate(caller, asked), strict=True)
        names = [name(each) for each, answer in answers if answer.allowed and name(each) > cut.after]
        shown = tuple(names[: cut.most])
        return Found(shown, None if len(names) == len(shown) else (shown or (cut.after,))[-1])

    def _answer(self, asked: Asked) -> Answer:
        user, record, action = asked.subject, asked.resource, asked.action.id
        if (user.type, record.type) != ("user", "record"):
            return error(404, "unknown type")
        if user.id not in self._users or record.id not in self._records:
            return error(404, "unknown entity")
        if action == "delete":
            action = "deleteSoftly" if asked.action.properties.get("soft") else "deleteForever"
        said = {"role": user.properties.get("role"), "status": record.properties.get("status")}
        is_admin = {} if said["role"] is None else {"isAdmin": said["role"] == "admin"}
        is_archived = {} if said["status"] is None else {"isArchived": said["status"] == "archived"}
        who, what = EntityRef("user", user.id), EntityRef("record", record.id)
        facts = (
            Entity(who, {**self._users[user.id], **is_admin}),
            Entity(what, {**self._records[record.id], **is_archived}),
        )
        return Answer(self._engine.decide(Request(who, action, what, NOON, 1, facts)).allowed)


@pytest.fixture(scope="session")
def both_doors(running_portal: Portal) -> Portal:
    """The portal, with a second door beside its own."""
    app = build_application(running_portal.settings, running_portal.office)
    theirs = door(Records(), "records", THEIRS)
    app.extensions["csrf"].exempt(theirs)
    app.register_blueprint(theirs)
    return replace(running_portal, app=app)


@pytest.fixture
def ask(both_doors: Portal) -> Ask:
    both_doors.app.extensions["limits"].memory.reset()

    def send(
        path: str, message: Any = None, *, identifiant: str | None = "cend589", **more: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {token_of(both_doors, identifiant)}"} if identifiant else {}
        headers |= more.pop("headers", {})
        if "data" not in more:
            more["json"] = message
        answer = both_doors.app.test_client().open(
            path, method=more.pop("method", "POST"), base_url=PUBLIC_URL, headers=headers, **more
        )
        check_answer(both_doors, "POST", path, answer)
        return answer

    return send
