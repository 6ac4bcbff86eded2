"""What happened in each structure: who came first, whether a letter made an administrator, who followed."""

from collections.abc import Sequence
from datetime import timedelta

from demo.country.chronicle import BEGINNING, LATEST, MOMENT, Chronicle
from demo.country.claims import ClaimStory, can_get_letters
from demo.country.members import (
    Member,
    accept_terms,
    appoint,
    ask,
    attach,
    leave,
    services_for,
)
from demo.country.shape import Kind, Place
from onboarding_api.model.habilitation import HabilitationState

S = HabilitationState
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_PRESENT = MOMENT - 60 * _DAY
"""Letters asked before have been answered, or have come to nothing."""
_LIVELY = 8
"""Where so many work, somebody administers; below, a letter may be under way or have come to nothing."""
_DECIDED = ((S.PENDING, S.GRANTED), (S.PENDING, S.GRANTED, S.DEACTIVATED), (S.PENDING, S.REFUSED))


def live(told: Chronicle, place: Place, people: Sequence[str], pending: int) -> None:
    """The life of one structure.

    Args:
        told: where it is written.
        place: the structure.
        people: ids of its people, who came first first.
        pending: how many wait for a decision where the place is the largest.
    """
    if not people:
        return
    if not can_get_letters(place.entry):
        _only_attached(told, place, people)
    elif place.kind != Kind.ANY or len(people) >= _LIVELY or told.chance(0.74):
        _administered(told, place, people, pending)
    else:
        told.dice.choice((_letter_under_way, _letter_for_nothing, _only_attached))(told, place, people)


def _only_attached(told: Chronicle, place: Place, people: Sequence[str]) -> None:
    """Nobody has asked for anything yet; an EPCI has no address to which a letter could go."""
    for person_id in people:
        member = attach(told, person_id, place.entry.siren, told.between(BEGINNING, MOMENT - _DAY))
        if told.chance(0.06):
            leave(told, member, told.between(member.last_at, MOMENT))


def _administered(told: Chronicle, place: Place, people: Sequence[str], pending: int) -> None:
    first = _first_administrator(told, place, people[0])
    if first is None:
        return _only_attached(told, place, people[1:])
    others = [
        attach(told, person_id, place.entry.siren, told.between(first.last_at, MOMENT - 2 * _DAY))
        for person_id in people[1:]
    ]
    deputies = others[: _deputies(told, len(people))]
    for deputy in deputies:
        appoint(told, first, deputy, told.between(deputy.last_at, MOMENT - _DAY))
    if place.kind == Kind.LARGEST:
        _ask_in_largest(told, others, first, pending)
    else:
        for member in others:
            for service in services_for(told, member):
                ask(told, member, service, first)
    for member in (first, *others):
        accept_terms(told, member)
    _some_leave(told, place, first, others, deputies)
    return None


def _first_administrator(told: Chronicle, place: Place, person_id: str) -> Member | None:
    """The guide's story; None when the person has asked for too many letters already to ask now."""
    is_shared = place.kind == Kind.SHARED
    first_by = None if place.kind == Kind.ANY else BEGINNING + 300 * _DAY
    at = told.claims_at(person_id, BEGINNING, _PRESENT, first_by)
    if at is None:
        attach(told, person_id, place.entry.siren, told.between(BEGINNING, MOMENT - _DAY))
        return None
    fonction = "secretaire-general" if is_shared else None
    member = attach(told, person_id, place.entry.siren, at - 5 * _MINUTE, fonction)
    claim = ClaimStory(told, member, place.entry, services_for(told, member, at_least=1), at)
    claim.print_letter()
    if told.chance(0.08):
        claim.ask_again(at + 3 * _DAY)
    typed_at = claim.letter["asked_at"] + told.dice.randrange(5 * 24, 14 * 24) * _HOUR
    claim.send_letter(typed_at)
    claim.redeem(typed_at)
    return member


def _letter_under_way(told: Chronicle, place: Place, people: Sequence[str]) -> None:
    others = [
        attach(told, person_id, place.entry.siren, told.between(BEGINNING, MOMENT - 29 * _DAY))
        for person_id in people[1:]
    ]
    is_fresh = told.chance(0.08)
    earliest, latest = (5 * _MINUTE, 0 * _DAY) if is_fresh else (27 * _DAY, _HOUR)
    at = told.claims_at(people[0], LATEST - earliest, LATEST - latest)
    if at is None:
        return _only_attached(told, place, people[:1])
    claimant = attach(told, people[0], place.entry.siren, at - 5 * _MINUTE)
    claim = ClaimStory(told, claimant, place.entry, services_for(told, claimant, at_least=1), at)
    if not is_fresh:
        claim.print_letter()
        claim.send_letter(MOMENT)
    for member in others:
        for service in services_for(told, member)[:1]:
            ask(told, member, service, None)
    return None


def _letter_for_nothing(told: Chronicle, place: Place, people: Sequence[str]) -> None:
    at = told.claims_at(people[0], BEGINNING, _PRESENT)
    if at is None:
        return _only_attached(told, place, people)
    claimant = attach(told, people[0], place.entry.siren, at - 5 * _MINUTE)
    claim = ClaimStory(told, claimant, place.entry, services_for(told, claimant, at_least=1), at)
    claim.print_letter()
    claim.send_letter(at + 5 * _DAY)
    match told.dice.randrange(3):
        case 0:
            claim.expire()
        case 1:
            claim.refuse(at + 6 * _DAY)
        case _:
            claim.give_up(at + 6 * _DAY)
    return _only_attached(told, place, people[1:])


def _deputies(told: Chronicle, size: int) -> int:
    """How many administrators a structure has besides the first."""
    for least, count in ((1000, 4), (50, 2), (_LIVELY, 1)):
        if size >= least:
            return count
    return 1 if size > 1 and told.chance(0.1) else 0


def _ask_in_largest(told: Chronicle, members: Sequence[Member], first: Member, pending: int) -> None:
    """So many wait for a decision there, and no more."""
    waiting = {member.id for member in told.dice.sample(members, pending)}
    for member in members:
        for service in services_for(told, member, at_least=1):
            is_waiting = member.id in waiting
            waiting.discard(member.id)
            ask(told, member, service, first, (S.PENDING,) if is_waiting else told.dice.choice(_DECIDED))


def _some_leave(
    told: Chronicle, place: Place, first: Member, others: Sequence[Member], deputies: Sequence[Member]
) -> None:
    """Members leave; an administrator only where another one stays."""
    gone = 0 if place.kind == Kind.LARGEST else 0.06
    for member in others:
        if member not in deputies and told.chance(gone):
            leave(told, member, told.between(member.last_at, MOMENT))
    if deputies and place.kind == Kind.ANY and told.chance(0.1):
        leave(told, first, MOMENT - _MINUTE)
