"""What the story looks at beside the pages: the mailbox, the letters, and the token a service received."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pypdfium2
import requests

T = TypeVar("T")
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
PATIENCE_SECONDS = 20.0


class NotSeen(Exception):
    """What the story waits for did not come."""


def wait_for(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """Look again until something is there.

    Raises:
        NotSeen: nothing after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    raise NotSeen(what)


class Mailbox:
    """The development mailbox, read over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url

    def messages(self, to: str) -> list[dict[str, Any]]:
        """All mails to this address, oldest first."""
        answer = requests.get(f"{self._url}/messages.json", params={"to": to}, timeout=5)
        found: list[dict[str, Any]] = answer.json()
        return found

    def wait(self, to: str, subject: str) -> dict[str, Any]:
        """The newest mail to this address whose subject holds these words."""

        def look() -> dict[str, Any] | None:
            return next((mail for mail in reversed(self.messages(to)) if subject in mail["subject"]), None)

        return wait_for(f"a mail « {subject} » to {to}", look)


class Spool:
    """The directory where letters wait for the printer; opening one is what its receiver does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._opened: set[Path] = set()

    def wait_letter(self) -> str:
        """The text of the next letter that nobody opened yet."""

        def look() -> str | None:
            for path in sorted(self._directory.glob("*.pdf")):
                if path not in self._opened:
                    self._opened.add(path)
                    return letter_text(path)
            return None

        return wait_for("a letter in the spool directory", look)


def letter_text(path: Path) -> str:
    """The words of a PDF, pages one after the other."""
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def code_in(letter: str) -> str:
    """The activation code printed on a letter.

    Raises:
        NotSeen: there is none.
    """
    found = CODE.search(letter)
    if not found:
        raise NotSeen("an activation code in the letter")
    return found.group()


def roles_of(token: str, client: str) -> tuple[str | None, list[str]]:
    """SIREN of the active structure and the roles for a client, from the sample service's /jeton page."""
    claims = json.loads(token)
    structure = claims.get("structure") or {}
    access = claims.get("resource_access") or {}
    if set(access) - {client}:
        raise NotSeen(f"roles of {client} alone; the token also names {sorted(set(access) - {client})}")
    return structure.get("siren"), sorted(access.get(client, {}).get("roles", []))
