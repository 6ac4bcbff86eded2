"""The address lines of a letter to a structure, by NF Z 10-011 as La Poste's address service publishes it.

At most six lines of at most 38 characters, empty ones left out. The letter is not addressed by name
(guide G-69): its first line is the legal representative's function. The last line is postcode and town,
in capitals without accents or punctuation; carriers refuse anything else there.

What is too long is shortened by rule, in this order, and never cut in a word:
- the structure's name runs over two lines;
- its kind is abbreviated (« CC », « CA », « CU »), an acronym in brackets left out;
- in the town « SAINT » becomes « ST », then linking words go, then the last words, since the lines above
  name the commune in full and the postcode tells the place.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

from onboarding_api.model.words.typed_text import folded

ATTENTION = "À l'attention du représentant légal"
LINES_AT_MOST = 6
LINE_AT_MOST = 38
NAME_LINES_AT_MOST = 2

_SHORT_KINDS = {
    "COMMUNAUTE DE COMMUNES": "CC",
    "COMMUNAUTE D'AGGLOMERATION": "CA",
    "COMMUNAUTE URBAINE": "CU",
}
_LINKING_WORDS = frozenset(
    ("A", "AU", "AUX", "D", "DE", "DES", "DU", "EN", "ET", "L", "LA", "LE", "LES", "SOUS", "SUR")
)
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_CEDEX = re.compile(r" CEDEX(?: \d{1,2})?$")
_ARRONDISSEMENT = re.compile(r" \d{1,2}ER? ARRONDISSEMENT$")
_LAST_LINE = re.compile(r"\d{5} [A-Z][A-Z0-9 ]*")


class AddressImpossible(ValueError):
    """No letter can be sent to this address; `reason` is a stable key: postcode, town, name, lines."""

    def __init__(self, reason: str, value: str) -> None:
        super().__init__(f"{reason}: {value!r}")
        self.reason = reason


def address_lines(name: str, kind: str, postcode: str, town: str) -> tuple[str, ...]:
    """The lines of the address block, from two to four of them below the attention line.

    Args:
        name: the structure as people read it, « Commune d'Eus ».
        kind: "commune" is written to at its mairie; any other kind under its own name.
        postcode: five digits.
        town: as the register writes it, « L'Haÿ-les-Roses » or « Lyon CEDEX 03 ».

    Raises:
        AddressImpossible: to be asked for, and shown, before the letter is decided.
    """
    if not re.fullmatch(r"[0-9]{5}", postcode):
        raise AddressImpossible("postcode", postcode)
    lines = (ATTENTION, *_name_lines(name, kind), f"{postcode} {_town(town)}")
    check_lines(lines)
    return lines


def check_lines(lines: Sequence[str]) -> None:
    """Make the checks of a carrier before the letter leaves.

    Raises:
        AddressImpossible: too many lines, one empty or too long, or a last line that is no town.
    """
    if not 2 <= len(lines) <= LINES_AT_MOST:
        raise AddressImpossible("lines", str(len(lines)))
    for line in lines:
        if not line.strip() or len(line) > LINE_AT_MOST or not line.isprintable():
            raise AddressImpossible("lines", line)
    if not _LAST_LINE.fullmatch(lines[-1]):
        raise AddressImpossible("town", lines[-1])


def _name_lines(name: str, kind: str) -> list[str]:
    for candidate in _names(name, kind):
        lines = textwrap.wrap(candidate, LINE_AT_MOST, break_long_words=False, break_on_hyphens=False)
        if 1 <= len(lines) <= NAME_LINES_AT_MOST and max(map(len, lines)) <= LINE_AT_MOST:
            return lines
    raise AddressImpossible("name", name)


def _names(name: str, kind: str) -> Iterator[str]:
    """The name, longest form first."""
    bare = _BRACKETS.sub("", name)
    if kind == "commune":
        # « Commune de Bors (Canton de Charente-Sud) »: the brackets are INSEE's, the post office has BORS.
        yield _capitals(re.sub(r"^Commune\b", "Mairie", bare), kept="'")
        return
    yield _capitals(name, kept="'")
    yield (shorter := _capitals(bare, kept="'"))
    for long, short in _SHORT_KINDS.items():
        shorter = re.sub(f"^{long}\\b", short, shorter)
    yield shorter


def _town(town: str) -> str:
    capitals = _ARRONDISSEMENT.sub("", _capitals(_BRACKETS.sub("", town)))
    cedex = _CEDEX.search(capitals)
    tail = cedex.group() if cedex else ""
    room = LINE_AT_MOST - len("00000 ") - len(tail)
    for candidate in _towns(capitals.removesuffix(tail)):
        if 0 < len(candidate) <= room:
            return candidate + tail
    raise AddressImpossible("town", town)


def _towns(town: str) -> Iterator[str]:
    """The town, longest form first."""
    yield town
    yield (saintly := re.sub(r"\bSAINT(E?S?)\b", r"ST\1", town))
    words = [word for word in saintly.split() if word not in _LINKING_WORDS]
    for count in range(len(words), 0, -1):
        yield " ".join(words[:count])


def _capitals(text: str, kept: str = "") -> str:
    """Capitals without accents; whatever is neither letter, digit nor `kept` becomes a space."""
    return " ".join(re.sub(rf"[^A-Z0-9{kept}]+", " ", folded(text).upper()).split())
