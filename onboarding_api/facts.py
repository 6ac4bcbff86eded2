"""Rows -> facts: the closed set of what the rules may reach from a person and a thing.

The names are those of policies/model/entities.yaml. Codes, flags, dates and ids only: never a name, so that
a decision can be kept and replayed. The catalogue (espaces, services) is the engine's own.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import Administration, Rank, administrators_of
from onboarding_api.model.base import new_id
from onboarding_api.model.claim import Claim, ClaimState, open_claim
from onboarding_api.model.habilitation import Habilitation, open_habilitations
from onboarding_api.model.letter import LETTER_PERIOD, Letter, last_letter, letters_asked, wrong_tries
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from policies.engine.request import Entity, EntityRef, Request, Value

Resource = Person | Structure | Membership | Habilitation | Claim | Letter

NOT_REQUESTED = "not_requested"

NO_PAGE_YET: Mapping[str, Mapping[str, Value]] = MappingProxyType(
    {
        "Structure": {"isFrozen": False, "pendingInvitations": 0},
        "Membership": {"isSuspended": False},
        "Claim": {"isVetoed": False, "notified": frozenset()},
    }
)
"""Freezing, suspension, veto and invitations have rules already, and neither page nor table."""


def question(
    session: Session, actor: Person, action: str, resource: Resource, *, now: datetime, acr: int
) -> Request:
    """May `actor` do `action` on `resource`, with every fact that the rules may ask for?"""
    return questions(session, actor, ((action, resource),), now=now, acr=acr)[0]


def questions(
    session: Session,
    actor: Person,
    asked: Iterable[tuple[str, Resource]],
    *,
    now: datetime,
    acr: int,
) -> tuple[Request, ...]:
    """The same for several acts; they share one set of facts, so that they are decided in one batch."""
    pairs = tuple(asked)
    gathered = _Slice(session, now)
    gathered.user(actor)
    refs = [(action, gathered.add(resource)) for action, resource in pairs]
    entities = gathered.entities
    return tuple(Request(gathered.user(actor), action, ref, now, acr, entities) for action, ref in refs)


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


def request_to_be(membership: Membership, service: str) -> Habilitation:
    """A habilitation that does not exist yet (state `not_requested` for the rules)."""
    return Habilitation(id=new_id(), membership_id=membership.id, membership=membership, service=service)


class _Slice:
    """Gathers each thing once, with the things it points to."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._found: dict[EntityRef, Entity] = {}

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All that was gathered; one tuple for the batch, since the engine batches by it."""
        return tuple(self._found.values())

    def add(self, resource: Resource) -> EntityRef:
        match resource:
            case Person():
                return self.user(resource)
            case Structure():
                return self.structure(resource)
            case Membership():
                return self.membership(resource)
            case Habilitation():
                return self.habilitation(resource)
            case Claim():
                return self.claim(resource)
            case Letter():
                return self.letter(resource)

    def user(self, person: Person) -> EntityRef:
        return self._put("User", person.id, isActive=person.is_active)

    def structure(self, structure: Structure) -> EntityRef:
        ref = EntityRef("Structure", structure.siren)
        if ref in self._found:
            return ref
        terms = administrators_of(self._session, structure.siren)
        facts: dict[str, Value] = {
            "type": EntityRef("StructureType", structure.kind),
            "isActive": structure.is_active,
            "admins": self._users(terms),
            "referents": self._users(term for term in terms if term.rank == Rank.REFERENT),
            **NO_PAGE_YET["Structure"],
        }
        claim = open_claim(self._session, structure.siren)
        if claim:
            facts["openClaimSince"] = _last_moved(claim, last_letter(self._session, claim.id))
        return self._put(ref.type, ref.id, **facts)

    def membership(self, membership: Membership) -> EntityRef:
        ref = EntityRef("Membership", membership.id)
        if ref in self._found:
            return ref
        live = open_habilitations(self._session, membership.id)
        facts: dict[str, Value] = {
            "user": self.user(membership.person),
            "structure": self.structure(membership.structure),
            "isActive": membership.is_attached,
            "acceptedTerms": self._accepted_terms(membership),
            "liveServices": frozenset(EntityRef("Service", held.service) for held in live),
            **NO_PAGE_YET["Membership"],
        }
        if membership.fonction:
            facts["fonction"] = EntityRef("Fonction", membership.fonction)
        return self._put(ref.type, ref.id, **facts)

    def habilitation(self, habilitation: Habilitation) -> EntityRef:
        facts: dict[str, Value] = {
            "membership": self.membership(habilitation.membership),
            "service": EntityRef("Service", habilitation.service),
            "state": EntityRef("HabilitationState", habilitation.state or NOT_REQUESTED),
        }
        if habilitation.expires_at:
            facts["expiresAt"] = habilitation.expires_at
        return self._put("Habilitation", habilitation.id, **facts)

    def claim(self, claim: Claim) -> EntityRef:
        since = self._now - LETTER_PERIOD
        asked = letters_asked(self._session, claim.siren, claim.membership.person_id, since)
        facts: dict[str, Value] = {
            "membership": self.membership(claim.membership),
            "structure": self.structure(claim.membership.structure),
            "isOpen": claim.state == ClaimState.OPEN,
            "lettersInPeriod": len(asked),
            **NO_PAGE_YET["Claim"],
        }
        letter = last_letter(self._session, claim.id)
        if letter:
            facts["lastLetterAt"] = letter.asked_at
        return self._put("Claim", claim.id, **facts)

    def letter(self, letter: Letter) -> EntityRef:
        tries = wrong_tries(self._session, letter, self._now)
        facts: dict[str, Value] = {
            "claim": self.claim(letter.claim),
            "applicant": self.user(letter.claim.membership.person),
            "attemptsInWindow": len(tries.in_window),
            "attemptsTotal": tries.in_all,
            "isRevoked": letter.revoked_at is not None,
            "isUsed": letter.used_at is not None,
        }
        if letter.issued_at:
            facts["issuedAt"] = letter.issued_at
        if letter.expires_at:
            facts["expiresAt"] = letter.expires_at
        return self._put("Letter", letter.id, **facts)

    def _users(self, terms: Iterable[Administration]) -> frozenset[EntityRef]:
        return frozenset(self.user(term.membership.person) for term in terms)

    def _accepted_terms(self, membership: Membership) -> frozenset[EntityRef]:
        accepted = select(TermsAcceptance).where(TermsAcceptance.membership_id == membership.id)
        return frozenset(
            EntityRef("TermsVersion", f"{row.espace}@{row.version}")
            for row in self._session.scalars(accepted)
        )

    def _put(self, kind: str, id_: str, **facts: Value) -> EntityRef:
        ref = EntityRef(kind, id_)
        self._found[ref] = Entity(ref, facts)
        return ref


def _last_moved(claim: Claim, letter: Letter | None) -> datetime:
    if letter is None:
        return claim.claimed_at
    return max(claim.claimed_at, letter.asked_at, letter.issued_at or letter.asked_at)
