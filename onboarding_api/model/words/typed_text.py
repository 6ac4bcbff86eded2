"""Text as people type it: one cleaning, one table of look-alikes, one folding, for the whole house.

Nobody else takes Unicode apart (an architecture test reads the tree): a name, a code, a number and a search
that meet the same keyboard, the same PDF and the same clipboard come out of them alike.
"""

import re
import unicodedata
from functools import lru_cache

_LINE_ENDS = frozenset("\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029")
# They show nothing, and are no « format » sign by category: joiners, fillers, selectors.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_EMPTY_BRAILLE = "\u2800"
# Beside all of category Pd: minus signs, the bullet that is a hyphen, a line drawn by a word processor.
_DASHES = frozenset("\u2212\u2043\u02d7\u207b\u208b\u2500\u2796")
# Of keyboards, PDFs and languages: quotes, primes, accents typed alone, the ʻokina, the saltillo.
_APOSTROPHES = frozenset(
    "'`\u00b4\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u02f4"
    "\u0374\u0384\u055a\u055d\u05f3\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\ua78b\ua78c\uff07\uff40\u275b\u275c"
)
# What Unicode does not take apart, as it is written without its sign; others follow from their names.
_SPELT = {
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ŋ": "ng",
    "ĸ": "k",
    "ı": "i",
    "ƿ": "w",
    "ȝ": "gh",
    "ə": "e",
    "ƣ": "oi",
    "ȣ": "ou",
    "ʒ": "z",
    "ʃ": "sh",
    "ɣ": "g",
    "ɩ": "i",
    "ɑ": "a",
    "ʊ": "u",
    "ƕ": "hv",
    "·": "",  # of Catalan, within a double l: « Col·lell »
}
_NAMED_LETTER = re.compile(r"\b([A-Z]{1,2})(?: DIGRAPH)?(?: WITH .*)?$")


def trimmed(text: str) -> str:
    """The text without the blanks and invisible signs before and after it; inside, nothing moves."""
    start, end = 0, len(text)
    while start < end and (_is_blank(text[start]) or _is_invisible(text[start])):
        start += 1
    while end > start and (_is_blank(text[end - 1]) or _is_invisible(text[end - 1])):
        end -= 1
    return text[start:end]


def one_line(text: str) -> str:
    """NFC, each run of blanks one space, nothing invisible: what every field of one line goes through.

    Raises:
        ValueError: a control sign or the end of a line (security threats 34 and 38).
    """
    line = _composed(text)
    if not line.isprintable():
        raise ValueError("control sign")
    return line


def paragraph(text: str) -> str:
    """A text of several lines, each of them cleaned; line ends are made one.

    Raises:
        ValueError: a control sign.
    """
    lines = text.replace("\r\n", "\n").strip().split("\n")
    return "\n".join(one_line(line) for line in lines).strip("\n")


def with_plain_marks(text: str) -> str:
    """The text with the hyphen and the apostrophe of every keyboard, whatever stood for them."""
    return "".join(map(_plain_mark, text))


def without_compatibility(text: str) -> str:
    """Ligatures, digraphs, wide and styled letters as the letters that they stand for: « ﬁ » is « fi »."""
    return unicodedata.normalize("NFKC", text)


def folded(text: str) -> str:
    """The text as it is compared: lower case, no accent, « œ » as oe, « ł » as l, « þ » as th, « ß » as ss.

    What is no Latin letter stays as it is.
    """
    decomposed = unicodedata.normalize("NFKD", with_plain_marks(text))
    return "".join(map(_bare, unicodedata.normalize("NFKD", decomposed.casefold())))


def symbols(text: str) -> str:
    """The signs of a number or a code, in capitals: blanks, dashes, ends of lines are forgiven."""
    plain = with_plain_marks(without_compatibility(text)).upper()
    return "".join(c for c in plain if not (c == "-" or c in _LINE_ENDS or _is_blank(c) or _is_invisible(c)))


def is_latin(character: str) -> bool:
    """Whether it is a letter of the Latin script that can be folded, so searched and spelt in ASCII."""
    return (
        character.isalpha()
        and unicodedata.name(character, "").startswith("LATIN ")
        and folded(character).isascii()
    )


def is_accent(character: str) -> bool:
    """Whether it sits on the letter before it, for want of one sign for both: « ẹ̀ »."""
    return "\u0300" <= character <= "\u036f"


def has_control(text: str) -> bool:
    """Whether a sign of it would end a line, or drive a machine."""
    return any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)


def visible(text: str) -> str:
    """The text without control and direction signs: they print nothing, or move what is read."""
    return "".join(c for c in text if not has_control(c) and not _is_invisible(c))


def _composed(text: str) -> str:
    seen = unicodedata.normalize("NFC", "".join(c for c in text if not _is_invisible(c)))
    # The ends of lines are no blanks: split() would hide them.
    return re.sub(" +", " ", "".join(" " if _is_blank(c) else c for c in seen)).strip(" ")


@lru_cache(maxsize=4096)
def _is_blank(character: str) -> bool:
    return (character.isspace() and character not in _LINE_ENDS) or character == _EMPTY_BRAILLE


@lru_cache(maxsize=4096)
def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in _FILLERS


@lru_cache(maxsize=4096)
def _plain_mark(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    is_dash = unicodedata.category(character) == "Pd" or character in _DASHES
    return "-" if is_dash else character


@lru_cache(maxsize=4096)
def _bare(character: str) -> str:
    """One sign of a decomposed, case-folded text."""
    if character.isascii():
        return character
    if unicodedata.category(character) == "Mn" or _is_invisible(character):
        return ""
    if character in _SPELT:
        return _SPELT[character]
    name = unicodedata.name(character, "")
    letter = _NAMED_LETTER.search(name) if name.startswith("LATIN ") else None
    return letter.group(1).lower() if letter else character
