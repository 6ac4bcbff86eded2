"""« Identifiant oublié ? » (guide G-04, GS-04): what the address typed stands for is mailed to it."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from onboarding_api.acts.act import Office
from onboarding_api.model.ledger.delivery import ADDRESS
from onboarding_api.model.ledger.kinds import RECALL
from onboarding_api.model.words.contact import email_address
from onboarding_api.usecases.account.pseudonym import pseudonym
from onboarding_api.usecases.account.register_person import BETWEEN_MAILS


@dataclass(frozen=True, slots=True)
class RecallIdentifiant:
    """The e-mail typed on the page."""

    email: str


def recall_identifiant(office: Office, command: RecallIdentifiant) -> None:
    """Have the address told its identifiant, or that it has none; once in each ten minutes of the clock.

    Nothing is looked up here: known or not, the address gets one row of the ledger in the same time, and
    the worker finds out (security threat 18). Nothing changes, so nothing is journalled.

    Raises:
        BadInput: not an e-mail.
    """
    email, now = email_address("email", command.email), office.clock()
    who = pseudonym(email, "recalled address", office.code_keys)
    window = int(now.timestamp() / BETWEEN_MAILS.total_seconds())
    row = RECALL.row(who, key=f"{RECALL.name}:{who}:{window}", args={ADDRESS: email}, due=now)
    # The key stands there already: this address was asked about a moment ago.
    with suppress(IntegrityError), office.database.writing() as session:
        session.add(row)
