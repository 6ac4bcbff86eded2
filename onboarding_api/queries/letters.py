"""The facts of a letter, read when it is printed."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from onboarding_api.letters.activation_letter import ActivationLetter
from onboarding_api.letters.address import AddressImpossible, address_lines
from onboarding_api.model.first_administrator.claim import ClaimState
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.first_administrator.validity import last_day
from onboarding_api.model.habilitation import HabilitationState, services_of_claim
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.labels import service_labels
from onboarding_api.model.words.sender import Sender


@dataclass(frozen=True, slots=True)
class LetterPlace:
    """Where a letter to a structure would go: its address lines, else the postcodes to choose from.

    Both are empty when no letter can reach it.
    """

    lines: tuple[str, ...] = ()
    asked_postcodes: tuple[str, ...] = ()


def letter_place(session: Session, siren: str) -> LetterPlace:
    """The place of a structure, shown and confirmed before a letter leaves."""
    structure = session.get_one(Structure, siren)
    try:
        return LetterPlace(lines=_address(structure, None))
    except AddressImpossible:
        return LetterPlace(asked_postcodes=structure.asked_postcodes)


def letter_facts(
    session: Session, letter_id: str, sender: Sender, written_at: datetime
) -> ActivationLetter | None:
    """What the letter tells when its code is made at `written_at`; None when it must not leave any more.

    It must not once it is revoked or used, or its claim no longer open.

    Raises:
        AddressImpossible: the structure's address changed since the letter was decided.
    """
    letter = session.get(Letter, letter_id)
    if letter is None or letter.revoked_at or letter.used_at or letter.claim.state != ClaimState.OPEN:
        return None
    claim = letter.claim
    person, structure = claim.membership.person, claim.membership.structure
    zone = ZoneInfo(structure.timezone)
    return ActivationLetter(
        reference=claim.reference,
        structure_name=structure.name,
        address_lines=_address(structure, claim.postcode),
        requester_name=person.full_name,
        requester_identifiant=person.identifiant,
        requested_on=claim.claimed_at.astimezone(zone).date(),
        services=service_labels(services_of_claim(session, claim.id, HabilitationState.AWAITING_LETTER)),
        written_on=written_at.astimezone(zone).date(),
        last_day=last_day(written_at, structure.timezone),
        sender=sender,
    )


def _address(structure: Structure, told: str | None) -> tuple[str, ...]:
    address = structure.postal_address(told)
    if address is None:
        raise AddressImpossible("town", structure.siren)
    return address_lines(structure.name, structure.kind, address.postcode, address.town)
