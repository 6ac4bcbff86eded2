"""« Mes services » (guide G-47): the catalogue, with the state and the next step of each service."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.habilitation import request_to_be
from onboarding_api.facts.question import Resource
from onboarding_api.model.habilitation import OPEN_STATES, Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.words.labels import state_label
from onboarding_api.queries.asking import ask, membership_of
from policies.catalogue.loader import Espace, Service, load_catalogue
from policies.engine.explain import explain_fr
from policies.engine.names import Action, RuleId
from policies.engine.request import Decision

MISSING: Mapping[str, str] = {RuleId.G_FONCTION: "fonction", RuleId.G_TERMS: "terms"}
"""The refusals that the person can lift alone, by the name pages give to what is missing."""


ALONE = "Personne d'autre que vous n'administre votre structure : contactez-nous pour cette demande."
"""Nobody decides for herself, and no letter leaves for a structure that has an administrator."""


class RequestCase(StrEnum):
    """Which dialog answers « Demander l'habilitation » (guide G-52, G-53, GS-23)."""

    ADMINISTRATOR = "administrator"
    FIRST_USER = "first_user"
    CLAIM_OPEN = "claim_open"
    OWN_CLAIM = "own_claim"


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service for one person. `state` None: never asked. `missing`: what she can supply herself
    (`fonction`, `terms`), else ids of rules; `next_step` says it in French.
    """

    key: str
    label: str
    description: str
    state: str | None
    state_label: str
    since: datetime | None
    motive: str | None
    next_step: str
    may_request: bool
    missing: tuple[str, ...]
    habilitation_id: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class EspaceView:
    """One espace and its services. `needs_terms`: only the acceptance of its conditions is missing."""

    espace: str
    label: str
    can_enter: bool
    needs_terms: bool
    services: tuple[ServiceView, ...]

    @property
    def held(self) -> tuple[str, ...]:
        """What its door opens: the services that the person holds there."""
        return tuple(each.label for each in self.services if each.state == HabilitationState.GRANTED)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A service with the latest request for it, and what the rules say."""

    service: Service
    habilitation: Habilitation | None
    request: Decision
    entry: Decision

    @property
    def is_granted(self) -> bool:
        return self.habilitation is not None and self.habilitation.state == HabilitationState.GRANTED


@dataclass(frozen=True, slots=True)
class Services:
    """The whole catalogue for a person in a structure, and which case a request made now would be."""

    espaces: tuple[EspaceView, ...]
    case: RequestCase

    def __iter__(self) -> Iterator[ServiceView]:
        return (service for espace in self.espaces for service in espace.services)


def my_services(session: Session, person_id: str, siren: str, now: datetime) -> Services:
    """The catalogue, in its order.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    return services_of(Gathering(session, now), membership_of(session, person_id, siren))


def services_of(found: Gathering, membership: Membership) -> Services:
    """The same for a page that shows more than this, on its one slice of facts."""
    latest = _latest(found.habilitations(membership.id))
    services = load_catalogue().services
    pairs: list[tuple[Action, Resource]] = [(Action.CLAIM_ADMINISTRATION, membership)]
    for key in services:
        subject = latest.get(key) or request_to_be(membership, key)
        pairs += [(Action.REQUEST_HABILITATION, subject), (Action.ENTER_SERVICE, subject)]
    decisions = iter(ask(found, membership.person, pairs))
    case = _case(found, membership, next(decisions))
    asked = {
        key: _Asked(service, latest.get(key), next(decisions), next(decisions))
        for key, service in services.items()
    }
    waiting = _waiting_sentence(case)
    terms = found.administrators(membership.siren)
    if terms and all(term.membership_id == membership.id for term in terms):
        waiting = ALONE
    espaces = (_espace_view(espace, asked, waiting) for espace in load_catalogue().espaces.values())
    return Services(tuple(espaces), case)


def request_case(session: Session, person_id: str, siren: str, now: datetime) -> RequestCase:
    """Which case a request made now would be; nothing is recorded.

    Raises:
        NotFound: the person is not attached to such a structure.
    """
    found, membership = Gathering(session, now), membership_of(session, person_id, siren)
    (decision,) = ask(found, membership.person, [(Action.CLAIM_ADMINISTRATION, membership)])
    return _case(found, membership, decision)


def requested_service(session: Session, habilitation_id: str) -> str:
    """The service of a request, key of the catalogue."""
    return session.get_one(Habilitation, habilitation_id).service


def _case(found: Gathering, membership: Membership, decision: Decision) -> RequestCase:
    if decision.allowed:
        return RequestCase.FIRST_USER
    claim = found.open_claim(membership.siren)
    if RuleId.G_ADMIN_EXISTS in decision.rules or claim is None:
        return RequestCase.ADMINISTRATOR
    return RequestCase.OWN_CLAIM if claim.membership_id == membership.id else RequestCase.CLAIM_OPEN


def _latest(habilitations: Iterable[Habilitation]) -> dict[str, Habilitation]:
    """The open request for each service, else the one changed last."""
    return {row.service: row for row in sorted(habilitations, key=lambda row: row.state in OPEN_STATES)}


def _espace_view(espace: Espace, asked: dict[str, _Asked], waiting: str) -> EspaceView:
    own = [each for each in asked.values() if each.service.espace == espace.key]
    return EspaceView(
        espace=espace.key,
        label=espace.label,
        can_enter=any(each.entry.allowed for each in own),
        needs_terms=any(each.entry.rules == (RuleId.G_TERMS,) and not each.entry.missing for each in own),
        services=tuple(_service_view(each, waiting) for each in own),
    )


def _service_view(asked: _Asked, waiting: str) -> ServiceView:
    held, service = asked.habilitation, asked.service
    decision = asked.entry if asked.is_granted else asked.request
    return ServiceView(
        key=service.key,
        label=service.label,
        description=service.description,
        state=held.state if held else None,
        state_label=state_label(held.state if held else None),
        since=held.changed_at if held else None,
        motive=held.motive if held else None,
        next_step=_next_step(held, decision, waiting),
        may_request=asked.request.allowed,
        missing=tuple(MISSING.get(rule, rule) for rule in decision.rules) if not decision.allowed else (),
        habilitation_id=held.id if held else None,
        reference=held.reference if held else None,
    )


def _next_step(held: Habilitation | None, decision: Decision, waiting: str) -> str:
    if held and held.state == HabilitationState.PENDING:
        return waiting
    if held and held.state == HabilitationState.AWAITING_LETTER:
        return "Saisissez le code reçu par courrier."
    return " ".join(explain_fr(decision))


def _waiting_sentence(case: RequestCase) -> str:
    match case:
        case RequestCase.ADMINISTRATOR:
            return "Un administrateur de votre structure doit valider votre demande."
        case RequestCase.CLAIM_OPEN:
            return "Votre demande attend la nomination d'un administrateur : un courrier a été demandé."
        case RequestCase.OWN_CLAIM:
            return "Demandez un nouveau courrier pour joindre ce service à votre demande."
        case RequestCase.FIRST_USER:
            return "Votre structure n'a pas d'administrateur : vous pouvez demander à le devenir."
