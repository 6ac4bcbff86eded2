"""Who is here: the person of the session, read again at each request, and the structure at work."""

from dataclasses import dataclass
from typing import NoReturn

from flask import abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.acts.actor import Actor
from onboarding_api.model.refusals import NotFound
from onboarding_api.queries.people import PersonView, person_by_keycloak
from onboarding_api.queries.structures import MyStructure, my_structures
from onboarding_api.web.keycloak_session import keycloak_sessions
from onboarding_api.web.parts import reading
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.session import current_session


@dataclass(frozen=True, slots=True)
class Visit:
    """A logged-in person, the structures she is attached to, and the one she works for."""

    person: PersonView
    structures: tuple[MyStructure, ...]
    active: MyStructure | None
    actor: Actor

    def structure(self, siren: str) -> MyStructure:
        """Her place in a structure.

        Raises:
            NotFound: she is not attached to it; whether it exists is not told.
        """
        for structure in self.structures:
            if structure.siren == siren:
                return structure
        raise NotFound

    @property
    def administered(self) -> tuple[MyStructure, ...]:
        """Those of her structures that she administers."""
        return tuple(structure for structure in self.structures if structure.is_administrator)

    @property
    def siren(self) -> str:
        """SIREN of the active structure; without one, the browser goes to choose one first."""
        if self.active is None:
            _send(url_for("structures.look_for", suite=request.path))
        siren: str = self.active.siren
        return siren


def current_visit() -> Visit | None:
    """The visit of this request, or None before log-in."""
    if "visit" not in g:
        g.visit = _open_visit()
    found: Visit | None = g.visit
    return found


def visit() -> Visit:
    """The visit of a page that is for logged-in people.

    A browser without a session goes to log in and comes back to the page.
    """
    found = current_visit()
    if found is None:
        suite = request.full_path.rstrip("?") if request.method == "GET" else None
        _send(url_for("login.log_in", suite=suite))
    return found


def structure_of(form: FilledForm) -> MyStructure:
    """The structure that a form is about: it keeps its own when another tab switches the active one.

    Raises:
        NotFound: the person is not attached to it.
    """
    here = visit()
    return here.structure(form.typed.get("siren") or here.siren)


def require_visit() -> ResponseReturnValue | None:
    """To be called before each request of a blueprint whose pages are for logged-in people."""
    visit()
    return None


def _open_visit() -> Visit | None:
    if "sub" not in session:
        return None
    if not keycloak_sessions().is_alive():
        current_session().end()
        return None
    with reading() as db:
        person = person_by_keycloak(db, session["sub"], session["identifiant"])
        if person is None or not person.is_active:
            current_session().end()
            return None
        structures = my_structures(db, person.id)
    active = next((one for one in structures if one.siren == session.get("siren")), None)
    if active is None and structures:
        active = structures[0]
    return Visit(person, structures, active, Actor(person.id, session.get("acr", 1)))


def _send(path: str) -> NoReturn:
    abort(redirect(path, 303))
