"""`bdt bench sync`: first load, nothing to do, 1 % changed, 100 drifted, killed at half; a table."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import select

from demo.bench_sync.bench_house import Bench, Load, fresh_server, opened
from demo.bench_sync.contenders import BareClient, LibraryClient, kcadm, partial_import, sync_key
from demo.bench_sync.meter import HEAD, Cost, metered
from demo.bench_sync.reading import read_country
from idp_extension.admin_api import AdminAPI
from idp_extension.gateway import KeycloakGateway
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.server import ensure_server
from idp_extension.sync.applying.apply import Apply
from idp_extension.sync.applying.load import Loader
from idp_extension.sync.applying.patience import Patience
from idp_extension.sync.look import look_everywhere, read_state
from idp_extension.sync.stock import read_all
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.model.person import Person
from onboarding_api.settings import Settings
from policies.catalogue.loader import load_catalogue

SCALES = {"tiny": 0.0, "1k": 0.01, "10k": 0.1, "full": 1.0}
OTHERS = ("bare", "python-keycloak", "partialImport", "kcadm")
BY_HAND = 20
"""Objects made one process each, from which the whole is extrapolated."""
OURS = "ours"


class Round:
    """One size, on one server."""

    def __init__(self, bench: Bench, threads: int) -> None:
        self.bench, self.threads = bench, threads
        self.pid = bench.server.process.pid
        self.costs: list[Cost] = []
        self.wanted: Load = bench.load()

    def ours(self) -> None:
        """First load, nothing to do, 1 % changed, 100 drifted."""
        settings = self.bench.realm("ours")
        with self.line(f"{OURS}: first load, {self.threads} threads") as cost:
            self._sync(settings, cost)
        with self.line(f"{OURS}: nothing to do, by snapshot") as cost:
            self._sync(settings, cost)
        self._change()
        with self.line(f"{OURS}: 1 % changed in the database") as cost:
            self._sync(settings, cost)
        with self.line(f"{OURS}: 100 drifted at Keycloak") as cost:
            self._drift(settings)
            self._sync(settings, cost)
        if self.wanted.objects < 20_000:
            with self.line(f"{OURS}: nothing to do, by the stock API") as cost:
                self._look_by_stock(settings, cost)

    def killed(self) -> None:
        """kill -9 at half, then again to the end."""
        settings = self.bench.realm("killed")
        environment = self.bench.environment | {"BDT_KEYCLOAK_REALM": "killed"}
        command = [sys.executable, "-m", "onboarding_api.cli", "sync"]
        with self.line(f"{OURS}: kill -9 at half") as cost, self._api(settings) as api:
            run = subprocess.Popen([*command, "apply"], env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
            while int(api.get("users", "count")) < len(self.wanted.people) // 2 and run.poll() is None:
                time.sleep(0.1)
            run.send_signal(signal.SIGKILL)
            run.wait()
            cost.objects = int(api.get("users", "count"))
            cost.said = f"{cost.objects} accounts were there"
        with self.line(f"{OURS}: resumed, as a command") as cost:
            told = subprocess.run(
                [*command, "apply"], env=environment, capture_output=True, text=True, check=True
            )
            cost.said = told.stdout.strip().splitlines()[-1]
        with self.line(f"{OURS}: again, as a command") as cost:
            told = subprocess.run(
                [*command, "apply"], env=environment, capture_output=True, text=True, check=True
            )
            cost.said = told.stdout.strip().splitlines()[-1]

    def others(self, names: tuple[str, ...]) -> None:
        """The same load by the others, each into a realm of its own."""
        ways = {
            "bare": lambda: self.bare(4, 8),
            "python-keycloak": lambda: self.library(1, 8),
            "partialImport": self._partial_import,
            "kcadm": self._kcadm,
        }
        for name in names:
            ways[name]()

    def bare(self, *threads: int) -> None:
        """`http.client`, by numbers of threads: the best one is the limit of the stock API."""
        for count in threads:
            settings = self.bench.realm(f"bare-{count}")
            with self.line(f"bare http.client, {count} threads: first load") as cost:
                BareClient(settings, cost).load(self.wanted, count)

    def library(self, *threads: int) -> None:
        """python-keycloak in a loop; again by the last number of threads, with nothing to do."""
        for count in threads:
            settings = self.bench.realm(f"library-{count}")
            with self.line(f"python-keycloak, {count} threads: first load") as cost:
                LibraryClient(settings, cost).load(self.wanted, count)
        with self.line(f"python-keycloak, {threads[-1]} threads: nothing to do") as cost:
            LibraryClient(settings, cost).load(self.wanted, threads[-1])

    @contextmanager
    def line(self, name: str) -> Iterator[Cost]:
        """A line of the table, printed when it is known."""
        with metered(name, self.pid) as cost:
            cost.objects = self.wanted.objects
            yield cost
        self.costs.append(cost)
        click.echo(str(cost))

    def _sync(self, settings: Settings, cost: Cost) -> None:
        house = DatabaseHouse(self.bench.office)
        key, base, realm = sync_key(settings), settings.keycloak_url, settings.keycloak_realm
        with self._api(settings) as api, KeycloakGateway(base, realm, key, issuer=settings.issuer) as gateway:
            found = list(look_everywhere(house, read_state(api), realm, frozenset(load_catalogue().services)))
            loader = Loader(api)
            loader.read_roles(frozenset(load_catalogue().services) if found else frozenset())
            applied = Apply(house, gateway, loader, Patience(60), self.threads).run(found)
            cost.requests, cost.bytes, cost.errors = api.requests, api.bytes, len(applied.failures)
            cost.said = f"{len(found)} differences, {applied.writes} writes"

    def _look_by_stock(self, settings: Settings, cost: Cost) -> None:
        with self._api(settings) as api:
            read_all(api)
            cost.requests, cost.bytes = api.requests, api.bytes

    def _change(self) -> None:
        with self.bench.office.database.writing() as session:
            people = session.scalars(select(Person).order_by(Person.identifiant)).all()
            for person in people[:: max(1, min(100, len(people)))]:
                person.nom = f"{person.nom} Neuf"

    def _drift(self, settings: Settings) -> None:
        """Names changed and people taken out of their groups, as a hundred clicks at the console."""
        draw = random.Random(1)  # noqa: S311 - the same hundred each time
        with self._api(settings) as api:
            known = [each for each in read_state(api).users if each.groups]
            for each in draw.sample(known, min(100, len(known))):
                api.put("users", each.id, body={"lastName": "Dupont"})

    def _partial_import(self) -> None:
        self.bench.realm("partial")
        server = self.bench.server
        admin = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, "partial", 300)
        with self.line("partialImport, 200 at once: first load") as cost:
            cost.requests = partial_import(self.wanted, admin)
        admin.close()

    def _kcadm(self) -> None:
        settings = self.bench.realm("kcadm")
        built = ensure_server()
        with self.line(f"kcadm.sh, extrapolated from {BY_HAND} groups") as cost, self._api(settings) as api:
            api.get("clients", clientId="portail")
            token = str((api._connection.token or {})["access_token"])
            names = [f"{number:09d}" for number in range(BY_HAND)]
            kcadm(built.home, built.java.executable.parents[1], settings, token, names)
            cost.requests = BY_HAND
        factor = self.wanted.objects / BY_HAND
        cost.wall, cost.keycloak_cpu, cost.client_cpu = (
            each * factor for each in (cost.wall, cost.keycloak_cpu, cost.client_cpu)
        )
        click.echo(str(cost))

    @contextmanager
    def _api(self, settings: Settings) -> Iterator[KeepAliveAPI]:
        api = KeepAliveAPI.speaking(
            settings.keycloak_url,
            settings.keycloak_realm,
            sync_key(settings),
            issuer=settings.issuer,
            threads=32,
        )
        try:
            yield api
        finally:
            api.close()


def measure(
    directory: Path, size: str, others: tuple[str, ...], threads: int, *, is_killed: bool
) -> list[Cost]:
    """One size."""
    with fresh_server(directory) as server, opened(directory, server, SCALES[size]) as bench:
        round_ = Round(bench, threads)
        wanted = round_.wanted
        click.echo(
            f"{size}: {len(wanted.structures):,} structures, {len(wanted.people):,} people,"
            f" {wanted.objects:,} groups and accounts; {os.cpu_count()} cores\n{HEAD}"
        )
        round_.ours()
        round_.others(others)
        if is_killed:
            round_.killed()
        return round_.costs


@click.command("sync")
@click.option(
    "--size", "sizes", multiple=True, default=("1k",), type=click.Choice([*SCALES]), show_default=True
)
@click.option(
    "--other", "others", multiple=True, default=OTHERS, type=click.Choice(OTHERS), show_default=True
)
@click.option("--threads", default=4, show_default=True)
@click.option("--killed/--not-killed", default=True, show_default=True)
@click.option("--reading", is_flag=True, help="Without a Keycloak: what reading costs the client.")
def sync_command(
    sizes: tuple[str, ...], others: tuple[str, ...], threads: int, killed: bool, reading: bool
) -> None:
    """The whole country into Keycloak: ours and others', on one fresh server."""
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="bdt-bench-") as directory:
            if reading:
                click.echo(f"{size}: {read_country(Path(directory), SCALES[size])}")
                continue
            costs = measure(Path(directory), size, others, threads, is_killed=killed)
        first = next(cost for cost in costs if cost.name.startswith(f"{OURS}: first load"))
        for cost in costs:
            if "first load" in cost.name or "extrapolated" in cost.name:
                click.echo(f"{cost.wall / first.wall:6.2f} x the time of ours: {cost.name}")
        click.echo(
            f"{1000 * first.keycloak_cpu / first.objects:.1f} ms of Keycloak CPU an object, first load"
        )
