"""A table that somebody sends is read, or refused for the reason that is it (F15)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.registry.table_file import Unreadable, read_table

COLUMNS = ("siren", "code_tiers")
CELLS = {"siren": "216600742", "code_tiers": "42"}


@pytest.mark.parametrize(
    "content",
    [
        b"siren;code_tiers\n216600742;42\n",
        b"siren,code_tiers\n216600742,42\n",
        b"siren\tcode_tiers\n216600742\t42\n",
        b"sep=;\nsiren;code_tiers\n216600742;42\n",
        b"sep=;\r\nsiren;code_tiers\r\n216600742;42\r\n",
        b'"sep=,"\nsiren,code_tiers\n216600742,42\n',
        b"SEP=;;\nsiren;code_tiers\n216600742;42\n",
        b"siren;code_tiers;\n216600742;42;\n",
        b"siren;code_tiers;;\n216600742;42;;\n",
        b"siren;code_tiers;\n216600742;42\n",
        b"\xef\xbb\xbfsiren;code_tiers\n216600742;42\n",
        b"\xef\xbb\xbfsep=;\nsiren;code_tiers\n216600742;42\n",
        b"SIREN ; Code tiers\n216600742;42\n",
        "Siren\u00a0;\u200bCode-Tiers\n216600742;42\n".encode(),
        b"\n\nsiren;code_tiers\n216600742;42\n"[2:],
        b"siren;code_tiers\n;\n216600742;42\n\n",
    ],
)
def test_what_spreadsheets_write_is_read(content: bytes) -> None:
    (row,) = read_table(content, COLUMNS)
    assert row.cells == CELLS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("siren;code_tiers\n1;2\n".encode("utf-16"), "UTF-16"),
        ("siren;code_tiers\n1;2\n".encode("utf-16-be"), "UTF-16"),
        ("siren;code_tiers\n1;2\n".encode("utf-16-le"), "UTF-16"),
        ("\ufeffsiren;code_tiers\n1;2\n".encode("utf-32-le"), "UTF-32"),
        (b"PK\x03\x04\x14\x00", "Excel or OpenDocument workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"siren\x81;code_tiers", "neither UTF-8 nor Windows-1252"),
        (b"siren;code_tiers;montant\n1;2;3\n", "found: « siren », « code_tiers », « montant »"),
        (b"siren;;code_tiers\n1;;2\n", "found: « siren », «  », « code_tiers »"),
        (b"siren\n1\n", "found: « siren »"),
        (b"siren;siren;code_tiers\n1;1;2\n", "found: « siren », « siren », « code_tiers »"),
        (b"", "found: nothing"),
    ],
)
def test_the_reason_is_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        list(read_table(content, COLUMNS))
    assert reason in refused.value.reason
    assert refused.value.line == 1


def test_lines_are_counted_as_editors_do() -> None:
    content = b"sep=;\nsiren;code_tiers\n1;2\n\n3;4;5\n"
    assert [(row.line, row.cells is None) for row in read_table(content, COLUMNS)] == [(3, False), (5, True)]


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(content: bytes) -> None:
    with suppress(Unreadable):
        list(read_table(content, COLUMNS))
