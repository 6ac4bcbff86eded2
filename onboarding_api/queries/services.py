"""« Mes services » (guide G-47): the catalogue, with the state and the next step of each service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.facts.habilitation import request_to_be
from onboarding_api.model.administration import administrators_of
from onboarding_api.model.first_administrator.claim import open_claim
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


@dataclass(frozen=True, slots=True)
class EspaceView:
    """One espace and its services. `needs_terms`: only the acceptance of its conditions is missing."""

    espace: str
    label: str
    url_path: str
    can_enter: bool
    needs_terms: bool
    services: tuple[ServiceView, ...]


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


def my_services(session: Session, person_id: str, siren: str, now: datetime) -> tuple[EspaceView, ...]:
    """The whole catalogue for a person in a structure, in the order of the catalogue.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    membership = membership_of(session, person_id, siren)
    asked = _ask_all(session, membership, now)
    waiting = _waiting_sentence(request_case(session, person_id, siren, now))
    terms = administrators_of(session, siren)
    if terms and all(term.membership_id == membership.id for term in terms):
        waiting = ALONE
    return tuple(_espace_view(espace, asked, waiting) for espace in load_catalogue().espaces.values())


def request_case(session: Session, person_id: str, siren: str, now: datetime) -> RequestCase:
    """Which case a request made now would be; nothing is recorded.

    Raises:
        NotFound: the person is not attached to such a structure.
    """
    membership = membership_of(session, person_id, siren)
    (decision,) = ask(session, membership.person, [(Action.CLAIM_ADMINISTRATION, membership)], now)
    if decision.allowed:
        return RequestCase.FIRST_USER
    claim = open_claim(session, siren)
    if RuleId.G_ADMIN_EXISTS in decision.rules or claim is None:
        return RequestCase.ADMINISTRATOR
    return RequestCase.OWN_CLAIM if claim.membership_id == membership.id else RequestCase.CLAIM_OPEN


def _ask_all(session: Session, membership: Membership, now: datetime) -> dict[str, _Asked]:
    latest = _latest(session, membership)
    services = load_catalogue().services
    subjects = {key: latest.get(key) or request_to_be(membership, key) for key in services}
    pairs = [
        (action, subject)
        for subject in subjects.values()
        for action in (Action.REQUEST_HABILITATION, Action.ENTER_SERVICE)
    ]
    decisions = iter(ask(session, membership.person, pairs, now))
    return {
        key: _Asked(service, latest.get(key), next(decisions), next(decisions))
        for key, service in services.items()
    }


def _latest(session: Session, membership: Membership) -> dict[str, Habilitation]:
    """The open request for each service, else the one changed last."""
    rows = session.scalars(
        select(Habilitation)
        .where(Habilitation.membership_id == membership.id)
        .order_by(Habilitation.changed_at)
    ).all()
    return {row.service: row for row in sorted(rows, key=lambda row: row.state in OPEN_STATES)}


def _espace_view(espace: Espace, asked: dict[str, _Asked], waiting: str) -> EspaceView:
    own = [each for each in asked.values() if each.service.espace == espace.key]
    return EspaceView(
        espace=espace.key,
        label=espace.label,
        url_path=f"/espaces/{espace.key}",
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
