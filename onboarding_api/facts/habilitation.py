"""A habilitation: its service and its state."""

from types import MappingProxyType

from onboarding_api.facts.columns import HABILITATION, NEVER, at, merged
from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.membership import gather_membership, membership_columns
from onboarding_api.model.base import new_id
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from policies.engine.names import State
from policies.engine.request import EntityRef, Value
from policies.engine.sqlfilter import Columns

ABSENT = MappingProxyType({"level": NEVER})


def request_to_be(membership: Membership, service: str) -> Habilitation:
    """A habilitation that does not exist yet (state `not_requested` for the rules)."""
    return Habilitation(id=new_id(), membership_id=membership.id, membership=membership, service=service)


def gather_habilitation(found: Gathering, habilitation: Habilitation) -> EntityRef:
    """A habilitation, with its membership."""
    facts: dict[str, Value] = {
        "membership": gather_membership(found, habilitation.membership),
        "service": EntityRef("Service", habilitation.service),
        "state": EntityRef("HabilitationState", habilitation.state or State.NOT_REQUESTED),
    }
    if habilitation.expires_at:
        facts["expiresAt"] = habilitation.expires_at
    return found.put("Habilitation", habilitation.id, **facts)


def habilitation_columns() -> Columns:
    """The same in SQL."""
    values = {
        "": HABILITATION.c.id,
        "service": HABILITATION.c.service,
        "state": HABILITATION.c.state,
        "expiresAt": HABILITATION.c.expires_at,
        **ABSENT,
    }
    return merged(Columns(values, {}), at("membership", membership_columns()))
