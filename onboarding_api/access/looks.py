"""Looks: what other systems ask about rights. Each is an act: the rules say whether, the journal says that.

Who asks about a person, or searches in a structure, is decided like any act (`askDecision`, `searchAccess`).
What is answered comes from the database and from the rules; nothing that the caller says is a fact.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from onboarding_api.access.who_can import ASKER, allowed_in_sql, questions_on_rows
from onboarding_api.acts.act import Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.acts.alarms import tell_alarm
from onboarding_api.acts.subjects import name_and_place, named
from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.question import Resource, questions_on
from onboarding_api.facts.rows import KINDS
from onboarding_api.model.base import new_id
from onboarding_api.model.event import Event
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.queries.asking import PASSWORD
from policies.engine.decide import decide_many
from policies.engine.journal import written
from policies.engine.names import Action
from policies.engine.request import Decision, EntityRef
from policies.engine.revision import load_policies
from policies.language.model import Environment

PERSON = "User"
_NAME = re.compile(r"[0-9A-Za-z-]{1,40}")
"""Every id of ours, and every identifiant: anything else names nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """May the person, by her identifiant or her id, do the action on the thing?"""

    person: str
    action: str
    resource: EntityRef


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision; None when what was asked about is `unknown`. `is_told`: she may read why."""

    decision: Decision | None
    unknown: str = ""
    is_told: bool = False

    @property
    def allowed(self) -> bool:
        """What is not known is not allowed."""
        return self.decision is not None and self.decision.allowed


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a long list: at most so many, behind the one that was last."""

    most: int
    after: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One part of a list; `next` is the `after` of the next one, None at the end."""

    names: tuple[str, ...] = ()
    next: str | None = None


def evaluate(office: Office, actor: Actor, asked: Sequence[Asked]) -> tuple[Answer, ...]:
    """The answers, in order.

    Raises:
        NotAllowed: the actor may not ask about one of these people; who is not registered looks the same.
    """
    with act(office, actor) as it:
        people = {
            name: _person_asked_about(it, name) for name in dict.fromkeys(each.person for each in asked)
        }
        answers = _Answering(it, actor).answers([(people[each.person], each) for each in asked])
        known = [
            {"action": each.action, "resource": written(each.resource), "allowed": answer.allowed}
            for each, answer in zip(asked, answers, strict=True)
            if answer.decision is not None
        ]
        for person in people.values():
            it.look(Event.DECISION_ASKED, person, asked=known, unknown=len(answers) - len(known))
    return answers


def search_people(office: Office, actor: Actor, action: str, resource: EntityRef, cut: Cut) -> Found:
    """The identifiants of the people who may do the action on the thing, in their order.

    Raises:
        NotAllowed: the actor may not search in the structure of the thing.
    """
    with act(office, actor) as it:
        environment = Environment(PERSON, action, resource.type)
        thing = _thing(it.session, resource)
        if thing is None or environment not in questions_on_rows():
            it.look(Event.ACCESS_SEARCHED, it.person, unknown=1)
            return Found()
        place = it.session.get_one(Structure, name_and_place(thing)[1])
        it.permit(Action.SEARCH_ACCESS, place)
        listed = allowed_in_sql(load_policies(), environment, it.now, PASSWORD, resource_id=resource.id)
        rest = listed.where(ASKER.c.identifiant > cut.after).limit(cut.most + 1)
        people = _rows(it.session, Person, [person_id for person_id, _ in it.session.execute(rest)])
        held = _held(it, [(person, [(action, thing)]) for person in people[: cut.most]], PASSWORD)
        names = tuple(person.identifiant for person, _ in held)
        ids = [person.id for person, _ in held]
        it.look(Event.ACCESS_SEARCHED, place, action=action, resource=written(resource), people=ids)
        return Found(names, _next([person.identifiant for person in people], cut))


def search_things(office: Office, actor: Actor, asked: Asked, cut: Cut) -> Found:
    """The ids of the things, of the kind of the resource, on which a person may do the action, in order.

    Raises:
        NotAllowed: the actor may not ask about her.
    """
    action, kind = asked.action, asked.resource.type
    with act(office, actor) as it:
        who = _person_asked_about(it, asked.person)
        environment = Environment(PERSON, action, kind)
        if environment not in questions_on_rows():
            it.look(Event.DECISION_ASKED, who, unknown=1)
            return Found()
        listed = allowed_in_sql(load_policies(), environment, it.now, actor.acr, person_id=who.id)
        rest = listed.where(listed.selected_columns[1] > cut.after).limit(cut.most + 1)
        ids = [thing_id for _, thing_id in it.session.execute(rest)]
        things = _rows(it.session, KINDS[kind], ids[: cut.most])
        held = _held(it, [(who, [(action, thing) for thing in things])], actor.acr)
        names = tuple(ref.id for _, ref in held)
        it.look(Event.DECISION_ASKED, who, action=action, kind=kind, things=list(names))
        return Found(names, _next(ids, cut))


def search_actions(office: Office, actor: Actor, person: str, resource: EntityRef, cut: Cut) -> Found:
    """The actions that a person may do on a thing, in alphabetical order.

    Raises:
        NotAllowed: the actor may not ask about her.
    """
    with act(office, actor) as it:
        who = _person_asked_about(it, person)
        known = load_policies().model.environments
        actions = sorted(e.action for e in known if (e.principal, e.resource) == (PERSON, resource.type))
        asked = [(who, Asked(person, action, resource)) for action in actions]
        answers = _Answering(it, actor).answers(asked)
        allowed = [action for action, answer in zip(actions, answers, strict=True) if answer.allowed]
        rest = [action for action in allowed if action > cut.after]
        it.look(Event.DECISION_ASKED, who, resource=written(resource) if allowed else "", actions=allowed)
        return Found(tuple(rest[: cut.most]), _next(rest[: cut.most + 1], cut))


class _Answering:
    """Answers questions about people who may be asked about; those about one person share their facts."""

    def __init__(self, it: Act, actor: Actor) -> None:
        self._it, self._actor = it, actor
        self._found = Gathering(it.session, it.now)
        self._things: dict[EntityRef, Resource] = {}

    def answers(self, asked: Sequence[tuple[Person, Asked]]) -> tuple[Answer, ...]:
        answers = {index: self._unknown(each) for index, (_, each) in enumerate(asked)}
        for person in dict.fromkeys(person for person, _ in asked):
            mine = [i for i, (who, _) in enumerate(asked) if who is person and not answers[i].unknown]
            pairs = [(asked[i][1].action, self._things[asked[i][1].resource]) for i in mine]
            requests = questions_on(self._found, person, pairs, acr=self._actor.acr)
            for i, (_, thing), decision in zip(mine, pairs, decide_many(requests), strict=True):
                answers[i] = Answer(decision, is_told=self._is_hers(person, thing))
        return tuple(answers[index] for index in range(len(asked)))

    def _unknown(self, asked: Asked) -> Answer:
        if Environment(PERSON, asked.action, asked.resource.type) not in load_policies().model.environments:
            return Answer(None, "there is no such action of a person on such a thing")
        thing = self._things.get(asked.resource) or _thing(self._it.session, asked.resource)
        if thing is None:
            return Answer(None, "there is no such thing")
        self._things[asked.resource] = thing
        return Answer(None)

    def _is_hers(self, person: Person, thing: Resource) -> bool:
        """Her own, or of the structure that she administers: of others' things she learns no more than no."""
        if isinstance(thing, Person):
            return thing.id == person.id
        if not isinstance(thing, Structure) and named(thing).person_id == person.id:
            return True
        terms = self._found.administrators(name_and_place(thing)[1] or "")
        return any(term.membership.person_id == person.id for term in terms)


def _person_asked_about(it: Act, name: str) -> Person:
    """The person, once the rules let the actor ask about her."""
    found = _person(it.session, name)
    # One that there is not is asked about too: the refusal must not tell who is registered.
    person = found or Person(id=new_id(), is_active=False)
    it.permit(Action.ASK_DECISION, person)
    return person


def _person(session: Session, name: str) -> Person | None:
    if not _NAME.fullmatch(name):
        return None
    hers = select(Person).where((Person.id == name) | (Person.identifiant == name.lower()))
    return session.scalars(hers).one_or_none()


def _thing(session: Session, ref: EntityRef) -> Resource | None:
    if ref.type == PERSON:
        return _person(session, ref.id)
    if ref.type not in KINDS or not _NAME.fullmatch(ref.id):
        return None
    found: Resource | None = session.get(KINDS[ref.type], ref.id)
    return found


def _rows(session: Session, model: type[Any], ids: Sequence[str]) -> list[Any]:
    """The rows of some ids, in the order of the ids."""
    (key,) = inspect(model).primary_key
    found = {getattr(row, key.name): row for row in session.scalars(select(model).where(key.in_(ids)))}
    return [found[each] for each in ids]


def _held(
    it: Act, asked: Sequence[tuple[Person, Sequence[tuple[str, Resource]]]], acr: int
) -> list[tuple[Person, EntityRef]]:
    """What the engine confirms of what SQL listed; a difference is a fault of ours, and no right."""
    found = Gathering(it.session, it.now)
    requests = [
        (person, request)
        for person, pairs in asked
        for request in questions_on(found, person, pairs, acr=acr)
    ]
    decisions = decide_many([request for _, request in requests])
    held = []
    for (person, request), decision in zip(requests, decisions, strict=True):
        if decision.allowed:
            held.append((person, request.resource))
        else:
            tell_alarm("sql_differs", request.action)
    return held


def _next(listed: Sequence[str], cut: Cut) -> str | None:
    """Where the next part begins, when there was one more than was asked for."""
    if len(listed) <= cut.most:
        return None
    return listed[cut.most - 1] if cut.most else cut.after
