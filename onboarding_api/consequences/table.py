"""What leaves the house after each event: the one table, and the rows of the ledger that it makes.

A use case tells what happened; this table alone decides who is told and what Keycloak has to match. (Where
nothing happened, and whether anybody is concerned must not show, `recall_identifiant` writes its own row.)
Deliveries state a goal and hold ids only. Several events of one act that want the same thing want it once:
three services asked together make one mail.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from onboarding_api.model.delivery import Delivery
from policies.catalogue.loader import load_catalogue

_CODE_LIFE = load_catalogue().limits.code_life
REMINDERS_AFTER = (_CODE_LIFE / 3, _CODE_LIFE * 2 / 3)
FOLLOWED_AFTER = timedelta(hours=1)
LAST_REMINDER_BEFORE_END = timedelta(days=3)
WELCOME_AFTER = timedelta(seconds=2)
"""By then the account is there as a rule; while it is not, the welcome waits."""


@dataclass(frozen=True)
class Happening:
    """One journalled event.

    `person_id` is whom it concerns, `refs` the ids of what it concerns, `administrators` those of the
    structure once the act is done, `ends_at` the end of a letter's code.
    """

    event: str
    seq: int
    at: datetime
    person_id: str
    siren: str | None
    refs: Mapping[str, str]
    administrators: tuple[str, ...] = ()
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Goal:
    """A delivery to be; goals of one act with the same `name` are one."""

    name: str
    kind: str
    lane: str
    args: Mapping[str, Any]
    due: datetime
    seq: int

    def merged(self, other: "Goal") -> "Goal":
        """The same goal for one more habilitation."""
        ids = [*self.args.get("habilitation_ids", ()), *other.args.get("habilitation_ids", ())]
        return replace(self, args={**self.args, "habilitation_ids": ids}) if ids else self

    def as_row(self) -> Delivery:
        """The row of the ledger."""
        return Delivery(
            kind=self.kind,
            lane=self.lane,
            unique_key=f"{self.name}:{self.seq}",
            args=dict(self.args),
            due=self.due,
            journal_seq=self.seq,
        )


Consequence = Callable[[Happening], Iterable[Goal]]


def _keycloak(kind: str, lane: str = "kc:user", after: timedelta = timedelta()) -> Consequence:
    def goals(happening: Happening) -> Iterator[Goal]:
        person_id = happening.person_id
        yield Goal(
            name=f"{kind}:{person_id}",
            kind=kind,
            lane=f"{lane}:{person_id}",
            args={"person_id": person_id},
            due=happening.at + after,
            seq=happening.seq,
        )

    return goals


def _mail(notice: str, recipients: Callable[[Happening], tuple[str, ...]]) -> Consequence:
    def goals(happening: Happening) -> Iterator[Goal]:
        refs: dict[str, Any] = dict(happening.refs)
        habilitation_id = refs.pop("habilitation_id", None)
        where = refs.get("membership_id", "")
        if habilitation_id:
            refs["habilitation_ids"] = [habilitation_id]
        for person_id in recipients(happening):
            yield Goal(
                name=f"mail:{notice}:{person_id}:{where}",
                kind="mail",
                lane=f"mail:{person_id}",
                args={"notice": notice, "person_id": person_id, **refs},
                due=happening.at,
                seq=happening.seq,
            )

    return goals


def _requester(happening: Happening) -> tuple[str, ...]:
    return (happening.person_id,)


def _administrators(happening: Happening) -> tuple[str, ...]:
    return happening.administrators


def _other_administrators(happening: Happening) -> tuple[str, ...]:
    return tuple(id_ for id_ in happening.administrators if id_ != happening.person_id)


def _print_letter(happening: Happening) -> Iterator[Goal]:
    letter_id = happening.refs["letter_id"]
    yield Goal(
        name=f"letter.print:{letter_id}",
        kind="letter.print",
        lane=f"letter:{happening.refs['claim_id']}",
        args={"letter_id": letter_id},
        due=happening.at,
        seq=happening.seq,
    )


def _timer(kind: str, args: Mapping[str, Any], due: datetime, happening: Happening) -> Goal:
    name = ":".join([kind, *map(str, args.values())])
    return Goal(name, kind, f"timer:{name}", args, due, happening.seq)


def _watch_claim(happening: Happening) -> Iterator[Goal]:
    if happening.ends_at:
        args = {"claim_id": happening.refs["claim_id"]}
        yield _timer("timer.claim_expiry", args, happening.ends_at, happening)


def _remind(happening: Happening) -> Iterator[Goal]:
    if happening.ends_at:
        moments = [happening.at + after for after in REMINDERS_AFTER]
        for number, due in enumerate([*moments, happening.ends_at - LAST_REMINDER_BEFORE_END], start=1):
            args = {"letter_id": happening.refs["letter_id"], "number": number}
            yield _timer("timer.letter_reminder", args, due, happening)


def _follow_letter(happening: Happening) -> Iterator[Goal]:
    args = {"letter_id": happening.refs["letter_id"]}
    yield _timer("letter.follow", args, happening.at + FOLLOWED_AFTER, happening)


CONSEQUENCES: Mapping[str, tuple[Consequence, ...]] = MappingProxyType(
    {
        "person_registered": (
            _keycloak("keycloak.person"),
            _keycloak("keycloak.welcome", "kc:welcome", WELCOME_AFTER),
        ),
        "registration_repeated": (_mail("already_registered", _requester),),
        "identity_changed": (_keycloak("keycloak.person"),),
        # A fonction can open a service or close it.
        "profile_changed": (_keycloak("keycloak.person"),),
        "structure_attached": (_keycloak("keycloak.person"),),
        "structure_left": (_keycloak("keycloak.person"),),
        "habilitation_requested": (
            _mail("request_sent", _requester),
            _mail("request_to_decide", _other_administrators),
        ),
        "habilitation_claimed": (),
        "habilitation_handed_over": (_mail("request_to_decide", _other_administrators),),
        "habilitation_granted": (_keycloak("keycloak.person"), _mail("request_granted", _requester)),
        "habilitation_reactivated": (_keycloak("keycloak.person"), _mail("request_granted", _requester)),
        "habilitation_refused": (_mail("request_refused", _requester),),
        # One mail tells of the claim and of all that was asked with it.
        "habilitation_refused_with_claim": (),
        "habilitation_expired_with_claim": (),
        "habilitation_deactivated": (
            _keycloak("keycloak.person"),
            _mail("habilitation_deactivated", _requester),
        ),
        "habilitation_cancelled": (_keycloak("keycloak.person"),),
        "claim_opened": (),
        "claim_redeemed": (),
        "claim_refused": (_mail("administrator_refused", _requester),),
        "claim_contested": (),
        "claim_expired": (_mail("letter_expired", _requester),),
        "claim_cancelled": (),
        "administrator_named": (_mail("administrator_named", _administrators),),
        "administrator_resigned": (),
        "letter_asked": (_print_letter, _watch_claim),
        "letter_spooled": (_mail("letter_sent", _requester), _remind, _watch_claim, _follow_letter),
        "letter_moved": (),
        "letter_revoked": (),
        "code_refused": (),
        "terms_accepted": (_keycloak("keycloak.person"),),
    }
)


def deliveries(happenings: Iterable[Happening]) -> tuple[Delivery, ...]:
    """The rows that the events of one act make, in the order of the events.

    Raises:
        KeyError: an event that the table does not know.
    """
    goals: dict[str, Goal] = {}
    for happening in happenings:
        for consequence in CONSEQUENCES[happening.event]:
            for goal in consequence(happening):
                goals[goal.name] = goals[goal.name].merged(goal) if goal.name in goals else goal
    return tuple(goal.as_row() for goal in goals.values())
