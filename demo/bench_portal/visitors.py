"""The heaviest person of each kind, found in the data: whoever has the most of what makes a page slow."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import Administration, administrators_of
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person

SECRETARY = "secretaire-general"


class Kind(StrEnum):
    """Who visits the portal."""

    ADMINISTRATOR_OF_LARGEST = "administrator of the largest structure"
    ADMINISTRATOR_OF_MANY = "administrator of the most structures"
    SECRETARY = "secretary of twelve communes"
    MEMBER = "plain member of the largest structure"
    REQUESTER = "requester in wait of a letter"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person, the structure she works for, and where she administers it a row of each list."""

    kind: Kind
    person_id: str = ""
    sub: str = ""
    identifiant: str = ""
    siren: str = ""
    pending: str = ""
    granted: str = ""


ANYBODY = Visitor(Kind.ANONYMOUS)
_ATTACHED = Membership.state == MembershipState.ATTACHED


def heaviest(session: Session) -> dict[Kind, Visitor]:
    """The visitors of a filled database.

    Raises:
        sqlalchemy.exc.NoResultFound: it has no person of some kind.
    """
    largest = _first(
        session, select(Membership.siren).where(_ATTACHED).group_by(Membership.siren), func.count()
    )
    many = _first(
        session,
        select(Membership.person_id)
        .join(Administration, Administration.membership_id == Membership.id)
        .where(Administration.ended_at.is_(None), _ATTACHED)
        .group_by(Membership.person_id),
        func.count(),
    )
    found = {
        Kind.ADMINISTRATOR_OF_LARGEST: administrators_of(session, largest)[0].membership.person_id,
        Kind.ADMINISTRATOR_OF_MANY: many,
        Kind.SECRETARY: _secretary(session),
        Kind.MEMBER: _member(session, largest),
        Kind.REQUESTER: _requester(session),
    }
    sirens = {Kind.ADMINISTRATOR_OF_LARGEST: largest, Kind.MEMBER: largest}
    visitors = {kind: _visitor(session, kind, id_, sirens.get(kind)) for kind, id_ in found.items()}
    return {**visitors, Kind.ANONYMOUS: ANYBODY}


def _first(session: Session, grouped: Select[str], weight: ColumnElement[int]) -> str:
    """The heaviest of a group; of several the first by name, so that each run visits the same."""
    key = grouped.selected_columns[0]
    return session.scalars(grouped.order_by(weight.desc(), key).limit(1)).one()


def _secretary(session: Session) -> str:
    """Who works for the most communes as their secretary, but for those who work for more than twelve."""
    of_each = (
        select(Membership.person_id)
        .where(Membership.fonction == SECRETARY, _ATTACHED)
        .group_by(Membership.person_id)
        .having(func.count() <= 12)
    )
    return _first(session, of_each, func.count())


def _member(session: Session, siren: str) -> str:
    administrators = {term.membership.person_id for term in administrators_of(session, siren)}
    holding = (
        select(Membership.person_id)
        .join(Habilitation, Habilitation.membership_id == Membership.id)
        .where(Membership.siren == siren, _ATTACHED, Membership.person_id.not_in(administrators))
        .group_by(Membership.person_id)
    )
    return _first(session, holding, func.count())


def _requester(session: Session) -> str:
    """Of those whose letter is printed, the one with the most requests in it."""
    waiting = (
        select(Membership.person_id)
        .join(Claim, Claim.membership_id == Membership.id)
        .join(Letter, Letter.claim_id == Claim.id)
        .join(Habilitation, Habilitation.claim_id == Claim.id)
        .where(Claim.state == ClaimState.OPEN, Letter.issued_at.is_not(None))
        .group_by(Membership.person_id)
    )
    return _first(session, waiting, func.count())


def _visitor(session: Session, kind: Kind, person_id: str, siren: str | None) -> Visitor:
    person = session.get_one(Person, person_id)
    if siren is None:
        mine = select(Membership.siren).where(Membership.person_id == person_id, _ATTACHED)
        if kind == Kind.REQUESTER:
            mine = mine.join(Claim, Claim.membership_id == Membership.id).where(
                Claim.state == ClaimState.OPEN
            )
        siren = session.scalars(mine.order_by(Membership.siren)).first() or ""
    return Visitor(
        kind,
        person.id,
        person.keycloak_id or "",
        person.identifiant,
        siren,
        pending=_row(session, siren, HabilitationState.PENDING),
        granted=_row(session, siren, HabilitationState.GRANTED),
    )


def _row(session: Session, siren: str, state: HabilitationState) -> str:
    rows = select(Habilitation.id).where(Habilitation.siren == siren, Habilitation.state == state)
    return session.scalars(rows.order_by(Habilitation.id).limit(1)).first() or ""
