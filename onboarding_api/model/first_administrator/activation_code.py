"""The activation code that a legal representative receives by post, and the keyed hash that stands for it.

Form `XXXX-XXXX-XXXX` (security §6): 11 random symbols of Crockford's base 32, 55 bits, and one check
symbol. The twelve symbols are read as a polynomial over the field of 32 elements; a code is well typed
when that polynomial is zero at the field's generator. Powers of the generator differ for all twelve
places, so any one wrong symbol and any two exchanged symbols are noticed, and cost no try.

The code itself exists on paper only. The database keeps HMAC-SHA-256 of the code and of the claim it
was made for: the code of one claim is worth nothing for another.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from onboarding_api.model.refusals import CodeMistyped
from onboarding_api.model.words.typed_text import symbols

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SYMBOLS = 11
GROUP = 4
SHORTEST_KEY = 32

_LOOK_ALIKES = str.maketrans("OIL", "011")
_FIELD_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive: its root x generates all 31 non-zero elements


class MalformedCode(CodeMistyped):
    """What was typed has not the form of a code: its length, or a symbol that no code has."""

    code = "code_malformed"


class Typo(CodeMistyped):
    """The check symbol does not fit: a symbol was misread or two were exchanged."""


class Fingerprint(NamedTuple):
    """What the database keeps of a code: which key was used, and 64 hexadecimal digits."""

    key_id: str
    hex_digest: str


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """The keys of the fingerprints, kept outside the database.

    Args:
        current: id of the key for new codes.
        keys: every key by its id, the old ones included until the last of their codes has expired.

    Raises:
        ValueError: the current key is missing, or a key has fewer than 32 bytes.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"no activation code key {self.current!r}")
        for key_id, key in self.keys.items():
            if len(key) < SHORTEST_KEY:
                raise ValueError(f"activation code key {key_id!r} has fewer than {SHORTEST_KEY} bytes")


def new_code() -> str:
    """A fresh code in its canonical form, from the system's cryptographic source."""
    values = [secrets.randbelow(len(ALPHABET)) for _ in range(RANDOM_SYMBOLS)]
    return _canonical([*values, _times_x(_at_generator(values))])


def parse(text: str) -> str:
    """The canonical form of a code as a person types it.

    Case, spaces, hyphens and dashes are forgiven; `o` is read as 0, `i` and `l` as 1.

    Raises:
        MalformedCode: not twelve symbols of the alphabet.
        Typo: twelve symbols that cannot be a code.
    """
    typed = symbols(text).translate(_LOOK_ALIKES)
    if len(typed) != RANDOM_SYMBOLS + 1 or not set(typed) <= set(ALPHABET):
        raise MalformedCode
    values = [ALPHABET.index(symbol) for symbol in typed]
    if _at_generator(values):
        raise Typo
    return _canonical(values)


def fingerprint(code: str, claim_id: str, keys: CodeKeys) -> Fingerprint:
    """The keyed hash of a canonical code, bound to its claim, under the current key."""
    return Fingerprint(keys.current, _hmac(code, claim_id, keys.keys[keys.current]))


def matches(code: str, claim_id: str, stored: Fingerprint, keys: CodeKeys) -> bool:
    """Whether a canonical code is the claim's; in constant time. An unknown key id matches nothing."""
    key = keys.keys.get(stored.key_id)
    return key is not None and hmac.compare_digest(_hmac(code, claim_id, key), stored.hex_digest)


def _hmac(code: str, claim_id: str, key: bytes) -> str:
    return hmac.new(key, f"activation code\0{claim_id}\0{code}".encode(), hashlib.sha256).hexdigest()


def _at_generator(values: Iterable[int]) -> int:
    """The polynomial with these coefficients, highest first, at the generator (Horner)."""
    total = 0
    for value in values:
        total = _times_x(total) ^ value
    return total


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ _FIELD_POLYNOMIAL if doubled >= len(ALPHABET) else doubled


def _canonical(values: list[int]) -> str:
    written = "".join(ALPHABET[value] for value in values)
    return "-".join(written[i : i + GROUP] for i in range(0, len(written), GROUP))
