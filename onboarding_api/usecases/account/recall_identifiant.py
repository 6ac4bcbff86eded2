"""« Identifiant oublié ? » (guide G-04, GS-04): what the address typed stands for is mailed to it."""

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from onboarding_api.acts.act import Office
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.ledger.delivery import ADDRESS
from onboarding_api.model.ledger.kinds import RECALL
from onboarding_api.model.words.contact import email_address
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
    who, window = _pseudonym(email, office.code_keys), int(now.timestamp() / BETWEEN_MAILS.total_seconds())
    row = RECALL.row(who, key=f"{RECALL.name}:{who}:{window}", args={ADDRESS: email}, due=now)
    # The key stands there already: this address was asked about a moment ago.
    with suppress(IntegrityError), office.database.writing() as session:
        session.add(row)


def _pseudonym(email: str, keys: CodeKeys) -> str:
    """Stays in the ledger when the address has left it: guessing it back would need our key."""
    key = keys.keys[keys.current]
    return hmac.new(key, f"recalled address\0{email}".encode(), hashlib.sha256).hexdigest()[:40]
