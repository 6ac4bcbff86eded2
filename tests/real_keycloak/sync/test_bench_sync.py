"""What `bdt bench sync` promises, at a small size: ratios of one run, loosely."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.bench_sync.bench_house import opened
from demo.bench_sync.measure import Round
from idp_extension.admin_api import AdminAPI
from idp_extension.server import RunningServer

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]

REALMS = ("ours", "bare-4", "library-1")


@pytest.fixture
def round_(keycloak_server: RunningServer, tmp_path: Path) -> Iterator[Round]:
    with opened(tmp_path, keycloak_server, 0.0) as bench:
        yield Round(bench, threads=4)
    admin = keycloak_server.admin_user, keycloak_server.admin_password
    for name in REALMS:
        master = AdminAPI.as_master_admin(keycloak_server.url, *admin, name)
        master.delete()
        master.close()


def test_a_first_load_keeps_up_with_the_bare_client_and_a_repeat_costs_next_to_nothing(round_: Round) -> None:
    round_.ours()
    round_.bare(4)
    round_.library(1)

    load, nothing, changed, drifted, _, bare, library, _ = round_.costs
    assert [cost.errors for cost in round_.costs] == [0] * len(round_.costs)
    # Requests and processor time: the clock on the wall is other people's, on a busy machine.
    assert load.requests <= bare.requests
    assert load.requests * 2 <= library.requests
    assert load.keycloak_cpu + load.client_cpu <= 1.5 * (bare.keycloak_cpu + bare.client_cpu)
    assert nothing.requests <= 3
    assert changed.requests <= 30
    assert drifted.said.startswith(f"{len(round_.wanted.people)} differences")
