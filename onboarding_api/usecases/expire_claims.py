"""The end of the thirty days (guide G-71, GS-31): claims whose code was never typed are closed."""

from sqlalchemy import select

from onboarding_api.model.claim import Claim, ClaimState
from onboarding_api.usecases.act import Office, act
from onboarding_api.usecases.claims import expire_claim_of, is_over


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
        if claim.state != ClaimState.OPEN or not is_over(it.session, claim, it.now):
            return False
        expire_claim_of(it, claim)
        return True


def expire_claims(office: Office, limit: int = 100, dry_run: bool = False) -> tuple[str, ...]:
    """Close the claims that are over, the oldest first, each in a transaction of its own.

    Args:
        office: the house.
        limit: how many at most.
        dry_run: only tell which.

    Returns:
        The references of the claims closed, or that would be.
    """
    with office.database.reading() as session:
        now = office.clock()
        open_ones = session.scalars(
            select(Claim).where(Claim.state == ClaimState.OPEN).order_by(Claim.claimed_at, Claim.id)
        )
        due = [(claim.id, claim.reference) for claim in open_ones if is_over(session, claim, now)][:limit]
    return tuple(reference for claim_id, reference in due if dry_run or expire_claim(office, claim_id))
