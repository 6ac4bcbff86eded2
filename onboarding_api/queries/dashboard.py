"""« Tableau de bord » (guide G-09 to G-15, G-73 to G-77): what to do next, and what can be opened."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from onboarding_api.model.first_administrator.claim import ClaimState
from onboarding_api.model.person import Person
from onboarding_api.queries.claims import LetterView, claim_view
from onboarding_api.queries.people import PersonView, view_of
from onboarding_api.queries.services import EspaceView, my_services
from onboarding_api.queries.structures import MyStructure, my_structures

ADD_STRUCTURE = "/structures/ajouter"


@dataclass(frozen=True, slots=True)
class Task:
    """One first step; done, or where to do it."""

    label: str
    is_done: bool
    url_path: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The first page after log-in, for the active structure if there is one."""

    person: PersonView
    structures: tuple[MyStructure, ...]
    active: MyStructure | None
    espaces_to_enter: tuple[EspaceView, ...]
    pending_letter: LetterView | None
    pending_decisions: int
    tasks: tuple[Task, ...]


def dashboard(session: Session, person_id: str, siren: str | None, now: datetime) -> Dashboard:
    """What a person sees; a structure that is not hers counts as none.

    Raises:
        sqlalchemy.exc.NoResultFound: nobody has this id.
    """
    person = session.get_one(Person, person_id)
    structures = my_structures(session, person_id)
    active = next((each for each in structures if each.siren == siren), None)
    espaces = my_services(session, person_id, active.siren, now) if active else ()
    claim = claim_view(session, person_id, active.siren, now) if active else None
    letter = claim.letter if claim and claim.state == ClaimState.OPEN else None
    return Dashboard(
        person=view_of(person),
        structures=structures,
        active=active,
        espaces_to_enter=tuple(each for each in espaces if each.can_enter or each.needs_terms),
        pending_letter=letter,
        pending_decisions=active.pending_count if active else 0,
        tasks=_tasks(active, espaces, has_letter=letter is not None and letter.takes_code),
    )


def _tasks(
    active: MyStructure | None, espaces: tuple[EspaceView, ...], *, has_letter: bool
) -> tuple[Task, ...]:
    """The first steps, in the order of the guide; later ones show when their time has come."""
    has_asked = any(service.state for espace in espaces for service in espace.services)
    profile = f"/structures/{active.siren}/fonction" if active else ADD_STRUCTURE
    tasks = [
        Task("Créer votre compte", True, "/profil"),
        Task("Ajouter une structure", active is not None, ADD_STRUCTURE),
        Task("Indiquer votre fonction dans la structure", bool(active and active.fonction), profile),
        Task("Demander une habilitation à un service", has_asked, "/services" if active else ADD_STRUCTURE),
    ]
    if has_letter:
        tasks.append(Task("Saisir le code reçu par courrier", False, "/courrier/code"))
    tasks += [
        Task(f"Accepter les conditions d'utilisation : {each.label}", False, f"{each.url_path}/conditions")
        for each in espaces
        if each.needs_terms
    ]
    return tuple(tasks)
