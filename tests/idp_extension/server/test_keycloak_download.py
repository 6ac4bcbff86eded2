"""A download is whole or it is not there, against a small HTTP server that misbehaves on order."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from idp_extension.server import ServerError, free_port
from idp_extension.server.download import PinnedArtifact, fetch

WHOLE = b"a server of 173 MB, say" * 1000
ARTIFACT = PinnedArtifact("org.example", "server", "1.0", "zip", hashlib.sha256(WHOLE).hexdigest())


@dataclass
class Mirror:
    """What the next answers are: `body`, announced as `length` bytes."""

    body: bytes = WHOLE
    length: int = len(WHOLE)
    requests: int = 0
    url: str = ""

    @property
    def remotes(self) -> dict[str, str]:
        return {"mirror": self.url}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.endswith("/org/example/server/1.0/server-1.0.zip"):
                return self.send_error(404)
            mirror.requests += 1
            self.send_response(200)
            self.send_header("Content-Length", str(mirror.length))
            self.end_headers()
            self.wfile.write(mirror.body)
            return None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    mirror.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    yield mirror
    server.shutdown()
    thread.join()
    server.server_close()


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*"))


def test_a_whole_file_is_kept_and_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    kept = fetch(ARTIFACT, tmp_path, lambda _what, done, total: seen.append((done, total)), mirror.remotes)
    assert kept.read_bytes() == WHOLE
    assert seen[-1] == (len(WHOLE), len(WHOLE))

    assert fetch(ARTIFACT, tmp_path, remotes=mirror.remotes) == kept
    assert mirror.requests == 1


def test_an_interrupted_download_leaves_nothing_and_restarts_cleanly(mirror: Mirror, tmp_path: Path) -> None:
    mirror.body = WHOLE[:5000]
    with pytest.raises(ServerError, match="could not be downloaded"):
        fetch(ARTIFACT, tmp_path, remotes=mirror.remotes)
    assert files(tmp_path) == ["downloads"]

    mirror.body = WHOLE
    assert fetch(ARTIFACT, tmp_path, remotes=mirror.remotes).read_bytes() == WHOLE


def test_a_file_truncated_in_the_cache_is_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    kept = fetch(ARTIFACT, tmp_path, remotes=mirror.remotes)
    kept.write_bytes(WHOLE[:5000])

    said: list[str] = []
    fetch(ARTIFACT, tmp_path, lambda what, _done, _total: said.append(what), mirror.remotes)

    assert kept.read_bytes() == WHOLE
    assert "damaged" in said[0]


@pytest.mark.attack(57)
def test_a_file_that_is_not_the_pinned_one_is_not_kept(mirror: Mirror, tmp_path: Path) -> None:
    mirror.body = WHOLE.replace(b"a", b"b")
    with pytest.raises(ServerError, match="SHA-256"):
        fetch(ARTIFACT, tmp_path, remotes=mirror.remotes)
    assert files(tmp_path) == ["downloads"]


def test_no_network_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="network cannot be reached"):
        fetch(ARTIFACT, tmp_path, remotes={"gone": f"http://127.0.0.1:{free_port()}"})


def test_a_version_that_is_nowhere_is_said_in_words(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"server-2\.0\.zip could not be downloaded"):
        fetch(replace(ARTIFACT, version="2.0"), tmp_path, remotes=mirror.remotes)
