"""The events: what may stand in the journal, and from which all that leaves the house follows."""

from enum import StrEnum


class Event(StrEnum):
    """One word for each thing that happens; `consequences` says what follows from it, or nothing."""

    ACT_REFUSED = "act_refused"

    PERSON_REGISTERED = "person_registered"
    REGISTRATION_REPEATED = "registration_repeated"
    IDENTITY_CHANGED = "identity_changed"
    PERSON_DISABLED = "person_disabled"
    PERSON_WOKEN = "person_woken"
    PROFILE_CHANGED = "profile_changed"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    STRUCTURE_ATTACHED = "structure_attached"
    STRUCTURE_LEFT = "structure_left"
    TERMS_ACCEPTED = "terms_accepted"

    HABILITATION_REQUESTED = "habilitation_requested"
    HABILITATION_CLAIMED = "habilitation_claimed"
    HABILITATION_HANDED_OVER = "habilitation_handed_over"
    HABILITATION_STRANDED = "habilitation_stranded"
    HABILITATION_GRANTED = "habilitation_granted"
    HABILITATION_REACTIVATED = "habilitation_reactivated"
    HABILITATION_REFUSED = "habilitation_refused"
    HABILITATION_REFUSED_WITH_CLAIM = "habilitation_refused_with_claim"
    HABILITATION_EXPIRED_WITH_CLAIM = "habilitation_expired_with_claim"
    HABILITATION_DEACTIVATED = "habilitation_deactivated"
    HABILITATION_CANCELLED = "habilitation_cancelled"

    CLAIM_OPENED = "claim_opened"
    CLAIM_REDEEMED = "claim_redeemed"
    CLAIM_REFUSED = "claim_refused"
    CLAIM_CONTESTED = "claim_contested"
    CLAIM_EXPIRED = "claim_expired"
    CLAIM_CANCELLED = "claim_cancelled"

    LETTER_ASKED = "letter_asked"
    LETTER_HANDED_OVER = "letter_handed_over"
    LETTER_MOVED = "letter_moved"
    LETTER_REVOKED = "letter_revoked"
    CODE_REFUSED = "code_refused"

    ADMINISTRATOR_NAMED = "administrator_named"
    ADMINISTRATOR_RESIGNED = "administrator_resigned"

    DECISION_ASKED = "decision_asked"
    ACCESS_SEARCHED = "access_searched"
