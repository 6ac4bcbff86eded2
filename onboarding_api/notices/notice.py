"""What a notice is: its facts as typed fields, read when the mail leaves, and its subject.

A mail whose occasion has passed is not sent. Days are those of the structure's calendar.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure

Args = Mapping[str, Any]
"""Of the delivery: `person_id` of the recipient, and the ids that the notice is about."""


class Addressed(NamedTuple):
    """A notice that is to leave now, and its address."""

    to: str
    notice: "Notice"


@dataclass(frozen=True, slots=True)
class Notice(ABC):
    """One mail. Its templates, in the folder of its chapter, may tell its fields and nothing else."""

    @classmethod
    def key(cls) -> str:
        """Its name in the ledger, and of its templates: `request_sent`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def template(cls, kind: str) -> str:
        """Where its words stand: `request/request_sent.html`."""
        return f"{cls.__module__.rpartition('.')[2]}/{cls.key()}.{kind}"

    @property
    @abstractmethod
    def subject(self) -> str:
        """One line, which begins with the structure where there is one."""

    @classmethod
    @abstractmethod
    def addressed(cls, session: Session, args: Args) -> Addressed | None:
        """The notice with the facts of now; None when there is nothing left to say."""


@dataclass(frozen=True, slots=True)
class PersonalNotice(Notice):
    """A mail to somebody who has an account; `recipient` is how she is greeted."""

    recipient: str

    @classmethod
    def addressed(cls, session: Session, args: Args) -> Addressed | None:
        """Read for the person it goes to."""
        person = session.get(Person, cls.person_id(session, args))
        notice = cls.read(session, person, args) if person else None
        return Addressed(person.email, notice) if person and notice else None

    @classmethod
    def person_id(cls, _session: Session, args: Args) -> str | None:
        """To whom it goes."""
        person_id: str = args["person_id"]
        return person_id

    @classmethod
    @abstractmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """Its facts as they are now; None when its occasion has passed."""


def day(moment: datetime, structure: Structure) -> date:
    """The day of a moment on the calendar of the structure."""
    return moment.astimezone(ZoneInfo(structure.timezone)).date()
