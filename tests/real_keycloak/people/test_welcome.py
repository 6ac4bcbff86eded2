"""The mail that lets a person choose her password: its link is opened, used, and used up; everybody gets one.

`BDT_NEWCOMERS=200 pytest tests/real_keycloak/people/test_welcome.py`: more newcomers, and more kills.
"""

import asyncio
import html
import os
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from demo.chaos.fault_proxy import Fault, FaultProxy
from idp_extension.gateway import Refused
from idp_extension.server import free_port
from onboarding_api.acts.act import Office
from onboarding_api.delivery.clock import clock_of
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.ledger.kinds import WELCOME
from onboarding_api.model.person import Person
from onboarding_api.usecases.account.register_person import RegisterPerson, register_person
from tests.builders import welcoming_worker
from tests.builders.oidc_login import log_in, open_browser
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, proof_of, service_account

pytestmark = pytest.mark.keycloak

_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')


KILLS_A_NEWCOMER = 0.2
NEWCOMERS = int(os.environ.get("BDT_NEWCOMERS", "30"))
WORKERS = 3
LEASE_SECONDS = 2
PATIENCE_SECONDS = 120
LONGEST_ANSWER = 0.15
"""A relay that takes its time: kills hit workers that wait for its answer."""
ROOT = Path(__file__).parents[3]


class Mailbox:
    """Keeps each mail that comes by SMTP, then takes its time to say so."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        await asyncio.sleep(random.uniform(0, LONGEST_ANSWER))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    handler = Mailbox()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def follow(browser: requests.Session, method: str, url: str, data: dict[str, str] | None = None) -> str:
    """The page one sees in the end."""
    page = browser.request(method, url, data=data, timeout=10)
    assert page.ok, page.text
    return page.text


def choose_password(browser: requests.Session, link: str) -> str:
    page = follow(browser, "GET", link)
    while "password-new" not in page:  # first a page that asks to go on
        onward = re.search(rf'href="([^"]*{re.escape(urlsplit(link).path)}[^"]*)"', page)
        assert onward, page
        page = follow(browser, "GET", html.unescape(onward.group(1)))
    form = _FORM.search(page)
    assert form
    choice = {"password-new": "Mairie-2026", "password-confirm": "Mairie-2026"}
    return follow(browser, "POST", html.unescape(form.group(1)), choice)


def test_the_link_lets_her_choose_a_password_once(realm: AppliedRealm) -> None:
    name = f"cend{uuid4().hex[:6]}"
    user_id = realm.gateway.create_user(name, email=f"{name}@eus.example", prenom="Cendrine", nom="Martin")

    link = realm.gateway.choose_password_link(user_id, "portail", 3600)

    with open_browser() as browser:
        done = choose_password(browser, link)
    assert re.search(r'href="http://127\.0\.0\.1:8400/?"', done), done  # the way to the portal
    assert realm.sync.get("users", user_id)["emailVerified"]
    assert log_in(
        base_url=realm.url,
        realm=realm.name,
        client_id="portail",
        client_secret=proof_of("portail"),
        redirect_uri="http://127.0.0.1:8400/connexion/retour",
        username=name,
        password="Mairie-2026",
    )
    with open_browser() as thief:  # CVE-2026-37982: the link is not to be used twice
        assert "password-new" not in thief.get(link, timeout=10).text


def test_both_links_of_a_mail_sent_twice_serve_until_the_password_is_chosen(realm: AppliedRealm) -> None:
    name = f"cend{uuid4().hex[:6]}"
    user_id = realm.gateway.create_user(name, email=f"{name}@eus.example", prenom="Cendrine", nom="Martin")
    first, second = (realm.gateway.choose_password_link(user_id, "portail", 3600) for _ in range(2))

    assert first != second
    with open_browser() as browser:
        choose_password(browser, first)


@pytest.mark.parametrize(
    ("client", "seconds"), [("nobody", 60), ("portail", 0), ("portail", -1), ("portail", 8 * 24 * 3600)]
)
def test_no_link_leads_to_an_unknown_client_or_lasts_for_ever(
    realm: AppliedRealm, client: str, seconds: int
) -> None:
    name = f"cend{uuid4().hex[:6]}"
    user_id = realm.gateway.create_user(name, email=f"{name}@eus.example", prenom="C", nom="M")

    with pytest.raises(Refused) as refused:
        realm.gateway.choose_password_link(user_id, client, seconds)
    assert refused.value.status == 400


def test_nobody_gets_a_link_for_a_person_who_is_shut_out_or_is_none(realm: AppliedRealm) -> None:
    name = f"cend{uuid4().hex[:6]}"
    profile = {"email": f"{name}@eus.example", "prenom": "C", "nom": "M"}
    shut_out = realm.gateway.create_user(name, **profile, is_active=False)

    for user_id, status in ((shut_out, 400), (str(uuid4()), 404)):
        with pytest.raises(Refused) as refused:
            realm.gateway.choose_password_link(user_id, "portail", 60)
        assert refused.value.status == status


@pytest.mark.attack(33)
def test_who_may_only_read_gets_no_link(realm: AppliedRealm) -> None:
    name = f"cend{uuid4().hex[:6]}"
    user_id = realm.gateway.create_user(name, email=f"{name}@eus.example", prenom="C", nom="M")
    reader = service_account(realm.url, realm.name, "bdt-reader")

    with pytest.raises(Refused) as refused:
        reader.ask("bdt-welcome-link", user_id, client_id="portail", lifespan="60")
    reader.close()
    assert refused.value.status == 403


class Workers:
    """Three real workers at any time; they reach Keycloak through a proxy that may spoil the conversation."""

    def __init__(self, command: list[str], proxy: FaultProxy) -> None:
        self._command, self.proxy = command, proxy
        self.running = [self._start() for _ in range(WORKERS)]
        self.killed = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def kill_one(self) -> None:
        """As a machine that dies; another takes its place."""
        victim = self.running.pop(random.randrange(WORKERS))
        victim.kill()
        victim.wait()
        self.killed += 1
        self.running.append(self._start())

    def end(self) -> None:
        for worker in self.running:
            worker.terminate()
        for worker in self.running:
            worker.wait(20)


@pytest.fixture
def workers(
    database_url: str, realm: AppliedRealm, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> Iterator[Workers]:
    key = tmp_path / "sync.pem"
    key.write_bytes(KEYS["bdt-sync"].read().as_pem(private=True))
    (tmp_path / "spool").mkdir()
    with FaultProxy(urlsplit(realm.url).port or 0) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        issuer = f"{realm.url}/realms/{realm.name}"  # whatever the way by which Keycloak is reached
        where = [database_url, url, issuer, str(key), str(mailbox[1]), str(LEASE_SECONDS)]
        command = [sys.executable, "-m", welcoming_worker.__name__, *where, str(tmp_path / "spool")]
        workers = Workers(command, proxy)
        yield workers
        workers.end()


def register(database: Database, count: int) -> list[str]:
    """Newcomers with addresses of their own."""
    office = Office(database, clock_of(database), CodeKeys("k", {"k": b"k" * 32}))
    run = uuid4().hex[:6]
    emails = [f"arrivee-{run}-{number}@eus.example" for number in range(count)]
    for email in emails:
        register_person(office, RegisterPerson("Madame", "Cendrine", "Martin", email))
    return emails


def welcomes(database: Database) -> list[Delivery]:
    with database.reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.kind == WELCOME.name)).all()
        session.expunge_all()
    return list(rows)


@pytest.mark.slow
@pytest.mark.invariant("I6")
def test_each_newcomer_gets_one_welcome_whatever_is_killed(
    database: Database, workers: Workers, mailbox: tuple[Mailbox, int]
) -> None:
    """One mail; where a worker was killed before it heard the relay's answer, two of one Message-ID."""
    mails = mailbox[0].mails
    emails = register(database, NEWCOMERS)
    for _ in range(int(NEWCOMERS * KILLS_A_NEWCOMER)):
        seen = len(mails)
        until(lambda seen=seen: len(mails) > seen or is_over(database), PATIENCE_SECONDS)
        if is_over(database):
            break
        time.sleep(random.uniform(0, 0.2))
        workers.kill_one()
    until(lambda: is_over(database), PATIENCE_SECONDS)

    ids = message_ids(mails)
    doubts = {row.args["person_id"]: row.doubts for row in welcomes(database)}
    by_email = people(database)
    assert workers.killed >= 3
    assert sorted(ids) == sorted(emails)  # everybody, and nobody else
    for email, received in ids.items():
        assert len(set(received)) == 1
        assert len(received) <= doubts[by_email[email]] <= 2


@pytest.mark.slow
@pytest.mark.invariant("I6")
def test_a_keycloak_whose_answers_are_lost_gives_nobody_two_mails(
    database: Database, workers: Workers, mailbox: tuple[Mailbox, int]
) -> None:
    """The request goes through, its answer does not come, or half of it; once or so in each second."""
    emails = register(database, NEWCOMERS // 2)
    over = time.monotonic() + PATIENCE_SECONDS
    while not is_over(database):
        assert time.monotonic() < over, "it did not come"
        workers.proxy.fault = random.choice([Fault.RESET, Fault.HALF_BODY])
        time.sleep(random.uniform(0, 0.2))
        workers.proxy.fault = Fault.NONE
        time.sleep(random.uniform(0.5, 1.5))

    ids = message_ids(mailbox[0].mails)
    assert sorted(ids) == sorted(emails)
    assert {len(received) for received in ids.values()} == {1}


def message_ids(mails: list[EmailMessage]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for mail in mails:
        ids[mail["To"]].append(mail["Message-ID"])
    return ids


def people(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {email: id_ for email, id_ in session.execute(select(Person.email, Person.id))}


def is_over(database: Database) -> bool:
    """Done, or parked since its answer was lost twice."""
    return all(
        row.state == DeliveryState.DONE or (row.state == DeliveryState.PARKED and row.doubts == 2)
        for row in welcomes(database)
    )


def until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
