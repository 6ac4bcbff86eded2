"""Which rows may be leased: the statements that a worker asks many times a second.

They read the head of one place, a target and a class, through partial indexes, whatever else waits. Target,
class and states are literals: with bound parameters the indexes would not be used (6 rows/s, not 148).
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass, DeliveryState, Target


class Place(NamedTuple):
    """Where a row stands in the queue."""

    target: Target
    of_class: DeliveryClass


def undelivered(state: InstrumentedAttribute[DeliveryState]) -> ColumnElement[bool]:
    """Not over, in the words of the partial indexes."""
    return state.in_([literal_column("'open'"), literal_column("'sending'")])


def waiting_at(place: Place) -> ColumnElement[bool]:
    """The undelivered rows of a place, due or not."""
    return and_(
        Delivery.target == literal_column(f"'{place.target}'"),
        Delivery.of_class == literal_column(f"{place.of_class:d}"),
        undelivered(Delivery.state),
    )


def leasable(place: Place, now: datetime, limit: int) -> Select[int]:
    """The due rows of a place whose lane is free, oldest first, to be leased."""
    return _free(place, now, limit).with_for_update(of=Delivery, skip_locked=True)


def is_there(place: Place, now: datetime) -> ColumnElement[bool]:
    """Whether `leasable` would find one; takes no lock."""
    # Not by EXISTS: PostgreSQL drops its order, and then reads the table.
    return _free(place, now, 1).scalar_subquery().is_not(None)


def _free(place: Place, now: datetime, limit: int) -> Select[int]:
    """The due rows whose lane is free.

    A lane is free for a row when none of it is under way and none goes before it: of a higher class, or of
    the same and older. Two workers of PostgreSQL that look at one moment may put an overtaking row under way
    beside the one it overtakes: that one, leased after the other was written, then reads its decision too.
    """
    other = aliased(Delivery, name="other")
    goes_first = or_(
        other.of_class < Delivery.of_class,
        and_(other.of_class == Delivery.of_class, other.sequence < Delivery.sequence),
    )
    holds_lane = exists().where(
        other.lane == Delivery.lane,
        undelivered(other.state),
        other.sequence != Delivery.sequence,
        or_(other.lease_until > now, goes_first),
    )
    return (
        select(Delivery.sequence)
        .where(waiting_at(place), Delivery.due <= now, ~holds_lane)
        .where(or_(Delivery.lease_until.is_(None), Delivery.lease_until <= now))
        .order_by(Delivery.due, Delivery.sequence)
        .limit(limit)
    )
