"""`bdt policy diff A B --live`: which people of the database gain, which lose, by name and structure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from onboarding_api.access.changed import Counter, Found, NotCounted
from onboarding_api.cli.policy.live import opened
from onboarding_api.model.journal import decisions_since
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from policies.engine.decide import Engine
from policies.engine.journal import request_of
from policies.engine.request import Request
from policies.engine.revision import Policies
from policies.review.commands.changes import tell_difference
from policies.review.commands.output import Outcome
from policies.review.words.french import load_french, moment_fr, typographic
from policies.review.words.naming import Naming
from policies.review.words.people import People, Row, Table
from policies.review.words.sentences import Told

REPLAYED = timedelta(days=90)
WAYS = (
    (True, "Gagnent un droit", "Toute personne, même sans lien avec la structure, gagne ce droit"),
    (False, "Perdent un droit", "Les personnes sans lien avec la structure perdent aussi ce droit"),
)


def diff_live(
    database_url: str, *, moment: str | None, most: int, before: str, after: str, **how: Any
) -> Outcome:
    """A difference with the people of the database whom it concerns."""
    with opened(database_url, moment) as (session, now):

        def count(old: Policies, new: Policies, told: tuple[Told, ...]) -> People:
            return _Count(session, old, new, now, most).people(told)

        return tell_difference(before, after, **how, count=count)


@dataclass(frozen=True, slots=True)
class _Count:
    session: Session
    before: Policies
    after: Policies
    now: datetime
    most: int

    def people(self, told: tuple[Told, ...]) -> People:
        tables: list[Table] = []
        notes: list[str] = []
        people: dict[bool, set[str]] = {True: set(), False: set()}
        whole = {True: True, False: True}
        for gains, caption, of_strangers in WAYS:
            for each in (each for each in told if each.opens is gains):
                founds = [*self._found(each, notes)]
                affected = [one for found in founds for one in found.affected]
                people[gains] |= {one.person.id for one in affected}
                is_counted = len(founds) == len({change.environment for change in each.changes})
                whole[gains] &= is_counted and not each.strangers and all(found.is_whole for found in founds)
                rows = tuple(dict.fromkeys(self._row(one.request) for one in affected))
                if rows:
                    title = f"{caption} : {each.sentence.removeprefix('Désormais, ').removesuffix('.')}"
                    tables.append(Table(typographic(title), rows, all(found.is_whole for found in founds)))
                if each.strangers:
                    notes.append(f"{of_strangers} : {each.sentence.removeprefix('Désormais, ')}")
        told_notes = tuple(dict.fromkeys(map(typographic, notes)))
        minute = self.now.replace(second=0, microsecond=0)
        return People(
            moment=moment_fr(minute),
            gaining=len(people[True]),
            losing=len(people[False]),
            gains_whole=whole[True],
            loses_whole=whole[False],
            tables=(*tables, *self._replayed()),
            notes=told_notes,
        )

    def _found(self, told: Told, notes: list[str]) -> Iterator[Found]:
        counter = Counter(self.session, self.before, self.after, self.now, self.most)
        for environment in dict.fromkeys(change.environment for change in told.changes):
            try:
                found = counter.found(environment, told.opens)
            except NotCounted as reason:
                notes.append(f"Non compté ({environment.action}) : {reason}.")
                continue
            if found.refuted:
                notes.append(f"{environment.action} : {found.refuted} lignes que le moteur ne confirme pas.")
            yield found

    def _row(self, request: Request, more: str = "") -> Row:
        """Who does what and where: of nobody but the actor and the person of the thing is the name read."""
        held = Naming(load_french(), self.after.catalogue, request.entities)
        owner, place = (held.first(request.resource, (kind,)) for kind in ("User", "Structure"))
        people = {ref: self.session.get(Person, ref.id) for ref in (request.actor, owner) if ref}
        structure = self.session.get(Structure, place.id) if place else None
        known = {ref: person.full_name for ref, person in people.items() if person}
        if place and structure:
            known[place] = structure.bare_name
        naming = replace(held, known=known)
        parts = naming.parts(request.resource)
        act = naming.french.act(request.action, thing=naming.thing(request.resource), **parts)
        actor = people[request.actor]
        return Row(
            f"{actor.full_name} ({actor.identifiant})" if actor else request.actor.id,
            typographic(f"{structure.name} ({structure.siren})") if structure else "–",
            typographic(act + more),
        )

    def _replayed(self) -> Iterable[Table]:
        """The journalled decisions of the last days that would be others."""
        engines = tuple(Engine(each, explains=False) for each in (self.before, self.after))
        changed: list[Row] = []
        number = 0
        for record in decisions_since(self.session, self.now - REPLAYED):
            number += 1
            request = request_of(record)
            was, now = (engine.decide(request).allowed for engine in engines)
            if was is not now and len(changed) <= self.most:
                verdict = "permis" if now else "refusé"
                changed.append(self._row(request, f", le {moment_fr(request.now)} : aurait été {verdict}"))
        if changed:
            title = f"Actes des {REPLAYED.days} derniers jours qui auraient eu une autre réponse"
            yield Table(f"{title} (sur {number})", tuple(changed[: self.most]), len(changed) <= self.most)
