"""Start every real part on loopback, in the right order, and stop what was started.

Used by `bdt demo`, by the journeys of the test suite and by `bdt bench decision`: there is one way to
run the whole system on one machine.
"""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

import requests

from idp_extension.relying_party.client_key import write_new_key
from idp_extension.server import Progress, RunningServer, ensure_server, free_port, start_server
from onboarding_api.bootstrap import build_database
from onboarding_api.cli.realm.server_admin import ServerAdmin, apply_realm, make_master_fast
from onboarding_api.cli.realm.wanted import KEY_CLIENTS
from onboarding_api.migrations import migrate
from onboarding_api.registry.load import load_register
from onboarding_api.settings import Settings, settings_from

HOST = "127.0.0.1"
MARK = ".bdt-demo"
ENVIRONMENT_FILE = "environment"
"""Stands in a directory that this module made, and may empty at the next start."""
PARTS = ("mailbox", "portal", "worker", "mes-prets")
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
ESPACES = Path(__file__).parents[1] / "samples"


class CannotStart(Exception):
    """One sentence for the person who typed the command."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens, all on loopback."""

    portal: int = 8400
    mes_prets: int = 8401
    smtp: int = 8425
    mailbox: int = 8426
    keycloak: int = 8480
    management: int = 8490

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody listens on now."""
        return cls(*(free_port() for _ in range(6)))

    def check_free(self) -> None:
        """Refuse to start when somebody listens on one of them.

        Raises:
            CannotStart: names the port.
        """
        for port in astuple(self):
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    raise CannotStart(f"Port {port} is taken: stop what listens there.")


class System:
    """The running system; `with System(directory, ports, progress) as system:` stops it at the end.

    Args:
        directory: everything it writes (database, logs, mails, letters); made anew.
        ports: see `Ports`.
        progress: told of each step.
        database_url: SQLAlchemy URL; SQLite in `directory` when empty.
    """

    def __init__(self, directory: Path, ports: Ports, progress: Progress, database_url: str = "") -> None:
        self.directory = directory
        self.ports = ports
        self._progress = progress
        self.portal_url = f"http://{HOST}:{ports.portal}"
        self.mes_prets_url = f"http://{HOST}:{ports.mes_prets}"
        self.mailbox_url = f"http://{HOST}:{ports.mailbox}"
        self.keycloak_url = f"http://{HOST}:{ports.keycloak}"
        self.spool = directory / "letters"
        self.environment = self._environment(database_url or f"sqlite:///{directory}/bdt.db")
        self.keys = directory / "keys"
        self.settings: Settings = settings_from(
            self.environment | self._key("portal") | self._key("worker") | self._public_keys()
        )
        self.secrets = {name: secrets.token_urlsafe(24) for name in ("admin", "mes-prets")}
        self.keycloak: RunningServer | None = None
        self.told: dict[str, dict[str, str]] = {}
        """Variables that one part alone is told, by its name, from its next start on."""
        self.parts: tuple[str, ...] = PARTS
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.ports.check_free()
        self._clear_directory()
        self.spool.mkdir(parents=True)
        for client_id in (*KEY_CLIENTS, "mes-prets"):
            write_new_key(self.keys / f"{client_id}.pem", self.keys / "public" / f"{client_id}.pem")
        self._write_environment()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def _write_environment(self) -> None:
        """For whoever tries a command beside the demo: `set -a; . <directory>/environment; set +a`."""
        told = self.environment | self._key("portal") | self._key("worker") | self._public_keys()
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in told.items()]
        file = self.directory / ENVIRONMENT_FILE
        file.touch(mode=0o600)
        file.write_text("".join(lines), "utf-8")

    def _clear_directory(self) -> None:
        mark = self.directory / MARK
        if self.directory.exists() and any(self.directory.iterdir()) and not mark.exists():
            raise CannotStart(f"{self.directory} holds something else: give an empty directory.")
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        mark.touch()

    def stop(self) -> None:
        """End every part, last started first; nothing happens when it has already ended."""
        for name in reversed(list(self._children)):
            self.stop_part(name)
        if self.keycloak:
            self.keycloak.stop()
            self.keycloak = None

    def stop_part(self, name: str) -> None:
        """End one part: `portal`, `worker`, `mailbox` or `mes-prets`."""
        child = self._children.pop(name)
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def kill_part(self, name: str) -> None:
        """End one part, or `keycloak`, as a failing machine does: at once, with all its processes."""
        process = self.keycloak.process if name == "keycloak" and self.keycloak else self._children.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pid_of(self, name: str) -> int:
        """Process id of a part."""
        return self._children[name].pid

    def start_part(self, name: str) -> None:
        """Start one part, as `stop_part` names them, and wait until it answers."""
        command, port, path = self._command(name)
        with (self.directory / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                [part.format(port=port) if "{port}" in part else part for part in command],
                env=self.environment_of(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in our order
            )
        if port:
            self._wait(name, f"http://{HOST}:{port}{path}")

    def _command(self, name: str) -> tuple[list[str], int, str]:
        """How a part is started, its port, 0 when it has none, and the path where it says that it is up."""
        python = [sys.executable, "-m"]
        web = ["--bind", f"{HOST}:{{port}}", "--threads", "8", "--log-level", "warning"]
        commands: dict[str, tuple[list[str], int, str]] = {
            "mailbox": (
                [*python, "demo.mailbox", "--directory", str(self.directory / "mails"),
                 "--smtp-port", str(self.ports.smtp), "--http-port", str(self.ports.mailbox)],
                self.ports.mailbox, "/messages.json",
            ),
            "portal": (
                [*python, "gunicorn", *web, "onboarding_api:create_app()"], self.ports.portal, "/sante",
            ),
            "worker": ([*python, "onboarding_api.cli", "worker"], 0, ""),
            "mes-prets": (
                [*python, "gunicorn", *web, "--chdir", str(ESPACES / "mes-prets"), "app:create_app()"],
                self.ports.mes_prets, "/static/mes-prets.css",
            ),
        }  # fmt: skip
        return commands[name]

    def start_keycloak(self) -> RunningServer:
        """Start Keycloak on its data: at the first start, and again after `keycloak.stop()`."""
        self.keycloak = start_server(
            ensure_server(progress=self._progress),
            self.directory / "keycloak",
            http_port=self.ports.keycloak,
            management_port=self.ports.management,
            admin_user="admin",
            admin_password=self.secrets["admin"],
            progress=self._progress,
        )
        return self.keycloak

    def _start(self) -> None:
        with ThreadPoolExecutor(max_workers=1) as beside:
            filling = beside.submit(self._fill_database)
            keycloak = self.start_keycloak()
            self._progress("applying the realm", 0, 0)
            admin = ServerAdmin(keycloak.url, keycloak.admin_user, keycloak.admin_password)
            apply_realm(self.settings, admin, {})
            make_master_fast(self.settings, admin)
            filling.result()
        self._progress("starting portal, worker, mailbox and the sample service", 0, 0)
        with ThreadPoolExecutor(max_workers=len(self.parts)) as starting:
            for done in [starting.submit(self.start_part, part) for part in self.parts]:
                done.result()

    def _fill_database(self) -> None:
        migrate(self.settings.database_url)
        database = build_database(self.settings)
        with database.writing() as session:
            load_register(session)
        database.engine.dispose()

    def _environment(self, database_url: str) -> dict[str, str]:
        return os.environ | {
            "BDT_ENVIRONMENT": "demo",
            "BDT_DATABASE_URL": database_url,
            "BDT_PUBLIC_URL": self.portal_url,
            "BDT_SECRET_KEY": secrets.token_hex(32),
            "BDT_KEYCLOAK_URL": self.keycloak_url,
            "BDT_CODE_KEYS": f"demo:{secrets.token_hex(32)}",
            "BDT_SMTP_HOST": HOST,
            "BDT_SMTP_PORT": str(self.ports.smtp),
            "BDT_SMTP_FROM": "ne-pas-repondre@banquedesterritoires.example",
            "BDT_SPOOL_DIRECTORY": str(self.spool),
            "BDT_CONTACT_EMAIL": "aide@banquedesterritoires.example",
            "BDT_CONTACT_PHONE": "01 99 00 00 00",
            "BDT_ESPACE_URL_MES_PRETS": self.mes_prets_url,
        }

    def environment_of(self, part: str) -> dict[str, str]:
        """What one part is told: its own key, and nobody else's."""
        return (
            self.environment
            | self._key(part)
            | (self._espace_environment() if part == "mes-prets" else {})
            | self.told.get(part, {})
        )

    def _key(self, part: str) -> dict[str, str]:
        held = {"portal": ("BDT_PORTAL_KEY", "portail"), "worker": ("BDT_SYNC_KEY", "bdt-sync")}
        if part not in held:
            return {}
        variable, client_id = held[part]
        return {variable: str(self.keys / f"{client_id}.pem")}

    def _public_keys(self) -> dict[str, str]:
        return {"BDT_PUBLIC_KEYS": str(self.keys / "public")}

    def _espace_environment(self) -> dict[str, str]:
        return {
            "MES_PRETS_ISSUER": f"{self.keycloak_url}/realms/{self.settings.keycloak_realm}",
            "MES_PRETS_KEY": str(self.keys / "mes-prets.pem"),
            "MES_PRETS_SECRET": self.secrets["mes-prets"],
            "MES_PRETS_URL": self.mes_prets_url,
            "MES_PRETS_PORTAL": self.portal_url,
        }

    def _wait(self, name: str, url: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._children[name].poll() is not None:
                break
            try:
                if requests.get(url, timeout=2).status_code == requests.codes.ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise CannotStart(f"{name} did not start; its last words are in {self.directory / name}.log")
