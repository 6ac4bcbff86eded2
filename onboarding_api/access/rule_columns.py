"""Where the tables hold what facts.py tells the rules, so that the rules can be asked in SQL.

One function a type of thing, as in facts.py; names are relative to the thing, "" is its id. Moments are
compared to the microsecond here and to the millisecond by the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from onboarding_api.facts import NO_PAGE_YET
from onboarding_api.model.administration import Administration, Rank
from onboarding_api.model.base import Base, Instant
from onboarding_api.model.claim import Claim, ClaimState
from onboarding_api.model.habilitation import OPEN_STATES, Habilitation
from onboarding_api.model.letter import LETTER_PERIOD, Letter
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from policies.engine.sqlfilter import Columns, SetOf

__all__ = ["ABSENT", "KINDS", "Rows", "Thing", "rows_of", "table_of"]

Thing = Structure | Membership | Habilitation | Claim

KINDS: Mapping[str, type[Any]] = MappingProxyType(
    {"Structure": Structure, "Membership": Membership, "Habilitation": Habilitation, "Claim": Claim}
)
"""The types of the rules whose things can be listed, and their models."""

ABSENT: Mapping[str, Mapping[str, ColumnElement[Any]]] = MappingProxyType(
    {
        "Structure": {"vacantSince": type_coerce(null(), Instant())},
        "Membership": {"nominatedBy": null()},
        "Habilitation": {"level": null()},
        "Claim": {"vetoOpenedAt": type_coerce(null(), Instant())},
    }
)
"""What the rules may ask for and facts.py never gives."""


def table_of(model: type[Base]) -> FromClause:
    """The table of a model: the compiler of rules speaks of columns, not of mapped attributes."""
    return model.__table__


PERSON, STRUCTURE, MEMBERSHIP = table_of(Person), table_of(Structure), table_of(Membership)
HABILITATION, CLAIM, LETTER = table_of(Habilitation), table_of(Claim), table_of(Letter)
# The rows of a set have names of their own: one of the outer query's would tie them to its row.
ADMIN, ADMIN_MEMBERSHIP = PERSON.alias("admin"), MEMBERSHIP.alias("admin_membership")
TERM = table_of(Administration).alias("term")
LIVE, ACCEPTANCE = HABILITATION.alias("live"), table_of(TermsAcceptance).alias("acceptance")


@dataclass(frozen=True)
class Rows:
    """The things of one type: the tables that hold them and what they point to, their ids, their facts."""

    source: FromClause
    key: ColumnElement[str]
    columns: Columns


def rows_of(kind: str, now: datetime) -> Rows:
    """The things of a type of KINDS; what is counted within a period is counted before `now`.

    Raises:
        KeyError: no table holds such things.
    """
    places = MEMBERSHIP.join(PERSON, PERSON.c.id == MEMBERSHIP.c.person_id).join(
        STRUCTURE, STRUCTURE.c.siren == MEMBERSHIP.c.siren
    )
    match kind:
        case "Structure":
            return _rows(STRUCTURE, _structure())
        case "Membership":
            return _rows(places, _membership())
        case "Habilitation":
            held = places.join(HABILITATION, HABILITATION.c.membership_id == MEMBERSHIP.c.id)
            return _rows(held, _habilitation())
        case "Claim":
            made = places.join(CLAIM, CLAIM.c.membership_id == MEMBERSHIP.c.id)
            return _rows(made, _claim(now))
        case _:
            raise KeyError(kind)


def _rows(source: FromClause, facts: Columns) -> Rows:
    return Rows(source, facts.values[""], _at("resource", facts))


def _structure() -> Columns:
    runs = and_(
        ADMIN_MEMBERSHIP.c.id == TERM.c.membership_id,
        ADMIN_MEMBERSHIP.c.siren == STRUCTURE.c.siren,
        ADMIN_MEMBERSHIP.c.state == MembershipState.ATTACHED,
        ADMIN.c.id == ADMIN_MEMBERSHIP.c.person_id,
        ADMIN.c.is_active,
        TERM.c.ended_at.is_(None),
    )
    values = {
        "": STRUCTURE.c.siren,
        "type": STRUCTURE.c.kind,
        "isActive": STRUCTURE.c.is_active,
        "openClaimSince": _open_claim_since(),
    }
    sets = {
        "admins": SetOf(ADMIN.c.id, runs),
        "referents": SetOf(ADMIN.c.id, and_(runs, TERM.c.rank == Rank.REFERENT)),
    }
    return _merged(Columns(values, sets), _without_table("Structure"))


def _membership() -> Columns:
    values = {
        "": MEMBERSHIP.c.id,
        "user": PERSON.c.id,
        "user.isActive": PERSON.c.is_active,
        "isActive": MEMBERSHIP.c.state == MembershipState.ATTACHED,
        "fonction": func.nullif(MEMBERSHIP.c.fonction, ""),
    }
    sets = {
        "acceptedTerms": SetOf(
            ACCEPTANCE.c.espace + "@" + ACCEPTANCE.c.version, ACCEPTANCE.c.membership_id == MEMBERSHIP.c.id
        ),
        "liveServices": SetOf(
            LIVE.c.service, and_(LIVE.c.membership_id == MEMBERSHIP.c.id, LIVE.c.state.in_(OPEN_STATES))
        ),
    }
    return _merged(Columns(values, sets), _without_table("Membership"), _at("structure", _structure()))


def _habilitation() -> Columns:
    values = {
        "": HABILITATION.c.id,
        "service": HABILITATION.c.service,
        "state": HABILITATION.c.state,
        "expiresAt": HABILITATION.c.expires_at,
    }
    return _merged(Columns(values, {}), _without_table("Habilitation"), _at("membership", _membership()))


def _claim(now: datetime) -> Columns:
    letter, claim, membership = LETTER.alias(), CLAIM.alias(), MEMBERSHIP.alias()
    letters = letter.join(claim, claim.c.id == letter.c.claim_id).join(
        membership, membership.c.id == claim.c.membership_id
    )
    of_place_or_person = or_(claim.c.siren == CLAIM.c.siren, membership.c.person_id == MEMBERSHIP.c.person_id)
    asked = select(func.count()).select_from(letters).where(of_place_or_person)
    values = {
        "": CLAIM.c.id,
        "isOpen": CLAIM.c.state == ClaimState.OPEN,
        "lettersInPeriod": asked.where(letter.c.asked_at > now - LETTER_PERIOD).scalar_subquery(),
        "lastLetterAt": select(func.max(letter.c.asked_at))
        .where(letter.c.claim_id == CLAIM.c.id)
        .scalar_subquery(),
    }
    places = _at("membership", _membership()), _at("structure", _structure())
    return _merged(Columns(values, {}), _without_table("Claim"), *places)


def _open_claim_since() -> ColumnElement[datetime]:
    """When the open claim last moved: it was made, its last letter was asked for or issued."""
    claim, letter, later = CLAIM.alias(), LETTER.alias(), LETTER.alias()
    newest = (
        select(later.c.id).where(later.c.claim_id == claim.c.id).order_by(later.c.asked_at.desc()).limit(1)
    )
    last_letter = claim.outerjoin(letter, letter.c.id == newest.scalar_subquery())
    moved = _later(_later(claim.c.claimed_at, letter.c.asked_at), letter.c.issued_at)
    is_open = and_(claim.c.siren == STRUCTURE.c.siren, claim.c.state == ClaimState.OPEN)
    return select(moved).select_from(last_letter).where(is_open).scalar_subquery()


def _later(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The later of two moments; `other` may be NULL. SQLite and PostgreSQL name no function alike."""
    return case((other > one, other), else_=one)


def _without_table(kind: str) -> Columns:
    given = NO_PAGE_YET.get(kind, {})
    sets = {name: SetOf(ADMIN.c.id, false()) for name, value in given.items() if value == frozenset()}
    values = {name: _constant(value) for name, value in given.items() if name not in sets}
    return Columns({**values, **ABSENT[kind]}, sets)


def _constant(value: object) -> ColumnElement[Any]:
    # SQLite has no boolean literal that a condition may be; SQLAlchemy's own false() is one everywhere.
    return false() if value is False else literal(value)


def _at(path: str, facts: Columns) -> Columns:
    """The same facts, seen from the thing whose attribute leads there."""

    def from_there(name: str) -> str:
        return f"{path}.{name}" if name else path

    return Columns(
        {from_there(name): column for name, column in facts.values.items()},
        {from_there(name): rows for name, rows in facts.sets.items()},
    )


def _merged(*parts: Columns) -> Columns:
    values = {name: column for part in parts for name, column in part.values.items()}
    sets = {name: rows for part in parts for name, rows in part.sets.items()}
    return Columns(values, sets)
