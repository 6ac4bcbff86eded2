"""Keycloak, fresh; the country in a database; a realm for each contender."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.bench_sync.hamlets import found_hamlets
from demo.country.fill import fill
from idp_extension.projection import DesiredPerson
from idp_extension.relying_party.client_key import write_new_key
from idp_extension.server import RunningServer, ensure_server, free_port, start_server
from idp_extension.sync.state import DesiredGroups
from onboarding_api.acts.act import Office
from onboarding_api.bootstrap import build_office
from onboarding_api.cli.realm.server_admin import ServerAdmin, apply_realm
from onboarding_api.cli.realm.wanted import KEY_CLIENTS
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.migrations import migrate
from onboarding_api.settings import Settings, settings_from

HAMLETS = 25
PORTAL = "http://127.0.0.1:8400"


@dataclass(frozen=True, slots=True)
class Load:
    """What every contender has to bring to Keycloak."""

    structures: tuple[DesiredGroups, ...]
    people: tuple[DesiredPerson, ...]

    @property
    def objects(self) -> int:
        """Groups, subgroups, accounts."""
        return len(self.structures) + sum(len(each.services) for each in self.structures) + len(self.people)


@dataclass(frozen=True, slots=True)
class Bench:
    """The server, the environment of an installation on it, the database."""

    server: RunningServer
    environment: dict[str, str]
    office: Office

    def realm(self, name: str) -> Settings:
        """A fresh realm, as realm-config/ says."""
        settings = settings_from(self.environment | {"BDT_KEYCLOAK_REALM": name})
        admin = ServerAdmin(self.server.url, self.server.admin_user, self.server.admin_password)
        apply_realm(settings, admin, {})
        return settings

    def load(self) -> Load:
        """All that the database wants of Keycloak."""
        house = DatabaseHouse(self.office)
        return Load(tuple(each for each in house.structures() if each.has_people), tuple(house.people()))


@contextmanager
def fresh_server(directory: Path) -> Iterator[RunningServer]:
    """A Keycloak of the bench's own."""
    with start_server(
        ensure_server(),
        directory / "keycloak",
        http_port=free_port(),
        management_port=free_port(),
        admin_user="admin",
        admin_password=secrets.token_urlsafe(24),
    ) as server:
        yield server


@contextmanager
def opened(directory: Path, server: RunningServer, scale: float) -> Iterator[Bench]:
    """Fill a database: with the country, or at scale 0 with a few hamlets."""
    environment = _environment(directory, server)
    migrate(environment["BDT_DATABASE_URL"])
    office = build_office(settings_from(environment))
    try:
        if scale:
            fill(office.database, scale)
        else:
            found_hamlets(office.database, structures=HAMLETS, people=2 * HAMLETS)
        yield Bench(server, environment, office)
    finally:
        office.database.engine.dispose()


def _environment(directory: Path, server: RunningServer) -> dict[str, str]:
    keys = directory / "keys"
    for client_id in KEY_CLIENTS:
        write_new_key(keys / f"{client_id}.pem", keys / "public" / f"{client_id}.pem")
    return os.environ | {
        "BDT_ENVIRONMENT": "test",
        "BDT_DATABASE_URL": f"sqlite:///{directory}/country.db",
        "BDT_PUBLIC_URL": PORTAL,
        "BDT_SECRET_KEY": secrets.token_hex(32),
        "BDT_KEYCLOAK_URL": server.url,
        "BDT_CODE_KEYS": f"bench:{secrets.token_hex(32)}",
        "BDT_SYNC_KEY": str(keys / "bdt-sync.pem"),
        "BDT_PUBLIC_KEYS": str(keys / "public"),
        "BDT_SMTP_HOST": "127.0.0.1",
        "BDT_SMTP_PORT": "8425",
        "BDT_SMTP_FROM": "ne-pas-repondre@banquedesterritoires.example",
        "BDT_SPOOL_DIRECTORY": str(directory / "letters"),
        "BDT_CONTACT_EMAIL": "aide@banquedesterritoires.example",
        "BDT_CONTACT_PHONE": "01 99 00 00 00",
    }
