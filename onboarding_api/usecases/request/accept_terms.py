"""« Accepter les conditions particulières d'utilisation » (guide G-78)."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.refusals import BadInput, NotFound
from onboarding_api.model.terms import TermsAcceptance, terms_text
from policies.catalogue.loader import load_catalogue
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class AcceptTerms:
    """The version that the page showed, accepted in the name of one structure."""

    siren: str
    espace: str
    version: str


def accept_terms(office: Office, actor: Actor, command: AcceptTerms) -> None:
    """Keep the proof of the acceptance; a second click keeps the first proof.

    Raises:
        NotFound: no such espace, none to accept there, or the actor is not attached to the structure.
        BadInput: the version shown is not the one in force.
        NotAllowed: the rules refuse.
    """
    espace = load_catalogue().espaces.get(command.espace)
    if espace is None or espace.terms_version is None:
        raise NotFound
    if command.version != espace.terms_version:
        raise BadInput("version", "stale")
    with act(office, actor) as it:
        membership = it.own_membership(command.siren)
        kept = select(TermsAcceptance).where(
            TermsAcceptance.membership_id == membership.id,
            TermsAcceptance.espace == espace.key,
            TermsAcceptance.version == command.version,
        )
        if it.session.scalars(kept).one_or_none():
            return
        it.permit(Action.ACCEPT_TERMS, membership)
        text = terms_text(espace.key, command.version)
        it.session.add(
            TermsAcceptance(
                membership_id=membership.id,
                espace=espace.key,
                version=command.version,
                text_sha256=text.sha256,
                accepted_at=it.now,
            )
        )
        it.record(
            Event.TERMS_ACCEPTED, membership, espace=espace.key, version=command.version, text=text.sha256
        )
