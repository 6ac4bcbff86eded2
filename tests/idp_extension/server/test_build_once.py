"""The cache of built servers: made once, by one, and never left half made."""

import time
import zipfile
from pathlib import Path
from threading import Barrier, Thread

import pytest

from idp_extension.server import ServerError, ensure_server, provider_version
from idp_extension.server.build import keycloak_environment, make_once, unpack
from idp_extension.server.java import Java
from idp_extension.server.provider_jar import sources_digest, write_jar


def test_two_builders_at_once_build_once(tmp_path: Path) -> None:
    made: list[str] = []
    both = Barrier(2)

    def make() -> None:
        (tmp_path / "server").mkdir()
        time.sleep(0.02)  # the other one comes by meanwhile
        made.append("made")

    def build() -> None:
        both.wait()
        make_once(tmp_path / "server", make)
        assert (tmp_path / "server" / ".complete").exists()

    threads = [Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["made"]


def test_an_interrupted_build_is_made_again_from_nothing(tmp_path: Path) -> None:
    home = tmp_path / "server"

    def interrupted() -> None:
        home.mkdir()
        (home / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_once(home, interrupted)
    make_once(home, home.mkdir)

    assert not (home / "half").exists()
    make_once(home, home.mkdir)  # complete: a second mkdir would fail


def test_unpack_drops_the_top_directory_and_restores_the_executable_bit(tmp_path: Path) -> None:
    archive = tmp_path / "server.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("keycloak-1.0/bin/kc.sh", "#!/bin/sh\n")
    stale = tmp_path / "home.unpacking" / "stale"
    stale.mkdir(parents=True)

    unpack(archive, tmp_path / "home")

    assert (tmp_path / "home" / "bin" / "kc.sh").stat().st_mode & 0o111
    assert not stale.exists()


def test_the_same_files_give_the_same_jar(tmp_path: Path) -> None:
    root = tmp_path / "classes"
    (root / "b").mkdir(parents=True)
    (root / "b" / "B.class").write_bytes(b"B")
    (root / "A.class").write_bytes(b"A")
    write_jar(tmp_path / "one.jar", root)
    (root / "A.class").unlink()
    (root / "A.class").write_bytes(b"A")  # another date, another order in the directory
    write_jar(tmp_path / "two.jar", root)

    assert (tmp_path / "one.jar").read_bytes() == (tmp_path / "two.jar").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.jar").namelist() == ["A.class", "b/B.class"]


def test_the_provider_says_a_version_and_its_sources_have_a_digest() -> None:
    assert provider_version().split(".")[0].isdigit()
    assert len(sources_digest()) == 64


def test_stray_variables_do_not_reach_keycloak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KC_HOSTNAME", "elsewhere.example")
    monkeypatch.setenv("JAVA_OPTS", "-Xmx64g")
    environment = keycloak_environment(Java(tmp_path / "java", 21))
    assert "KC_HOSTNAME" not in environment
    assert "JAVA_OPTS" not in environment
    assert environment["JAVA"] == str(tmp_path / "java")


def test_an_unknown_database_is_refused_before_any_download(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="oracle"):
        ensure_server(tmp_path, db="oracle")
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a directory is wanted")
    with pytest.raises(ServerError, match="BDT_CACHE"):
        ensure_server(tmp_path / "cache", java=Java(tmp_path / "java", 21))
