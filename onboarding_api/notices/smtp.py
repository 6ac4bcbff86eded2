"""Hand a message to the mail server, once; whether to try again is the ledger's affair.

MailError
 ├─ MailNotSent        temporary: a 4xx answer
 │   └─ MailServerAway the same for any message: no connection, no answer, our own log-in refused
 ├─ MailUnanswered     the message left, and its answer is lost: the repeat carries the same Message-ID
 └─ MailRefused        permanent: a 5xx answer for this message or its addressee

Each says of itself what `delivery.errors.DeliveryError` asks.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import ClassVar


class MailError(Exception):
    """Base of what goes wrong; the text has codes only, the server's words may quote an address."""

    is_permanent: ClassVar[bool] = False
    is_away: ClassVar[bool] = False
    is_without_effect: ClassVar[bool] = True


class MailNotSent(MailError):
    """Try again later."""


class MailServerAway(MailNotSent):
    """Try again later; another message need not be tried before."""

    is_away = True


class MailUnanswered(MailError):
    """It may have been taken."""

    is_away = True
    is_without_effect = False


class MailRefused(MailError):
    """This message will never be taken as it is."""

    is_permanent = True


@dataclass(frozen=True, slots=True)
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


def send(
    message: EmailMessage, settings: SmtpSettings, before_data: Callable[[], object] = lambda: None
) -> None:
    """Send one message to its one addressee.

    Args:
        message: from `mails.message`.
        settings: the server.
        before_data: called when the server awaits the message, just before the first moment at which it may
            have been sent.

    Raises:
        MailNotSent, MailServerAway: nothing was sent; temporary.
        MailUnanswered: nobody knows; temporary.
        MailRefused: permanent.
    """
    with _connected(settings) as server:
        with _explained(MailServerAway):
            server.ehlo_or_helo_if_needed()
            _accepted(server.mail(message["From"].addresses[0].addr_spec))
            _accepted(server.rcpt(message["To"].addresses[0].addr_spec))
        before_data()
        with _explained(MailUnanswered):
            _accepted(server.data(message.as_bytes()))


def greet(settings: SmtpSettings) -> None:
    """Only say hello: whether the server is there, and knows us.

    Raises:
        MailError: it is not, or does not.
    """
    with _connected(settings) as server, _explained(MailServerAway):
        _accepted(server.noop())


@contextmanager
def _connected(settings: SmtpSettings) -> Iterator[smtplib.SMTP]:
    with ExitStack() as open_:
        with _explained(MailServerAway):
            server = smtplib.SMTP(
                settings.host, settings.port, local_hostname=settings.helo, timeout=settings.timeout_seconds
            )
            open_.callback(server.close)
            if settings.use_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.username:
                server.login(settings.username, settings.password or "")
        yield server
        # The message is there: whether the farewell is answered is not waited for.
        with suppress(smtplib.SMTPException, OSError):
            server.putcmd("quit")


@contextmanager
def _explained(silence: type[MailError]) -> Iterator[None]:
    """The library's errors in our words; `silence` is what no answer means."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        # Our password is wrong, not the message: it waits until an operator has corrected it.
        raise MailServerAway(_told(error.smtp_code, error.smtp_error)) from None
    except smtplib.SMTPServerDisconnected as error:
        raise silence(type(error).__name__) from error
    except smtplib.SMTPConnectError as error:
        raise MailServerAway(_told(error.smtp_code, error.smtp_error)) from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(str(error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise silence(type(error).__name__) from error


def _accepted(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code not in range(200, 300):
        raise smtplib.SMTPResponseException(code, words)


def _by_code(code: int, answer: bytes | str) -> MailError:
    return (MailRefused if code >= 500 else MailNotSent)(_told(code, answer))


def _told(code: int, answer: bytes | str) -> str:
    """« 550 5.1.1 »: the codes of an answer, without its words."""
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    enhanced = re.match(r"\d\.\d{1,3}\.\d{1,3}\b", words)
    return f"{code} {enhanced.group()}" if enhanced else str(code)
