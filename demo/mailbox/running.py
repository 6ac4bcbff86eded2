"""Start the mailbox: its SMTP receiver and its pages, each in a thread of its own."""

import socket
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from demo.mailbox.pages import serving
from demo.mailbox.receiver import Receiver
from demo.mailbox.store import MailStore

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A running mailbox."""

    store: MailStore
    smtp_port: int
    http_port: int
    _receiver: Receiver
    _pages: ThreadingHTTPServer
    _thread: Thread

    @property
    def address(self) -> str:
        """Address of its page on this machine."""
        return f"http://{LOOPBACK}:{self.http_port}/"

    def stop(self) -> None:
        """Close both servers; the mails stay in their directory."""
        self._receiver.stop()
        self._pages.shutdown()
        self._thread.join()
        self._pages.server_close()


def start_mailbox(directory: Path, smtp_port: int = 0, http_port: int = 0, host: str = LOOPBACK) -> Mailbox:
    """Start it; port 0 takes a free one.

    Raises:
        OSError: a port is taken, or the directory cannot be made.
    """
    store = MailStore(directory)
    listening = socket.create_server((host, smtp_port))
    try:
        pages = ThreadingHTTPServer((host, http_port), serving(store))
    except OSError:
        listening.close()
        raise
    pages.daemon_threads = True
    receiver = Receiver(store, listening)
    receiver.start()
    thread = Thread(target=pages.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return Mailbox(store, receiver.port, pages.server_address[1], receiver, pages, thread)
