"""schemathesis against the running application: no server error, no answer off the document.

Half of the time for each API. By hand, longer:
`BDT_FUZZ_SECONDS=3600 pytest tests/onboarding_api/web/api/test_api_fuzz.py`.
"""

import os
import shutil
import socket
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from onboarding_api.acts.act import Office
from onboarding_api.model.base import Database
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import read_register
from onboarding_api.web.application import build_application
from tests.onboarding_api.web.api.conftest import token_of
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import KEYS, NOON

SECONDS = int(os.environ.get("BDT_FUZZ_SECONDS", "60")) // 2
CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "response_schema_conformance",
    "status_code_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "missing_required_header",
    "ignored_auth",
)


class BusyClock:
    """Ten seconds pass between two looks, so that limits are met and left behind again."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=10)
        return self.now


@pytest.fixture
def running_api(portal: Portal, world: Path, tmp_path: Path) -> Iterator[str]:
    """The application on a port of its own, over the people of the world and one département."""
    path = tmp_path / "fuzzed.db"
    shutil.copy(world, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        load_register(session, [entry for entry in read_register() if entry.departement == "66"])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = replace(portal.settings, public_url=url, database_url=f"sqlite:///{path}")
        app = build_application(settings, Office(database, BusyClock(), KEYS))
        server = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield url
        server.shutdown()
        thread.join()
        server.server_close()
    database.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("at", ["/api/v1", "/access/v1"])
def test_no_call_is_an_error_of_ours(portal: Portal, running_api: str, tmp_path: Path, at: str) -> None:
    token = token_of(portal, "cend589", exp=int(time.time()) + SECONDS + 600)

    done = subprocess.run(
        [
            *(f"{sysconfig.get_path('scripts')}/schemathesis", "run", f"{running_api}{at}/openapi.json"),
            *("--url", f"{running_api}{at}"),
            *("--header", f"Authorization: Bearer {token}"),
            *("--max-time", str(SECONDS)),
            *("--checks", ",".join(CHECKS)),
            # The generator of coverage cases gives up on nested questions of no bound length, now and then.
            *(("--phases", "examples,fuzzing,stateful") if at == "/access/v1" else ()),
            *("--workers", "2", "--seed", "66074", "--continue-on-failure"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS + 120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
