"""People in a structure: they attach, ask, are decided upon, accept conditions, and some leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from demo.country.chronicle import LATEST, MOMENT, Chronicle, Row
from onboarding_api.model.administration import Administration, Origin, Rank
from onboarding_api.model.event import Event
from onboarding_api.model.habilitation import OPEN_STATES, Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.terms import TermsAcceptance, terms_text
from policies.catalogue.loader import load_catalogue

S = HabilitationState
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EVENTS = {
    S.PENDING: Event.HABILITATION_REQUESTED,
    S.GRANTED: Event.HABILITATION_GRANTED,
    S.REFUSED: Event.HABILITATION_REFUSED,
    S.DEACTIVATED: Event.HABILITATION_DEACTIVATED,
}
# What became of a request, by how often.
_LIVES: tuple[tuple[tuple[HabilitationState, ...], int], ...] = (
    ((S.PENDING, S.GRANTED), 66),
    ((S.PENDING, S.GRANTED, S.DEACTIVATED, S.GRANTED), 3),
    ((S.PENDING, S.GRANTED, S.DEACTIVATED), 9),
    ((S.PENDING, S.REFUSED), 10),
    ((S.PENDING,), 12),
)
_SERVICES_ASKED = ((0, 15), (1, 32), (2, 26), (3, 12), (4, 8), (5, 4), (6, 3))
_MOTIVES = (
    "Votre fonction ne demande pas cet accès.",
    "Merci de voir d'abord avec le secrétariat général.",
    "La personne a changé de service.",
)


@dataclass(slots=True)
class Member:
    """A person in a structure; `last_at`: nothing of hers happens before it any more."""

    id: str
    person_id: str
    siren: str
    last_at: datetime
    row: Row
    rights: list[Row] = field(default_factory=list)
    term: Row | None = None

    @property
    def subject(self) -> str:
        """As the journal names her."""
        return f"membership:{self.id}"


def attach(told: Chronicle, person_id: str, siren: str, at: datetime, fonction: str | None = None) -> Member:
    """A person attaches to a structure; most say at once what they do there."""
    dice = told.dice
    row: Row = {
        "id": told.new_id(),
        "person_id": person_id,
        "siren": siren,
        "state": MembershipState.ATTACHED,
        "telephone": f"+3346896{dice.randrange(10_000):04d}" if told.chance(0.6) else None,
        "email": None,
        "fonction": fonction
        or (dice.choice(tuple(load_catalogue().fonctions)) if told.chance(0.9) else None),
        "attached_at": at,
        "left_at": None,
    }
    told.rows[Membership].append(row)
    told.arrived[person_id] = min(at, told.arrived.get(person_id, at))
    member = Member(row["id"], person_id, siren, at, row)
    told.tell(
        at, Event.STRUCTURE_ATTACHED, member.subject, person_id,
        actor_id=person_id, siren=siren, after=MembershipState.ATTACHED,
    )  # fmt: skip
    return member


def services_for(told: Chronicle, member: Member, at_least: int = 0) -> list[str]:
    """What she asks for; the loan services want a fonction."""
    wishes, weights = zip(*_SERVICES_ASKED, strict=True)
    count = max(at_least, told.dice.choices(wishes, weights)[0])
    services = load_catalogue().services.values()
    open_to_her = [each.key for each in services if member.row["fonction"] or not each.requires_fonction]
    return told.dice.sample(open_to_her, min(count, len(open_to_her)))


def appoint(told: Chronicle, by: Member, deputy: Member, at: datetime) -> None:
    """An administrator makes another one."""
    name_administrator(told, deputy, at, Origin.APPOINTED, by.person_id)


def name_administrator(told: Chronicle, member: Member, at: datetime, origin: Origin, actor_id: str) -> None:
    """A term begins."""
    member.term = {
        "id": told.new_id(),
        "membership_id": member.id,
        "siren": member.siren,
        "origin": origin,
        "rank": Rank.REFERENT,
        "since": at,
        "ended_at": None,
    }
    told.rows[Administration].append(member.term)
    told.administrators.add(member.person_id)
    told.tell(
        at, Event.ADMINISTRATOR_NAMED, member.subject, member.person_id,
        actor_id=actor_id, siren=member.siren, after=Rank.REFERENT, origin=origin,
    )  # fmt: skip
    member.last_at = max(member.last_at, at)


def ask(
    told: Chronicle,
    member: Member,
    service: str,
    decider: Member | None,
    life: Sequence[HabilitationState] | None = None,
) -> None:
    """One request and what became of it; without an administrator it waits."""
    lives, weights = zip(*_LIVES, strict=True)
    states: Sequence[HabilitationState] = life or told.dice.choices(lives, weights)[0]
    if decider is None or decider.person_id == member.person_id:
        states = (S.PENDING,)
    latest = MOMENT - _HOUR
    asked = told.between(member.last_at, min(latest, member.last_at + 60 * _DAY))
    if states == (S.PENDING,):
        asked = told.between(max(member.last_at, MOMENT - 60 * _DAY), latest)
    elif told.chance(0.06):
        asked = _refused_before(told, member, service, decider, asked)
    _live(told, member, service, decider, states=states, asked=asked)


def _refused_before(
    told: Chronicle, member: Member, service: str, decider: Member | None, at: datetime
) -> datetime:
    """Some ask twice: the first request was refused, its row stays."""
    return _live(told, member, service, decider, states=(S.PENDING, S.REFUSED), asked=at)


def _live(
    told: Chronicle,
    member: Member,
    service: str,
    decider: Member | None,
    *,
    states: Sequence[HabilitationState],
    asked: datetime,
) -> datetime:
    row = request(told, member, service, asked)
    for before, after in pairwise(states):
        at = told.between(row["changed_at"], min(LATEST, row["changed_at"] + 10 * _DAY))
        takes_away = after in (S.REFUSED, S.DEACTIVATED)
        motive = told.dice.choice(_MOTIVES) if takes_away else None
        event = Event.HABILITATION_REACTIVATED if before == S.DEACTIVATED else _EVENTS[after]
        move(told, member, row, event, after=after, at=at, by=decider, motive=motive)
    changed: datetime = row["changed_at"]
    return changed


def request(told: Chronicle, member: Member, service: str, at: datetime, claim_id: str | None = None) -> Row:
    """A habilitation is asked for, of an administrator or with a claim."""
    state = S.AWAITING_LETTER if claim_id else S.PENDING
    row: Row = {
        "id": told.new_id(),
        "membership_id": member.id,
        "siren": member.siren,
        "service": service,
        "state": state,
        "claim_id": claim_id,
        "motive": None,
        "requested_at": at,
        "changed_at": at,
        "decided_by": None,
        "expires_at": None,
    }
    told.rows[Habilitation].append(row)
    member.rights.append(row)
    member.last_at = max(member.last_at, at)
    event = Event.HABILITATION_CLAIMED if claim_id else _EVENTS[S.PENDING]
    told.tell(
        at, event, f"habilitation:{row['id']}", member.person_id,
        actor_id=member.person_id, siren=member.siren, after=state, service=service,
    )  # fmt: skip
    return row


def move(
    told: Chronicle,
    member: Member,
    row: Row,
    event: Event,
    *,
    after: HabilitationState,
    at: datetime,
    by: Member | None = None,
    motive: str | None = None,
) -> None:
    """A habilitation moves along its table; without a decider the person herself or the house did it."""
    before = row["state"]
    actor = by or (member if event in (Event.HABILITATION_GRANTED, Event.HABILITATION_CANCELLED) else None)
    row.update(state=after, changed_at=at, motive=motive)
    row["decided_by"] = by.person_id if by else row["decided_by"]
    told.tell(
        at, event, f"habilitation:{row['id']}", member.person_id, siren=member.siren,
        actor_id=actor.person_id if actor else None, before=before, after=after, service=row["service"],
    )  # fmt: skip
    member.last_at = max(member.last_at, at)


def accept_terms(told: Chronicle, member: Member) -> None:
    """Most of those who hold a service accept the conditions of its espace."""
    held = {row["service"].partition(":")[0] for row in member.rights if row["state"] == S.GRANTED}
    for espace in load_catalogue().espaces.values():
        if espace.key in held and espace.terms_version and told.chance(0.85):
            _accept(told, member, espace.key, espace.terms_version)


def _accept(told: Chronicle, member: Member, espace: str, version: str) -> None:
    digest = terms_text(espace, version).sha256
    at = told.between(member.last_at, min(LATEST, member.last_at + 3 * _DAY))
    told.write(
        TermsAcceptance, id=told.new_id(), membership_id=member.id, espace=espace, version=version,
        text_sha256=digest, accepted_at=at,
    )  # fmt: skip
    told.tell(
        at, Event.TERMS_ACCEPTED, member.subject, member.person_id,
        actor_id=member.person_id, siren=member.siren, espace=espace, version=version, text=digest,
    )  # fmt: skip
    member.last_at = at


def leave(told: Chronicle, member: Member, at: datetime) -> None:
    """She leaves: what she held, asked for or administered ends with it."""
    for row in member.rights:
        if row["state"] in OPEN_STATES:
            move(told, member, row, Event.HABILITATION_CANCELLED, after=S.CANCELLED, at=at)
    if member.term:
        member.term["ended_at"] = at
        told.tell(
            at, Event.ADMINISTRATOR_RESIGNED, member.subject, member.person_id,
            actor_id=member.person_id, siren=member.siren, before=member.term["rank"],
        )  # fmt: skip
    member.row.update(state=MembershipState.LEFT, left_at=at)
    told.tell(
        at, Event.STRUCTURE_LEFT, member.subject, member.person_id, actor_id=member.person_id,
        siren=member.siren, before=MembershipState.ATTACHED, after=MembershipState.LEFT,
    )  # fmt: skip
