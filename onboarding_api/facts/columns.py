"""The tables as the rules see them, and the making of columns: names are relative to the thing, "" is its id.

Moments are compared to the microsecond here and to the millisecond by the engine.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, false, literal, null, type_coerce

from onboarding_api.model.base import Base, Instant
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from policies.engine.request import Value
from policies.engine.sqlfilter import Columns, SetOf


def table_of(model: type[Base]) -> FromClause:
    """The table of a model: the compiler of rules speaks of columns, not of mapped attributes."""
    return model.__table__


PERSON, STRUCTURE, MEMBERSHIP = table_of(Person), table_of(Structure), table_of(Membership)
HABILITATION, CLAIM = table_of(Habilitation), table_of(Claim)
# Of another name than the outer query's people: the rows of a set would be tied to its row.
_NOBODY = PERSON.alias("nobody")

NEVER: ColumnElement[Any] = null()
NEVER_A_MOMENT: ColumnElement[Any] = type_coerce(null(), Instant())
"""What the rules may ask for and facts never give."""


def at(path: str, facts: Columns) -> Columns:
    """The same facts, seen from the thing whose attribute leads there."""

    def from_there(name: str) -> str:
        return f"{path}.{name}" if name else path

    return Columns(
        {from_there(name): column for name, column in facts.values.items()},
        {from_there(name): rows for name, rows in facts.sets.items()},
    )


def merged(*parts: Columns) -> Columns:
    """The columns of several parts as one."""
    values = {name: column for part in parts for name, column in part.values.items()}
    sets = {name: rows for part in parts for name, rows in part.sets.items()}
    return Columns(values, sets)


def constants(given: Mapping[str, Value]) -> Columns:
    """Facts that no table holds, each the same for all things."""
    sets = {name: SetOf(_NOBODY.c.id, false()) for name, value in given.items() if value == frozenset()}
    return Columns({name: _constant(value) for name, value in given.items() if name not in sets}, sets)


def _constant(value: object) -> ColumnElement[Any]:
    # SQLite has no boolean literal that a condition may be; SQLAlchemy's own false() is one everywhere.
    return false() if value is False else literal(value)
