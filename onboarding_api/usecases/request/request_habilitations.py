"""« Demande d'habilitation » (guide G-50 to G-68): the two cases, and the wait behind another's claim."""

from dataclasses import dataclass

from onboarding_api.acts.act import Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.facts.habilitation import request_to_be
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import Claim, open_claim
from onboarding_api.model.habilitation import Habilitation, HabilitationState, open_habilitations
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import BadInput, FirstUserMustAccept
from onboarding_api.usecases.first_administrator.claims import bring_along, expire_claim_of, open_claim_of
from policies.catalogue.loader import load_catalogue
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class RequestHabilitations:
    """Services asked for in one structure.

    `becomes_administrator` is « Accepter » on the page of G-63: it is needed in CASE 2 only. `postcode` is
    the mairie's: it is needed there, and only where the register knows several postcodes and not which.
    """

    siren: str
    services: tuple[str, ...]
    becomes_administrator: bool = False
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """« Accepter » of CASE 2, with the postcode if it had to be told."""

    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """The reference of the actor's own claim, if a letter decides; the habilitations asked or held."""

    claim_reference: str | None
    habilitation_ids: tuple[str, ...]


def request_habilitations(office: Office, actor: Actor, command: RequestHabilitations) -> RequestOutcome:
    """Ask for services. A service asked already is not asked again.

    CASE 1, the structure has an administrator, or somebody else's letter is on its way: the requests wait
    for an administrator. CASE 2, nobody: the actor claims the administration and a letter leaves.

    Raises:
        BadInput: no service, or one that the catalogue does not know.
        NotFound: the actor is not attached to such a structure.
        NotAllowed: the rules refuse one of the services, or the claim.
        FirstUserMustAccept: CASE 2, and the actor has not accepted; nothing is recorded.
        LetterLimit, NoPostalAddress, PostcodeNeeded: CASE 2, and no letter can leave.
    """
    services = _known(command.services)
    acceptance = Acceptance(command.postcode) if command.becomes_administrator else None
    with act(office, actor) as it:
        return request_services(it, it.own_membership(command.siren), services, acceptance)


def request_services(
    it: Act, membership: Membership, services: tuple[str, ...], acceptance: Acceptance | None
) -> RequestOutcome:
    """The same inside an act, for a membership in a locked structure and services of the catalogue."""
    claim = _claim_if_first(it, membership, acceptance)
    held = {
        habilitation.service: habilitation for habilitation in open_habilitations(it.session, membership.id)
    }
    for service in services:
        if service not in held:
            held[service] = _request(it, membership, service, claim)
    if claim:
        bring_along(it, claim)
    own = claim or _own_open_claim(it, membership)
    return RequestOutcome(own.reference if own else None, tuple(held[service].id for service in services))


def _known(services: tuple[str, ...]) -> tuple[str, ...]:
    if not services:
        raise BadInput("services", "empty")
    if not set(services) <= set(load_catalogue().services):
        raise BadInput("services", "unknown")
    return tuple(dict.fromkeys(services))


def _claim_if_first(it: Act, membership: Membership, acceptance: Acceptance | None) -> Claim | None:
    """A new claim in CASE 2, None in CASE 1."""
    if not it.may(Action.CLAIM_ADMINISTRATION, membership):
        return None
    if acceptance is None:
        raise FirstUserMustAccept
    it.permit(Action.CLAIM_ADMINISTRATION, membership)
    lapsed = open_claim(it.session, membership.siren)
    if lapsed:
        # The rules no longer count it; the job that closes such claims has not come by yet.
        expire_claim_of(it, lapsed)
    return open_claim_of(it, membership, acceptance.postcode)


def _request(it: Act, membership: Membership, service: str, claim: Claim | None) -> Habilitation:
    """One request. It is there when the rules are asked about the next one: the two may be in conflict."""
    habilitation = request_to_be(membership, service)
    it.permit(Action.REQUEST_HABILITATION, habilitation)
    habilitation.state = HabilitationState.AWAITING_LETTER if claim else HabilitationState.PENDING
    habilitation.claim_id = claim.id if claim else None
    habilitation.requested_at = habilitation.changed_at = it.now
    it.session.add(habilitation)
    it.session.flush()
    event = Event.HABILITATION_CLAIMED if claim else Event.HABILITATION_REQUESTED
    it.record(event, habilitation, after=habilitation.state, service=service)
    return habilitation


def _own_open_claim(it: Act, membership: Membership) -> Claim | None:
    claim = open_claim(it.session, membership.siren)
    return claim if claim and claim.membership_id == membership.id else None
