"""The ledger of what must leave the house: lease, finish, retry, park.

A worker leases rows and gets a fresh `owner` with each lease: a fencing token. Whatever it writes afterwards
asks for that owner; a worker that was stopped past its lease finds that it owns nothing any more and changes
nothing. Deliveries therefore happen at least once, and every target must be repeatable.

Rows of one lane leave in order, what takes away first: the first undelivered row of a lane holds it, even
while it waits for its next try, but for a row of a higher class. **A parked row does not hold its lane.**
Rows state goals and targets read the state of the moment, so the next row of the lane does the parked one's
work too; were the lane held, a role could not be revoked because an earlier grant met an error. A parked row
that is re-opened late does no harm for the same reason (decision 10).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from onboarding_api.delivery.errors import is_away, is_permanent, is_without_effect, told
from onboarding_api.delivery.queue import Place, is_there, leasable, undelivered
from onboarding_api.delivery.waiting import LONGEST_WAIT_URGENT, spread, waiting_time
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.ledger.delivery import (
    Delivery,
    DeliveryClass,
    DeliveryState,
    Target,
    without_address,
)
from onboarding_api.model.refusals import NotFound

LEASE = timedelta(seconds=30)
"""Three times the longest time-out of a target (SMTP, 10 s)."""
MOST_TRIES = 60
"""About two days of failures: an hour for the first twelve, then one an hour."""
MOST_LEASED = 10
MOST_DOUBTS = 2
"""What may have left so many times is not sent once more: an operator decides."""


class LeaseLost(Exception):
    """Another worker has leased the row since: this one must not write anything more about it."""


class AnswerLost(Exception):
    """It may have left twice already, and nobody told us: it is parked."""

    is_permanent, is_away, is_without_effect = True, False, False


@dataclass(frozen=True, slots=True)
class Lease:
    """A row as its worker holds it. `attempt` counts all leases, `tries` those since it was re-opened."""

    sequence: int
    id: str
    kind: str
    target: Target
    of_class: DeliveryClass
    lane: str
    key: str
    args: Mapping[str, Any] = field(compare=False)
    attempt: int
    tries: int
    owner: str
    journal_seq: int | None


class Ledger:
    """The table `delivery`, as workers and operators use it. Use cases only insert rows.

    Args:
        database: where the table is.
        clock: the moment, aware; one source for all workers (see `delivery.clock`).
        draw: the factor of a waiting time, in [0.8, 1.2].
        lasts: for how long a lease holds.
        most_tries: after so many a row is parked.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        draw: Callable[[], float] = spread,
        *,
        lasts: timedelta = LEASE,
        most_tries: int = MOST_TRIES,
    ) -> None:
        self.database, self.clock, self.lasts = database, clock, lasts
        self._draw, self._most_tries = draw, most_tries

    def where_due(self, places: Iterable[Place]) -> frozenset[Place]:
        """Those of the places where a row may be leased now: a plain look, in one statement.

        On SQLite an idle worker must not take the only write lock.
        """
        asked, now = tuple(places), self.clock()
        if not asked:
            return frozenset()
        with self.database.reading() as session:
            answers = session.execute(select(*(is_there(place, now) for place in asked))).one()
        return frozenset(place for place, is_due in zip(asked, answers, strict=True) if is_due)

    def lease(self, place: Place, limit: int = MOST_LEASED) -> tuple[Lease, ...]:
        """The oldest due rows there whose lane is free.

        A row whose worker died at each of its tries is parked instead of being tried for ever; so is one
        that cannot even be read.
        """
        now = self.clock()
        chosen = leasable(place, now, min(limit, MOST_LEASED)).cte("chosen")
        statement = (
            update(Delivery)
            .where(Delivery.sequence.in_(select(chosen.c.sequence)))
            .values(
                state=DeliveryState.OPEN,
                owner=new_id(),
                lease_until=now + self.lasts,
                attempts=Delivery.attempts + 1,
            )
            .returning(Delivery.sequence)
        )
        with self.database.writing() as session:
            taken = sorted(session.scalars(statement))  # RETURNING has no order
            read = [self._read(session, sequence) for sequence in taken]
        return tuple(lease for lease in read if lease)

    def _read(self, session: Session, sequence: int) -> Lease | None:
        """The lease of a row that is to be tried; the others are parked."""
        try:
            lease = _lease_of(session.get_one(Delivery, sequence))
        except (ArithmeticError, LookupError, TypeError, ValueError):  # a moment, say, that is none
            _park(session, sequence, "Unreadable")
            return None
        if lease.tries > self._most_tries:
            _park(session, sequence, "WorkerDied")
            return None
        return lease

    @contextmanager
    def holding(self, lease: Lease) -> Iterator[Session]:
        """A writing transaction that only the row's owner gets.

        Raises:
            LeaseLost: another worker has the row; nothing was written.
        """
        mine = select(Delivery.sequence).where(_is_of(lease)).with_for_update()
        with self.database.writing() as session:
            if session.scalar(mine) is None:
                raise LeaseLost(lease.key)
            yield session

    @contextmanager
    def finishing(self, lease: Lease) -> Iterator[Session]:
        """The same, and the row is done with what is written in the block: both or neither.

        Raises:
            LeaseLost: another worker has the row; nothing was written.
        """
        now = self.clock()  # before the transaction: the clock may be the database's, on a connection more
        with self.holding(lease) as session:
            yield session
            kept = without_address(lease.args)
            _release(session, lease, state=DeliveryState.DONE, done_at=now, last_error=None, args=kept)

    def finish(self, lease: Lease) -> None:
        """The row is done, with nothing to write along; else as `finishing`."""
        with self.finishing(lease):
            pass

    def mark_sending(self, lease: Lease) -> None:
        """From here on the effect may have happened.

        Raises:
            AnswerLost: it may have happened twice already.
            LeaseLost: another worker has the row.
        """
        with self.holding(lease) as session:
            doubts = session.scalar(select(Delivery.doubts).where(_is_of(lease)))
            if doubts is None or doubts >= MOST_DOUBTS:
                raise AnswerLost
            _change(session, lease, state=DeliveryState.SENDING, doubts=doubts + 1)

    def fail(self, lease: Lease, error: Exception) -> None:
        """Try again later, or park: after the last try, or at once when no repeat will help.

        Soon and for as long as it lasts, when the target is away or a right is to be taken away: that must
        not be given up, nor hold the next such row of its lane for an hour.

        Raises:
            LeaseLost: another worker has the row.
        """
        values: dict[str, object] = {"last_error": told(error)}
        if is_without_effect(error):
            is_sent = Delivery.state == DeliveryState.SENDING
            values["doubts"] = case((is_sent, Delivery.doubts - 1), else_=Delivery.doubts)
        is_for_good = is_permanent(error)
        is_urgent = lease.of_class is DeliveryClass.TAKING_AWAY and not is_for_good
        if is_away(error) or is_urgent:
            wait = min(waiting_time(lease.attempt, self._draw()), LONGEST_WAIT_URGENT)
            return self._retry(lease, wait, forgiven=Delivery.forgiven + 1, **values)
        if lease.tries < self._most_tries and not is_for_good:
            return self._retry(lease, waiting_time(lease.tries, self._draw()), **values)
        with self.holding(lease) as session:
            return _release(session, lease, state=DeliveryState.PARKED, **values)

    def postpone(self, lease: Lease, wait: timedelta) -> None:
        """The row comes back after `wait`; this try does not count. As `finishing`, it needs the lease."""
        again = {"forgiven": Delivery.forgiven + 1, "first_due": self.clock() + wait}
        self._retry(lease, wait, last_error=None, **again)

    def _retry(self, lease: Lease, wait: timedelta, **values: object) -> None:
        due = self.clock() + wait
        with self.holding(lease) as session:
            _release(session, lease, state=DeliveryState.OPEN, due=due, **values)
            # Those that wait behind it would else be looked at in vain ten times a second.
            behind = and_(Delivery.of_class >= lease.of_class, Delivery.due < due)
            session.execute(update(Delivery).where(_in_lane_of(lease), behind).values(due=due))

    def renew(self, leases: Iterable[Lease]) -> None:
        """Hold these rows for one lease more; those lost since are left to their new owners."""
        held = [_is_of(lease) for lease in leases]
        if held:
            renewed = update(Delivery).where(or_(*held)).values(lease_until=self.clock() + self.lasts)
            with self.database.writing() as session:
                session.execute(renewed)

    def reopen(self, delivery_id: str) -> None:
        """The operator's command for a parked row.

        Raises:
            NotFound, NotPossibleNow: no such row, or it is not parked.
        """
        now = self.clock()
        with self.database.writing() as session:
            _found(session, delivery_id).reopen(now)

    def cancel(self, delivery_id: str) -> None:
        """The operator's command for a row that must not leave.

        Raises:
            NotFound, NotPossibleNow: no such row, or it has left, or was cancelled before.
        """
        now = self.clock()
        with self.database.writing() as session:
            row = _found(session, delivery_id)
            row.cancel()
            # What waited for its next try with it need not any more.
            behind = and_(Delivery.lane == row.lane, undelivered(Delivery.state), Delivery.due == row.due)
            session.execute(update(Delivery).where(behind).values(due=now))


def _is_of(lease: Lease) -> ColumnElement[bool]:
    return and_(Delivery.sequence == lease.sequence, Delivery.owner == lease.owner)


def _in_lane_of(lease: Lease) -> ColumnElement[bool]:
    others = and_(Delivery.lane == lease.lane, Delivery.sequence != lease.sequence)
    return and_(others, undelivered(Delivery.state))


def _park(session: Session, sequence: int, why: str) -> None:
    parked = {"state": DeliveryState.PARKED, "last_error": why, "owner": None, "lease_until": None}
    session.execute(update(Delivery).where(Delivery.sequence == sequence).values(parked))


def _change(session: Session, lease: Lease, **values: object) -> None:
    session.execute(update(Delivery).where(Delivery.sequence == lease.sequence).values(**values))


def _release(session: Session, lease: Lease, **values: object) -> None:
    _change(session, lease, owner=None, lease_until=None, **values)


def _found(session: Session, delivery_id: str) -> Delivery:
    row = session.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if row is None:
        raise NotFound
    return row


def _lease_of(row: Delivery) -> Lease:
    return Lease(
        sequence=row.sequence,
        id=row.id,
        kind=row.kind,
        target=Target(row.target),
        of_class=DeliveryClass(row.of_class),
        lane=row.lane,
        key=row.unique_key,
        args=row.args,
        attempt=row.attempts,
        tries=row.attempts - row.forgiven,
        owner=str(row.owner),
        journal_seq=row.journal_seq,
    )
