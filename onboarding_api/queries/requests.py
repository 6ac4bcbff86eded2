"""The administrator's queue (GS-24): who asks for what, what is held, what was decided; a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Select, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager, selectinload

from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.base import Instant
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound
from onboarding_api.model.words.labels import fonction_label, state_label
from onboarding_api.model.words.typed_text import folded
from onboarding_api.queries.asking import ask, membership_of
from policies.catalogue.loader import load_catalogue
from policies.engine.names import Action

ROWS_A_PAGE = 20
_MARK_SIGN = "~"


class Part(StrEnum):
    """The three lists of the queue."""

    PENDING = "pending"
    GRANTED = "granted"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One habilitation as an administrator sees it. `is_own`: it is hers, somebody else must decide.

    `identifiant`, `email` and `telephone` are by what an impostor is told from a colleague.
    """

    habilitation_id: str
    membership_id: str
    requester: str
    identifiant: str
    email: str
    telephone: str | None
    fonction: str | None
    reference: str
    service_label: str
    requested_at: datetime
    is_own: bool
    age_days: int
    state: str
    state_label: str
    changed_at: datetime
    decided_by: str | None
    motive: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a list: the moment and the id of a row. A list goes on after it, or ends before it."""

    at: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()}{_MARK_SIGN}{self.id}"

    @classmethod
    def read(cls, text: str) -> "Mark":
        """The mark of a text.

        Raises:
            ValueError: it is none.
        """
        moment, sign, id_ = text.partition(_MARK_SIGN)
        at = datetime.fromisoformat(moment)
        if not sign or at.tzinfo is None:
            raise ValueError("not a mark")
        return cls(at, id_)

    @classmethod
    def checked(cls, text: str) -> str:
        """The text of a mark, as it is.

        Raises:
            ValueError: it is none.
        """
        return str(cls.read(text)) and text


@dataclass(frozen=True, slots=True)
class Sought:
    """What an administrator looks for: words of a name, a fonction, a service; "" is whatever it may be.

    `part` alone is read, from `after` on or up to `before`; None: the beginning of all three.
    """

    name: str = ""
    fonction: str = ""
    service: str = ""
    part: Part | None = None
    after: Mark | None = None
    before: Mark | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of one list; the marks are where the next one begins and the previous one ends, if any."""

    rows: tuple[QueueRow, ...] = ()
    next: Mark | None = None
    previous: Mark | None = None

    @property
    def requesters(self) -> tuple[tuple[QueueRow, ...], ...]:
        """The same by person, whoever has waited longest first."""
        by_person: dict[str, list[QueueRow]] = {}
        for row in self.rows:
            by_person.setdefault(row.membership_id, []).append(row)
        return tuple(tuple(rows) for rows in by_person.values())


@dataclass(frozen=True, slots=True)
class Queue:
    """Pending, oldest first; granted and decided otherwise, changed last first."""

    pending: Listing
    granted: Listing
    decided: Listing


@dataclass(frozen=True, slots=True)
class _Order:
    """How a list is ordered: an index has its rows in this order."""

    states: tuple[HabilitationState, ...]
    moment: InstrumentedAttribute[datetime]
    is_newest_first: bool


_ORDERS = MappingProxyType(
    {
        Part.PENDING: _Order((HabilitationState.PENDING,), Habilitation.requested_at, False),
        Part.GRANTED: _Order((HabilitationState.GRANTED,), Habilitation.changed_at, True),
        Part.DECIDED: _Order(
            (HabilitationState.REFUSED, HabilitationState.DEACTIVATED), Habilitation.changed_at, True
        ),
    }
)
_EVERYTHING = Sought()


def administrator_queue(
    session: Session, person_id: str, siren: str, now: datetime, sought: Sought = _EVERYTHING
) -> Queue:
    """The queue of a structure, for one of its administrators.

    Raises:
        NotFound: the rules do not show it to this person.
    """
    membership = membership_of(session, person_id, siren)
    asked = [(Action.VIEW_QUEUE, membership.structure)]
    (decision,) = ask(Gathering(session, now), membership.person, asked)
    if not decision.allowed:
        raise NotFound
    parts = {
        part: _listing(session, siren, part, sought, _Eyes(person_id, now))
        if sought.part in (None, part)
        else Listing()
        for part in Part
    }
    return Queue(parts[Part.PENDING], parts[Part.GRANTED], parts[Part.DECIDED])


def queue_row(session: Session, person_id: str, habilitation_id: str, now: datetime) -> QueueRow:
    """One row of a queue, whichever structure of hers it is of: the active one may have been switched.

    Raises:
        NotFound: there is none, or the rules do not show its queue to this person.
    """
    habilitation, person = session.get(Habilitation, habilitation_id), session.get(Person, person_id)
    if habilitation is None or person is None or habilitation.state not in _SHOWN:
        raise NotFound
    asked = [(Action.VIEW_QUEUE, habilitation.membership.structure)]
    (decision,) = ask(Gathering(session, now), person, asked)
    if not decision.allowed:
        raise NotFound
    return _view(habilitation, _Eyes(person_id, now))


def waiting_of(session: Session, person_id: str, membership_id: str, now: datetime) -> tuple[QueueRow, ...]:
    """What one member waits for, first asked first.

    Raises:
        NotFound: no such member, or the rules do not show her queue to this person.
    """
    membership, person = session.get(Membership, membership_id), session.get(Person, person_id)
    if membership is None or person is None:
        raise NotFound
    (decision,) = ask(Gathering(session, now), person, [(Action.VIEW_QUEUE, membership.structure)])
    if not decision.allowed:
        raise NotFound
    rows = _rows(membership.siren, _ORDERS[Part.PENDING], _EVERYTHING)
    hers = rows.where(Habilitation.membership_id == membership_id).order_by(Habilitation.requested_at)
    return tuple(_view(row, _Eyes(person_id, now)) for row in session.scalars(hers))


@dataclass(frozen=True, slots=True)
class _Eyes:
    """Who looks, and when."""

    person_id: str
    now: datetime


_SHOWN = frozenset(state for order in _ORDERS.values() for state in order.states)


def _listing(session: Session, siren: str, part: Part, sought: Sought, eyes: _Eyes) -> Listing:
    """A page by its mark: the index leads to it, and neither the pages before nor their number are read."""
    order = _ORDERS[part]
    is_backwards = sought.before is not None
    mark = sought.before or sought.after
    place = tuple_(order.moment, Habilitation.id)
    falls = order.is_newest_first != is_backwards
    found = _rows(siren, order, sought)
    if mark:
        here = tuple_(literal(mark.at, Instant()), literal(mark.id))
        found = found.where(place < here if falls else place > here)
    columns = (order.moment.desc(), Habilitation.id.desc()) if falls else (order.moment, Habilitation.id)
    rows = list(session.scalars(found.order_by(*columns).limit(ROWS_A_PAGE + 1)))
    has_more = len(rows) > ROWS_A_PAGE
    rows = rows[:ROWS_A_PAGE]
    if is_backwards:
        rows.reverse()
    goes_on, began = (bool(rows), has_more) if is_backwards else (has_more, mark is not None and bool(rows))
    return Listing(
        rows=tuple(_view(row, eyes) for row in rows),
        next=_mark(order, rows[-1]) if goes_on else None,
        previous=_mark(order, rows[0]) if began else None,
    )


def _rows(siren: str, order: _Order, sought: Sought) -> Select[Habilitation]:
    found = (
        select(Habilitation)
        .join(Habilitation.membership)
        .join(Membership.person)
        .where(Habilitation.siren == siren, Habilitation.state.in_(order.states))
        .options(
            contains_eager(Habilitation.membership).contains_eager(Membership.person),
            selectinload(Habilitation.decider),
            selectinload(Habilitation.claim),
        )
    )
    for word in folded(sought.name).split():
        found = found.where(Person.folded_name.contains(word, autoescape=True))
    if sought.fonction:
        found = found.where(Membership.fonction == sought.fonction)
    return found.where(Habilitation.service == sought.service) if sought.service else found


def _mark(order: _Order, row: Habilitation) -> Mark:
    return Mark(getattr(row, order.moment.key), row.id)


def _view(habilitation: Habilitation, eyes: _Eyes) -> QueueRow:
    membership = habilitation.membership
    return QueueRow(
        habilitation_id=habilitation.id,
        membership_id=membership.id,
        requester=membership.person.full_name,
        identifiant=membership.person.identifiant,
        email=membership.email or membership.person.email,
        telephone=membership.telephone,
        fonction=fonction_label(membership.fonction),
        reference=habilitation.reference,
        service_label=load_catalogue().services[habilitation.service].label,
        requested_at=habilitation.requested_at,
        is_own=membership.person_id == eyes.person_id,
        age_days=(eyes.now - habilitation.requested_at).days,
        state=habilitation.state,
        state_label=state_label(habilitation.state),
        changed_at=habilitation.changed_at,
        decided_by=habilitation.decider.full_name if habilitation.decider else None,
        motive=habilitation.motive,
    )
