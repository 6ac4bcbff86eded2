"""What a notice is: its facts as typed fields, read when the mail leaves, and its subject.

A mail whose occasion has passed is not sent. Days are those of the structure's calendar.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure

Args = Mapping[str, Any]
"""Of the delivery: `person_id` of the recipient, and the ids that the notice is about."""


class Place(StrEnum):
    """The page that a mail speaks of: its link opens it, in the structure, through the log-in."""

    DASHBOARD = "tableau-de-bord"
    SERVICES = "services"
    QUEUE = "demandes"
    LETTER = "courrier"
    PROFILE = "profil"


class Door(NamedTuple):
    """The link of a mail: its path on the site, and its words."""

    path: str = ""
    label: str = "Ouvrir votre espace personnel"


_LABELS = {
    Place.DASHBOARD: "Ouvrir votre tableau de bord",
    Place.SERVICES: "Voir vos services",
    Place.QUEUE: "Voir les demandes à traiter",
    Place.LETTER: "Suivre votre demande",
    Place.PROFILE: "Voir votre profil",
}


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

    @property
    def door(self) -> Door:
        """Where its link leads: to the home page, unless it speaks of a structure."""
        return Door()

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
        return Addressed(cls.mailbox(session, person, args), notice) if person and notice else None

    @classmethod
    def person_id(cls, _session: Session, args: Args) -> str | None:
        """To whom it goes."""
        person_id: str = args["person_id"]
        return person_id

    @classmethod
    def mailbox(cls, _session: Session, person: Person, _args: Args) -> str:
        """Where she reads it: at the address of her account."""
        return person.email

    @classmethod
    @abstractmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """Its facts as they are now; None when its occasion has passed."""


@dataclass(frozen=True, slots=True)
class StructureNotice(PersonalNotice):
    """A mail about something in one structure; its link opens the page of that thing there."""

    siren: str
    structure: str
    place: ClassVar[Place]

    @property
    def door(self) -> Door:
        """The page it speaks of."""
        return Door(f"/vers/{self.siren}/{self.place}", _LABELS[self.place])


def day(moment: datetime, structure: Structure) -> date:
    """The day of a moment on the calendar of the structure."""
    return moment.astimezone(ZoneInfo(structure.timezone)).date()
