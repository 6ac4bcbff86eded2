"""The end of the thirty days (guide G-71, GS-31): a claim whose code was never typed is closed."""

from sqlalchemy import select

from onboarding_api.acts.act import Office, act
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import last_letter
from onboarding_api.model.first_administrator.validity import is_expired
from onboarding_api.usecases.first_administrator.claims import expire_claim_of


def expire_claim(office: Office, claim_id: str) -> bool:
    """Close one claim if the last day of its latest letter has ended; does nothing otherwise.

    Returns:
        Whether it was closed now.
    """
    with act(office) as it:
        siren = it.session.scalars(select(Claim.siren).where(Claim.id == claim_id)).one_or_none()
        if siren is None:
            return False
        it.lock(siren)
        claim = it.session.get_one(Claim, claim_id)
        letter = last_letter(it.session, claim_id)
        if claim.state != ClaimState.OPEN or not is_expired(letter.ends_at if letter else None, it.now):
            return False
        expire_claim_of(it, claim)
        return True
