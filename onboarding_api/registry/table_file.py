"""A table that somebody sends: CSV as spreadsheets write it, read whole, or refused with the reason.

UTF-8, with or without BOM, or Windows-1252; semicolons, commas or tabs; the line `sep=;` by which Excel is
told, and empty columns at the end, are skipped. What else it is, is named: a file in UTF-16 is no bad header.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Final, NamedTuple

from onboarding_api.model.words.typed_text import folded, trimmed

MAX_BYTES: Final = 5_000_000
MAX_LINES: Final = 100_000
TOO_LARGE: Final = "the file exceeds 5 MB or 100,000 lines"
NOT_TEXT: Final = "the file is neither UTF-8 nor Windows-1252: save it as « CSV UTF-8 »"
_SEPARATORS: Final = ";,\t"
# A file is told by how it begins. UTF-32 before UTF-16, whose mark begins like its own.
_BEGINNINGS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"PK\x03\x04", "an Excel or OpenDocument workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a packed file (gzip)"),
    (b"+/v", "UTF-7"),
)


class Unreadable(Exception):
    """The file cannot be read as a whole, or not beyond a line; `reason` is the sentence to show."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


class Row(NamedTuple):
    """One line: its number as editors count, and its cells by the name of their column.

    `cells` is None when the line has more or fewer of them than the header.
    """

    line: int
    cells: Mapping[str, str] | None


def read_table(raw: bytes, columns: Iterable[str], *, others_allowed: bool = False) -> Iterator[Row]:
    """The lines of the table, the empty ones left out.

    Args:
        raw: the file.
        columns: names that the header must have, in any order: letters, digits and `_`, lower case.
        others_allowed: whether it may have more.

    Raises:
        Unreadable: too large, not text, another header, or a quote that is not closed.
    """
    if len(raw) > MAX_BYTES or raw.count(b"\n") > MAX_LINES:
        raise Unreadable(1, TOO_LARGE)
    said, text = _separator_said(_decoded(raw))
    separator = said or max(_SEPARATORS, key=text.partition("\n")[0].count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    skipped = 1 if said else 0
    try:
        header = _header(next(rows, []), tuple(columns), others_allowed, rows.line_num + skipped)
        for row in rows:
            if any(trimmed(cell) for cell in row):
                yield Row(rows.line_num + skipped, _cells(header, row))
    except csv.Error as error:
        raise Unreadable(rows.line_num + skipped, f"the line cannot be read as CSV ({error})") from None


def _decoded(raw: bytes) -> str:
    for beginning, name in _BEGINNINGS:
        if raw.startswith(beginning):
            raise Unreadable(1, f"the file is {name}: save it as « CSV UTF-8 »")
    if raw[:4096].count(0) * 4 > len(raw[:4096]):
        raise Unreadable(1, "the file is UTF-16 without its mark, or no text: save it as « CSV UTF-8 »")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(1, NOT_TEXT)


def _separator_said(text: str) -> tuple[str, str]:
    said = re.match(rf"\s*\"?sep=([{_SEPARATORS}])\"?[{_SEPARATORS}]*\r?\n", text, re.IGNORECASE)
    return (said.group(1), text[said.end() :]) if said else ("", text)


def _header(row: list[str], columns: tuple[str, ...], others_allowed: bool, line: int) -> list[str]:
    names = [re.sub(r"[^a-z0-9]+", "_", folded(trimmed(cell))).strip("_") for cell in row]
    while names and not names[-1]:
        names.pop()
    is_known = set(columns) <= set(names) if others_allowed else sorted(columns) == sorted(names)
    if not is_known or len(set(names)) < len(names):
        found = ", ".join(f"« {trimmed(cell)[:40]} »" for cell in row) or "nothing"
        wanted = " and ".join(f"« {name} »" for name in columns)
        raise Unreadable(max(line, 1), f"the columns must be {wanted}; found: {found}")
    return names


def _cells(header: list[str], row: list[str]) -> Mapping[str, str] | None:
    while len(row) > len(header) and not trimmed(row[-1]):
        row = row[:-1]
    return dict(zip(header, row, strict=True)) if len(row) == len(header) else None
