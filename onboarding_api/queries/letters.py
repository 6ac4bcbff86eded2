"""The facts of a letter, for its print and for its preview on a page."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.letters.activation_letter import ActivationLetter
from onboarding_api.letters.address import AddressImpossible, address_lines
from onboarding_api.model.claim import Claim, ClaimState
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.letter import Letter
from onboarding_api.model.sender import Sender
from onboarding_api.model.structure import Structure
from onboarding_api.model.validity import last_day
from policies.engine.catalogue import load_catalogue


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
        address_lines=_address(structure),
        requester_name=person.full_name,
        requester_identifiant=person.identifiant,
        requested_on=claim.claimed_at.astimezone(zone).date(),
        services=_services(session, claim),
        written_on=written_at.astimezone(zone).date(),
        last_day=last_day(written_at, structure.timezone),
        sender=sender,
    )


def _address(structure: Structure) -> tuple[str, ...]:
    address = structure.postal_address
    if address is None:
        raise AddressImpossible("town", structure.siren)
    return address_lines(structure.name, structure.kind, address.postcode, address.town)


def _services(session: Session, claim: Claim) -> tuple[str, ...]:
    """Labels of what waits for this letter, in the order of the catalogue."""
    waiting = set(
        session.scalars(
            select(Habilitation.service).where(
                Habilitation.claim_id == claim.id, Habilitation.state == HabilitationState.AWAITING_LETTER
            )
        )
    )
    return tuple(service.label for key, service in load_catalogue().services.items() if key in waiting)
