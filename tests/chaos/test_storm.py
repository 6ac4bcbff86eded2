"""The system under load in bad weather, on each database; then the fourteen invariants hold."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.chaos.invariants.outside import restart_changes_nothing
from demo.chaos.resident import Resident, Town
from demo.chaos.storm import Storm, clock_file, proxies_between, start_keycloak
from demo.chaos.verdict import broken, read_all, wait_until_delivered
from demo.system import Ports, System
from idp_extension.server import BuiltServer
from onboarding_api.backup.restore import Convergence, converge
from onboarding_api.bootstrap import build_database
from tests.builders.servers.postgresql_server import PostgreSQLServer

TOWNS = (("216600742", "Commune d'Eus"), ("216600726", "Commune d'Estavar"))
AHEAD = Path(__file__).parents[1] / "builders" / "ahead"
A_TOWN = 3
CALM_SECONDS = 45.0
CONVERGES_SECONDS = 150.0


@contextmanager
def living(residents: list[Resident]) -> Iterator[None]:
    """They go about their lives until the end of the block."""
    stop = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in residents]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def settle(residents: list[Resident]) -> None:
    over_at = time.monotonic() + CALM_SECONDS
    while time.monotonic() < over_at and not all(each.is_settled for each in residents):
        time.sleep(0.2)


@pytest.mark.keycloak
@pytest.mark.slow
@pytest.mark.attack(32, 40, 51, 52)
@pytest.mark.invariant(
    "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13", "I14"
)
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_after_a_storm_the_invariants_hold(
    kind: str, keycloak_build: BuiltServer, tmp_path: Path, storm_seconds: int, storm_seed: int
) -> None:
    print(f"\n{kind}: {storm_seconds} s of storm, BDT_CHAOS_SEED={storm_seed}")
    with ExitStack() as stack:
        server = stack.enter_context(PostgreSQLServer(tmp_path)) if kind == "postgresql" else None
        system = System(
            tmp_path / "house", Ports.free(), lambda *_: None, server.new_database() if server else ""
        )
        proxies = stack.enter_context(proxies_between(system))
        system.told["worker"] |= {"PYTHONPATH": str(AHEAD), "BDT_CHAOS_AHEAD": str(clock_file(system))}
        stack.enter_context(system)
        residents = [
            Resident(system, town, number * A_TOWN + place, is_first=place == 0, seed=storm_seed)
            for number, town in enumerate(Town(*each) for each in TOWNS)
            for place in range(A_TOWN)
        ]
        database = (server.kill, server.start_again) if server else None
        storm = Storm(system, proxies, storm_seed, print, database)
        # The last of each town comes with the storm: registrations and letters are under way in it too.
        early = [each for number, each in enumerate(residents) if number % A_TOWN < A_TOWN - 1]
        with living(early):
            settle(early)
            with living([each for each in residents if each not in early]):
                happened = storm.pass_over(storm_seconds)
        report(residents)
        wait_until_delivered(system, CONVERGES_SECONDS)
        assert list(broken(system, residents)) == []
        assert happened
        assert sum(each.done["decide"] for each in residents) > 0
        check_what_a_restart_and_a_second_sync_change(system)


def check_what_a_restart_and_a_second_sync_change(system: System) -> None:
    """I14, and the second half of I8."""
    system.stop_part("worker")
    before = read_all(system)
    for part in ("portal", "keycloak"):
        system.kill_part(part)
    start_keycloak(system)
    system.start_part("portal")
    assert list(restart_changes_nothing(before, read_all(system))) == []

    database = build_database(system.settings)
    with database.writing() as session:
        assert converge(session, Convergence(per_second=1000), datetime.now(UTC)) > 0
    database.engine.dispose()
    system.start_part("worker")
    wait_until_delivered(system, CONVERGES_SECONDS)
    assert read_all(system)[1] == before[1]


def report(residents: list[Resident]) -> None:
    for each in residents:
        print(each.prenom, "settled" if each.is_settled else "on her way", dict(each.done), dict(each.failed))
