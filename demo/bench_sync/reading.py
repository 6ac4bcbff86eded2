"""The reading half of a sync at any size, without a Keycloak: a snapshot as it would stream, compared."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from demo.bench_sync.meter import peak_mb
from idp_extension.sync.compare import compare_people, compare_structures
from idp_extension.sync.look import default_role
from idp_extension.sync.snapshot import state_from
from onboarding_api.acts.act import Office
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from policies.catalogue.loader import load_catalogue

_KEYS = CodeKeys(current="bench", keys={"bench": b"k" * 32})
_CLIENT, _ROLE, _GROUP, _USER = range(1, 5)


def read_country(directory: Path, scale: float) -> str:
    """Fill a database, write the snapshot of a Keycloak that has all of it, compare in a fresh process."""
    from demo.country.fill import fill  # noqa: PLC0415 - the process that is measured needs it not

    url, lines = f"sqlite:///{directory}/country.db", directory / "snapshot.ndjson"
    migrate(url)
    database = Database(url)
    fill(database, scale)
    _write(DatabaseHouse(Office(database, clock_of(database), _KEYS)), lines)
    database.engine.dispose()
    command = [sys.executable, "-m", "demo.bench_sync.reading", url, str(lines)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def compare(url: str, lines: Path) -> str:
    """Compare, and tell what it took."""
    database = Database(url)
    house = DatabaseHouse(Office(database, clock_of(database), _KEYS))
    before = peak_mb()
    began, cpu = time.monotonic(), time.process_time()
    with lines.open(encoding="utf-8") as file:
        state = state_from(file)
    read = time.monotonic() - began
    found = sum(
        1 for _ in compare_structures(house.structures(), state, frozenset(load_catalogue().services))
    )
    found += sum(1 for _ in compare_people(house.people(), state, default_role("bdt")))
    memory = peak_mb()
    wall, spent = time.monotonic() - began, time.process_time() - cpu
    return (
        f"{state.size:,} accounts and groups, {lines.stat().st_size / 1e6:.0f} MB: {found} differences"
        f" in {wall:.1f} s, {read:.1f} of them to read the rows; {spent:.1f} s of processor, {memory:.0f} MB,"
        f" {before:.0f} of them before it began"
    )


def _write(house: DatabaseHouse, lines: Path) -> None:
    """A snapshot of a Keycloak that has what the house wants, whose ids the house then keeps."""
    with lines.open("w", encoding="utf-8") as file:
        for row in _rows(house):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _rows(house: DatabaseHouse) -> Iterator[Any]:
    services = sorted(load_catalogue().services)
    clients = sorted({service.partition(":")[0] for service in services})
    roles = {service: _id(_ROLE, number) for number, service in enumerate(services, 1)}
    default = _id(_ROLE, 0)
    yield "client"
    yield from ([_id(_CLIENT, number), client] for number, client in enumerate(clients))
    yield "role"
    yield [default, None, "default-roles-bdt"]
    for service, id_ in roles.items():
        client, _, role = service.partition(":")
        yield [id_, _id(_CLIENT, clients.index(client)), role]
    structures = list(house.structures())
    groups: dict[str, str] = {}
    yield "group"
    for wanted in structures:
        groups[wanted.siren] = top = _id(_GROUP, len(groups))
        yield [top, " ", wanted.siren]
        for service in sorted(wanted.services):
            groups[f"{wanted.siren}/{service}"] = id_ = _id(_GROUP, len(groups))
            yield [id_, top, service]
    yield "label"
    yield from ([groups[wanted.siren], wanted.label] for wanted in structures)
    yield "group-role"
    yield from ([id_, roles[key.partition("/")[2]]] for key, id_ in groups.items() if "/" in key)
    people = list(house.people())
    ids = {person.identifiant: _id(_USER, number) for number, person in enumerate(people)}
    yield "user-role"
    yield from ([id_, default] for id_ in ids.values())
    yield "member"
    yield from ([ids[each.identifiant], groups[key]] for each in people for key in each.group_keys)
    yield "user"
    for each in people:
        names = [each.identifiant, each.email.lower(), each.prenom, each.nom]
        yield [ids[each.identifiant], *names, each.is_active, False, None, None]
    yield "end"
    house.keep(ids, groups)


def _id(kind: int, number: int) -> str:
    return str(UUID(int=(kind << 64) + number))


if __name__ == "__main__":
    sys.stdout.write(compare(sys.argv[1], Path(sys.argv[2])) + "\n")
