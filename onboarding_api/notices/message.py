"""A rendered notice becomes a message that may be sent twice and is received as one.

Everything in it comes from the delivery: the same key and moment give the same bytes, and the Message-ID
is the key's alone, so that a mail repeated after a crash is recognised (letters-and-mail §8).
"""

import hashlib
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.contact import ascii_address
from onboarding_api.model.words.typed_text import has_control
from onboarding_api.notices.rendering import RenderedNotice


class HeaderRefused(ValueError):
    """A value cannot stand in a header: a line break in it, or no e-mail address. Permanent."""


def compose(
    rendered: RenderedNotice,
    *,
    to: str,
    from_address: str,
    sender_name: str,
    delivery_key: str,
    at: datetime,
) -> EmailMessage:
    """The message, multipart: text first, then HTML.

    Args:
        rendered: from `mails.rendering`.
        to: one address.
        from_address: whose domain also names the message.
        sender_name: shown beside it.
        delivery_key: the key of the ledger's row; the same key is the same Message-ID.
        at: the Date of the message, aware.

    Raises:
        HeaderRefused: no mail is made of a value with a line break or of what is no address.
    """
    sender = _address(from_address, sender_name)
    digest = hashlib.sha256(delivery_key.encode()).hexdigest()[:40]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _address(to)
    message["Subject"] = _plain(rendered.subject)
    message["Date"] = at.astimezone(UTC)
    message["Message-ID"] = f"<{digest}@{sender.domain}>"
    # RFC 3834: no out-of-office answer, please; the second header says the same to Exchange.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{digest}")
    # Last: making a message multipart moves the Content headers into its first part.
    message["Content-Language"] = "fr"
    return message


def _address(address: str, display_name: str = "") -> Address:
    """An address that any server reads, in its one form: no domain but the one that was checked."""
    try:
        written = ascii_address(_plain(address))
        parsed = Address(_plain(display_name), addr_spec=written)
    except (ValueError, BadInput, HeaderParseError, IndexError) as error:
        raise HeaderRefused("no e-mail address") from error
    if not parsed.username or not parsed.domain or parsed.addr_spec != written:
        raise HeaderRefused("no e-mail address")
    return parsed


def _plain(value: str) -> str:
    """The value, if it is one line of text: what follows a line break would be a header of its own."""
    if has_control(value):
        raise HeaderRefused("a control character in a header")
    return value
