"""« Mes prêts en ligne » (guide G-74): what the button does, or why it opens nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.refusals import NotFound
from onboarding_api.model.words.french_text import quoted_list
from onboarding_api.queries.services import EspaceView, my_services

NOT_OPEN = "Ce service n'a pas encore d'adresse sur ce site : contactez-nous si vous en avez besoin."
PREPARING = "Votre accès est en préparation : il sera prêt dans quelques instants."
STOPPED = "Votre accès n'a pas pu être ouvert : contactez-nous, nous le terminerons."
TERMS = "Les conditions particulières d'utilisation doivent être acceptées."


@dataclass(frozen=True, slots=True)
class Entry:
    """`ready`: go there. `terms`: accept the conditions first. `preparing`: Keycloak is being told.
    `refused`: the sentences say why.
    """

    state: Literal["ready", "terms", "preparing", "refused"]
    sentences: tuple[str, ...]


def entry(
    session: Session,
    person_id: str,
    siren: str,
    espace: str,
    now: datetime,
    *,
    open_espaces: Collection[str],
) -> Entry:
    """What happens when a person enters an espace for a structure.

    Args:
        session: the database.
        person_id: who enters.
        siren: for which structure.
        espace: key of the catalogue.
        now: the moment asked about.
        open_espaces: those that have an address in this installation.

    Raises:
        NotFound: no such espace, or she is not attached to such a structure.
    """
    espaces = my_services(session, person_id, siren, now).espaces
    view = next((each for each in espaces if each.espace == espace), None)
    if view is None:
        raise NotFound
    if view.can_enter:
        return _open(session, person_id) if espace in open_espaces else Entry("refused", (NOT_OPEN,))
    if view.needs_terms:
        return Entry("terms", (TERMS,))
    return Entry("refused", _why(view))


def _open(session: Session, person_id: str) -> Entry:
    match _last_told(session, person_id):
        case DeliveryState.OPEN | DeliveryState.SENDING:
            return Entry("preparing", (PREPARING,))
        case DeliveryState.PARKED:
            return Entry("refused", (STOPPED,))
        case _:
            return Entry("ready", ())


def _last_told(session: Session, person_id: str) -> DeliveryState | None:
    """How far Keycloak has been told of a person: her last row does the work of all before it."""
    rows = select(Delivery.state).where(
        Delivery.lane == f"kc:user:{person_id}", Delivery.state != DeliveryState.CANCELLED
    )
    state = session.scalars(rows.order_by(Delivery.sequence.desc()).limit(1)).first()
    return DeliveryState(state) if state else None


def _why(view: EspaceView) -> tuple[str, ...]:
    """The next step of what was asked for here, with its name; of everything when nothing was."""
    asked = tuple(service for service in view.services if service.state)
    about: dict[str, list[str]] = {}
    for service in asked or view.services:
        about.setdefault(service.next_step, []).append(service.label)
    return tuple(f"{quoted_list(labels)} : {step}" for step, labels in about.items() if step)
