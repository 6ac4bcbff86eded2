"""Start a built Keycloak on the loopback interface, wait until it is ready, stop it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import requests

from idp_extension.server.build import BuiltServer, keycloak_environment
from idp_extension.server.download import Progress, silent
from idp_extension.server.errors import ServerError

HOST = "127.0.0.1"
START_SECONDS = 300.0  # 15 s on a quiet machine of 2 cores
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A Keycloak that answers; leaving its `with` block stops it.

    `url` has no final slash; the administrator is that of the realm `master`.
    """

    url: str
    management_url: str
    admin_user: str
    admin_password: str
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ask it to end, then insist; nothing happens when it has already ended."""
        _stop(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()


def free_port() -> int:
    """Give a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def start_server(
    built: BuiltServer,
    data_dir: Path,
    *,
    http_port: int,
    management_port: int,
    admin_user: str,
    admin_password: str,
    env: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> RunningServer:
    """Start Keycloak with its data and log in `data_dir`, and return once `/health/ready` says so.

    The administrator is created at the first start with a new database; later starts keep the old one.
    `env` adds or replaces Keycloak variables (`KC_DB_URL` for PostgreSQL). One server per directory.

    Raises:
        ServerError: port taken, early exit (with the log's last lines), not ready in 300 s.
    """
    for port in (http_port, management_port):
        _check_port_is_free(port)
    log = _new_log(data_dir)
    url = f"http://{HOST}:{http_port}"
    settings = _settings(built, data_dir, url, http_port, management_port)
    settings |= {"KC_BOOTSTRAP_ADMIN_USERNAME": admin_user, "KC_BOOTSTRAP_ADMIN_PASSWORD": admin_password}
    progress("starting Keycloak", 0, 0)
    process = _launch(built, settings | dict(env or {}), log)
    server = RunningServer(url, f"http://{HOST}:{management_port}", admin_user, admin_password, log, process)
    try:
        _wait_until_ready(server)
    except BaseException:
        _stop(process)
        raise
    return server


def _new_log(data_dir: Path) -> Path:
    log = data_dir / "keycloak.log"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
    except OSError as error:
        raise ServerError(f"Keycloak cannot keep its data in {data_dir}: {error}.") from error
    return log


def _launch(built: BuiltServer, settings: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [built.home / "bin" / "kc.sh", "start", "--optimized"],
            env={**keycloak_environment(built.java), **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in our order
        )


def _settings(
    built: BuiltServer, data_dir: Path, url: str, http_port: int, management_port: int
) -> dict[str, str]:
    settings = {
        "KC_HOSTNAME": url,
        "KC_HTTP_ENABLED": "true",
        "KC_HTTP_HOST": HOST,
        "KC_HTTP_PORT": str(http_port),
        "KC_HTTP_MANAGEMENT_PORT": str(management_port),
        # Of all events, only a change of password is worth a mail (GS-20).
        "KC_SPI_EVENTS_LISTENER__EMAIL__INCLUDE_EVENTS": "UPDATE_CREDENTIAL",
        "KC_CACHE": "local",  # one server, nothing to look for on the network
        # Else below the unpacked server, which other servers use as well.
        "QUARKUS_TRANSACTION_MANAGER_OBJECT_STORE_DIRECTORY": str(data_dir.resolve() / "transaction-logs"),
    }
    if built.db == "dev-file":
        # The options are those of Keycloak's own default address, which it adds to no address but that one.
        options = "NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE"
        settings["KC_DB_URL"] = f"jdbc:h2:file:{data_dir.resolve()}/keycloakdb;{options}"
    return settings


def _wait_until_ready(server: RunningServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise ServerError(f"Keycloak stopped while starting. {_why(server.log)}")
        try:
            if requests.get(f"{server.management_url}/health/ready", timeout=2).ok:
                return
        except requests.RequestException:
            pass  # not listening yet, or busy starting
        time.sleep(0.2)
    raise ServerError(f"Keycloak was not ready after {START_SECONDS:.0f} seconds. {_why(server.log)}")


def _why(log: Path) -> str:
    """Give the lines of the log that matter: errors if there are any, else the last ones."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    errors = [line for line in lines if "ERROR" in line]
    return f"Its log ({log}) says:\n" + "\n".join((errors or lines)[-8:])


def _check_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        # As Java does it: a port that still drains old connections may be listened on again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServerError(
                f"Port {port} of {HOST} is already taken: stop what listens there, or choose another port."
            ) from error


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End kc.sh, which passes the signal on to Java; the whole process group after 20 s."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
