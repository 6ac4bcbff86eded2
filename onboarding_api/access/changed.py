"""Who of the whole database gains, and who loses, by another revision of the rules.

SQL lists the people whom a thing names (whose it is, who administers its structure, who was warned …) and for
whom the two revisions differ; both engines then decide each row again. People whom a thing does not name are
everybody: they are told, not listed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, and_, false, not_, select, union
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import False_

from onboarding_api.access.who_can import ASKER, allows_anybody
from onboarding_api.facts.question import questions
from onboarding_api.facts.rows import KINDS, Rows, Thing, rows_of
from onboarding_api.model.person import Person
from onboarding_api.queries.asking import PASSWORD
from policies.engine.decide import Engine
from policies.engine.request import Request
from policies.engine.revision import Policies
from policies.engine.sqlfilter import NoColumn
from policies.language.model import Environment, Model


@dataclass(frozen=True, slots=True)
class Affected:
    """A person who may do from now on what she could not, or no more what she could."""

    person: Person
    gains: bool
    request: Request


@dataclass(frozen=True, slots=True)
class Found:
    """What one kind of question changes: `is_whole`, when there are no others; `refuted`, a fault of ours."""

    affected: tuple[Affected, ...]
    is_whole: bool
    refuted: int


class NotCounted(LookupError):
    """A kind of question that cannot be counted on the database; the text says why, in French."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Two revisions over one database at one moment, at most so many rows a kind of question and way."""

    session: Session
    before: Policies
    after: Policies
    now: datetime
    most: int
    acr: int = PASSWORD

    def found(self, environment: Environment, gains: bool) -> Found:
        """The people for whom a kind of question changes.

        Raises:
            NotCounted: nobody of the database asks it, its things are no rows, a fact is in no table.
        """
        if environment.principal != "User":
            raise NotCounted("les agents de la Banque des Territoires ne sont pas dans cette base")
        if environment.resource not in KINDS:
            raise NotCounted("ces choses ne se comptent pas dans la base")
        pairs = self._pairs(environment, gains)
        engines = tuple(Engine(each, explains=False) for each in (self.before, self.after))
        affected, refuted = [], 0
        for person_id, thing_id in pairs[: self.most]:
            person = self.session.get_one(Person, person_id)
            thing: Thing = self.session.get_one(KINDS[environment.resource], thing_id)
            asked = ((environment.action, thing),)
            (request,) = questions(self.session, person, asked, now=self.now, acr=self.acr)
            was, now = (engine.decide(_known(request, engine.policies.model)).allowed for engine in engines)
            if (was, now) == (not gains, gains):
                affected.append(Affected(person, gains, request))
            else:
                refuted += 1
        return Found(tuple(affected), len(pairs) <= self.most, refuted)

    def _pairs(self, environment: Environment, gains: bool) -> list[tuple[str, str]]:
        rows = rows_of(environment.resource, self.now)
        one, other = (self.after, self.before) if gains else (self.before, self.after)
        try:
            changed = and_(self._allows(one, environment, rows), not_(self._allows(other, environment, rows)))
            related = _related(rows, one.model, environment)
        except NoColumn as missing:
            raise NotCounted(f"la base ne contient pas ce que les règles y lisent ({missing})") from missing
        found = (
            select(ASKER.c.id, rows.key)
            .select_from(
                rows.source.join(related, related.c.thing == rows.key).join(
                    ASKER, ASKER.c.id == related.c.who
                )
            )
            .where(changed)
            .limit(self.most + 1)
        )
        return sorted((person, thing) for person, thing in self.session.execute(found))

    def _allows(self, policies: Policies, environment: Environment, rows: Rows) -> ColumnElement[bool]:
        if environment not in policies.model.environments:
            return false()
        return allows_anybody(policies, environment, self.now, self.acr, rows)


def _known(request: Request, model: Model) -> Request:
    """The question with the facts that a revision knows: another one may have fewer."""
    kept = (
        replace(
            each, attributes={k: v for k, v in each.attributes.items() if k in model.entities[each.ref.type]}
        )
        for each in request.entities
        if each.ref.type in model.entities
    )
    return replace(request, entities=tuple(kept))


def _related(rows: Rows, model: Model, environment: Environment) -> Subquery:
    """The people whom each thing names, by whatever fact."""
    columns = rows.columns
    named = [
        select(column.label("who"), rows.key.label("thing"))
        .select_from(rows.source)
        .where(column.is_not(None))
        for column in (columns.values[path] for path in _of_people(columns.values, model, environment))
    ]
    named += [
        select(each.member.label("who"), rows.key.label("thing")).select_from(rows.source).where(each.rows)
        for each in (columns.sets[path] for path in _of_people(columns.sets, model, environment))
        if not isinstance(each.rows, False_)  # a set that facts never fill
    ]
    return union(*named).subquery("related")


def _of_people(paths: Iterable[str], model: Model, environment: Environment) -> list[str]:
    found = []
    for path in paths:
        kind = model.type_of(environment, tuple(path.split(".")))
        if kind is not None and kind.name == "User":
            found.append(path)
    return found
