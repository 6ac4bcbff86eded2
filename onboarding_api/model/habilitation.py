"""A habilitation: one service, for one person, in one structure; and its life."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.first_administrator.claim import REFERENCE_ALPHABET, Claim
from onboarding_api.model.membership import Membership, siren_of_membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotPossibleNow
from policies.catalogue.loader import load_catalogue
from policies.engine.names import State


class HabilitationState(StrEnum):
    """The guide's « en cours de validation », « validée », « désactivée » (G-60), and the silent ones."""

    PENDING = "pending"
    AWAITING_LETTER = "awaiting_letter"
    GRANTED = "granted"
    REFUSED = "refused"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class StatesUnfit(Exception):
    """The model and the rules do not know the same states: the service does not start."""


class Move(StrEnum):
    """What may happen to a habilitation."""

    GRANT = "grant"
    REFUSE = "refuse"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    EXPIRE = "expire"
    CANCEL = "cancel"
    CLAIM = "claim"
    """A request that waited for an administrator now waits for the requester's own letter."""


S, M = HabilitationState, Move

TRANSITIONS: Mapping[tuple[HabilitationState, Move], HabilitationState] = MappingProxyType(
    {
        (S.PENDING, M.GRANT): S.GRANTED,
        (S.PENDING, M.REFUSE): S.REFUSED,
        (S.PENDING, M.CANCEL): S.CANCELLED,
        (S.PENDING, M.CLAIM): S.AWAITING_LETTER,
        (S.AWAITING_LETTER, M.GRANT): S.GRANTED,
        (S.AWAITING_LETTER, M.REFUSE): S.REFUSED,
        (S.AWAITING_LETTER, M.EXPIRE): S.EXPIRED,
        (S.AWAITING_LETTER, M.CANCEL): S.CANCELLED,
        (S.GRANTED, M.DEACTIVATE): S.DEACTIVATED,
        (S.GRANTED, M.EXPIRE): S.EXPIRED,
        (S.GRANTED, M.CANCEL): S.CANCELLED,
        (S.DEACTIVATED, M.REACTIVATE): S.GRANTED,
    }
)

LONGEST_MOTIVE = 500
OPEN_STATES = (S.PENDING, S.AWAITING_LETTER, S.GRANTED)
"""Asked for or held: a service has one open habilitation at most, and asking again asks nothing."""
_OPEN = text(f"state IN ({', '.join(repr(str(state)) for state in OPEN_STATES)})")


def check_states(states: Iterable[str], named: Iterable[str]) -> None:
    """Refuse states that the model and the catalogue of the rules do not have in common.

    Args:
        states: those of the model.
        named: those of the catalogue, whose first is said of what does not exist yet.

    Raises:
        StatesUnfit: one side has a state more.
    """
    ours, theirs = {*states, State.NOT_REQUESTED}, set(named)
    faults = [
        f"{state}: policies/catalogue/habilitation_states.yaml has no such state" for state in ours - theirs
    ]
    faults += [f"{state}: model/habilitation.py has no such state" for state in theirs - ours]
    moved = {state for (before, _), after in TRANSITIONS.items() for state in (before, after)}
    faults += [
        f"{state}: no move leads to it or from it"
        for state in (ours & theirs) - moved - {State.NOT_REQUESTED}
    ]
    if faults:
        raise StatesUnfit("states of habilitations: " + "; ".join(sorted(faults)))


check_states(HabilitationState, load_catalogue().habilitation_states)


class Habilitation(Base):
    """`service` is `<espace>:<role>`, a key of the catalogue, as `mes-prets:demande`."""

    __tablename__ = "habilitation"
    __table_args__ = (
        # Two clicks on « Accepter » are one request.
        Index(
            "uq_habilitation_one_open_a_service",
            "membership_id",
            "service",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        ForeignKeyConstraint(["membership_id", "siren"], ["membership.id", "membership.siren"]),
        Index("ix_habilitation_claim_id", "claim_id"),
        Index("ix_habilitation_membership_id", "membership_id"),
        # The lists of an administrator, in their order: a page of them is read, and no more.
        Index("ix_habilitation_asked", "siren", "state", "requested_at", "id"),
        Index("ix_habilitation_changed", "siren", "state", "changed_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    membership_id: Mapped[str] = mapped_column(String(36))
    siren: Mapped[str] = mapped_column(String(9), default=siren_of_membership)
    service: Mapped[str] = mapped_column(String(80))
    state: Mapped[HabilitationState] = mapped_column(String(20))
    claim_id: Mapped[str | None] = mapped_column(ForeignKey("claim.id"))
    motive: Mapped[str | None] = mapped_column(String(LONGEST_MOTIVE))
    requested_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime | None]

    membership: Mapped[Membership] = relationship(
        lazy="joined",
        innerjoin=True,
        primaryjoin=lambda: Habilitation.membership_id == Membership.id,
        foreign_keys=membership_id,
    )

    decider: Mapped[Person | None] = relationship(viewonly=True, foreign_keys=decided_by)
    claim: Mapped[Claim | None] = relationship(viewonly=True)

    def move(self, move: Move, now: datetime, *, by: str | None = None, motive: str | None = None) -> None:
        """Change state along the table, or refuse.

        Args:
            move: what happens.
            now: when.
            by: id of the person who decides, where somebody does.
            motive: shown to the requester on a refusal or a deactivation.

        Raises:
            NotPossibleNow: the state has no such move.
        """
        target = TRANSITIONS.get((HabilitationState(self.state), move))
        if target is None:
            raise NotPossibleNow("habilitation", self.state, move)
        self.state, self.changed_at = target, now
        self.decided_by = by or self.decided_by
        self.motive = motive

    @property
    def reference(self) -> str:
        """What mails and pages call the request, the same for all that was asked with one click.

        With a claim it is that of the letter. It names the request, it opens nothing.
        """
        if self.claim:
            return self.claim.reference
        click = f"{self.membership_id} {self.requested_at.isoformat()}"
        digest = hashlib.sha256(click.encode()).digest()
        symbols = "".join(REFERENCE_ALPHABET[byte % len(REFERENCE_ALPHABET)] for byte in digest[:8])
        return f"DH-{symbols[:4]}-{symbols[4:]}"

    @property
    def espace(self) -> str:
        """The Keycloak client that people open."""
        return self.service.partition(":")[0]

    @property
    def role(self) -> str:
        """The client role that the habilitation gives."""
        return self.service.partition(":")[2]


def open_habilitations(session: Session, membership_id: str) -> tuple[Habilitation, ...]:
    """What a member asked for or holds, first asked first."""
    return tuple(
        session.scalars(
            select(Habilitation)
            .where(Habilitation.membership_id == membership_id, Habilitation.state.in_(OPEN_STATES))
            .order_by(Habilitation.requested_at, Habilitation.service)
        )
    )


def habilitations_of(
    session: Session, membership_ids: Collection[str]
) -> dict[str, tuple[Habilitation, ...]]:
    """All that some members ever asked for, each member's changed last last; in one statement."""
    wanted = (
        select(Habilitation)
        .where(Habilitation.membership_id.in_(membership_ids))
        .order_by(Habilitation.changed_at, Habilitation.service)
    )
    found: dict[str, list[Habilitation]] = {id_: [] for id_ in membership_ids}
    for habilitation in session.scalars(wanted):
        found[habilitation.membership_id].append(habilitation)
    return {id_: tuple(rows) for id_, rows in found.items()}


def services_of_claim(session: Session, claim_id: str, *states: HabilitationState) -> frozenset[str]:
    """The services asked with a claim; those in some states alone, where any are named."""
    asked = select(Habilitation.service).where(Habilitation.claim_id == claim_id)
    return frozenset(session.scalars(asked.where(Habilitation.state.in_(states)) if states else asked))
