"""A Keycloak of bytes: a small real server that cuts, stalls, or counts."""

import http.client
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


def answer(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body


class Keycloak(socketserver.ThreadingTCPServer):
    """Gives tokens t1, t2, …, and `admin_answer`, byte for byte, to every other request.

    Keeps the commands it was sent; one that bears the `revoked` token is answered 401.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, admin_answer: bytes, revoked: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.admin_answer, self.revoked = admin_answer, revoked
        self.stall = 0.0  # seconds before each answer
        self.tokens_given = 0
        self.commands: list[str] = []
        self.lock = threading.Lock()

    def new_token(self) -> bytes:
        with self.lock:
            self.tokens_given += 1
            return json.dumps({"access_token": f"t{self.tokens_given}", "expires_in": 300}).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: Keycloak

    def handle(self) -> None:
        command = self.rfile.readline().decode().strip()
        headers = http.client.parse_headers(self.rfile)
        self.rfile.read(int(headers.get("Content-Length", 0)))
        if "/token" in command:
            self.wfile.write(answer(self.server.new_token()))
        elif headers.get("Authorization") == f"Bearer {self.server.revoked}":
            self.wfile.write(answer(b"{}", "401 Unauthorized"))
        else:
            self.server.commands.append(command)
            time.sleep(self.server.stall)
            self.wfile.write(self.server.admin_answer)


@contextmanager
def keycloak_that_says(admin_answer: bytes, revoked: str = "") -> Iterator[Keycloak]:
    with Keycloak(admin_answer, revoked) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
