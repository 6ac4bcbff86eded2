"""What every carrier owes: one letter a key, the number of its receipt, news that are never lost.

A new carrier is one more `Post` here; nothing else of the house changes for it.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from onboarding_api.letters.carriers.port import Carrier, CarrierUnavailable, LetterPackage, LetterRefused
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.first_administrator.letter import LetterState
from tests.builders.correspondence import LETTER_TO_EUS, SENDER
from tests.builders.servers.http_carrier import CarrierServer, HttpCarrier, serving_carrier

KEY = "7e57ab1e-0000-4000-8000-000000000001"
CODE = "0123-4567-89AM"


class Post(Protocol):
    """A carrier, and what goes on at its place."""

    @property
    def carrier(self) -> Carrier: ...

    def prints(self) -> list[bytes]:
        """The letters that lie there."""

    def take(self) -> None:
        """The letter goes to the press."""

    def tell(self, state: str, at: str) -> None:
        """Something becomes of it, in the carrier's own word."""

    def break_down(self) -> None:
        """It can't take letters any more."""


@dataclass
class SpoolPost:
    spool: Path
    carrier: SpoolCarrier

    def prints(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.spool.rglob("*.pdf"))]

    def take(self) -> None:
        for name in (f"{KEY}.json", f"{KEY}.pdf"):
            (self.spool / name).rename(self.spool / "sent" / name)

    def tell(self, state: str, at: str) -> None:
        number = len(list((self.spool / "events").iterdir()))
        (self.spool / f"events/{KEY}.{number}.json").write_text(json.dumps({"state": state, "at": at}))

    def break_down(self) -> None:
        self.spool.rename(self.spool.with_name("elsewhere"))


@dataclass
class HttpPost:
    server: CarrierServer
    carrier: HttpCarrier

    def prints(self) -> list[bytes]:
        return [held.pdf for held in self.server.held.values()]

    def take(self) -> None:
        self.server.held[KEY].is_taken = True

    def tell(self, state: str, at: str) -> None:
        self.server.held[KEY].events.append({"state": state, "at": at})

    def break_down(self) -> None:
        self.server.is_down = True


@pytest.fixture(params=["spool", "http"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    if request.param == "http":
        with serving_carrier() as (server, carrier):
            yield HttpPost(server, carrier)
        return
    for name in ("sent", "events"):
        (tmp_path / "spool" / name).mkdir(parents=True)
    yield SpoolPost(tmp_path / "spool", SpoolCarrier(tmp_path / "spool"))


def package(attempt: int = 1, pdf: bytes = b"%PDF-1.7 0123-4567-89AM") -> LetterPackage:
    return LetterPackage(KEY, attempt, pdf, LETTER_TO_EUS.address_lines, SENDER.address_lines)


def test_the_same_try_twice_is_one_letter(post: Post) -> None:
    first = post.carrier.submit(package())
    assert post.carrier.submit(package(pdf=b"%PDF-second")) == first
    assert first.attempt == 1
    assert post.prints() == [package().pdf]


def test_a_later_try_replaces_what_was_not_taken_and_an_earlier_one_never_does(post: Post) -> None:
    first = post.carrier.submit(package(1, b"%PDF-one"))
    second = post.carrier.submit(package(2, b"%PDF-two"))
    assert (second.ref, second.attempt) == (first.ref, 2)
    assert post.carrier.submit(package(1, b"%PDF-one")) == second
    assert post.prints() == [b"%PDF-two"]


def test_a_letter_that_was_taken_is_never_another(post: Post) -> None:
    first = post.carrier.submit(package(1, b"%PDF-one"))
    post.take()
    assert post.carrier.submit(package(2, b"%PDF-two")) == first
    assert post.prints() == [b"%PDF-one"]


def test_many_workers_at_once_leave_one_letter_the_latest(post: Post) -> None:
    with ThreadPoolExecutor(8) as workers:
        receipts = list(workers.map(lambda n: post.carrier.submit(package(n, b"%%PDF-%d" % n)), range(1, 17)))
    assert post.prints() == [b"%PDF-16"]
    assert len({receipt.ref for receipt in receipts}) == 1


def test_news_are_asked_by_the_number_of_the_receipt(post: Post) -> None:
    receipt = post.carrier.submit(package())
    assert len(receipt.ref) <= 128
    post.tell("posted", "2026-11-26T08:00:00+00:00")
    post.tell("printed", "2026-11-25T08:00:00+00:00")
    post.tell("weighed", "2026-11-27T08:00:00+00:00")
    news = [each for each in post.carrier.status(receipt.ref) if each.at]
    # Oldest first; a word that we do not know is kept as it came, and moves nothing.
    assert [each.state for each in news] == [LetterState.PRINTED, LetterState.POSTED, None]
    assert news[-1].carrier_code == "weighed"


def test_a_number_that_the_carrier_does_not_know_has_no_news(post: Post) -> None:
    post.carrier.submit(package())
    assert post.carrier.status("nobody") == ()


def test_what_is_no_number_is_refused_before_anything_is_sent(post: Post) -> None:
    with pytest.raises(LetterRefused):
        post.carrier.status("../escape")


def test_a_carrier_that_is_away_is_asked_again_later(post: Post) -> None:
    post.break_down()
    for ask in (lambda: post.carrier.submit(package()), lambda: post.carrier.status(KEY)):
        with pytest.raises(CarrierUnavailable) as away:
            ask()
        assert not away.value.is_permanent


def test_the_code_is_in_the_print_alone(post: Post) -> None:
    receipt = post.carrier.submit(package())
    assert CODE not in repr(package()) + repr(receipt) + repr(post.carrier.status(receipt.ref))
