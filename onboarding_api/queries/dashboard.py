"""« Tableau de bord » (guide G-09 to G-15, G-73 to G-77): what to do next, and what can be opened."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.first_administrator.claim import ClaimState
from onboarding_api.model.first_administrator.letter import Letter, last_letter_of, wrong_tries
from onboarding_api.model.first_administrator.validity import is_expired
from onboarding_api.model.habilitation import HabilitationState
from onboarding_api.queries.asking import membership_of
from onboarding_api.queries.claims import LetterView, letter_view
from onboarding_api.queries.services import EspaceView, RequestCase, ServiceView, services_of
from onboarding_api.queries.structures import MyStructure

WAITING = (HabilitationState.PENDING, HabilitationState.AWAITING_LETTER)


class Step(StrEnum):
    """What a first step is about; the page knows where it is done."""

    ACCOUNT = "account"
    STRUCTURE = "structure"
    FONCTION = "fonction"
    REQUEST = "request"
    CODE = "code"
    TERMS = "terms"


@dataclass(frozen=True, slots=True)
class Task:
    """One first step, done or not; `espace`: whose conditions are to be accepted."""

    step: Step
    label: str
    is_done: bool
    espace: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The first page after log-in, for the active structure if there is one.

    `ended_claim`: how her last claim ended, while she may make another. `requests`: what waits for somebody.
    """

    espaces_to_enter: tuple[EspaceView, ...]
    pending_letter: LetterView | None
    ended_claim: ClaimState | None
    requests: tuple[ServiceView, ...]
    tasks: tuple[Task, ...]


def dashboard(session: Session, person_id: str, active: MyStructure | None, now: datetime) -> Dashboard:
    """What a person sees in the structure she works for.

    Raises:
        NotFound: she is not attached to it any more.
    """
    if active is None:
        return Dashboard((), None, None, (), _tasks(None, (), has_letter=False))
    found, membership = Gathering(session, now), membership_of(session, person_id, active.siren)
    services = services_of(found, membership)
    espaces = services.espaces
    letter = last_letter_of(session, membership.id)
    ended = _ended(letter, services.case, now)
    is_shown = letter is not None and letter.claim.state == ClaimState.OPEN and ended is None
    shown = letter_view(letter, wrong_tries(session, letter, now), now) if letter and is_shown else None
    return Dashboard(
        espaces_to_enter=tuple(each for each in espaces if each.can_enter or each.needs_terms),
        pending_letter=shown,
        ended_claim=ended,
        requests=tuple(each for each in services if each.state in WAITING),
        tasks=_tasks(active, espaces, has_letter=shown is not None and shown.takes_code),
    )


def _ended(letter: Letter | None, case: RequestCase, now: datetime) -> ClaimState | None:
    if letter is None or case not in (RequestCase.FIRST_USER, RequestCase.OWN_CLAIM):
        return None
    if letter.claim.state == ClaimState.OPEN and is_expired(letter.ends_at, now):
        return ClaimState.EXPIRED
    ended = (ClaimState.EXPIRED, ClaimState.REFUSED)
    return letter.claim.state if letter.claim.state in ended else None


def _tasks(
    active: MyStructure | None, espaces: tuple[EspaceView, ...], *, has_letter: bool
) -> tuple[Task, ...]:
    """The first steps, in the order of the guide; later ones show when their time has come."""
    has_asked = any(service.state for espace in espaces for service in espace.services)
    tasks = [
        Task(Step.ACCOUNT, "Créer votre compte", True),
        Task(Step.STRUCTURE, "Ajouter une structure", active is not None),
        Task(Step.FONCTION, "Indiquer votre fonction dans la structure", bool(active and active.fonction)),
        Task(Step.REQUEST, "Demander une habilitation à un service", has_asked),
    ]
    if has_letter:
        tasks.append(Task(Step.CODE, "Saisir le code reçu par courrier", False))
    tasks += [
        Task(Step.TERMS, f"Accepter les conditions d'utilisation : {each.label}", False, each.espace)
        for each in espaces
        if each.needs_terms
    ]
    return tuple(tasks)
