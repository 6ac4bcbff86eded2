"""What may follow from an event: the goals that the chapters of the table are made of.

Deliveries state a goal and hold ids only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from onboarding_api.model.delivery import Delivery
from onboarding_api.model.event import Event
from onboarding_api.notices.notice import Notice


@dataclass(frozen=True)
class Happening:
    """One journalled event.

    `person_id` is whom it concerns, `refs` the ids of what it concerns, `administrators` those of the
    structure once the act is done, `ends_at` the end of a letter's code.
    """

    event: Event
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
Consequences = Mapping[Event, tuple[Consequence, ...]]
Recipients = Callable[[Happening], tuple[str, ...]]


def keycloak(kind: str, lane: str = "kc:user", after: timedelta = timedelta()) -> Consequence:
    """Keycloak is told of the person."""

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


def mail(notice: type[Notice], recipients: Recipients) -> Consequence:
    """A notice to each recipient; one for all habilitations of the act."""

    key = notice.key()

    def goals(happening: Happening) -> Iterator[Goal]:
        refs: dict[str, Any] = dict(happening.refs)
        habilitation_id = refs.pop("habilitation_id", None)
        where = refs.get("membership_id", "")
        if habilitation_id:
            refs["habilitation_ids"] = [habilitation_id]
        for person_id in recipients(happening):
            yield Goal(
                name=f"mail:{key}:{person_id}:{where}",
                kind="mail",
                lane=f"mail:{person_id}",
                args={"notice": key, "person_id": person_id, **refs},
                due=happening.at,
                seq=happening.seq,
            )

    return goals


def requester(happening: Happening) -> tuple[str, ...]:
    """Whom it concerns."""
    return (happening.person_id,)


def administrators(happening: Happening) -> tuple[str, ...]:
    """Those of the structure."""
    return happening.administrators


def other_administrators(happening: Happening) -> tuple[str, ...]:
    """Those of the structure, but whom it concerns."""
    return tuple(id_ for id_ in happening.administrators if id_ != happening.person_id)


def timer(kind: str, args: Mapping[str, Any], due: datetime, happening: Happening) -> Goal:
    """Something to look at again, in a lane of its own."""
    name = ":".join([kind, *map(str, args.values())])
    return Goal(name, kind, f"timer:{name}", args, due, happening.seq)
