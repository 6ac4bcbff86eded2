"""What may follow from an event: the goals that the chapters of the table are made of.

Deliveries state a goal and hold ids only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from onboarding_api.model.event import Event
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass
from onboarding_api.model.ledger.kinds import MAIL, PERSON, Kind
from onboarding_api.notices.notice import Notice


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Goal:
    """A delivery to be; goals of one act with the same `name` are one.

    `subject` is what its lane is about; `of_class` is for a kind that may take a right away or give one.
    """

    name: str
    kind: Kind
    subject: str
    args: Mapping[str, Any]
    due: datetime
    seq: int
    of_class: DeliveryClass | None = None

    def merged(self, other: "Goal") -> "Goal":
        """The same goal for one more habilitation; it takes away if either does."""
        classes = [each for each in (self.of_class, other.of_class) if each is not None]
        both = replace(self, of_class=min(classes, default=None))
        ids = [*self.args.get("habilitation_ids", ()), *other.args.get("habilitation_ids", ())]
        return replace(both, args={**self.args, "habilitation_ids": ids}) if ids else both

    def as_row(self) -> Delivery:
        """The row of the ledger."""
        key = f"{self.name}:{self.seq}"
        return self.kind.row(
            self.subject, key=key, args=self.args, due=self.due, of_class=self.of_class, seq=self.seq
        )


Consequence = Callable[[Happening], Iterable[Goal]]
Consequences = Mapping[Event, tuple[Consequence, ...]]
Recipients = Callable[[Happening], tuple[str, ...]]


def about_person(
    kind: Kind, of_class: DeliveryClass | None = None, after: timedelta = timedelta()
) -> Consequence:
    """Something that is about the person alone."""

    def goals(happening: Happening) -> Iterator[Goal]:
        person_id = happening.person_id
        name, args = f"{kind.name}:{person_id}", {"person_id": person_id}
        yield Goal(name, kind, person_id, args, happening.at + after, happening.seq, of_class)

    return goals


GIVES = about_person(PERSON, DeliveryClass.GIVING)
"""Keycloak is to match her; no right ends by this event."""
TAKES_AWAY = about_person(PERSON, DeliveryClass.TAKING_AWAY)
"""Also where only the rules know which of both it is: too urgent does no harm."""


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
                kind=MAIL,
                subject=person_id,
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


def timer(kind: Kind, args: Mapping[str, Any], due: datetime, happening: Happening) -> Goal:
    """Something to look at again, in a lane of its own."""
    subject = ":".join(map(str, args.values()))
    return Goal(f"{kind.name}:{subject}", kind, subject, args, due, happening.seq)
