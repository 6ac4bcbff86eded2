"""Where the mairie of a commune with several postcodes is: known with its source, or not known.

A list of postcodes is no address. Of 359 communes that have several, La Poste's file tells some: a row whose
label of delivery is the commune's own name, and which names no hamlet (« Ligne 5 »), is the town hall's. A
commune nouvelle keeps the code of the commune where its seat is (INSEE), and La Poste has a row for that one.
The others are asked and confirmed before a letter leaves.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, BinaryIO, Final, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from onboarding_api.model.structure import Structure, StructureKind
from onboarding_api.model.words.typed_text import symbols
from onboarding_api.registry.folding import key
from onboarding_api.registry.shipped import DATA, Entry
from onboarding_api.registry.table_file import MAX_BYTES, Unreadable, read_table

TOWN_HALLS: Final = DATA / "town_halls.json"
ONLY_ONE: Final = "only_one"
"""The commune has no other postcode."""
IMPORTED: Final = "import"
"""Told by a file that an operator imported: a newer vintage of the register does not undo it."""

_COLUMNS: Final = ("code_commune_insee", "code_postal", "ligne_5", "libelle_d_acheminement")


class TownHall(NamedTuple):
    """The postcode of a town hall, and the key of the source that tells it."""

    postcode: str
    source: str


class Delivered(NamedTuple):
    """A row of La Poste's file. `hamlet` is empty for the commune itself."""

    insee: str
    postcode: str
    label: str
    hamlet: str


class AddressReport(NamedTuple):
    """What an import did, in communes. `at_odds`: the register does not know the postcode that is told."""

    changed: int = 0
    unchanged: int = 0
    untold: int = 0
    at_odds: tuple[str, ...] = ()
    fault: str = ""


@cache
def known_town_halls() -> Mapping[str, TownHall]:
    """The shipped facts by INSEE code; where they come from stands in the file, beside them."""
    facts = json.loads(TOWN_HALLS.read_text("utf-8"))
    return {
        insee: TownHall(postcode, source)
        for source, postcodes in facts["postcodes"].items()
        for insee, postcode in postcodes.items()
    }


def town_hall_of(entry: Entry) -> TownHall | None:
    """What is known without asking anybody."""
    if entry.kind != StructureKind.COMMUNE or not entry.insee:
        return None
    if len(entry.postcodes) == 1:
        return TownHall(entry.postcodes[0], ONLY_ONE)
    found = known_town_halls().get(entry.insee)
    return found if found and found.postcode in entry.postcodes else None


def import_addresses(session: Session, file: BinaryIO) -> AddressReport:
    """Take the town halls' postcodes from La Poste's file; the caller commits.

    A second import changes nothing. A commune that the file does not tell, or tells with a postcode that the
    register does not know, stays as it is.
    """
    try:
        rows = _by_commune(_delivered(file.read(MAX_BYTES + 1)))
    except Unreadable as error:
        return AddressReport(fault=str(error))
    communes = session.execute(
        select(
            Structure.siren,
            Structure.insee,
            Structure.bare_name,
            Structure.postcodes,
            Structure.town_hall_postcode,
        ).where(Structure.kind == StructureKind.COMMUNE)
    )
    changes, at_odds, unchanged, untold = [], [], 0, 0
    for siren, insee, bare_name, postcodes, present in communes:
        told = _told(rows.get(insee or "", ()), bare_name)
        if told is None:
            untold += len(postcodes) > 1 and present is None
        elif told not in postcodes:
            at_odds.append(f"{insee} {bare_name}: {told}")
        elif told == present:
            unchanged += 1
        else:
            changes.append({"of_siren": siren, "postcode": told})
    if changes:
        _write(session, changes)
    return AddressReport(len(changes), unchanged, untold, tuple(sorted(at_odds)))


def build_town_halls(raw: bytes, entries: Iterable[Entry], communes: Iterable[Mapping[str, Any]]) -> str:
    """The content of the shipped file, from La Poste's file and the communes of the « code officiel ».

    Raises:
        Unreadable: the file is not La Poste's.
    """
    rows = _by_commune(_delivered(raw))
    seats = {c["code"]: c["nom"] for c in communes if c["code"] == c.get("chefLieu")}
    by_label: dict[str, str] = {}
    by_seat: dict[str, str] = {}
    for entry in entries:
        if entry.kind == StructureKind.COMMUNE and entry.insee and len(entry.postcodes) > 1:
            of_commune = rows.get(entry.insee, ())
            if (told := _told(of_commune, entry.bare_name)) in entry.postcodes:
                by_label[entry.insee] = str(told)
            elif (told := _told_of_seat(of_commune, seats.get(entry.insee, ""))) in entry.postcodes:
                by_seat[entry.insee] = str(told)
    digest = hashlib.sha256(raw).hexdigest()
    la_poste = f"La Poste, Base officielle des codes postaux, Licence Ouverte, SHA-256 {digest}"
    facts = {
        "sources": {
            "la_poste": f"{la_poste}: the row whose label is the commune's own name",
            "seat": f"INSEE, the commune whose code the commune nouvelle keeps; {la_poste}: its row",
        },
        "postcodes": {"la_poste": by_label, "seat": by_seat},
    }
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _delivered(raw: bytes) -> Iterator[Delivered]:
    for row in read_table(raw, _COLUMNS, others_allowed=True):
        if row.cells is None:
            raise Unreadable(row.line, "the line has not as many cells as the header")
        insee, postcode, hamlet, label = (row.cells[name] for name in _COLUMNS)
        yield Delivered(symbols(insee), symbols(postcode), label, hamlet)


def _by_commune(rows: Iterable[Delivered]) -> Mapping[str, list[Delivered]]:
    grouped: dict[str, list[Delivered]] = defaultdict(list)
    for row in rows:
        grouped[row.insee].append(row)
    return grouped


def _told(rows: Iterable[Delivered], bare_name: str) -> str | None:
    """The postcode of the rows that name the commune and no hamlet, if they have but one."""
    name = key(bare_name.split(" (", maxsplit=1)[0])
    found = {row.postcode for row in rows if key(row.label) == name and not key(row.hamlet)}
    return found.pop() if len(found) == 1 else None


def _told_of_seat(rows: Iterable[Delivered], seat: str) -> str | None:
    found = {row.postcode for row in rows if key(seat) and key(seat) == key(row.hamlet or row.label)}
    return found.pop() if len(found) == 1 else None


def _write(session: Session, changes: list[dict[str, str]]) -> None:
    session.connection().execute(
        update(Structure)
        .where(Structure.siren == bindparam("of_siren"))
        .values(
            town_hall_postcode=bindparam("postcode"),
            town_hall_source=IMPORTED,
            version=Structure.version + 1,
        ),
        changes,
    )
    session.expire_all()
