"""An administrator validates, refuses, deactivates or reactivates (guide G-54, GS-24, GS-25)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select

from onboarding_api.acts.act import Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.habilitation import (
    LONGEST_MOTIVE,
    TRANSITIONS,
    Habilitation,
    HabilitationState,
    Move,
    open_habilitations,
)
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import BadInput, NotFound, NotPossibleNow
from onboarding_api.model.words.typed_text import paragraph
from policies.engine.names import Action

_ACTIONS: Mapping[Move, Action] = MappingProxyType(
    {
        Move.GRANT: Action.VALIDATE_HABILITATION,
        Move.REFUSE: Action.REFUSE_HABILITATION,
        Move.DEACTIVATE: Action.DEACTIVATE_HABILITATION,
        Move.REACTIVATE: Action.REACTIVATE_HABILITATION,
    }
)
_EVENTS: Mapping[Move, Event] = MappingProxyType(
    {
        Move.GRANT: Event.HABILITATION_GRANTED,
        Move.REFUSE: Event.HABILITATION_REFUSED,
        Move.DEACTIVATE: Event.HABILITATION_DEACTIVATED,
        Move.REACTIVATE: Event.HABILITATION_REACTIVATED,
    }
)


@dataclass(frozen=True, slots=True)
class DecideHabilitation:
    """Which one, and why: the motive is shown to the requester, and required to refuse (GS-25)."""

    habilitation_id: str
    motive: str | None = None


def validate_habilitation(office: Office, actor: Actor, command: DecideHabilitation) -> None:
    """« Valider »: the requester gets the service. The three others raise the same.

    Raises:
        NotFound: no such habilitation in a structure that the actor administers.
        NotAllowed: the rules refuse, as for one's own request.
        NotPossibleNow: somebody decided before.
    """
    _decide(office, actor, command, Move.GRANT)


def refuse_habilitation(office: Office, actor: Actor, command: DecideHabilitation) -> None:
    """« Refuser », with a motive.

    Raises:
        BadInput: no motive.
    """
    if not _motive(command):
        raise BadInput("motive", "empty")
    _decide(office, actor, command, Move.REFUSE)


def deactivate_habilitation(office: Office, actor: Actor, command: DecideHabilitation) -> None:
    """« Désactiver »: the access is taken back after having been validated."""
    _decide(office, actor, command, Move.DEACTIVATE)


def reactivate_habilitation(office: Office, actor: Actor, command: DecideHabilitation) -> None:
    """« Réactiver » what was deactivated, unless it was asked anew meanwhile."""
    _decide(office, actor, command, Move.REACTIVATE)


def _decide(office: Office, actor: Actor, command: DecideHabilitation, move: Move) -> None:
    motive = _motive(command)
    with act(office, actor) as it:
        habilitation = _administered(it, command.habilitation_id)
        if _is_same_click(habilitation, move, actor):
            return
        if (HabilitationState(habilitation.state), move) not in TRANSITIONS:
            raise NotPossibleNow("habilitation", habilitation.state, move)
        it.permit(_ACTIONS[move], habilitation)
        if move == Move.REACTIVATE:
            _check_not_asked_anew(it, habilitation)
        it.move(habilitation, move, _EVENTS[move], motive=motive)


def _motive(command: DecideHabilitation) -> str | None:
    try:
        motive = paragraph(command.motive or "")
    except ValueError:
        raise BadInput("motive", "characters") from None
    if len(motive) > LONGEST_MOTIVE:
        raise BadInput("motive", "too_long")
    return motive or None


def _administered(it: Act, habilitation_id: str) -> Habilitation:
    """The habilitation, in its locked structure, for whoever may see the queue of that structure."""
    siren = it.session.scalars(
        select(Membership.siren)
        .join(Habilitation, Habilitation.membership_id == Membership.id)
        .where(Habilitation.id == habilitation_id)
    ).one_or_none()
    if siren is None or not it.may(Action.VIEW_QUEUE, it.lock(siren)):
        raise NotFound
    return it.session.get_one(Habilitation, habilitation_id)


def _is_same_click(habilitation: Habilitation, move: Move, actor: Actor) -> bool:
    targets = {target for (_, each), target in TRANSITIONS.items() if each == move}
    return habilitation.state in targets and habilitation.decided_by == actor.person_id


def _check_not_asked_anew(it: Act, habilitation: Habilitation) -> None:
    held = open_habilitations(it.session, habilitation.membership_id)
    if any(other.service == habilitation.service for other in held):
        raise NotPossibleNow("habilitation", "asked anew", Move.REACTIVATE)
