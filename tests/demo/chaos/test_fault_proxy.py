"""The fault proxy: each fault is seen by a client as in life, and is switched under its hands."""

import smtplib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from demo.chaos.fault_proxy import SMTP_BUSY, Fault, FaultProxy
from demo.mailbox.running import start_mailbox

BODY = b"what was asked for, all of it. " * 40


class Upstream(ThreadingHTTPServer):
    """A part that answers, and remembers what reached it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.reached: list[str] = []


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_GET(self) -> None:
        self.server.reached.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    with FaultProxy(upstream.server_address[1], latency=0.3) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with closing(requests.Session()) as session:
        yield session


def ask(
    client: requests.Session, proxy: FaultProxy, path: str = "/", timeout: float = 5
) -> requests.Response:
    return client.get(f"http://127.0.0.1:{proxy.port}{path}", timeout=timeout)


def test_without_a_fault_everything_passes_over_one_connection(
    client: requests.Session, proxy: FaultProxy, upstream: Upstream
) -> None:
    assert [ask(client, proxy).content for _ in range(3)] == [BODY] * 3
    assert upstream.reached == ["/"] * 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.CUT_IN_HEADERS, requests.RequestException),
        (Fault.HALF_BODY, requests.exceptions.ChunkedEncodingError),
        (Fault.RESET, requests.ConnectionError),
    ],
)
def test_a_spoiled_answer_leaves_the_effect_behind(
    client: requests.Session, proxy: FaultProxy, upstream: Upstream, fault: Fault, error: type[Exception]
) -> None:
    assert ask(client, proxy, "/before").content == BODY
    proxy.fault = fault

    try:
        answer = ask(client, proxy, "/effect")
    except error:
        pass
    else:  # an answer that is cut in its headers may look like one without a body
        assert fault == Fault.CUT_IN_HEADERS
        assert answer.content != BODY
    assert "/effect" in upstream.reached

    proxy.fault = Fault.NONE
    assert ask(client, proxy, "/after").content == BODY


def test_a_black_hole_says_nothing_and_gives_nothing_back(
    client: requests.Session, proxy: FaultProxy, upstream: Upstream
) -> None:
    proxy.fault = Fault.BLACK_HOLE
    with pytest.raises(requests.Timeout):
        ask(client, proxy, "/lost", timeout=0.2)
    proxy.fault = Fault.NONE
    assert ask(client, proxy, "/after").content == BODY
    assert upstream.reached == ["/after"]


def test_a_busy_part_is_told_and_nothing_reaches_it(
    client: requests.Session, proxy: FaultProxy, upstream: Upstream
) -> None:
    proxy.fault = Fault.BUSY
    assert ask(client, proxy).status_code == 503
    assert upstream.reached == []


def test_latency_delays_the_answer(client: requests.Session, proxy: FaultProxy) -> None:
    proxy.fault = Fault.LATENCY
    assert ask(client, proxy).elapsed.total_seconds() >= 0.3


def test_a_part_that_is_away_resets_and_is_found_again(client: requests.Session) -> None:
    server = Upstream()
    port = server.server_address[1]
    server.server_close()
    with FaultProxy(port) as proxy, pytest.raises(requests.ConnectionError):
        ask(client, proxy)


def test_a_client_that_resets_disturbs_nobody(
    client: requests.Session, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault = Fault.LATENCY
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", proxy.port)) as rude:
            rude.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ask(client, proxy).content == BODY
    assert caplog.records == []


@pytest.mark.parametrize("fault", list(Fault))
def test_mail_is_hit_as_well(tmp_path: Path, fault: Fault) -> None:
    mailbox = start_mailbox(tmp_path)
    with FaultProxy(mailbox.smtp_port, busy=SMTP_BUSY, latency=0.02) as proxy:
        proxy.fault = fault
        passes = fault in (Fault.NONE, Fault.LATENCY)
        try:
            with smtplib.SMTP("127.0.0.1", proxy.port, timeout=0.5) as smtp:
                smtp.sendmail("a@bdt.example", ["b@bdt.example"], b"Subject: x\r\n\r\ny\r\n")
        except (OSError, smtplib.SMTPException):
            assert not passes
        else:
            assert passes
    mailbox.stop()
