"""What somebody typed into the box of structures: its numbers, its words, and what tells nothing.

« 66020 PERPIGNAN CEDEX », « SIREN : 216600742 », « Paris 15 »: the box forgives all that stands on an
envelope or in a spreadsheet beside what finds a structure.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from onboarding_api.model.words.typed_text import folded, symbols
from onboarding_api.registry.folding import key, telling_words

LONGEST: Final = 120
_SIREN, _SIRET = 9, 14
# What the register calls a commune: « Ville-d'Avray » is a name, « Ville de Paris » is Paris.
_ALSO_A_COMMUNE: Final = re.compile(
    r"^\s*(?:la |le |l')?(?:commune (?:nouvelle|deleguee|associee)\b"
    r"|(?:services? de la )?mairie(?: de la commune)?\b"
    r"|hotel de ville\b|ville(?=\s+de\b|\s+d'))"
)
# Labels of fields, a telephone, the country, and what La Poste adds for those who get much mail.
_TELLS_NOTHING: Final = re.compile(
    r"\b(?:siren|siret|insee|cog|numero|num|no|n°|code(?: (?:postal|insee|commune|tiers))?|cp|tiers)\b"
    r"\s*[:=n°.]*|\b0[1-9](?:[ .-]?[0-9]{2}){4}\b|(?:(?<=[0-9])|,) +france$"
    r"|\bcedex\b(?: \d{1,2}\b)?|\b(?:bp|cs|tsa)\s*\d+\b"
)
_ARRONDISSEMENT: Final = re.compile(
    r"\b(paris|lyon|marseille)[ ,-]+(?:0?[1-9]|1[0-9]|20)\s*(?:er|e|eme|ieme)?\b"
    r"(?:\s*arr(?:ondissement|dt|t)?\b\.?)?"
)
# « mairie Eus »: without « de », it is no part of the name.
_COMMUNE: Final = re.compile(r"^commune (?!d(?:e|u|es)?\b)(?=.)")
_CITIES: Final = {"751": "75056", "6938": "69123", "132": "13055"}
_CORSE: Final = re.compile(r"\b2\s*([ab])(?:\s*([0-9]{3}))?\b")
_DEPARTEMENT: Final = re.compile("0[1-9]|[1-9][0-9]|9[78][0-9]|2[ab]")
_ONE_NUMBER: Final = re.compile(r"[0-9][0-9 .-]*|2[ab][ -]?[0-9]{3}|[0-9a-z]+")


class TypedQuery(NamedTuple):
    """A text as it is searched.

    `number` is the whole text, when it is one of a register; `numbers` are the SIREN and SIRET in it,
    wherever they stand; `words` must all fit; `key` is the text as one word.
    """

    number: str | None
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    key: str


def read_query(text: str) -> TypedQuery:
    """What a text says."""
    plain = _ALSO_A_COMMUNE.sub("commune", folded(text[:LONGEST]))
    plain = _CORSE.sub(_corsican, " ".join(_TELLS_NOTHING.sub(" ", plain).split()).strip(" :;,.()"))
    number = symbols(plain).replace(".", "") if _ONE_NUMBER.fullmatch(plain) else None
    bare = _COMMUNE.sub("", _ARRONDISSEMENT.sub(r"\1", plain))
    words = tuple(dict.fromkeys(telling_words(number or bare)))
    return TypedQuery(number, tuple(dict.fromkeys(_numbers(number or plain))), words, key(number or bare))


def city_of(number: str) -> str:
    """The INSEE code of the city, for the one of an arrondissement of Paris, Lyon or Marseille."""
    return next((city for start, city in _CITIES.items() if number.startswith(start)), number)


def without_foreign_postcodes(words: tuple[str, ...], known: set[str]) -> list[str]:
    """The words that the register knows; a postcode that it does not know still tells the département."""
    kept = [word if word in known or _DEPARTEMENT.fullmatch(word) else _departement(word) for word in words]
    return [word for word in dict.fromkeys(kept) if word]


def _departement(word: str) -> str:
    """What a postcode that nobody has, one of CEDEX, tells; nothing of another word."""
    if not re.fullmatch("[0-9]{5}", word):
        return ""
    return word[:3] if word.startswith(("97", "98")) else "" if word.startswith("20") else word[:2]


def _corsican(found: re.Match[str]) -> str:
    return f"2{found.group(1)}{found.group(2) or ''}"


def _numbers(plain: str) -> Iterator[str]:
    """Each SIREN or SIRET, its digits in groups or not, among whatever other numbers."""
    groups = re.findall("[0-9]+", plain)
    for start in range(len(groups)):
        joined = ""
        for group in groups[start:]:
            joined += group
            if len(joined) == _SIREN and siren_number.is_valid(joined):
                yield joined
            elif len(joined) == _SIRET and siret_number.is_valid(joined):
                yield joined[:_SIREN]
