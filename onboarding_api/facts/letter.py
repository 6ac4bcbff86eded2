"""A letter: the dates of its code, and the tries that were made of it. It is not asked about in SQL."""

from onboarding_api.facts.claim import gather_claim
from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.first_administrator.letter import Letter, wrong_tries
from policies.engine.request import EntityRef, Value


def gather_letter(found: Gathering, letter: Letter) -> EntityRef:
    """A letter, with its claim."""
    tries = wrong_tries(found.session, letter, found.now)
    facts: dict[str, Value] = {
        "claim": gather_claim(found, letter.claim),
        "applicant": found.user(letter.claim.membership.person),
        "attemptsInWindow": len(tries.in_window),
        "attemptsTotal": tries.in_all,
        "isRevoked": letter.revoked_at is not None,
        "isUsed": letter.used_at is not None,
    }
    if letter.issued_at:
        facts["issuedAt"] = letter.issued_at
    if letter.expires_at:
        facts["expiresAt"] = letter.expires_at
    return found.put("Letter", letter.id, **facts)
