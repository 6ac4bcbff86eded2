"""A commune's house is lost and made again from its backup: with Keycloak as it was, then without it."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.browser import Browser
from demo.chaos.invariants.realm import no_right_without_decision, realm_is_what_the_books_say
from demo.chaos.resident import Resident, Town
from demo.chaos.verdict import read_all, wait_until_delivered
from demo.system import Ports, System
from demo.witness import Mailbox, wait_for
from idp_extension.server import BuiltServer
from onboarding_api.cli.realm.server_admin import ServerAdmin, apply_realm

pytestmark = pytest.mark.keycloak

EUS = "216600742"
RIGHTS = ["demande", "suivi"]
SETTLES_SECONDS = 90.0
CONVERGES_SECONDS = 90.0


@pytest.fixture(scope="module")
def system(keycloak_build: BuiltServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("backup") / "house", Ports.free(), lambda *_: None) as system:
        yield system


@pytest.fixture(scope="module")
def cendrine(system: System) -> Resident:
    """She has become administrator of her commune, and may enter « Mes prêts en ligne »."""
    cendrine = Resident(system, Town(EUS, "Commune d'Eus"), 0, is_first=True, seed=0)
    settled = threading.Event()
    life = threading.Thread(target=cendrine.run, args=(settled,))
    life.start()
    wait_for("Cendrine to settle", lambda: cendrine.is_settled or None, SETTLES_SECONDS)
    settled.set()
    life.join()
    wait_for("her rights", lambda: cendrine.token("mes-prets") == RIGHTS or None)
    return cendrine


def bdt(system: System, *words: str) -> str:
    """Run a command as an operator of the house would."""
    done = subprocess.run(
        [sys.executable, "-m", "onboarding_api.cli", *words],
        env=system.environment_of("worker"),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def lose_the_database(system: System) -> None:
    for part in ("portal", "worker"):
        system.stop_part(part)
    for side in ("", "-wal", "-shm"):
        (system.directory / f"bdt.db{side}").unlink(missing_ok=True)


def come_back(system: System) -> None:
    for part in ("portal", "worker"):
        system.start_part(part)
    wait_until_delivered(system, CONVERGES_SECONDS)


def check_keycloak(system: System) -> None:
    books, realm = read_all(system)
    assert list(realm_is_what_the_books_say(books, realm, datetime.now(UTC))) == []
    assert list(no_right_without_decision(books, realm)) == []


def test_a_lost_database_comes_back_and_the_old_password_works(
    system: System, cendrine: Resident, tmp_path: Path
) -> None:
    bdt(system, "backup", str(tmp_path / "backup"))
    lose_the_database(system)

    told = bdt(system, "restore", str(tmp_path / "backup"))
    come_back(system)

    assert "1 people are on their way to Keycloak" in told
    assert "has to be decided again" in told
    cendrine.browser = Browser()
    cendrine.look()
    cendrine.browser.expect("Bienvenue Madame")
    assert cendrine.token("mes-prets") == RIGHTS
    check_keycloak(system)


def test_with_keycloak_lost_as_well_everybody_chooses_a_new_password(
    system: System, cendrine: Resident, tmp_path: Path
) -> None:
    bdt(system, "backup", str(tmp_path / "backup"))
    lose_the_database(system)
    assert system.keycloak
    system.keycloak.stop()
    shutil.rmtree(system.directory / "keycloak")
    server = system.start_keycloak()
    apply_realm(system.settings, ServerAdmin(server.url, server.admin_user, server.admin_password), {})
    before = len(Mailbox(system.mailbox_url).messages(cendrine.email))

    bdt(system, "restore", str(tmp_path / "backup"), "--new-passwords", "--per-second", "5")
    come_back(system)

    assert len(Mailbox(system.mailbox_url).messages(cendrine.email)) == before + 1
    check_keycloak(system)
    cendrine.browser = Browser()
    cendrine.choose_password()
    cendrine.look()
    cendrine.browser.expect("Bienvenue Madame")
    assert cendrine.token("mes-prets") == RIGHTS
