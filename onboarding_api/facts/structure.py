"""A structure: who administers it, and the claim under way."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, case, select

from onboarding_api.facts.columns import (
    CLAIM,
    MEMBERSHIP,
    NEVER_A_MOMENT,
    PERSON,
    STRUCTURE,
    constants,
    merged,
    table_of,
)
from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.administration import Administration, Rank
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.membership import MembershipState
from onboarding_api.model.structure import Structure
from policies.engine.request import EntityRef, Value
from policies.engine.sqlfilter import Columns, SetOf

NO_PAGE_YET: Mapping[str, Value] = MappingProxyType({"isFrozen": False, "pendingInvitations": 0})
"""Freezing and invitations have rules already, and neither page nor table."""

ABSENT = MappingProxyType({"vacantSince": NEVER_A_MOMENT})

# The rows of a set have names of their own: one of the outer query's would tie them to its row.
_ADMIN, _ADMIN_MEMBERSHIP = PERSON.alias("admin"), MEMBERSHIP.alias("admin_membership")
_TERM = table_of(Administration).alias("term")


def gather_structure(found: Gathering, structure: Structure) -> EntityRef:
    """A structure, with the people who administer it."""
    ref = EntityRef("Structure", structure.siren)
    if ref in found:
        return ref
    terms = found.administrators(structure.siren)
    facts: dict[str, Value] = {
        "type": EntityRef("StructureType", structure.kind),
        "isActive": structure.is_active,
        "admins": found.users(terms),
        "referents": found.users(term for term in terms if term.rank == Rank.REFERENT),
        **NO_PAGE_YET,
    }
    claim = found.open_claim(structure.siren)
    if claim:
        facts["openClaimSince"] = _last_moved(claim, found.last_letter(claim.id))
    return found.put(ref.type, ref.id, **facts)


def structure_columns() -> Columns:
    """The same in SQL."""
    runs = and_(
        _ADMIN_MEMBERSHIP.c.id == _TERM.c.membership_id,
        _ADMIN_MEMBERSHIP.c.siren == STRUCTURE.c.siren,
        _ADMIN_MEMBERSHIP.c.state == MembershipState.ATTACHED,
        _ADMIN.c.id == _ADMIN_MEMBERSHIP.c.person_id,
        _ADMIN.c.is_active,
        _TERM.c.ended_at.is_(None),
    )
    values = {
        "": STRUCTURE.c.siren,
        "type": STRUCTURE.c.kind,
        "isActive": STRUCTURE.c.is_active,
        "openClaimSince": _open_claim_since(),
        **ABSENT,
    }
    sets = {
        "admins": SetOf(_ADMIN.c.id, runs),
        "referents": SetOf(_ADMIN.c.id, and_(runs, _TERM.c.rank == Rank.REFERENT)),
    }
    return merged(Columns(values, sets), constants(NO_PAGE_YET))


def _last_moved(claim: Claim, letter: Letter | None) -> datetime:
    """When the open claim last moved: it was made, its last letter was asked for or issued."""
    if letter is None:
        return claim.claimed_at
    return max(claim.claimed_at, letter.asked_at, letter.issued_at or letter.asked_at)


def _open_claim_since() -> ColumnElement[datetime]:
    claim, letter, later = CLAIM.alias(), table_of(Letter).alias(), table_of(Letter).alias()
    newest = (
        select(later.c.id).where(later.c.claim_id == claim.c.id).order_by(later.c.asked_at.desc()).limit(1)
    )
    last = claim.outerjoin(letter, letter.c.id == newest.scalar_subquery())
    moved = _later(_later(claim.c.claimed_at, letter.c.asked_at), letter.c.issued_at)
    is_open = and_(claim.c.siren == STRUCTURE.c.siren, claim.c.state == ClaimState.OPEN)
    return select(moved).select_from(last).where(is_open).scalar_subquery()


def _later(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The later of two moments; `other` may be NULL. SQLite and PostgreSQL name no function alike."""
    return case((other > one, other), else_=one)
