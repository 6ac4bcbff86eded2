"""The spool directory: one letter a key, whole files, no code beside the print, faults told apart."""

import hashlib
import json
import os
import resource
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onboarding_api.letters.carriers.port import (
    Carrier,
    CarrierUnavailable,
    LetterPackage,
    LetterRefused,
    News,
)
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.first_administrator.letter import LetterState
from tests.builders.correspondence import LETTER_TO_EUS, SENDER

KEY = "letter.print:7e57ab1e-0000-4000-8000-000000000001"
NOBODY = 65534


def package(attempt: int = 1, pdf: bytes = b"%PDF-1.7 0123-4567-89AM", key: str = KEY) -> LetterPackage:
    return LetterPackage(key, attempt, pdf, LETTER_TO_EUS.address_lines, SENDER.address_lines)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    directory = tmp_path / "spool"
    directory.mkdir()
    return directory


def visible(spool: Path) -> set[str]:
    return {file.name for file in spool.iterdir() if not file.name.startswith(".")}


def test_a_letter_is_two_files_that_agree(spool: Path) -> None:
    carrier: Carrier = SpoolCarrier(spool)
    receipt = carrier.submit(package())
    assert visible(spool) == {f"{KEY}.pdf", f"{KEY}.json"}
    pdf, sidecar = (spool / f"{KEY}.pdf").read_bytes(), (spool / f"{KEY}.json").read_text(encoding="utf-8")
    assert pdf == package().pdf
    assert json.loads(sidecar)["address"] == [
        "À l'attention du représentant légal",
        "MAIRIE D'EUS",
        "66500 EUS",
    ]
    assert json.loads(sidecar)["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (receipt.ref, receipt.attempt) == (KEY, 1)


def test_only_the_owner_may_read(spool: Path) -> None:
    SpoolCarrier(spool).submit(package())
    for name in visible(spool):
        assert stat.S_IMODE((spool / name).stat().st_mode) == 0o600


def test_a_letter_that_was_taken_is_never_written_again(spool: Path) -> None:
    carrier = SpoolCarrier(spool)
    first = carrier.submit(package(attempt=1))
    (spool / "sent").mkdir()
    for name in (f"{KEY}.pdf", f"{KEY}.json"):
        (spool / name).rename(spool / "sent" / name)
    (spool / "sent" / f"{KEY}.pdf").unlink()  # erased after printing
    assert carrier.submit(package(attempt=2, pdf=b"%PDF-two")) == first
    assert visible(spool) == {"sent"}


def test_a_letter_that_is_just_being_taken_is_not_written_again(spool: Path) -> None:
    carrier = SpoolCarrier(spool)
    first = carrier.submit(package(attempt=1))
    (spool / "sent").mkdir()
    (spool / f"{KEY}.json").rename(spool / "sent" / f"{KEY}.json")
    assert carrier.submit(package(attempt=2, pdf=b"%PDF-two")) == first
    assert (spool / f"{KEY}.pdf").read_bytes() == package().pdf


@pytest.mark.parametrize("lost", [".json", ".pdf"])
def test_a_letter_that_was_half_written_is_written_again(spool: Path, lost: str) -> None:
    carrier = SpoolCarrier(spool)
    carrier.submit(package())
    (spool / f"{KEY}{lost}").unlink()
    carrier.submit(package(pdf=b"%PDF-new"))
    assert (spool / f"{KEY}.pdf").read_bytes() == b"%PDF-new"
    assert (
        json.loads((spool / f"{KEY}.json").read_bytes())["sha256"] == hashlib.sha256(b"%PDF-new").hexdigest()
    )


@pytest.mark.invariant("I7")
def test_many_workers_at_once_leave_one_letter_that_agrees(spool: Path) -> None:
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda n: SpoolCarrier(spool).submit(package(n, b"%%PDF-%d" % n)), range(1, 25)))
    sidecar = json.loads((spool / f"{KEY}.json").read_bytes())
    assert sidecar["attempt"] == 24
    assert (spool / f"{KEY}.pdf").read_bytes() == b"%PDF-24"
    assert sidecar["sha256"] == hashlib.sha256(b"%PDF-24").hexdigest()


@pytest.mark.parametrize("key", ["", "../escape", "a/b", "..", ".hidden", "x" * 129, "a\n", "a*"])
def test_a_key_that_is_no_plain_name_is_refused(spool: Path, key: str) -> None:
    with pytest.raises(LetterRefused):
        package(key=key)
    with pytest.raises(LetterRefused):
        SpoolCarrier(spool).status(key)


def test_what_is_no_letter_is_refused() -> None:
    with pytest.raises(LetterRefused, match="no PDF"):
        package(pdf=b"<html>")
    with pytest.raises(LetterRefused, match="address"):
        LetterPackage(KEY, 1, b"%PDF-", ("MAIRIE D'EUS",), ())


def unavailable(spool: Path) -> str:
    with pytest.raises(CarrierUnavailable) as error:
        SpoolCarrier(spool).submit(package(pdf=b"%PDF-" + b"x" * 5000))
    assert not error.value.is_permanent
    return error.value.reason


def test_a_missing_directory_is_told_and_not_made(tmp_path: Path) -> None:
    assert unavailable(tmp_path / "spol") == "missing"
    assert not (tmp_path / "spol").exists()
    with pytest.raises(CarrierUnavailable):
        SpoolCarrier(tmp_path / "spol").status(KEY)


def test_a_file_in_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("")
    assert unavailable(tmp_path / "spool") == "missing"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.attack(52)
def test_a_read_only_directory_is_told(spool: Path) -> None:
    spool.chmod(0o555)
    with as_nobody():
        assert unavailable(spool) == "read_only"


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """A disk that takes no more than `size` bytes a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.attack(52)
def test_a_full_disk_is_told_leaves_nothing_and_the_letter_leaves_later(spool: Path) -> None:
    with files_at_most(1000):
        reason = unavailable(spool)
    assert reason == "full"
    assert visible(spool) == set()
    assert [file.name for file in spool.iterdir()] == [".lock"]
    assert SpoolCarrier(spool).submit(package()).attempt == 1


@pytest.mark.parametrize("content", ["{", "[]", "{}", "3"])
def test_a_sidecar_that_cannot_be_read_stops_the_letter(spool: Path, content: str) -> None:
    SpoolCarrier(spool).submit(package())
    (spool / f"{KEY}.json").write_text(content)
    assert unavailable(spool) == "failing"


def drop(spool: Path, name: str, content: object) -> None:
    (spool / "events").mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (spool / "events" / name).write_text(text, encoding="utf-8")


def test_the_news_of_a_letter_come_from_the_events_directory(spool: Path) -> None:
    carrier = SpoolCarrier(spool)
    assert carrier.status(KEY) == ()
    carrier.submit(package())
    drop(spool, f"{KEY}.2.json", {"state": "posted", "at": "2026-11-25T09:00:00+01:00", "code": "P7"})
    drop(spool, f"{KEY}.1.json", {"state": "printed", "at": "2026-11-24T18:00:00", "text": "lot 12"})
    drop(spool, f"{KEY}.3.json", {"state": "weighed", "at": "2026-11-25T10:00:00+00:00"})
    drop(spool, f"{KEY}0.1.json", {"state": "returned", "at": "2026-11-25T10:00:00+00:00"})
    assert carrier.status(KEY) == (
        News(LetterState.HANDED_OVER, None, "spooled", ""),
        News(LetterState.PRINTED, datetime(2026, 11, 24, 18, tzinfo=UTC), "printed", "lot 12"),
        News(LetterState.POSTED, datetime(2026, 11, 25, 8, tzinfo=UTC), "P7", ""),
        News(None, datetime(2026, 11, 25, 10, tzinfo=UTC), "weighed", ""),
    )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"x"', '{"state": "posted"}', '{"state": [], "at": 3}', "\udcff"]
)
def test_an_event_that_cannot_be_read_is_kept_as_text(spool: Path, content: str) -> None:
    (spool / "events").mkdir()
    (spool / "events" / f"{KEY}.1.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    (event,) = SpoolCarrier(spool).status(KEY)
    assert (event.state, event.at, event.carrier_code) == (None, None, "unreadable")


def test_a_letter_that_left_the_spool_altogether_has_no_news_but_its_events(spool: Path) -> None:
    SpoolCarrier(spool).submit(package())
    shutil.rmtree(spool)
    spool.mkdir()
    drop(spool, f"{KEY}.1.json", {"state": "returned", "at": "2026-12-01T08:00:00+00:00", "code": "PND"})
    assert [event.carrier_code for event in SpoolCarrier(spool).status(KEY)] == ["PND"]
