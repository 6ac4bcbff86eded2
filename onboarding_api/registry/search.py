"""Find a structure from what a person has at hand (guide G-16, G-20): a name, a postcode, a number.

A text is a bag of words that must all fit: « Sainte-Colombe 05 », « Eus Pyrénées-Orientales » and
« Eus 66500 » need no grammar. What tells the right one from the others is the order: the structure whose
whole name begins the text comes first, and no two of a département share a folded name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, bindparam, case, func, or_, select
from sqlalchemy.orm import Session
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.structure import SearchWord, Structure, StructureKind
from onboarding_api.registry.folding import one_slip_away
from onboarding_api.registry.localities import Absent, absent_commune
from onboarding_api.registry.typed_query import TypedQuery, city_of, read_query, without_foreign_postcodes

_SHORTEST_BEGINNING: Final = 3
_SHORTEST_FORGIVEN: Final = 4
# Terms are made of a-z and 0-9: those that begin with « eu » are the ones from « eu » to « eu~ ».
_AFTER_ALL: Final = "~"


class MalformedSiren(BadInput):
    """Not a SIREN: nine digits, the last of which checks the others (Luhn)."""

    code = "siren_malformed"

    def __init__(self) -> None:
        super().__init__("recherche", self.code)


class MalformedSiret(BadInput):
    """Not a SIRET: a SIREN and five digits, the last of which checks the others."""

    code = "siret_malformed"

    def __init__(self) -> None:
        super().__init__("recherche", self.code)


class NotHeld(BadInput):
    """A commune without a SIREN in the register's source, as those of the Pacific; `absent` names it."""

    code = "structure_not_held"

    def __init__(self, absent: Absent) -> None:
        super().__init__("recherche", self.code)
        self.absent = absent


@dataclass(frozen=True, slots=True)
class StructureHit:
    """One line of the results: enough to tell « Sainte-Colombe » from the eleven others."""

    siren: str
    kind: StructureKind
    name: str
    bare_name: str
    insee: str | None
    departement: str
    departement_name: str
    postcodes: tuple[str, ...]
    epci_siren: str | None
    epci_name: str | None
    population: int
    code_tiers: str | None
    former_names: tuple[str, ...]


_FOUND: Final = select(*(getattr(Structure, field.name) for field in fields(StructureHit))).where(
    Structure.is_active
)

# The folded text, as one word. A whole name at its start is an exact name: what follows can only be the
# département or the postcode, since every word must fit. The longest such name is the right one.
_TYPED: Final = bindparam("typed", type_=String)
_EXACT: Final = case(
    *(
        (func.substr(_TYPED, 1, func.length(name_key)) == name_key, func.length(name_key))
        for name_key in (Structure.bare_name_key, Structure.name_key)
    ),
    else_=0,
)
# « Pringy (Marne) »: of the départements that bear the word typed, the one named by it alone.
_DEPARTEMENT_ALONE: Final = case(
    (_EXACT.between(1, func.length(_TYPED) - 1), func.length(Structure.departement_name)), else_=0
)
# « Châlons-sur-Marne »: what a commune was called itself, before what only bears the same words.
_WAS: Final = (
    select(SearchWord.siren)
    .where(SearchWord.siren == Structure.siren, SearchWord.word == _TYPED)
    .correlate(Structure)
    .exists()
)
_BEGUN: Final = func.substr(Structure.bare_name_key, 1, func.length(_TYPED)) == _TYPED
_LARGEST: Final = (Structure.kind, Structure.population.desc(), Structure.siren)

_BY_NAME: Final = _FOUND.order_by(_EXACT.desc(), _WAS.desc(), _DEPARTEMENT_ALONE, _BEGUN.desc(), *_LARGEST)
# The shortest name that bears all the words is the nearest to a text with a fault.
_BY_NEARNESS: Final = _FOUND.order_by(func.length(Structure.bare_name_key), *_LARGEST)


def search(session: Session, text: str, limit: int = 20) -> tuple[StructureHit, ...]:
    """The active structures that fit a text, best first; communes before EPCI, the largest first.

    Args:
        text: a name, also a past one, with or without its département; a postcode; a SIREN, SIRET, INSEE
            code or code tiers, with or without spaces.
        limit: how many at most.

    Raises:
        MalformedSiren, MalformedSiret: an unknown long number that cannot be one: a typing fault.
        NotHeld: a commune that the register does not hold.
    """
    query = read_query(text)
    numbered = _by_number(session, query)
    if numbered and query.numbers:
        return numbered
    if query.number and _is_long(query.number):
        return numbered or _nothing(query.number)
    if not query.words:
        return ()
    named = _as_typed(session, query.words, query.key, limit)
    if not named and not numbered:
        return _second_chance(session, query, limit)
    # Postcodes are typed more often than INSEE codes, and many a one is the INSEE code of another town.
    others = tuple(hit for hit in named if hit not in numbered)
    return (*others[: max(0, limit - len(numbered))], *numbered)[:limit]


def structure_by_siren(session: Session, siren: str) -> StructureHit | None:
    """The active structure of a SIREN, by its key."""
    return next(iter(_hits(session, _FOUND.where(Structure.siren == siren))), None)


def _is_long(number: str) -> bool:
    """Whether it can be neither a département, nor a postcode, nor an INSEE code."""
    return number.isdigit() and len(number) > 5


def _by_number(session: Session, query: TypedQuery) -> tuple[StructureHit, ...]:
    known: list[ColumnElement[bool]] = []
    if query.numbers:
        known.append(Structure.siren.in_(query.numbers))
    if query.number:
        known += [Structure.insee == city_of(query.number), Structure.code_tiers == query.number]
    return _hits(session, _FOUND.where(or_(*known))) if known else ()


def _nothing(number: str) -> tuple[StructureHit, ...]:
    """No hit, or the reason why there can be none."""
    if siren_number.is_valid(number) or siret_number.is_valid(number):
        return ()
    raise MalformedSiret if len(number) > 11 else MalformedSiren


def _as_typed(session: Session, words: Sequence[str], typed: str, limit: int) -> tuple[StructureHit, ...]:
    *whole, last = words
    is_beginning = last.isalpha() and len(last) >= _SHORTEST_BEGINNING
    end = SearchWord.word.between(last, last + _AFTER_ALL) if is_beginning else SearchWord.word == last
    fits = [_bears(SearchWord.word == word) for word in whole] + [_bears(end)]
    return _hits(session, _BY_NAME.where(*fits).limit(limit), typed=typed)


def _second_chance(session: Session, query: TypedQuery, limit: int) -> tuple[StructureHit, ...]:
    """Spaces and slips of the keyboard are forgiven; then what the register does not know is left out.

    Raises:
        NotHeld: the text names a commune that the register does not hold.
    """
    if absent := absent_commune(" ".join(query.words)):
        raise NotHeld(absent)
    words = list(query.words)
    if hits := _forgiving(session, words, limit):
        return hits
    kept = without_foreign_postcodes(query.words, _known(session, set(words)))
    is_mostly_known = len(words) - len(kept) <= len(kept)
    if kept == words or not is_mostly_known or not any(word.isalpha() for word in kept):
        return ()
    return _as_typed(session, kept, "".join(kept), limit) or _forgiving(session, kept, limit)


def _forgiving(session: Session, words: list[str], limit: int) -> tuple[StructureHit, ...]:
    """Spaces forgotten or added, then one slip of the keyboard a word."""
    for reading in (_glued, _corrected):
        fits = [_bears(SearchWord.word.in_(meant)) for meant in reading(session, words)]
        if hits := _hits(session, _BY_NEARNESS.where(*fits).limit(limit)):
            return hits
    return ()


def _glued(_session: Session, words: list[str]) -> list[set[str]]:
    """« Bain ville 54 »: the words as one, the numbers apart."""
    letters = "".join(word for word in words if word.isalpha())
    return [{letters}, *({word} for word in words if not word.isalpha())] if letters else [set()]


def _corrected(session: Session, words: list[str]) -> list[set[str]]:
    """For each word the ones that may have been meant; an unknown one is the slip, if there is one."""
    known = _known(session, set(words))
    forgivable = [word for word in words if word.isalpha() and len(word) >= _SHORTEST_FORGIVEN]
    faulty = [word for word in forgivable if word not in known] or forgivable
    near = {word: one_slip_away(word) for word in faulty}
    meant = _known(session, set().union(*near.values()))
    return [near[word] & meant if word in near else {word} for word in words]


def _known(session: Session, words: set[str]) -> set[str]:
    return set(session.scalars(select(SearchWord.word).where(SearchWord.word.in_(words)).distinct()))


def _bears(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Structure.siren.in_(select(SearchWord.siren).where(condition))


def _hits(session: Session, found: Select[Any], **typed: str) -> tuple[StructureHit, ...]:
    return tuple(
        StructureHit(**dict(row) | {name: tuple(row[name]) for name in ("postcodes", "former_names")})
        for row in session.execute(found, typed).mappings()
    )
