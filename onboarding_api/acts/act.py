"""One act: a transaction, a question to the rules, a journal row, and what has to leave the house."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from onboarding_api.acts.actor import Actor
from onboarding_api.acts.subjects import Subject, name_and_place, named
from onboarding_api.consequences.goals import Happening
from onboarding_api.consequences.table import deliveries
from onboarding_api.facts.question import Resource, question
from onboarding_api.model.administration import administrators_of
from onboarding_api.model.base import Database
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.habilitation import Habilitation, Move
from onboarding_api.model.journal import JournalEntry, append
from onboarding_api.model.membership import Membership, open_membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotAllowed, NotFound, Refusal
from onboarding_api.model.structure import Structure
from policies.engine.decide import decide
from policies.engine.explain import explain_fr
from policies.engine.journal import journal_record
from policies.engine.names import Action
from policies.engine.request import Decision, Request

SAME_CLICK = timedelta(seconds=2)
"""A repeat within it is the second click of a double click, where nothing else tells."""


@dataclass(frozen=True, slots=True)
class Office:
    """What every use case needs; one object a process."""

    database: Database
    clock: Callable[[], datetime]
    code_keys: CodeKeys


class Act:
    """What goes on inside one transaction. `session` and `now` are for the use case; see `act`."""

    def __init__(self, session: Session, now: datetime, actor: Actor | None = None) -> None:
        self.session = session
        self.now = now
        self.actor = actor
        self.refused: JournalEntry | None = None
        self._decision: dict[str, Any] = {}
        self._decisions: dict[str, dict[str, Any]] = {}
        self._happenings: list[Happening] = []

    @property
    def person(self) -> Person:
        """The person who acts.

        Raises:
            NotFound: no such person, or nobody acts.
        """
        person = self.session.get(Person, self.actor.person_id) if self.actor else None
        if person is None:
            raise NotFound
        return person

    def lock(self, siren: str) -> Structure:
        """The structure, held until the end of the act: acts in one structure happen one after the other.

        To be called before anything of the structure is read.

        Raises:
            NotFound: no such structure.
        """
        structure = self.session.get(Structure, siren, with_for_update=True)
        if structure is None:
            raise NotFound
        return structure

    def own_membership(self, siren: str) -> Membership:
        """The actor's open membership in the structure, which is locked.

        Raises:
            NotFound: no such structure, or the actor is not attached to it.
        """
        self.lock(siren)
        membership = open_membership(self.session, self.person.id, siren)
        if membership is None:
            raise NotFound
        return membership

    def may(self, action: Action, resource: Resource) -> bool:
        """Ask the rules about something that only leads the way; nothing is journalled."""
        return decide(self._question(action, resource)).allowed

    def permit(self, action: Action, resource: Resource) -> Decision:
        """Ask the rules; the answer goes to the journal with what is recorded of this thing.

        What else the act records, and was not asked about by itself, follows from the latest answer.

        Raises:
            NotAllowed: they refuse. The refusal is journalled once the act is rolled back.
        """
        asked = self._question(action, resource)
        decision = decide(asked)
        subject, siren = name_and_place(resource)
        self._decision = self._decisions[subject] = journal_record(asked, decision)
        if decision.allowed:
            return decision
        self.refused = JournalEntry(
            at=self.now,
            event=Event.ACT_REFUSED,
            actor_id=asked.actor.id,
            siren=siren,
            subject=subject,
            details={"action": action},
            decision=self._decision,
        )
        raise NotAllowed(action, decision.rules or decision.missing, explain_fr(decision))

    def _question(self, action: Action, resource: Resource) -> Request:
        acr = self.actor.acr if self.actor else 0
        return question(self.session, self.person, action, resource, now=self.now, acr=acr)

    def move(
        self, habilitation: Habilitation, move: Move, event: Event, *, motive: str | None = None
    ) -> None:
        """Move a habilitation along its table, and record it. The decider is the actor, if it is another.

        Raises:
            NotPossibleNow: its state has no such move.
        """
        before = habilitation.state
        decider = self.actor.person_id if self.actor else None
        by = None if decider == habilitation.membership.person_id else decider
        habilitation.move(move, self.now, by=by, motive=motive)
        self.record(
            event, habilitation, before=before, after=habilitation.state, service=habilitation.service
        )

    def record(
        self,
        event: Event,
        about: Subject,
        *,
        before: str | None = None,
        after: str | None = None,
        ends_at: datetime | None = None,
        **details: Any,
    ) -> None:
        """Write the journal row of one change; what leaves the house follows from the event.

        Args:
            event: what happened.
            about: what changed.
            before: its state before, if it existed.
            after: its state now.
            ends_at: the end of a letter's code.
            details: ids and codes only.
        """
        what = named(about)
        entry = JournalEntry(
            at=self.now,
            event=event,
            actor_id=self.actor.person_id if self.actor else None,
            siren=what.siren,
            subject=what.name,
            details={"before": before, "after": after, **details},
            decision=self._decisions.get(what.name, self._decision),
        )
        append(self.session, entry)
        self._happenings.append(
            Happening(event, entry.seq, self.now, what.person_id, what.siren, what.refs, ends_at=ends_at)
        )

    def look(self, event: Event, about: Subject | Structure, **details: Any) -> None:
        """Write the journal row of a look: nothing changes, and nothing leaves the house.

        Args:
            event: what kind of look.
            about: what was looked at.
            details: ids and codes only.
        """
        subject, siren = name_and_place(about)
        entry = JournalEntry(
            at=self.now,
            event=event,
            actor_id=self.actor.person_id if self.actor else None,
            siren=siren,
            subject=subject,
            details=details,
            decision=self._decisions.get(subject, {}),
        )
        append(self.session, entry)

    def settle(self) -> None:
        """Write the deliveries of all that was recorded: the last step of an act."""
        told = []
        for happening in self._happenings:
            siren = happening.siren
            terms = administrators_of(self.session, siren) if siren else ()
            people = tuple(term.membership.person_id for term in terms)
            told.append(replace(happening, administrators=people))
        self.session.add_all(deliveries(told))


@contextmanager
def act(office: Office, actor: Actor | None = None, *, within: Session | None = None) -> Iterator[Act]:
    """One act of a person, or of the house itself: all of it happens, or nothing does. The one door into it.

    A refusal by the rules undoes the act, then leaves its own line in the journal.

    Args:
        office: the parts.
        actor: who acts; None is the house itself.
        within: the transaction of a worker that finishes its row with this act; by default one of its own.

    Raises:
        Refusal: whatever the use case refuses, after the rollback.
    """
    if within is not None:
        it = Act(within, office.clock(), actor)
        yield it
        it.settle()
        return
    under_way, now = None, office.clock()
    try:
        with office.database.writing() as session:
            under_way = Act(session, now, actor)
            yield under_way
            under_way.settle()
    except Refusal:
        if under_way and under_way.refused:
            with office.database.writing() as session:
                append(session, under_way.refused)
        raise
