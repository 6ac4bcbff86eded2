"""A membership: the person, her fonction, what she accepted and holds there."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import and_, func

from onboarding_api.facts.columns import (
    HABILITATION,
    MEMBERSHIP,
    NEVER,
    PERSON,
    at,
    constants,
    merged,
    table_of,
)
from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.structure import gather_structure, structure_columns
from onboarding_api.model.base import new_id
from onboarding_api.model.habilitation import OPEN_STATES
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from policies.engine.request import EntityRef, Value
from policies.engine.sqlfilter import Columns, SetOf

NO_PAGE_YET: Mapping[str, Value] = MappingProxyType({"isSuspended": False})
"""Suspension has rules already, and neither page nor table."""

ABSENT = MappingProxyType({"nominatedBy": NEVER})

_LIVE, _ACCEPTANCE = HABILITATION.alias("live"), table_of(TermsAcceptance).alias("acceptance")


def membership_to_be(person: Person, structure: Structure) -> Membership:
    """A membership that does not exist yet: something to ask « may she attach? » about."""
    return Membership(
        id=new_id(),
        person_id=person.id,
        person=person,
        siren=structure.siren,
        structure=structure,
        state=MembershipState.LEFT,
    )


def gather_membership(found: Gathering, membership: Membership) -> EntityRef:
    """A membership, with its person and its structure."""
    ref = EntityRef("Membership", membership.id)
    if ref in found:
        return ref
    live = [held for held in found.habilitations(membership.id) if held.state in OPEN_STATES]
    facts: dict[str, Value] = {
        "user": found.user(membership.person),
        "structure": gather_structure(found, membership.structure),
        "isActive": membership.is_attached,
        "acceptedTerms": frozenset(
            EntityRef("TermsVersion", version) for version in found.accepted_terms(membership.id)
        ),
        "liveServices": frozenset(EntityRef("Service", held.service) for held in live),
        **NO_PAGE_YET,
    }
    if membership.fonction:
        facts["fonction"] = EntityRef("Fonction", membership.fonction)
    return found.put(ref.type, ref.id, **facts)


def membership_columns() -> Columns:
    """The same in SQL."""
    values = {
        "": MEMBERSHIP.c.id,
        "user": PERSON.c.id,
        "user.isActive": PERSON.c.is_active,
        "isActive": MEMBERSHIP.c.state == MembershipState.ATTACHED,
        "fonction": func.nullif(MEMBERSHIP.c.fonction, ""),
        **ABSENT,
    }
    sets = {
        "acceptedTerms": SetOf(
            _ACCEPTANCE.c.espace + "@" + _ACCEPTANCE.c.version,
            _ACCEPTANCE.c.membership_id == MEMBERSHIP.c.id,
        ),
        "liveServices": SetOf(
            _LIVE.c.service,
            and_(_LIVE.c.membership_id == MEMBERSHIP.c.id, _LIVE.c.state.in_(OPEN_STATES)),
        ),
    }
    return merged(Columns(values, sets), constants(NO_PAGE_YET), at("structure", structure_columns()))
