"""Who may act on a thing, and what a person may do, over the whole database.

The rules, compiled to SQL, list; the engine then decides each row of the list again, on the facts that any
act is decided on. A row on which the two differ is not an answer: it is told apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import Session

from onboarding_api.facts.columns import table_of
from onboarding_api.facts.question import questions
from onboarding_api.facts.rows import KINDS, Rows, Thing, rows_of
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound
from onboarding_api.queries.asking import PASSWORD
from policies.engine.decide import decide_many
from policies.engine.request import Entity, EntityRef
from policies.engine.revision import Policies, load_policies
from policies.engine.sqlfilter import Ask, where
from policies.language.model import Environment

ASKER = table_of(Person).alias("asker")


class UnknownQuestion(LookupError):
    """The rules know no such act of a person on such a thing, or its things are no rows."""


@dataclass(frozen=True, slots=True)
class Right:
    """A person may do an action on a thing, named `Habilitation:<id>`, `Structure:<siren>`."""

    person_id: str
    identifiant: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Rights:
    """`held`: listed, and confirmed by the engine. `refuted`: listed in SQL alone, a fault of ours."""

    held: tuple[Right, ...]
    refuted: tuple[Right, ...]


def who_can(session: Session, action: str, resource: EntityRef, now: datetime, acr: int = PASSWORD) -> Rights:
    """The people who may do the action on the thing, in the order of their identifiants.

    Raises:
        UnknownQuestion: the rules know no such action of a person on such a thing.
        NotFound: there is no such thing.
    """
    environment = Environment("User", action, resource.type)
    if environment not in questions_on_rows():
        raise UnknownQuestion(f"no person does {action} on a {resource.type}")
    thing: Thing | None = session.get(KINDS[resource.type], resource.id)
    if thing is None:
        raise NotFound
    listed = allowed_in_sql(load_policies(), environment, now, acr, resource_id=resource.id)
    people = [session.get_one(Person, person_id) for person_id, _ in session.execute(listed)]
    return _confirmed(session, [(person, [(action, thing)]) for person in people], now, acr)


def what_can(session: Session, name: str, now: datetime, acr: int = PASSWORD) -> Rights:
    """What a person may do, on which of the things that exist (what is yet to be made is none).

    Args:
        session: the database.
        name: her id or her identifiant.
        now: the moment asked about.
        acr: her level of authentication.

    Raises:
        NotFound: there is no such person.
    """
    hers = or_(Person.id == name, Person.identifiant == name.lower())
    person = session.scalars(select(Person).where(hers)).one_or_none()
    if person is None:
        raise NotFound
    acts: dict[Thing, list[tuple[str, Thing]]] = {}
    for environment in questions_on_rows():
        listed = allowed_in_sql(load_policies(), environment, now, acr, person_id=person.id)
        for _, resource_id in session.execute(listed):
            thing: Thing = session.get_one(KINDS[environment.resource], resource_id)
            acts.setdefault(thing, []).append((environment.action, thing))
    return _confirmed(session, [(person, pairs) for pairs in acts.values()], now, acr)


def questions_on_rows() -> tuple[Environment, ...]:
    """The questions of the rules that can be asked in SQL: what people do, on things that are rows."""
    known = load_policies().model.environments
    return tuple(each for each in known if each.principal == "User" and each.resource in KINDS)


def allowed_in_sql(
    policies: Policies,
    environment: Environment,
    now: datetime,
    acr: int,
    *,
    person_id: str | None = None,
    resource_id: str | None = None,
) -> Select[str, str]:
    """Which people may act on which things, by their ids: one query, however many there are of both.

    Args:
        policies: the rules.
        environment: the action and the type of the things.
        now: the moment asked about.
        acr: the level of authentication.
        person_id: this person only.
        resource_id: this thing only.
    """
    rows = rows_of(environment.resource, now)
    found = (
        select(ASKER.c.id, rows.key)
        .select_from(rows.source.join(ASKER, true()))
        .where(allows_anybody(policies, environment, now, acr, rows))
        .order_by(ASKER.c.identifiant, rows.key)
    )
    if person_id is not None:
        found = found.where(ASKER.c.id == person_id)
    return found if resource_id is None else found.where(rows.key == resource_id)


def allows_anybody(
    policies: Policies, environment: Environment, now: datetime, acr: int, rows: Rows
) -> ColumnElement[bool]:
    """Whether the person of ASKER may do the action on the thing of a row.

    Raises:
        NoColumn: the rules read what no table holds.
    """
    # The compiler puts what it is given where a rule says `principal`: here, the columns of anybody.
    anybody = Entity(EntityRef("User", cast(str, ASKER.c.id)), {"isActive": cast(bool, ASKER.c.is_active)})
    return where(policies, Ask(environment.action, anybody, now, acr, environment.resource), rows.columns)


def _confirmed(
    session: Session, asked: Iterable[tuple[Person, list[tuple[str, Thing]]]], now: datetime, acr: int
) -> Rights:
    """Decide each listed act again; those of one thing share their facts."""
    held: list[Right] = []
    refuted: list[Right] = []
    for person, pairs in asked:
        requests = questions(session, person, pairs, now=now, acr=acr)
        for request, decision in zip(requests, decide_many(requests), strict=True):
            thing = f"{request.resource.type}:{request.resource.id}"
            right = Right(person.id, person.identifiant, request.action, thing)
            (held if decision.allowed else refuted).append(right)
    return Rights(tuple(held), tuple(refuted))
