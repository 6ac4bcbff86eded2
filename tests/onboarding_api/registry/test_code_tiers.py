"""Code tiers come from a file: all of it or nothing, and each fault with its line (guide G-20, G-31)."""

from io import BytesIO

import pytest
from sqlalchemy import select

from onboarding_api.model.base import Database
from onboarding_api.model.structure import Structure
from onboarding_api.registry.code_tiers import Fault, ImportReport, import_code_tiers
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import Entry
from onboarding_api.registry.table_file import MAX_BYTES, MAX_LINES, NOT_TEXT, TOO_LARGE

EUS, ESTAVAR, PARIS = "216600742", "216600726", "217500016"


@pytest.fixture
def register(database: Database, entries: list[Entry]) -> Database:
    with database.writing() as session:
        load_register(session, [entry for entry in entries if entry.siren in {EUS, ESTAVAR, PARIS}])
    return database


def load(register: Database, content: str | bytes) -> ImportReport:
    raw = content.encode() if isinstance(content, str) else content
    with register.writing() as session:
        return import_code_tiers(session, BytesIO(raw))


def codes(register: Database) -> dict[str, str]:
    with register.reading() as session:
        rows = session.execute(select(Structure.siren, Structure.code_tiers))
        return {siren: code for siren, code in rows if code}


@pytest.mark.parametrize(
    "content",
    [
        f"siren;code_tiers\n{EUS};A42\n{PARIS};43\n",
        f"siren,code_tiers\r\n{EUS},A42\r\n\r\n{PARIS},43",
        f"code_tiers;siren\n a42 ; 216 600 742 \n43;{PARIS}\n",
        f'"siren";"code_tiers"\n"{EUS}";"A42"\n"{PARIS}";"43"\n',
        b"\xef\xbb\xbf" + f"siren;code_tiers\n{EUS};A42\n{PARIS};43\n".encode(),
        f"siren;code_tiers\n216\u00a0600\u00a0742;A42\n{PARIS};43\n".encode("cp1252"),
    ],
    ids=["semicolon", "comma", "columns swapped", "quoted", "BOM", "cp1252"],
)
def test_a_file_gives_their_codes(register: Database, content: str | bytes) -> None:
    assert load(register, content) == ImportReport(changed=2)
    assert codes(register) == {EUS: "A42", PARIS: "43"}


def test_a_second_import_changes_nothing(register: Database) -> None:
    content = f"siren;code_tiers\n{EUS};42\n{PARIS};43\n"
    load(register, content)
    assert load(register, content) == ImportReport(unchanged=2)


def test_a_changed_code_counts_as_a_new_version(register: Database) -> None:
    load(register, f"siren;code_tiers\n{EUS};42\n")
    load(register, f"siren;code_tiers\n{EUS};43\n")
    with register.reading() as session:
        eus = session.get_one(Structure, EUS)
        assert (eus.code_tiers, eus.version) == ("43", 3)


def test_two_structures_may_swap_their_codes(register: Database) -> None:
    load(register, f"siren;code_tiers\n{EUS};42\n{PARIS};43\n")
    assert load(register, f"siren;code_tiers\n{EUS};43\n{PARIS};42\n").changed == 2
    assert codes(register) == {EUS: "43", PARIS: "42"}


@pytest.mark.attack(37)
@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"{EUS}", Fault.MALFORMED_LINE),
        (f"{EUS};42;43", Fault.MALFORMED_LINE),
        ("216600743;42", Fault.MALFORMED_SIREN),
        ("21660074;42", Fault.MALFORMED_SIREN),
        ("٢١٦٦٠٠٧٤٢;42", Fault.MALFORMED_SIREN),
        (";42", Fault.MALFORMED_SIREN),
        (f"{EUS};", Fault.MALFORMED_CODE),
        (f"{EUS};4/2", Fault.MALFORMED_CODE),
        (f"{EUS};{'4' * 21}", Fault.MALFORMED_CODE),
        (f"{EUS};=1+1", Fault.FORMULA),
        (f"+{EUS};42", Fault.FORMULA),
        (f"{EUS};@SUM(A1)", Fault.FORMULA),
        ("732829320;42", Fault.UNKNOWN_SIREN),
        (f"{PARIS};44", Fault.REPEATED_SIREN),
        (f"{EUS};43", Fault.REPEATED_CODE),
        (f"{EUS};99", Fault.CODE_OF_ANOTHER),
        (f"{EUS};4\x002", Fault.MALFORMED_CODE),
    ],
)
def test_a_fault_is_told_with_its_line_and_nothing_is_half_loaded(
    register: Database, line: str, fault: Fault
) -> None:
    load(register, f"siren;code_tiers\n{ESTAVAR};99\n")
    report = load(register, f"siren;code_tiers\n{PARIS};43\n{line}\n")
    assert report.faults == ((3, fault),)
    assert (report.changed, report.unchanged) == (0, 0)
    assert codes(register) == {ESTAVAR: "99"}


def test_every_fault_is_told_at_once(register: Database) -> None:
    report = load(register, f"siren;code_tiers\n1;2\n{EUS};=2\n{PARIS};43\n732829320;44\n")
    assert [line for line, _ in report.faults] == [2, 3, 5]


@pytest.mark.attack(37)
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the columns must be « siren » and « code_tiers »; found: nothing"),
        (f"{EUS};42\n", f"the columns must be « siren » and « code_tiers »; found: « {EUS} », « 42 »"),
        ("siren;code_tiers;siren\n", "found: « siren », « code_tiers », « siren »"),
        (f"siren;code_tiers\n{EUS};42\n".encode("utf-16"), "the file is UTF-16"),
        (b"siren;code_tiers\n\x81;\xff\n", NOT_TEXT),
        (b"siren;code_tiers\n" + b"\n" * MAX_LINES, TOO_LARGE),
        (b"x" * (MAX_BYTES + 1), TOO_LARGE),
    ],
    ids=["empty", "no header", "three columns", "UTF-16", "binary", "too many lines", "too many bytes"],
)
def test_a_file_of_another_kind_is_refused_as_a_whole(
    register: Database, content: str | bytes, fault: str
) -> None:
    ((line, told),) = load(register, content).faults
    assert line == 1
    assert fault in told


def test_an_open_quote_is_told_with_its_line(register: Database) -> None:
    ((line, told),) = load(register, f'siren;code_tiers\n{PARIS};43\n{EUS};"42\n').faults
    assert (line, told[:30]) == (3, "the line cannot be read as CSV")
