"""The dates of a claim: rows due later, which read again whether their occasion still stands."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.targets.mail import Mail
from onboarding_api.notices import first_administrator
from onboarding_api.usecases.first_administrator.expire_claim import expire_claim


@dataclass(frozen=True, slots=True)
class LetterReminder:
    """Kind `timer.letter_reminder`: none once the code is used, refused or dead."""

    mail: Mail

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Send the reminder of this letter.

        Raises:
            MailError: the server did not take it.
            LeaseLost: another worker has the row.
        """
        self.mail.send(ledger, lease, {"notice": first_administrator.LetterReminder.key(), **lease.args})


@dataclass(frozen=True, slots=True)
class ClaimExpiry:
    """Kind `timer.claim_expiry`: does nothing while a later letter's code still lives."""

    office: Office

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Expire the claim if its time is over.

        Raises:
            LeaseLost: another worker has the row.
        """
        expire_claim(self.office, lease.args["claim_id"])
        ledger.finish(lease)
