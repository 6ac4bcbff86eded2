"""The development mailbox: what is sent to it over SMTP is read on its pages, and goes nowhere else."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo.mailbox.running import Mailbox, start_mailbox
from onboarding_api.notices.first_administrator import LetterExpired
from onboarding_api.notices.message import compose
from onboarding_api.notices.rendering import RenderedNotice, render
from onboarding_api.notices.smtp import SmtpSettings, send
from tests.builders.correspondence import SENDER


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    running = start_mailbox(tmp_path / "mails")
    yield running
    running.stop()


EXPIRED = render(
    LetterExpired("Madame Martin", "216600742", "Commune d'Eus", "BDT-7K2M-9QXA", date(2026, 12, 23)),
    SENDER,
)


def drop(mailbox: Mailbox, notice: RenderedNotice = EXPIRED, to: str = "cendrine.martin@eus.example") -> None:
    message = compose(
        notice,
        to=to,
        from_address="ne-pas-repondre@habilitations.example",
        sender_name="Banque des Territoires",
        delivery_key=f"{notice.subject} {to}",
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    send(message, SmtpSettings("127.0.0.1", mailbox.smtp_port, timeout_seconds=2))


def get(mailbox: Mailbox, path: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", mailbox.http_port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def listed(mailbox: Mailbox, query: str = "") -> list[dict[str, object]]:
    status, body, headers = get(mailbox, f"/messages.json{query}")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    found: list[dict[str, object]] = json.loads(body)
    return found


def test_a_mail_is_listed_and_read_whole(mailbox: Mailbox) -> None:
    drop(mailbox)
    (mail,) = listed(mailbox)
    assert mail["subject"] == "Commune d'Eus – code d'activation expiré"
    assert mail["to"] == "cendrine.martin@eus.example"
    assert mail["text"] == EXPIRED.text
    assert "BDT-7K2M-9QXA" in str(mail["html"])
    assert mail["links"] == [f"{SENDER.site_address}/vers/216600742/courrier"]
    assert "expiré" in get(mailbox, "/")[1]
    status, page, _ = get(mailbox, f"/messages/{mail['id']}")
    assert status == 200
    assert "23 décembre 2026" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Auto-Submitted: auto-generated" in get(mailbox, f"/messages/{mail['id']}/source")[1]


def test_the_mails_of_one_address_come_in_the_order_of_their_arrival(mailbox: Mailbox) -> None:
    for subject in ("un", "deux"):
        drop(mailbox, RenderedNotice(subject, "texte", "<p>texte</p>"))
    drop(mailbox, RenderedNotice("trois", "texte", "<p>texte</p>"), to="paul.durand@eus.example")
    assert [mail["subject"] for mail in listed(mailbox)] == ["un", "deux", "trois"]
    assert [m["subject"] for m in listed(mailbox, "?to=Cendrine.Martin@eus.example")] == ["un", "deux"]
    assert listed(mailbox, "?to=martin@eus.example") == []


def test_an_empty_mailbox_says_so(mailbox: Mailbox) -> None:
    assert listed(mailbox) == []
    assert "Aucun e-mail" in get(mailbox, "/")[1]


def test_a_hostile_mail_stays_in_its_frame(mailbox: Mailbox) -> None:
    attack = "<script>alert(1)</script>"
    drop(mailbox, RenderedNotice(attack, attack, f"<html><head></head><body>{attack}</body></html>"))
    (mail,) = listed(mailbox)
    for path in ("/", f"/messages/{mail['id']}"):
        _, page, headers = get(mailbox, path)
        assert attack not in page
        assert "script-src" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    _, html, headers = get(mailbox, f"/messages/{mail['id']}/html")
    assert '<base target="_blank">' in html
    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "allow-scripts" not in headers["Content-Security-Policy"]
    assert get(mailbox, f"/messages/{mail['id']}/source")[2]["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path", ["/x", "/messages/", "/messages/../../etc/passwd", "/messages/1/html", "/messages/%2e%2e/source"]
)
def test_what_does_not_exist_is_not_found(mailbox: Mailbox, path: str) -> None:
    status, page, _ = get(mailbox, path)
    assert status == 404
    assert "n'existe pas" in page


def test_mails_survive_a_restart(tmp_path: Path) -> None:
    first = start_mailbox(tmp_path)
    drop(first)
    first.stop()
    second = start_mailbox(tmp_path)
    try:
        assert len(listed(second)) == 1
    finally:
        second.stop()


def test_a_mail_without_html_or_subject_is_readable(mailbox: Mailbox) -> None:
    mailbox.store.add(b"From: a@eus.example\r\n\r\nVoir https://eus.example/suite?a=1 merci\r\n")
    (mail,) = listed(mailbox)
    assert (mail["subject"], mail["to"], mail["html"]) == ("", "", "")
    assert mail["links"] == ["https://eus.example/suite?a=1"]
    assert "(sans objet)" in get(mailbox, f"/messages/{mail['id']}")[1]


def test_a_taken_port_is_told_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            start_mailbox(tmp_path, http_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            start_mailbox(tmp_path, smtp_port=taken.getsockname()[1])


@pytest.mark.slow
def test_it_runs_as_a_program_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.mailbox", "--directory", str(tmp_path)]
    options = ["--smtp-port", "0", "--http-port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("SMTP on port ")
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [*command, "--smtp-port", port, "--http-port", "0"], capture_output=True, text=True, check=False
        )
    assert refused.returncode == 1
    assert refused.stderr.startswith("The mailbox cannot start: ")
