"""The letter: make its code, print it, hand it over, keep the fingerprint of what left, and follow it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.letters.address import AddressImpossible
from onboarding_api.letters.carriers.port import Carrier, LetterPackage, LetterRefused, News
from onboarding_api.letters.pdf import UnprintableLetter, render_pdf
from onboarding_api.model.first_administrator.activation_code import fingerprint, new_code
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.printed_code import PrintedCode
from onboarding_api.model.first_administrator.validity import expires_at
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.sender import Sender
from onboarding_api.queries.letters import letter_facts
from onboarding_api.usecases.first_administrator.note_carrier_news import note_carrier_news
from onboarding_api.usecases.first_administrator.note_letter_handed_over import note_letter_handed_over

FOLLOWED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LetterPrint:
    """Kind `letter.print`: each try makes a new code; the one whose print the carrier holds becomes the code.

    The order, and what a worker that stops at each step leaves:
      1. fingerprint saved, under the lease   a fingerprint without a print: opens nothing
      2. print handed over                    a print whose fingerprint is saved; the next try replaces it,
                                              or, when it was taken, finds it and goes on with it
      3. fingerprint copied to the letter, letter noted as handed over, row done: one transaction

    A worker stopped before 2 and woken later hands over an older try, which the carrier ignores; its own 3
    fails for want of a lease. So the code on paper is the letter's, whatever stops where.

    Args:
        office: notes what became of the letter; its keys make the fingerprint.
        carrier: takes the prints.
        sender: who writes, and where an undeliverable letter comes back to.
    """

    office: Office
    carrier: Carrier
    sender: Sender

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Print and hand over.

        Raises:
            CarrierError: the carrier did not take it.
            LeaseLost: another worker has the row.
        """
        letter_id, now = lease.args["letter_id"], ledger.clock()
        try:
            package = self._print(ledger, lease, now)
            if package is None:
                return ledger.finish(lease)
            receipt = self.carrier.submit(package)
        except (AddressImpossible, UnprintableLetter, LetterRefused) as error:
            rejected = News(LetterState.REJECTED, now, type(error).__name__, "")
            with ledger.holding(lease) as session:
                note_carrier_news(self.office, session, letter_id, [rejected])
            raise LetterRefused("the letter cannot leave") from error
        with ledger.finishing(lease) as session:
            letter = session.get_one(Letter, letter_id)
            # Before the letter itself is written, as use cases do: two orders would be a deadlock.
            session.get_one(Structure, letter.claim.siren, with_for_update=True)
            session.get_one(PrintedCode, (letter_id, receipt.attempt)).becomes_code_of(letter)
            letter.carrier_ref = receipt.ref
            note_letter_handed_over(self.office, session, letter_id)
        return None

    def _print(self, ledger: Ledger, lease: Lease, now: datetime) -> LetterPackage | None:
        """The print, its fingerprint saved; None when the letter must not leave any more."""
        letter_id = lease.args["letter_id"]
        with ledger.database.reading() as session:
            facts = letter_facts(session, letter_id, self.sender, now)
        if facts is None:
            return None
        code = new_code()
        pdf = render_pdf(facts, code)
        with ledger.holding(lease) as session:
            letter = session.get_one(Letter, letter_id)
            saved = fingerprint(code, letter.claim_id, self.office.code_keys)
            end = expires_at(now, letter.claim.membership.structure.timezone)
            session.add(PrintedCode.of(letter_id, lease.attempt, saved, now, end))
        sender_lines = (self.sender.name, *self.sender.address_lines)
        return LetterPackage(letter_id, lease.attempt, pdf, facts.address_lines, sender_lines)


@dataclass(frozen=True, slots=True)
class LetterFollow:
    """Kind `letter.follow`: asks the carrier what became of a letter, for as long as its code may serve."""

    office: Office
    carrier: Carrier

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Note the news, and come back in an hour.

        Raises:
            CarrierUnavailable: it did not answer.
            LeaseLost: another worker has the row.
        """
        letter_id = lease.args["letter_id"]
        with ledger.database.reading() as session:
            letter = session.get(Letter, letter_id)
        news = self.carrier.status(letter.carrier_ref) if letter and letter.carrier_ref else ()
        with ledger.holding(lease) as session:
            is_under_way = note_carrier_news(self.office, session, letter_id, news)
        if is_under_way:
            ledger.postpone(lease, FOLLOWED_EVERY)
        else:
            ledger.finish(lease)
