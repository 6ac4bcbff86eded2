"""« Identifiant oublié ? » (guide G-04): the identifiant is mailed again."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from onboarding_api.model.contact import email_address
from onboarding_api.model.journal import happened_since
from onboarding_api.model.person import Person
from onboarding_api.usecases.act import Office, act

BETWEEN_MAILS = timedelta(minutes=10)


@dataclass(frozen=True)
class RecallIdentifiant:
    """The e-mail typed on the page."""

    email: str


def recall_identifiant(office: Office, command: RecallIdentifiant) -> None:
    """Mail the identifiant to its owner, at most every ten minutes; the page answers the same in every case.

    Raises:
        BadInput: not an e-mail.
    """
    email = email_address("email", command.email)
    with act(office) as it:
        person = it.session.scalars(select(Person).where(Person.email == email)).one_or_none()
        if person is None:
            return
        since = it.now - BETWEEN_MAILS
        if not happened_since(it.session, "identifiant_recalled", f"person:{person.id}", since):
            it.record("identifiant_recalled", person)
