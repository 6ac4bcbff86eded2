"""« En tant que nouvel abonné » (guide G-01): what the form said is taken down; the worker registers."""

from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from onboarding_api.acts.act import Office
from onboarding_api.model.ledger.delivery import ADDRESS, TYPED
from onboarding_api.model.ledger.kinds import REGISTRATION
from onboarding_api.model.words.contact import email_address
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.usecases.account.pseudonym import pseudonym
from onboarding_api.usecases.account.register_person import BETWEEN_MAILS, RegisterPerson, civilite


def ask_registration(office: Office, command: RegisterPerson) -> None:
    """Take a registration down, once in each ten minutes of the clock for one address.

    Nothing is looked up here: known or not, the address gets one row of the ledger in the same time (security
    threat 18). The row forgets what was typed when it is over.

    Raises:
        BadInput: a field cannot be read.
    """
    email, now = email_address("email", command.email), office.clock()
    typed = {
        "civilite": str(civilite(command.civilite)),
        "prenom": proper_name("prenom", command.prenom),
        "nom": proper_name("nom", command.nom),
    }
    who = pseudonym(email, "registered address", office.code_keys)
    window = int(now.timestamp() / BETWEEN_MAILS.total_seconds())
    row = REGISTRATION.row(
        who, key=f"{REGISTRATION.name}:{who}:{window}", args={ADDRESS: email, TYPED: typed}, due=now
    )
    # The key stands there already: the second click of a double click.
    with suppress(IntegrityError), office.database.writing() as session:
        session.add(row)
