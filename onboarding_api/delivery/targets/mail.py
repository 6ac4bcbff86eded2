"""Mails: render the notice from the facts of the moment, and hand it to the mail server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.model.words.sender import Sender
from onboarding_api.notices.account import ForgottenIdentifiant
from onboarding_api.notices.message import compose
from onboarding_api.notices.reading import notice_of
from onboarding_api.notices.rendering import render
from onboarding_api.notices.smtp import MailRefused, SmtpSettings, send


@dataclass(frozen=True, slots=True)
class Mail:
    """Kind `mail`: `args` name the notice and whom and what it is about.

    A worker that dies after the server took the mail sends it again, once, under the same Message-ID:
    accepted, as a mail holds nothing that its copy could spoil.

    Args:
        sender: who writes.
        from_address: the address it comes from.
        smtp: the server.
    """

    sender: Sender
    from_address: str
    smtp: SmtpSettings

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Send the notice, or nothing when its occasion has passed.

        Raises:
            MailError: the server did not take it.
            LeaseLost: another worker has the row.
        """
        self.send(ledger, lease, lease.args)

    def send(self, ledger: Ledger, lease: Lease, args: Mapping[str, Any]) -> None:
        """The same for a row whose `args` are not those of a mail."""
        with ledger.database.reading() as session:
            found = notice_of(session, args)
        if found is None:
            return ledger.finish(lease)
        message = compose(
            render(found.notice, self.sender),
            to=found.to,
            from_address=self.from_address,
            sender_name=self.sender.name,
            delivery_key=lease.key,
            at=ledger.clock(),
        )
        send(message, self.smtp, before_data=lambda: ledger.mark_sending(lease))
        return ledger.finish(lease)


@dataclass(frozen=True, slots=True)
class Recall:
    """Kind `mail.recall`: « Identifiant oublié ? », to the address that was typed, whatever it stands for."""

    mail: Mail

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Send it; an address that the server refuses was mistyped.

        Raises:
            MailNotSent: the server did not take it for now.
            LeaseLost: another worker has the row.
        """
        try:
            self.mail.send(ledger, lease, {"notice": ForgottenIdentifiant.key(), **lease.args})
        except MailRefused:
            ledger.finish(lease)
