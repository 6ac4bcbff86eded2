"""Received mails as `.eml` files in a directory, in the order of their arrival."""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path

_NAME = re.compile(r"\d{20}-[0-9a-f]{8}")
_NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as its receiver reads it; `html` is empty when it has none. Links exclude mail addresses."""

    id: str
    received_at: datetime
    sender: str
    to: str
    subject: str
    message_id: str
    text: str
    html: str
    links: tuple[str, ...]


class MailStore:
    """The directory; made when missing. The web page and the SMTP receiver share it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def add(self, content: bytes) -> str:
        """Keep a mail and tell its id. A reader never sees half a mail."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        unfinished = self._directory / f".{name}.tmp"
        unfinished.write_bytes(content)
        unfinished.rename(self._directory / f"{name}.eml")
        return name

    def raw(self, mail_id: str) -> bytes | None:
        """The bytes of a mail; None when there is no such mail."""
        file = self._directory / f"{mail_id}.eml"
        return file.read_bytes() if _NAME.fullmatch(mail_id) and file.exists() else None

    def get(self, mail_id: str) -> ReceivedMail | None:
        """One mail; None when there is no such mail."""
        content = self.raw(mail_id)
        return None if content is None else _read(mail_id, content)

    def mails(self, to: str | None = None) -> list[ReceivedMail]:
        """Every mail, oldest first; only those to an address when one is given, case ignored."""
        found = [_read(file.stem, file.read_bytes()) for file in sorted(self._directory.glob("[0-9]*.eml"))]
        return found if to is None else [mail for mail in found if to.lower() in mail.to.lower().split(", ")]


def _read(mail_id: str, content: bytes) -> ReceivedMail:
    mail = message_from_bytes(content, policy=default)
    text, html = _part(mail, "plain"), _part(mail, "html")
    return ReceivedMail(
        id=mail_id,
        received_at=datetime.fromtimestamp(int(mail_id[:20]) / _NANOSECONDS, UTC),
        sender=str(mail["From"] or ""),
        to=", ".join(address.addr_spec for address in mail["To"].addresses) if mail["To"] else "",
        subject=str(mail["Subject"] or ""),
        message_id=str(mail["Message-ID"] or ""),
        text=text,
        html=html,
        links=tuple(dict.fromkeys([*_Links(html).found, *re.findall(r"https?://[^\s<>\"]+", text)])),
    )


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


class _Links(HTMLParser):
    """The web addresses that a page leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        self.found += [
            value for name, value in attrs if name == "href" and value and value.startswith("http")
        ]
