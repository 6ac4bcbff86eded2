"""A carrier behind HTTP, with numbers of its own: the second opinion on what the house asks of carriers."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from onboarding_api.letters.carriers.port import CarrierUnavailable, LetterPackage, News, Receipt, check_key
from onboarding_api.model.first_administrator.letter import LetterState

STATES = {"accepted": LetterState.SUBMITTED, "printed": LetterState.PRINTED, "posted": LetterState.POSTED}


class HttpCarrier:
    """The client: what an adapter to a printer's interface looks like."""

    def __init__(self, url: str) -> None:
        self._url = url

    def submit(self, package: LetterPackage) -> Receipt:
        """Send the letter under its key."""
        body = {"attempt": package.attempt, "pdf": base64.b64encode(package.pdf).decode()}
        answer = self._call("PUT", f"/letters/{package.key}", body)
        return Receipt(answer["number"], answer["attempt"])

    def status(self, ref: str) -> tuple[News, ...]:
        """Ask by the carrier's own number."""
        check_key(ref)
        events = self._call("GET", f"/numbers/{ref}", None)["events"]
        return tuple(
            News(STATES.get(each["state"]), datetime.fromisoformat(each["at"]), each["state"], "")
            for each in sorted(events, key=lambda each: str(each["at"]))
        )

    def _call(self, method: str, path: str, body: object) -> dict[str, Any]:
        try:
            answer = requests.request(method, self._url + path, json=body, timeout=2)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise CarrierUnavailable("failing", type(error).__name__) from error
        return told


@dataclass
class Held:
    """A letter at the carrier's."""

    number: str
    attempt: int
    pdf: bytes
    is_taken: bool = False
    events: list[dict[str, str]] = field(default_factory=list)


class CarrierServer(ThreadingHTTPServer):
    """The carrier's side; `held` are its letters by our keys."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.held: dict[str, Held] = {}
        self.lock = threading.Lock()
        self.is_down = False

    def put(self, key: str, attempt: int, pdf: bytes) -> Held:
        """Take a letter, or a later try of it as long as it was not taken to the press."""
        with self.lock:
            known = self.held.get(key)
            if known is None:
                known = self.held[key] = Held(f"MF-{len(self.held) + 1:06d}", attempt, pdf)
            elif attempt > known.attempt and not known.is_taken:
                known.attempt, known.pdf = attempt, pdf
            return known


class _Handler(BaseHTTPRequestHandler):
    server: CarrierServer

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.path.removeprefix("/letters/")
        held = self.server.put(key, body["attempt"], base64.b64decode(body["pdf"]))
        self._answer({"number": held.number, "attempt": held.attempt})

    def do_GET(self) -> None:
        number = self.path.removeprefix("/numbers/")
        found = [held.events for held in self.server.held.values() if held.number == number]
        self._answer({"events": found[0] if found else []})

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(503 if self.server.is_down else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving_carrier() -> Iterator[tuple[CarrierServer, HttpCarrier]]:
    """A carrier on the loopback interface, and the client to it."""
    server = CarrierServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, HttpCarrier(f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
