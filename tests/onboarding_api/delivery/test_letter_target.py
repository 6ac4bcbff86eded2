"""The letter leaves once, and the code on paper is the letter's, whatever stops where."""

import json
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger
from onboarding_api.delivery.targets.letter import LetterFollow, LetterPrint
from onboarding_api.letters.carriers.port import CarrierUnavailable, LetterPackage, LetterRefused, Receipt
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys, Fingerprint, matches
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.printed_code import PrintedCode
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.structure import Structure
from tests.builders.correspondence import SENDER
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of
from tests.builders.eus import SIREN, Eus, found_eus
from tests.builders.servers.http_carrier import serving_carrier

KEYS = CodeKeys("2026", {"2026": b"k" * 32})
NOBODY = 65534

Spoil = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
def eus(database: Database) -> Eus:
    return found_eus(database)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    directory = tmp_path / "spool"
    (directory / "sent").mkdir(parents=True)
    return directory


@pytest.fixture
def target(ledger: Ledger, spool: Path) -> LetterPrint:
    return LetterPrint(office_of(ledger), SpoolCarrier(spool), SENDER)


def office_of(ledger: Ledger) -> Office:
    return Office(ledger.database, ledger.clock, KEYS)


def ask_print(database: Database, letter_id: str) -> str:
    return put(database, kind="letter.print", lane=f"letter:{letter_id}", args={"letter_id": letter_id})


def claim_print(ledger: Ledger) -> Lease:
    return next(lease for lease in lease_all(ledger) if lease.kind == "letter.print")


def letter_of(session: Session, letter_id: str) -> Letter:
    return session.get_one(Letter, letter_id)


def prints_in(spool: Path) -> list[Path]:
    return [*spool.glob("*.pdf"), *spool.glob("sent/*.pdf")]


def code_in(print_: Path) -> str:
    """As the receiver reads it."""
    with pypdfium2.PdfDocument(print_) as document:
        words: list[str] = document[0].get_textpage().get_text_bounded().split()
    return next(word for word in words if word.count("-") == 2 and len(word) == 14 and word[4] == "-")


def is_code_of(letter: Letter, code: str) -> bool:
    stored = Fingerprint(str(letter.code_key_id), str(letter.code_fingerprint))
    return matches(code, letter.claim_id, stored, KEYS)


def test_the_code_on_paper_is_the_letters_and_nowhere_else(
    database: Database, ledger: Ledger, target: LetterPrint, eus: Eus, spool: Path
) -> None:
    id_ = ask_print(database, eus.letter_id)

    target(ledger, claim_print(ledger))

    (print_,) = prints_in(spool)
    code = code_in(print_)
    with database.reading() as session:
        letter = letter_of(session, eus.letter_id)
        assert is_code_of(letter, code)
        assert (letter.state, letter.issued_at) == (LetterState.HANDED_OVER, NOON)
        # Thirty days, to the end of the day in Paris.
        assert letter.expires_at == datetime(2026, 12, 23, 23, tzinfo=UTC)
        kinds = session.scalars(select(Delivery.kind).where(Delivery.id != id_).order_by(Delivery.kind)).all()
        everything = str(session.scalars(select(Delivery.args)).all())
    assert row_of(database, id_).state == DeliveryState.DONE
    assert kinds == ["letter.follow", "mail", "timer.claim_expiry", *["timer.letter_reminder"] * 3]
    assert code not in everything


def test_a_revoked_letter_does_not_leave(
    database: Database, ledger: Ledger, target: LetterPrint, eus: Eus, spool: Path
) -> None:
    id_ = ask_print(database, eus.letter_id)
    with database.writing() as session:
        letter_of(session, eus.letter_id).revoked_at = NOON

    target(ledger, claim_print(ledger))

    assert prints_in(spool) == []
    assert row_of(database, id_).state == DeliveryState.DONE


def test_an_address_that_became_impossible_is_permanent(
    database: Database, ledger: Ledger, target: LetterPrint, eus: Eus
) -> None:
    ask_print(database, eus.letter_id)
    with database.writing() as session:
        session.get_one(Structure, SIREN).postcodes = []

    with pytest.raises(LetterRefused) as caught:
        target(ledger, claim_print(ledger))
    assert caught.value.is_permanent
    with database.reading() as session:
        assert letter_of(session, eus.letter_id).state == LetterState.REJECTED


def test_a_letter_is_followed_until_it_comes_back(
    database: Database, ledger: Ledger, eus: Eus, spool: Path, clock: HandClock
) -> None:
    ask_print(database, eus.letter_id)
    LetterPrint(office_of(ledger), SpoolCarrier(spool), SENDER)(ledger, claim_print(ledger))
    (spool / "events").mkdir()

    def told(number: int, state: str) -> tuple[str, bool]:
        """An hour later: where the letter is, and whether the carrier is asked again."""
        content = {"state": state, "at": clock.now.isoformat(), "code": state}
        (spool / "events" / f"{eus.letter_id}.{number}.json").write_text(json.dumps(content))
        clock.forward(hours=1)
        (lease,) = (lease for lease in lease_all(ledger) if lease.kind == "letter.follow")
        LetterFollow(office_of(ledger), SpoolCarrier(spool))(ledger, lease)
        with database.reading() as session:
            state = letter_of(session, eus.letter_id).state
        return state, row_of(database, lease.id).state == DeliveryState.OPEN

    assert told(1, "posted") == (LetterState.POSTED, True)
    assert told(2, "printed") == (LetterState.POSTED, True)
    assert told(3, "returned") == (LetterState.RETURNED, False)
    with database.reading() as session:
        assert letter_of(session, eus.letter_id).revoked_at == clock.now


def test_the_carrier_is_asked_by_its_own_number(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    ask_print(database, eus.letter_id)
    with serving_carrier() as (server, carrier):
        LetterPrint(office_of(ledger), carrier, SENDER)(ledger, claim_print(ledger))
        with database.reading() as session:
            assert letter_of(session, eus.letter_id).carrier_ref == "MF-000001"
        server.held[eus.letter_id].events.append({"state": "posted", "at": clock.now.isoformat()})
        clock.forward(hours=1)
        (lease,) = (lease for lease in lease_all(ledger) if lease.kind == "letter.follow")
        LetterFollow(office_of(ledger), carrier)(ledger, lease)
    with database.reading() as session:
        assert letter_of(session, eus.letter_id).state == LetterState.POSTED


@contextmanager
def missing(spool: Path) -> Iterator[None]:
    away = spool.rename(spool.with_name("away"))
    try:
        yield
    finally:
        away.rename(spool)


@contextmanager
def full(_spool: Path) -> Iterator[None]:
    """A limit of this process on the size of files stands for a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(spool: Path) -> Iterator[None]:
    user = os.geteuid()
    spool.chmod(0o555)
    if user == 0:
        os.seteuid(NOBODY)  # root may write everywhere
    try:
        yield
    finally:
        os.seteuid(user)
        spool.chmod(0o755)


class SpoiledCarrier(SpoolCarrier):
    """Its spool is spoiled whenever a letter is handed over; the database is not."""

    def __init__(self, spool: Path, spoil: Spoil) -> None:
        super().__init__(spool)
        self._spool, self._spoil = spool, spoil

    def submit(self, package: LetterPackage) -> Receipt:
        with self._spoil(self._spool):
            return super().submit(package)


@pytest.mark.parametrize("spoil", [missing, full, read_only])
def test_a_spoiled_spool_is_tried_again_until_it_is_whole(
    database: Database, ledger: Ledger, eus: Eus, spool: Path, spoil: Spoil
) -> None:
    id_ = ask_print(database, eus.letter_id)
    lease = claim_print(ledger)
    with pytest.raises(CarrierUnavailable) as caught:
        LetterPrint(office_of(ledger), SpoiledCarrier(spool, spoil), SENDER)(ledger, lease)
    ledger.fail(lease, caught.value)
    row = row_of(database, id_)
    assert (row.state, row.last_error) == (DeliveryState.OPEN, f"CarrierUnavailable {spoil.__name__}")
    assert prints_in(spool) == []

    later = Ledger(database, HandClock(NOON + timedelta(minutes=1)))
    LetterPrint(office_of(later), SpoolCarrier(spool), SENDER)(later, claim_print(later))
    (print_,) = prints_in(spool)
    with database.reading() as session:
        assert is_code_of(letter_of(session, eus.letter_id), code_in(print_))
        assert len(session.scalars(select(PrintedCode)).all()) == 2


class Died(BaseException):
    """A worker killed where it stood."""


class Attempt:
    """One worker's try at a row, which goes on step by step, as the test says.

    Its steps: make the print; save the fingerprint; hand the print over; finish. It stands still before each
    but the first.
    """

    def __init__(self, database: Database, clock: HandClock, spool: Path) -> None:
        self._goes_on, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._is_dead = self._is_over = False
        self._ledger = _SteppingLedger(database, clock, stand=self.stand)
        self._target = LetterPrint(office_of(self._ledger), _SteppingCarrier(spool, self.stand), SENDER)
        self._thread: threading.Thread | None = None

    def stand(self) -> None:
        """Called by the worker before a step."""
        self._stands.release()
        self._goes_on.acquire()
        if self._is_dead:
            raise Died

    def step(self) -> None:
        """Called by the test: one step more. The first is the claim and the print."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(claim_print(self._ledger),))
            self._thread.start()
        elif self._is_over:
            return  # it found that it had lost its lease
        else:
            self._goes_on.release()
        self._stands.acquire()

    def die(self) -> None:
        """Nothing more of it happens."""
        self._is_dead = True
        self._goes_on.release()
        if self._thread:
            self._thread.join(10)

    def _run(self, lease: Lease) -> None:
        try:
            self._target(self._ledger, lease)
        except (LeaseLost, Died):
            pass
        finally:
            self._is_over = True
            self._stands.release()


class _SteppingLedger(Ledger):
    def __init__(self, database: Database, clock: HandClock, stand: Callable[[], None]) -> None:
        super().__init__(database, clock, draw=lambda: 1.0)
        self._stand = stand

    @contextmanager
    def holding(self, lease: Lease) -> Iterator[Session]:
        self._stand()
        with super().holding(lease) as session:
            yield session


class _SteppingCarrier(SpoolCarrier):
    def __init__(self, spool: Path, stand: Callable[[], None]) -> None:
        super().__init__(spool)
        self._stand = stand

    def submit(self, package: LetterPackage) -> Receipt:
        self._stand()
        return super().submit(package)


STEPS = 4


def schedules(fewest_steps: int) -> list[str]:
    """Every order in which A, then B once A's lease is over, may make their steps; then each dies.

    With one step less than all, they also die between the print's leaving and its being noted.
    """
    found = []
    for of_a, of_b in product(range(fewest_steps, STEPS + 1), repeat=2):
        for places in combinations(range(1, of_a + of_b), of_a - 1):
            found.append("".join("A" if n in (0, *places) else "B" for n in range(of_a + of_b)))
    # When A has finished there is nothing for B to claim.
    return [schedule for schedule in found if not schedule.startswith("A" * STEPS)]


def take(spool: Path) -> None:
    """The printer takes the letters that lie there."""
    for file in [*spool.glob("*.pdf"), *spool.glob("*.json")]:
        file.rename(spool / "sent" / file.name)


def play(database: Database, spool: Path, schedule: str, is_taken_at_once: bool) -> None:
    clock = HandClock()
    attempts = {name: Attempt(database, clock, spool) for name in "AB"}
    for name in schedule:
        if name == "B":
            clock.forward(seconds=31)  # at its first step A's lease is over; later ones change nothing
        attempts[name].step()
        if is_taken_at_once:
            take(spool)
    for attempt in attempts.values():
        attempt.die()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database_url", "fewest_steps", "is_taken_at_once"),
    [
        ("sqlite", STEPS - 1, False),
        ("sqlite", STEPS - 1, True),
        pytest.param("postgresql", STEPS, True, marks=pytest.mark.postgresql),
    ],
    indirect=["database_url"],
)
def test_the_code_on_paper_is_the_letters_in_every_order_of_steps(
    database: Database, eus: Eus, tmp_path: Path, fewest_steps: int, is_taken_at_once: bool
) -> None:
    for schedule in schedules(fewest_steps):
        spool = tmp_path / schedule
        (spool / "sent").mkdir(parents=True)
        with database.writing() as session:
            session.execute(delete(Delivery))
            letter = Letter(claim_id=eus.claim_id, asked_at=NOON, state_at=NOON)
            session.add(letter)
            session.flush()
            letter_id = letter.id
        id_ = ask_print(database, letter_id)

        play(database, spool, schedule, is_taken_at_once)
        if row_of(database, id_).state != DeliveryState.DONE:
            ledger = Ledger(database, HandClock(NOON + timedelta(hours=1)))
            LetterPrint(office_of(ledger), SpoolCarrier(spool), SENDER)(ledger, claim_print(ledger))

        (print_,) = prints_in(spool)
        with database.reading() as session:
            assert is_code_of(letter_of(session, letter_id), code_in(print_)), schedule
