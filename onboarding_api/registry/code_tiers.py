"""The numbers that the Caisse des Dépôts gives to its clients, from a CSV file (guide G-20, G-31).

Two columns with a header, `siren;code_tiers`, in a file as `registry.table_file` reads it.
All or nothing: a file with one fault changes nothing, and each fault is told with its line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from stdnum.fr import siren as siren_number

from onboarding_api.model.structure import Structure
from onboarding_api.model.words.typed_text import symbols, trimmed
from onboarding_api.registry.table_file import MAX_BYTES, Row, Unreadable, read_table

# What a spreadsheet would run when someone opens the file (OWASP, « CSV Injection »).
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


class Fault(StrEnum):
    """Why a line, or the whole file, cannot be loaded; the value is the sentence to show."""

    MALFORMED_LINE = "the line must have two cells"
    FORMULA = "a cell looks like a formula"
    MALFORMED_SIREN = "malformed SIREN"
    MALFORMED_CODE = "malformed code tiers: 1 to 20 letters or digits"
    REPEATED_SIREN = "this SIREN stands on a line above"
    REPEATED_CODE = "this code tiers stands on a line above"
    UNKNOWN_SIREN = "SIREN unknown to the register"
    CODE_OF_ANOTHER = "this code tiers is another structure's"


class FaultyLine(NamedTuple):
    """A fault and its line, counted from 1 as editors do; of the file as a whole, why it cannot be read."""

    line: int
    fault: Fault | str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in structures; with any fault it did nothing."""

    changed: int = 0
    unchanged: int = 0
    faults: tuple[FaultyLine, ...] = ()


class _Wanted(NamedTuple):
    line: int
    siren: str
    code: str


def import_code_tiers(session: Session, file: BinaryIO) -> ImportReport:
    """Give their code tiers to structures; the caller commits. A second import changes nothing.

    A structure that is not in the file keeps its code; one that is in it may change code.
    """
    try:
        lines = list(_lines(file))
    except Unreadable as error:
        return ImportReport(faults=(FaultyLine(error.line, error.reason),))
    wanted = [line for line in lines if isinstance(line, _Wanted)]
    given = session.execute(select(Structure.siren, Structure.code_tiers))
    holders = {siren: code_tiers for siren, code_tiers in given}
    faults = [line for line in lines if isinstance(line, FaultyLine)]
    faults += [*_repeated(wanted), *_at_odds(wanted, holders)]
    if faults:
        return ImportReport(faults=tuple(sorted(set(faults))))
    changes = [line for line in wanted if holders[line.siren] != line.code]
    if changes:
        _give(session, changes)
    return ImportReport(changed=len(changes), unchanged=len(wanted) - len(changes))


def _lines(file: BinaryIO) -> Iterator[_Wanted | FaultyLine]:
    for row in read_table(file.read(MAX_BYTES + 1), ("siren", "code_tiers")):
        yield _read(row)


def _read(row: Row) -> _Wanted | FaultyLine:
    line, cells = row
    if cells is None:
        return FaultyLine(line, Fault.MALFORMED_LINE)
    if any(cell.startswith(_FORMULA_SIGNS) for cell in cells.values()):
        return FaultyLine(line, Fault.FORMULA)
    siren, code = symbols(cells["siren"]), trimmed(cells["code_tiers"]).upper()
    if not re.fullmatch("[0-9]{9}", siren) or not siren_number.is_valid(siren):
        return FaultyLine(line, Fault.MALFORMED_SIREN)
    if not re.fullmatch("[0-9A-Z]{1,20}", code):
        return FaultyLine(line, Fault.MALFORMED_CODE)
    return _Wanted(line, siren, code)


def _repeated(wanted: list[_Wanted]) -> Iterator[FaultyLine]:
    sirens: set[str] = set()
    codes: set[str] = set()
    for line, siren, code in wanted:
        if siren in sirens:
            yield FaultyLine(line, Fault.REPEATED_SIREN)
        elif code in codes:
            yield FaultyLine(line, Fault.REPEATED_CODE)
        sirens.add(siren)
        codes.add(code)


def _at_odds(wanted: list[_Wanted], holders: dict[str, str | None]) -> Iterator[FaultyLine]:
    """What the register and the codes already given say against a line."""
    leaving = {line.siren for line in wanted}
    kept = {code for siren, code in holders.items() if code and siren not in leaving}
    for line, siren, code in wanted:
        if siren not in holders:
            yield FaultyLine(line, Fault.UNKNOWN_SIREN)
        elif code in kept:
            yield FaultyLine(line, Fault.CODE_OF_ANOTHER)


def _give(session: Session, changes: list[_Wanted]) -> None:
    """Take the old codes back first: two structures may swap theirs, and a code is unique at each instant."""
    known = Structure.siren == bindparam("known_siren")
    connection = session.connection()
    connection.execute(
        update(Structure).where(known).values(code_tiers=None),
        [{"known_siren": line.siren} for line in changes],
    )
    connection.execute(
        update(Structure).where(known).values(code_tiers=bindparam("code"), version=Structure.version + 1),
        [{"known_siren": line.siren, "code": line.code} for line in changes],
    )
    session.expire_all()
