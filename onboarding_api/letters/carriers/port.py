"""What the house asks of whoever takes letters to the post (letters-and-mail §4).

CarrierError
 ├─ CarrierUnavailable    temporary: the same letter may be given again later
 └─ LetterRefused         permanent: this letter will never be taken as it is
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from onboarding_api.letters.address import AddressImpossible, check_lines
from onboarding_api.model.first_administrator.letter import LetterState

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,127}")

UnavailableReason = Literal["missing", "read_only", "full", "failing"]


class CarrierError(Exception):
    """Base of what goes wrong with a carrier; its text never quotes the letter."""

    is_permanent: ClassVar[bool] = False
    is_away: ClassVar[bool] = False
    is_without_effect: ClassVar[bool] = True


class CarrierUnavailable(CarrierError):
    """The carrier cannot take letters now; `reason` is a stable key, `detail` is for the operator."""

    is_away = True

    def __init__(self, reason: UnavailableReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class LetterRefused(CarrierError):
    """The letter cannot be taken: its key, its address or its PDF is not one."""

    is_permanent = True


@dataclass(frozen=True, slots=True)
class PostageOptions:
    """How the letter travels. The defaults suit a code: one sheet, sent back when undeliverable."""

    postage: Literal["fast", "economic"] = "fast"
    is_color: bool = False
    is_duplex: bool = False
    is_returned_when_undeliverable: bool = True
    purge_after_days: int = 30


@dataclass(frozen=True, slots=True)
class LetterPackage:
    """A letter as a carrier takes it.

    Args:
        key: the delivery key: the same key twice is one letter.
        attempt: the number of the delivery's try. A later try may replace the letter of an earlier one as
            long as the carrier has not taken it; an earlier one never replaces a later one's.
        pdf: the print; it holds the code, so it is never shown.
        address_lines: from `letters.address`.
        sender_lines: where it comes back to.
        options: how it travels.

    Raises:
        LetterRefused: the key is no plain name, the address is impossible, or the PDF is none.
    """

    key: str
    attempt: int
    pdf: bytes = field(repr=False)
    address_lines: tuple[str, ...]
    sender_lines: tuple[str, ...]
    options: PostageOptions = PostageOptions()

    def __post_init__(self) -> None:
        check_key(self.key)
        if not self.pdf.startswith(b"%PDF-"):
            raise LetterRefused("the letter is no PDF")
        try:
            check_lines(self.address_lines)
        except AddressImpossible as error:
            raise LetterRefused(f"the address is impossible ({error.reason})") from error


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the carrier holds under this key: maybe the letter of another try, so compare `attempt`.

    `ref` is the carrier's own number of it, of at most 128 characters, by which its news are asked for.
    """

    ref: str
    attempt: int


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news of a letter. A code that we do not know has no state; it is kept as it came."""

    state: LetterState | None
    at: datetime | None
    carrier_code: str
    text: str


class Carrier(Protocol):
    """Takes letters, and tells what became of them."""

    def submit(self, package: LetterPackage) -> Receipt:
        """Hand a letter over, once however often it is called.

        Raises:
            CarrierUnavailable: try again later.
            LetterRefused: never.
        """

    def status(self, ref: str) -> tuple[News, ...]:
        """The news of a letter by the number of its receipt, oldest first; empty when it is not known.

        Raises:
            CarrierUnavailable: try again later.
        """


def check_key(key: str) -> None:
    """Refuse a key that is no plain name.

    Raises:
        LetterRefused: other than letters, digits, `:`, `.`, `_`, `-`, or more than 128 of them.
    """
    if not _KEY.fullmatch(key):
        raise LetterRefused("the delivery key is no plain name")
