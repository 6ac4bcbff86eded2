"""The conditions particulières of an espace, as the page shows them (guide G-78, GS-35)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.refusals import NotFound
from onboarding_api.model.terms import TermsAcceptance, terms_text
from onboarding_api.queries.asking import membership_of
from policies.catalogue.loader import load_catalogue


@dataclass(frozen=True, slots=True)
class TermsView:
    """The version in force. `accepted_at`: when this person accepted it in the name of this structure."""

    espace: str
    label: str
    version: str
    title: str
    paragraphs: tuple[str, ...]
    accepted_at: datetime | None


def terms_to_accept(session: Session, person_id: str, siren: str, espace: str) -> TermsView:
    """The text in force for an espace.

    Raises:
        NotFound: no such espace, none to accept there, or the person is not attached to the structure.
    """
    membership = membership_of(session, person_id, siren)
    known = load_catalogue().espaces.get(espace)
    if known is None or known.terms_version is None:
        raise NotFound
    text = terms_text(known.key, known.terms_version)
    accepted = select(TermsAcceptance.accepted_at).where(
        TermsAcceptance.membership_id == membership.id,
        TermsAcceptance.espace == known.key,
        TermsAcceptance.version == known.terms_version,
    )
    accepted_at = session.scalars(accepted).one_or_none()
    return TermsView(known.key, known.label, known.terms_version, text.title, text.paragraphs, accepted_at)
