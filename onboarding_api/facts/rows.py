"""The things that the rules can be asked about all at once: tables, ids, facts as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from onboarding_api.facts import claim, habilitation, membership, structure
from onboarding_api.facts.columns import CLAIM, HABILITATION, MEMBERSHIP, PERSON, STRUCTURE, at
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from onboarding_api.model.structure import Structure
from policies.engine.sqlfilter import Columns

Thing = Structure | Membership | Habilitation | Claim

KINDS: Mapping[str, type[Any]] = MappingProxyType(
    {"Structure": Structure, "Membership": Membership, "Habilitation": Habilitation, "Claim": Claim}
)
"""The types of the rules whose things can be listed, and their models."""

ABSENT: Mapping[str, Mapping[str, ColumnElement[Any]]] = MappingProxyType(
    {
        "Structure": structure.ABSENT,
        "Membership": membership.ABSENT,
        "Habilitation": habilitation.ABSENT,
        "Claim": claim.ABSENT,
    }
)
"""What the rules may ask for and facts never give."""


@dataclass(frozen=True, slots=True)
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
            return _rows(STRUCTURE, structure.structure_columns())
        case "Membership":
            return _rows(places, membership.membership_columns())
        case "Habilitation":
            held = places.join(HABILITATION, HABILITATION.c.membership_id == MEMBERSHIP.c.id)
            return _rows(held, habilitation.habilitation_columns())
        case "Claim":
            made = places.join(CLAIM, CLAIM.c.membership_id == MEMBERSHIP.c.id)
            return _rows(made, claim.claim_columns(now))
        case _:
            raise KeyError(kind)


def _rows(source: FromClause, facts: Columns) -> Rows:
    return Rows(source, facts.values[""], at("resource", facts))
