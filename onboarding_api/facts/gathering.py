"""Gathering: each thing once, with the things it points to, and what many things need in one statement."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import Administration, administrators_by_siren
from onboarding_api.model.first_administrator.claim import Claim, open_claims
from onboarding_api.model.first_administrator.letter import (
    LETTER_PERIOD,
    Letter,
    LetterAsked,
    last_letters,
    letters_asked,
)
from onboarding_api.model.habilitation import Habilitation, habilitations_of
from onboarding_api.model.person import Person
from onboarding_api.model.terms import TermsAcceptance
from policies.engine.request import Entity, EntityRef, Value


class Gathering:
    """The facts of one question, or of several that are asked together; a page has one.

    What it has read it tells again without a statement, so a page that asks the rules reads nothing twice.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self._found: dict[EntityRef, Entity] = {}
        self._administrators: dict[str, tuple[Administration, ...]] = {}
        self._claims: dict[str, Claim | None] = {}
        self._letters: dict[str, Letter | None] = {}
        self._habilitations: dict[str, tuple[Habilitation, ...]] = {}
        self._accepted: dict[str, frozenset[str]] = {}
        self._asked: dict[tuple[str, str], tuple[LetterAsked, ...]] = {}

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All that was gathered; one tuple for the batch, since the engine batches by it."""
        return tuple(self._found.values())

    def __contains__(self, ref: EntityRef) -> bool:
        return ref in self._found

    def put(self, kind: str, id_: str, **facts: Value) -> EntityRef:
        """Keep the facts of one thing."""
        ref = EntityRef(kind, id_)
        self._found[ref] = Entity(ref, facts)
        return ref

    def user(self, person: Person) -> EntityRef:
        """A person."""
        return self.put("User", person.id, isActive=person.is_active)

    def users(self, terms: Iterable[Administration]) -> frozenset[EntityRef]:
        """The people of some terms."""
        return frozenset(self.user(term.membership.person) for term in terms)

    def read_structures(self, sirens: Collection[str]) -> None:
        """Read what the rules ask about these structures: three statements, however many they are."""
        if new := {siren for siren in sirens if siren not in self._administrators}:
            self._administrators |= administrators_by_siren(self.session, new)
            claims = open_claims(self.session, new)
            self._claims |= {siren: claims.get(siren) for siren in new}
            self._read_letters({claim.id for claim in claims.values()})

    def read_memberships(self, ids: Collection[str]) -> None:
        """Read what the rules ask about these memberships: two statements, however many they are."""
        if new := {id_ for id_ in ids if id_ not in self._habilitations}:
            self._habilitations |= habilitations_of(self.session, new)
            wanted = select(TermsAcceptance).where(TermsAcceptance.membership_id.in_(new))
            accepted: dict[str, set[str]] = {id_: set() for id_ in new}
            for row in self.session.scalars(wanted):
                accepted[row.membership_id].add(f"{row.espace}@{row.version}")
            self._accepted |= {id_: frozenset(versions) for id_, versions in accepted.items()}

    def administrators(self, siren: str) -> tuple[Administration, ...]:
        """The terms that run in a structure."""
        self.read_structures((siren,))
        return self._administrators[siren]

    def open_claim(self, siren: str) -> Claim | None:
        """The open claim on a structure."""
        self.read_structures((siren,))
        return self._claims[siren]

    def last_letter(self, claim_id: str) -> Letter | None:
        """The latest letter of a claim."""
        self._read_letters({claim_id})
        return self._letters[claim_id]

    def know_letter(self, letter: Letter) -> None:
        """The page has read the latest letter of a claim already."""
        self._letters[letter.claim_id] = letter

    def habilitations(self, membership_id: str) -> tuple[Habilitation, ...]:
        """All that a member ever asked for, changed last last."""
        self.read_memberships((membership_id,))
        return self._habilitations[membership_id]

    def accepted_terms(self, membership_id: str) -> frozenset[str]:
        """What a member accepted, as `mes-prets@2022-02`."""
        self.read_memberships((membership_id,))
        return self._accepted[membership_id]

    def letters_asked(self, siren: str, person_id: str) -> tuple[LetterAsked, ...]:
        """The letters that count for a limit now."""
        key = (siren, person_id)
        if key not in self._asked:
            self._asked[key] = letters_asked(self.session, siren, person_id, self.now - LETTER_PERIOD)
        return self._asked[key]

    def _read_letters(self, claim_ids: Collection[str]) -> None:
        if new := {id_ for id_ in claim_ids if id_ not in self._letters}:
            letters = last_letters(self.session, new)
            self._letters |= {id_: letters.get(id_) for id_ in new}
