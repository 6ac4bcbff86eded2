"""The ledger of what must leave the house: claim, finish, retry, park.

A worker claims rows for the time of a lease and gets a fresh `owner` with each claim: a fencing token.
Whatever it writes afterwards asks for that owner; a worker that was stopped past its lease finds that it owns
nothing any more and changes nothing. Deliveries therefore happen at least once, and every target must be
repeatable.

Rows of one lane leave in order: the first undelivered row of a lane holds it, even while it waits for its
next try. **A parked row does not hold its lane.** Rows state goals and targets read the state of the moment,
so the next row of the lane does the parked one's work too; were the lane held, a role could not be revoked
because an earlier grant met an error. A parked row that is re-opened late does no harm for the same reason.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from onboarding_api.model.base import Database, new_id
from onboarding_api.model.delivery import Delivery, DeliveryState, without_address
from onboarding_api.model.refusals import NotFound

LEASE = timedelta(seconds=30)
"""Three times the longest time-out of a target (SMTP, 10 s)."""
MOST_TRIES = 60
"""About two days of failures: an hour for the first twelve, then one an hour."""
MOST_CLAIMED = 10
LONGEST_WAIT = timedelta(hours=1)


class LeaseLost(Exception):
    """Another worker has claimed the row since: this one must not write anything more about it."""


@dataclass(frozen=True)
class Lease:
    """A row as its worker holds it. `attempt` counts all claims, `tries` those since it was re-opened."""

    sequence: int
    id: str
    kind: str
    lane: str
    key: str
    args: Mapping[str, Any] = field(compare=False)
    attempt: int
    tries: int
    owner: str
    journal_seq: int | None


@dataclass(frozen=True)
class Counters:
    """What operators watch. `oldest_age` is how long the oldest due row has been waiting."""

    open_by_kind: Mapping[str, int]
    oldest_age: timedelta
    parked: int


def waiting_time(tries: int, factor: float) -> timedelta:
    """Time to the next try: `min(1 h, 2^tries s) x factor`."""
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(tries, 12))) * factor


def told(error: BaseException) -> str:
    """An error without its text, which may hold an address: its class, and its code where it has one."""
    for name in ("code", "status", "reason"):
        value = getattr(error, name, None)
        if isinstance(value, int) or (isinstance(value, str) and value.replace("_", "").isalnum()):
            return f"{type(error).__name__} {value}"[:300]
    return type(error).__name__


def spread() -> float:
    """A factor that keeps rows that failed together from coming back together."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret


class Ledger:
    """The table `delivery`, as workers and operators use it. Use cases only insert rows.

    Args:
        database: where the table is.
        clock: the moment, aware; one source for all workers (see `delivery.clock`).
        draw: the factor of a waiting time, in [0.8, 1.2].
        lease: for how long a claim holds.
        most_tries: after so many a row is parked.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        draw: Callable[[], float] = spread,
        *,
        lease: timedelta = LEASE,
        most_tries: int = MOST_TRIES,
    ) -> None:
        self.database, self.clock, self.lease = database, clock, lease
        self._draw, self._most_tries = draw, most_tries

    def claim(self, limit: int = MOST_CLAIMED) -> tuple[Lease, ...]:
        """The oldest due rows whose lane is free, for the time of a lease.

        A row whose worker died at each of its tries is parked instead of being tried for ever.
        """
        now = self.clock()
        # A plain look first: on SQLite an idle worker must not take the only write lock.
        with self.database.reading() as session:
            if session.scalar(_claimable(now, 1)) is None:
                return ()
        chosen = _claimable(now, min(limit, MOST_CLAIMED)).cte("chosen")
        statement = (
            update(Delivery)
            .where(Delivery.sequence.in_(select(chosen.c.sequence)))
            .values(owner=new_id(), lease_until=now + self.lease, attempts=Delivery.attempts + 1)
            .returning(Delivery)
        )
        with self.database.writing() as session:
            rows = sorted(session.scalars(statement), key=lambda row: row.sequence)  # RETURNING has no order
            leases = [_lease_of(row) for row in rows]
            for row, lease in zip(rows, leases, strict=True):
                if lease.tries > self._most_tries:
                    row.state, row.last_error = DeliveryState.PARKED, "WorkerDied"
                    row.owner = row.lease_until = None
        return tuple(lease for lease in leases if lease.tries <= self._most_tries)

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
        """The row is done, with nothing to write along. Raises LeaseLost."""
        with self.finishing(lease):
            pass

    def mark_sending(self, lease: Lease) -> None:
        """From here on the effect may have happened. Raises LeaseLost."""
        with self.holding(lease) as session:
            _change(session, lease, state=DeliveryState.SENDING)

    def fail(self, lease: Lease, error: Exception) -> None:
        """Try again later, or park: after the last try, or at once when the error says it is permanent.

        An error with a `longest_wait` says that nothing has left and the row is not to blame: it is tried
        again for as long as that lasts, never further apart, since a revocation may wait behind it. Waking
        such rows when another one gets through would be no help where all of them wait.

        Raises:
            LeaseLost: another worker has the row.
        """
        longest_wait: timedelta | None = getattr(error, "longest_wait", None)
        if longest_wait:
            soon = min(waiting_time(lease.attempt, self._draw()), longest_wait)
            return self.postpone(lease, soon, told(error))
        is_last = lease.tries >= self._most_tries or getattr(error, "is_permanent", False)
        outcome = (
            {"state": DeliveryState.PARKED}
            if is_last
            else {"due": self.clock() + waiting_time(lease.tries, self._draw())}
        )
        with self.holding(lease) as session:
            _release(session, lease, last_error=told(error), **outcome)
        return None

    def postpone(self, lease: Lease, wait: timedelta, error: str | None = None) -> None:
        """The row comes back after `wait`; this try does not count. Raises LeaseLost."""
        due = self.clock() + wait
        with self.holding(lease) as session:
            _release(session, lease, last_error=error, due=due, forgiven=Delivery.forgiven + 1)

    def renew(self, leases: Iterable[Lease]) -> None:
        """Hold these rows for one lease more; those lost since are left to their new owners."""
        held = [_is_of(lease) for lease in leases]
        if held:
            renewed = update(Delivery).where(or_(*held)).values(lease_until=self.clock() + self.lease)
            with self.database.writing() as session:
                session.execute(renewed)

    def reopen(self, delivery_id: str) -> None:
        """The operator's command for a parked row. Raises NotFound, NotPossibleNow."""
        now = self.clock()
        with self.database.writing() as session:
            _found(session, delivery_id).reopen(now)

    def cancel(self, delivery_id: str) -> None:
        """The operator's command for a row that must not leave. Raises NotFound, NotPossibleNow."""
        with self.database.writing() as session:
            _found(session, delivery_id).cancel()

    def parked(self) -> tuple[Delivery, ...]:
        """The parked rows, oldest first; detached, to be read only."""
        with self.database.reading() as session:
            statement = select(Delivery).where(Delivery.state == DeliveryState.PARKED)
            rows = session.scalars(statement.order_by(Delivery.sequence)).all()
            session.expunge_all()
        return tuple(rows)

    def counters(self) -> Counters:
        """How much waits, for how long, and how much is parked."""
        now = self.clock()
        with self.database.reading() as session:
            kinds = session.execute(
                select(Delivery.kind, func.count())
                .where(_undelivered(Delivery.state))
                .group_by(Delivery.kind)
            )
            open_by_kind = {kind: count for kind, count in kinds}
            oldest = session.scalar(select(func.min(Delivery.due)).where(_undelivered(Delivery.state)))
            is_parked = Delivery.state == DeliveryState.PARKED
            parked = session.scalar(select(func.count()).where(is_parked)) or 0
        return Counters(open_by_kind, max(now - oldest, timedelta()) if oldest else timedelta(), parked)


def _undelivered(state: InstrumentedAttribute[DeliveryState]) -> ColumnElement[bool]:
    # Literals, as in the partial index: with bound parameters it would not be used (6 rows/s, not 148).
    return state.in_([literal_column("'open'"), literal_column("'sending'")])


def _claimable(now: datetime, limit: int) -> Select[int]:
    older = aliased(Delivery, name="older")
    holds_lane = exists().where(
        older.lane == Delivery.lane, _undelivered(older.state), older.sequence < Delivery.sequence
    )
    return (
        select(Delivery.sequence)
        .where(_undelivered(Delivery.state), Delivery.due <= now, ~holds_lane)
        .where(or_(Delivery.lease_until.is_(None), Delivery.lease_until <= now))
        .order_by(Delivery.due, Delivery.sequence)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    )


def _is_of(lease: Lease) -> ColumnElement[bool]:
    return and_(Delivery.sequence == lease.sequence, Delivery.owner == lease.owner)


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
        lane=row.lane,
        key=row.unique_key,
        args=row.args,
        attempt=row.attempts,
        tries=row.attempts - row.forgiven,
        owner=str(row.owner),
        journal_seq=row.journal_seq,
    )
