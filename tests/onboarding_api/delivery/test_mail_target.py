"""Mails and reminders through a real mail server on the loopback interface, which may misbehave."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from idp_extension.server import free_port
from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import AnswerLost, Lease, Ledger
from onboarding_api.delivery.targets.claim import ClaimExpiry, LetterReminder
from onboarding_api.delivery.targets.mail import Mail, Recall
from onboarding_api.delivery.worker import Deliver
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.ledger.delivery import DeliveryState
from onboarding_api.notices.smtp import MailError, MailNotSent, MailUnanswered, SmtpSettings
from tests.builders.correspondence import SENDER
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of
from tests.builders.eus import Eus, found_eus


class Server:
    """Keeps what it is sent; answers as told, or cuts the line once it has the message."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.received: list[Message] = []

    async def handle_DATA(self, server: SMTP, _session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(message_from_bytes(bytes(envelope.original_content or b"")))
        if self.answer == "cut" and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return self.answer


@contextmanager
def serving(answer: str = "250 OK") -> Iterator[tuple[Server, Mail]]:
    server = Server(answer)
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), server_hostname="mail.example")
    controller.start()
    try:
        yield server, mail_to(controller.port)
    finally:
        controller.stop()


def mail_to(port: int) -> Mail:
    return Mail(SENDER, "ne-pas-repondre@bdt.example", SmtpSettings("127.0.0.1", port, timeout_seconds=2))


@pytest.fixture
def eus(database: Database) -> Eus:
    """The letter has left: its requester is to be told."""
    eus = found_eus(database)
    with database.writing() as session:
        letter = session.get_one(Letter, eus.letter_id)
        letter.state, letter.issued_at = LetterState.HANDED_OVER, NOON
        letter.expires_at = NOON + timedelta(days=30)
    return eus


def the_lease(ledger: Ledger) -> Lease:
    (lease,) = lease_all(ledger)
    return lease


def put_mail(database: Database, eus: Eus) -> str:
    args = {
        "notice": "letter_sent",
        "person_id": eus.person_id,
        "membership_id": eus.membership_id,
        "claim_id": eus.claim_id,
        "letter_id": eus.letter_id,
    }
    return put(database, kind="mail", lane=eus.person_id, key="mail:letter_sent:1", args=args)


def put_timer(database: Database, kind: str, **args: Any) -> str:
    return put(database, kind=kind, args=args)


def attempt(target: Deliver, ledger: Ledger) -> Exception | None:
    """What the worker does with a row."""
    lease = the_lease(ledger)
    try:
        target(ledger, lease)
    except (MailError, AnswerLost) as error:
        ledger.fail(lease, error)
        return error
    return None


def test_a_mail_reaches_its_recipient(database: Database, ledger: Ledger, eus: Eus) -> None:
    id_ = put_mail(database, eus)
    with serving() as (server, mail):
        assert attempt(mail, ledger) is None

    (message,) = server.received
    assert message["To"] == "cendrine.martin@eus.example"
    assert row_of(database, id_).state == DeliveryState.DONE


@pytest.mark.invariant("I6")
def test_a_repeat_bears_the_same_message_id(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    """The server has the mail, its answer is lost: the mail leaves twice and is recognised."""
    id_ = put_mail(database, eus)
    with serving("cut") as (server, mail):
        assert isinstance(attempt(mail, ledger), MailUnanswered)
        assert row_of(database, id_).doubts == 1
        server.answer = "250 OK"
        clock.forward(minutes=1)
        attempt(mail, ledger)

    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]
    assert row_of(database, id_).state == DeliveryState.DONE


def test_what_may_have_left_twice_waits_for_an_operator(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    id_ = put_mail(database, eus)
    with serving("cut") as (server, mail):
        for _ in range(3):
            last = attempt(mail, ledger)
            clock.forward(minutes=1)

        assert isinstance(last, AnswerLost)
        assert len(server.received) == 2
        assert row_of(database, id_).state == DeliveryState.PARKED
        ledger.reopen(id_)
        server.answer = "250 OK"
        attempt(mail, ledger)

    assert len({message["Message-ID"] for message in server.received}) == 1
    assert row_of(database, id_).state == DeliveryState.DONE


def test_a_server_that_says_no_leaves_no_doubt(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    id_ = put_mail(database, eus)
    with serving("451 4.3.0 later") as (server, mail):
        for _ in range(4):
            assert isinstance(attempt(mail, ledger), MailNotSent)
            clock.forward(hours=1)

    row = row_of(database, id_)
    assert (row.state, row.doubts, len(server.received)) == (DeliveryState.OPEN, 0, 4)


def test_a_mail_server_that_is_down_is_tried_again(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    id_ = put_mail(database, eus)
    assert isinstance(attempt(mail_to(free_port()), ledger), MailNotSent)
    row = row_of(database, id_)
    assert (row.last_error, row.doubts) == ("MailServerAway", 0)

    clock.forward(minutes=1)
    with serving() as (server, mail):
        attempt(mail, ledger)
    assert len(server.received) == 1


def test_an_address_that_the_server_refuses_is_parked_without_being_quoted(
    database: Database, ledger: Ledger, eus: Eus
) -> None:
    id_ = put_mail(database, eus)
    with serving("550 5.1.1 cendrine.martin@eus.example: no such mailbox") as (_server, mail):
        attempt(mail, ledger)

    row = row_of(database, id_)
    assert (row.state, row.last_error) == (DeliveryState.PARKED, "MailRefused")


@pytest.mark.attack(55)
@pytest.mark.parametrize(
    ("address", "told"),
    [("cendrine.martin@eus.example", "cend589"), ("nobody@eus.example", "Aucun compte")],
)
def test_a_forgotten_identifiant_is_looked_up_here_and_its_address_forgotten(
    database: Database, ledger: Ledger, eus: Eus, address: str, told: str
) -> None:
    id_ = put(database, kind="mail.recall", args={"address": address})
    with serving() as (server, mail):
        attempt(Recall(mail), ledger)

    (message,) = server.received
    assert message["To"] == address
    (plain, _) = message.walk() if not message.is_multipart() else [*message.walk()][1:3]
    text = bytes(plain.get_payload(decode=True)).decode()
    assert told in text
    assert (row_of(database, id_).state, row_of(database, id_).args) == (DeliveryState.DONE, {})


def test_a_mistyped_address_is_nobodys_work(database: Database, ledger: Ledger, eus: Eus) -> None:
    id_ = put(database, kind="mail.recall", args={"address": "cendrin@eus.example"})
    with serving("550 5.1.1 no such mailbox") as (_server, mail):
        attempt(Recall(mail), ledger)

    assert (row_of(database, id_).state, row_of(database, id_).args) == (DeliveryState.DONE, {})


def test_a_cancelled_row_forgets_its_address_too(database: Database, ledger: Ledger) -> None:
    id_ = put(database, kind="mail.recall", args={"address": "cendrine.martin@eus.example"})
    ledger.cancel(id_)
    assert row_of(database, id_).args == {}


def test_a_mail_whose_occasion_has_passed_is_not_sent(database: Database, ledger: Ledger, eus: Eus) -> None:
    with database.writing() as session:
        session.get_one(Letter, eus.letter_id).revoked_at = NOON
    id_ = put_timer(database, "timer.letter_reminder", letter_id=eus.letter_id, number=1)
    with serving() as (server, mail):
        attempt(LetterReminder(mail), ledger)

    assert server.received == []
    assert row_of(database, id_).state == DeliveryState.DONE


def test_a_reminder_is_sent_while_the_code_lives(database: Database, ledger: Ledger, eus: Eus) -> None:
    put_timer(database, "timer.letter_reminder", letter_id=eus.letter_id, number=1)
    with serving() as (server, mail):
        attempt(LetterReminder(mail), ledger)

    (message,) = server.received
    assert message["To"] == "cendrine.martin@eus.example"


@pytest.mark.parametrize("days", [29, 31])
def test_the_timer_of_a_claim_closes_it_only_when_its_time_is_over(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock, days: int
) -> None:
    id_ = put_timer(database, "timer.claim_expiry", claim_id=eus.claim_id)
    clock.forward(days=days)
    attempt(ClaimExpiry(Office(database, clock, CodeKeys("k", {"k": b"k" * 32}))), ledger)

    assert row_of(database, id_).state == DeliveryState.DONE
    with database.reading() as session:
        is_over = session.get_one(Claim, eus.claim_id).state == ClaimState.EXPIRED
    assert is_over == (days > 30)
