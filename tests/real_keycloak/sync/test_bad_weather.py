"""A load through a line that fails in each way a line can ends converged: nothing lost, nothing doubled."""

import threading
import time
from pathlib import Path

import pytest

from demo.bench_sync.hamlets import SERVICES, found_hamlets, identifiant_of
from demo.chaos.fault_proxy import HTTP_BUSY, Fault, FaultProxy
from idp_extension.gateway import KeycloakGateway
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.server import free_port
from idp_extension.sync.applying.apply import Applied, Apply
from idp_extension.sync.applying.load import Loader
from idp_extension.sync.applying.patience import KeptAway, Patience
from idp_extension.sync.difference import Difference
from idp_extension.sync.look import look_everywhere, read_state
from onboarding_api.acts.act import Office
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from tests.builders.deliveries import HandClock
from tests.builders.servers.applied_realm import KEYS, AppliedRealm

pytestmark = pytest.mark.keycloak

CATALOGUE = frozenset(SERVICES)
CODE_KEYS = CodeKeys(current="test", keys={"test": b"k" * 32})
PEOPLE = 16
TIMEOUT = 1.0
FAULT_SECONDS = 0.6


def spoken(status: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body}".encode()


WEATHER: dict[str, tuple[Fault, bytes]] = {
    "slow": (Fault.LATENCY, HTTP_BUSY),
    "cut in the headers, a Location in its middle": (Fault.CUT_IN_HEADERS, HTTP_BUSY),
    "cut in the body": (Fault.HALF_BODY, HTTP_BUSY),
    "an effect without its answer": (Fault.RESET, HTTP_BUSY),
    "silent": (Fault.BLACK_HOLE, HTTP_BUSY),
    "restarting: 503": (Fault.BUSY, HTTP_BUSY),
    "too many requests: 429": (Fault.BUSY, spoken("429 Too Many Requests", "")),
    "401 in the middle": (Fault.BUSY, spoken("401 Unauthorized", "")),
    "another's HTML, 200": (Fault.BUSY, spoken("200 OK", "<p>Welcome to nginx!</p>")),
    "unreachable": (Fault.NONE, b""),
}


class Line:
    """The house and Keycloak, with a proxy in between."""

    def __init__(
        self, realm: AppliedRealm, database: Database, proxy: FaultProxy, fault: Fault = Fault.NONE
    ) -> None:
        url, issuer = f"http://127.0.0.1:{proxy.port}", f"{realm.url}/realms/{realm.name}"
        key = KEYS["bdt-sync"]
        self.house = DatabaseHouse(Office(database, HandClock(), CODE_KEYS))
        self.realm, self.proxy, self.fault = realm, proxy, fault
        self.api = KeepAliveAPI.speaking(url, realm.name, key, issuer=issuer, timeout=TIMEOUT)
        self.gateway = KeycloakGateway(url, realm.name, key, issuer=issuer, timeout=TIMEOUT)

    def look(self) -> list[Difference]:
        return list(look_everywhere(self.house, read_state(self.api), self.realm.name, CATALOGUE))

    def apply(self, patience: float = 60) -> Applied:
        found = self.look()
        loader = Loader(self.api)
        loader.read_roles(CATALOGUE)
        run = Apply(self.house, self.gateway, loader, Patience(patience), threads=3)
        threading.Thread(target=self.break_once, args=(run.applied, len(found) // 3), daemon=True).start()
        return run.run(found)

    def break_once(self, applied: Applied, after: int) -> None:
        """A fault in the middle, for a while; "unreachable" is a port where nobody is."""
        while applied.done < after // 2:
            time.sleep(0.01)
        fault, port = self.fault, self.proxy.upstream_port
        self.proxy.fault = fault
        if fault is Fault.NONE:
            self.proxy.upstream_port = free_port()
        time.sleep(FAULT_SECONDS)
        self.proxy.fault, self.proxy.upstream_port = Fault.NONE, port

    def close(self) -> None:
        self.api.close()
        self.gateway.__exit__()


def test_every_weather_ends_converged(own: AppliedRealm, sqlite_template: Path, tmp_path: Path) -> None:
    """One weather after the other in one realm: the people of the last one are the strangers of the next."""
    port = int(own.url.rpartition(":")[2])
    for number, (name, (fault, busy)) in enumerate(WEATHER.items()):
        (tmp_path / f"{number}.db").write_bytes(sqlite_template.read_bytes())
        database = Database(f"sqlite:///{tmp_path / f'{number}.db'}")
        first = number * PEOPLE
        found_hamlets(database, structures=3, people=PEOPLE, first=first)
        with FaultProxy(port, busy=busy, latency=0.2) as proxy:
            line = Line(own, database, proxy, fault)
            applied = line.apply()
            left = line.look()
            line.close()
        database.engine.dispose()

        users = sorted(user["username"] for user in own.admin.get("users", max="1000"))
        assert (name, applied.failures, left) == (name, [], [])
        assert users == [identifiant_of(each) for each in range(first, first + PEOPLE)], name


def test_a_keycloak_that_stays_away_stops_the_run_and_the_next_one_goes_on(
    own: AppliedRealm, sqlite_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "bdt.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'bdt.db'}")
    found_hamlets(database, structures=2, people=6)
    with FaultProxy(int(own.url.rpartition(":")[2])) as proxy:
        line = Line(own, database, proxy)
        found, loader = line.look(), Loader(line.api)
        loader.read_roles(CATALOGUE)
        proxy.fault = Fault.BUSY
        with pytest.raises(KeptAway):
            Apply(line.house, line.gateway, loader, Patience(0.5), threads=2).run(found)
        proxy.fault = Fault.NONE
        applied = Apply(line.house, line.gateway, loader, Patience(5), threads=2).run(line.look())
        left = line.look()
        line.close()
    database.engine.dispose()

    assert (applied.failures, left) == ([], [])
