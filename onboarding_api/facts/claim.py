"""A claim: whether it is open, and the letters asked for it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import func, or_, select

from onboarding_api.facts.columns import CLAIM, MEMBERSHIP, NEVER_A_MOMENT, at, constants, merged, table_of
from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.membership import gather_membership, membership_columns
from onboarding_api.facts.structure import gather_structure, structure_columns
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import LETTER_PERIOD, Letter
from policies.engine.request import EntityRef, Value
from policies.engine.sqlfilter import Columns

NO_PAGE_YET: Mapping[str, Value] = MappingProxyType({"isVetoed": False, "notified": frozenset()})
"""The veto has rules already, and neither page nor table."""

ABSENT = MappingProxyType({"vetoOpenedAt": NEVER_A_MOMENT})


def gather_claim(found: Gathering, claim: Claim) -> EntityRef:
    """A claim, with its membership and its structure."""
    asked = found.letters_asked(claim.siren, claim.membership.person_id)
    facts: dict[str, Value] = {
        "membership": gather_membership(found, claim.membership),
        "structure": gather_structure(found, claim.membership.structure),
        "isOpen": claim.state == ClaimState.OPEN,
        "lettersInPeriod": len(asked),
        **NO_PAGE_YET,
    }
    letter = found.last_letter(claim.id)
    if letter:
        facts["lastLetterAt"] = letter.asked_at
    return found.put("Claim", claim.id, **facts)


def claim_columns(now: datetime) -> Columns:
    """The same in SQL; what is counted within a period is counted before `now`."""
    letter, claim, membership = table_of(Letter).alias(), CLAIM.alias(), MEMBERSHIP.alias()
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
        **ABSENT,
    }
    places = at("membership", membership_columns()), at("structure", structure_columns())
    return merged(Columns(values, {}), constants(NO_PAGE_YET), *places)
