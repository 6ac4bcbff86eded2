"""Hand a message to the mail server, once; whether to try again is the ledger's affair.

MailError
 ├─ MailNotSent    temporary: no connection, a cut, a 4xx answer, our own log-in refused
 └─ MailRefused    permanent: a 5xx answer for this message or its addressee

A cut after the message was taken looks like any cut: the repeat carries the same Message-ID.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import ClassVar


class MailError(Exception):
    """Base of what goes wrong; the text has codes only, the server's words may quote an address."""

    is_permanent: ClassVar[bool]


class MailNotSent(MailError):
    """Try again later."""

    is_permanent = False


class MailRefused(MailError):
    """This message will never be taken as it is."""

    is_permanent = True


@dataclass(frozen=True)
class SmtpSettings:
    """The mail server. Without STARTTLS no name and password are sent: they would travel in clear.

    Raises:
        ValueError: a user name without STARTTLS.
    """

    host: str
    port: int
    timeout_seconds: float = 10.0
    use_starttls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    helo: str = "localhost"

    def __post_init__(self) -> None:
        if self.username and not self.use_starttls:
            raise ValueError("SMTP log-in needs STARTTLS")


def send(message: EmailMessage, settings: SmtpSettings) -> None:
    """Send one message.

    Raises:
        MailNotSent: temporary.
        MailRefused: permanent.
    """
    try:
        with smtplib.SMTP(
            settings.host, settings.port, local_hostname=settings.helo, timeout=settings.timeout_seconds
        ) as server:
            if settings.use_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.username:
                server.login(settings.username, settings.password or "")
            server.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        # Our password is wrong, not the message: it waits until an operator has corrected it.
        raise MailNotSent(_told(error.smtp_code, error.smtp_error)) from None
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _by_code(code, answer) from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(str(error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(type(error).__name__) from error


def _by_code(code: int, answer: bytes | str) -> MailError:
    return (MailRefused if code >= 500 else MailNotSent)(_told(code, answer))


def _told(code: int, answer: bytes | str) -> str:
    """« 550 5.1.1 »: the codes of an answer, without its words."""
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    enhanced = re.match(r"\d\.\d{1,3}\.\d{1,3}\b", words)
    return f"{code} {enhanced.group()}" if enhanced else str(code)
