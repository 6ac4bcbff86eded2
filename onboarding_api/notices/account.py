"""Mails about the account itself."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.ledger.delivery import ADDRESS
from onboarding_api.model.membership import EmailChange
from onboarding_api.model.person import Person
from onboarding_api.notices.notice import (
    Addressed,
    Args,
    Door,
    Notice,
    PersonalNotice,
    Place,
    StructureNotice,
)


@dataclass(frozen=True, slots=True)
class AlreadyRegistered(PersonalNotice):
    """To the owner of an address that registers a second time."""

    identifiant: str

    @property
    def subject(self) -> str:
        """Says nothing of who asked."""
        return "Votre compte existe déjà"

    @classmethod
    def read(cls, _session: Session, person: Person, _args: Args) -> Self | None:
        """Always worth saying."""
        return cls(recipient=person.greeting_name, identifiant=person.identifiant)


@dataclass(frozen=True, slots=True)
class ForgottenIdentifiant(Notice):
    """To the address typed on the page, whether it has an account or not (GS-04): it learns just that."""

    identifiants: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The same in both cases."""
        return "Votre identifiant"

    @classmethod
    def addressed(cls, session: Session, args: Args) -> Addressed | None:
        """To the address that was typed."""
        address: str = args[ADDRESS]
        found = session.scalars(select(Person.identifiant).where(Person.email == address)).all()
        return Addressed(address, cls(identifiants=tuple(found)))


@dataclass(frozen=True, slots=True)
class Welcome(PersonalNotice):
    """To a newcomer: her identifiant, and the link by which she chooses a password."""

    identifiant: str
    link: str
    lasts: str

    @property
    def subject(self) -> str:
        """What she will look for in her mailbox."""
        return "Votre identifiant pour l'espace personnel Banque des Territoires"

    @classmethod
    def read(cls, _session: Session, person: Person, args: Args) -> Self | None:
        """The link was asked of Keycloak a moment ago; the ledger never holds it."""
        return cls(person.greeting_name, person.identifiant, args["link"], args["lasts"])


@dataclass(frozen=True, slots=True)
class IdentityChanged(PersonalNotice):
    """To the account, after a change of civilité, prénom or nom (GS-20)."""

    name: str
    identifiant: str

    @property
    def subject(self) -> str:
        """What was done."""
        return "Votre identité a été modifiée"

    @classmethod
    def read(cls, _session: Session, person: Person, _args: Args) -> Self | None:
        """As it stands now."""
        return cls(person.greeting_name, person.full_name, person.identifiant)


@dataclass(frozen=True, slots=True)
class EmailToConfirm(StructureNotice):
    """To the new address: who reads it there and is logged in confirms it."""

    place = Place.PROFILE
    change_id: str
    email: str

    @property
    def subject(self) -> str:
        """What is to do."""
        return f"{self.structure} – confirmez votre adresse e-mail"

    @property
    def door(self) -> Door:
        """The page that confirms; reading it changes nothing."""
        return Door(f"/structures/{self.siren}/email/{self.change_id}", "Confirmer mon adresse e-mail")

    @classmethod
    def mailbox(cls, session: Session, _person: Person, args: Args) -> str:
        """Not the account's: the one that was typed."""
        return session.get_one(EmailChange, args["email_change_id"]).email

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it waits; a later change takes its place."""
        change = session.get(EmailChange, args["email_change_id"])
        if change is None or change.confirmed_at:
            return None
        structure = change.membership.structure
        return cls(
            recipient=person.greeting_name,
            siren=structure.siren,
            structure=structure.name,
            change_id=change.id,
            email=change.email,
        )


@dataclass(frozen=True, slots=True)
class EmailChanged(StructureNotice):
    """To the address that was replaced; where there was none, to the account."""

    place = Place.PROFILE
    email: str

    @property
    def subject(self) -> str:
        """What was done."""
        return f"{self.structure} – votre adresse e-mail a été modifiée"

    @classmethod
    def mailbox(cls, session: Session, person: Person, args: Args) -> str:
        """Whoever reads there may never have asked for it."""
        return session.get_one(EmailChange, args["email_change_id"]).replaced or person.email

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """Once it is done."""
        change = session.get_one(EmailChange, args["email_change_id"])
        structure = change.membership.structure
        return cls(
            recipient=person.greeting_name,
            siren=structure.siren,
            structure=structure.name,
            email=change.email,
        )


NOTICES: tuple[type[Notice], ...] = (
    AlreadyRegistered,
    ForgottenIdentifiant,
    Welcome,
    IdentityChanged,
    EmailToConfirm,
    EmailChanged,
)
