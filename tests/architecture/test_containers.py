"""docker-compose.yml and the Dockerfiles say what the code says: versions, ports, variables, commands.

Not every machine has a container engine, so the files are read and compared; they cannot drift.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.system import Ports
from idp_extension.relying_party.client_key import ClientKey, read_public_keys
from idp_extension.server import KEYCLOAK_VERSION
from onboarding_api.cli import PARTS
from onboarding_api.cli.realm.wanted import KEY_CLIENTS
from onboarding_api.settings import VARIABLES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KEYCLOAK_FILE = (ROOT / "docker/keycloak.Dockerfile").read_text("utf-8")
SERVICE_FILE = (ROOT / "docker/service.Dockerfile").read_text("utf-8")
NEW_ENV = (ROOT / "docker/new-env.sh").read_text("utf-8")


def test_keycloak_is_the_pinned_version_everywhere() -> None:
    assert set(re.findall(r"FROM keycloak/keycloak:(\S+)", KEYCLOAK_FILE)) == {KEYCLOAK_VERSION}


def test_the_provider_compiles_against_the_same_minor_version() -> None:
    pom = (ROOT / "idp_extension/provider/pom.xml").read_text("utf-8")
    api = re.search(r"<keycloak.version>(\d+\.\d+)\.\d+<", pom)
    assert api
    assert KEYCLOAK_VERSION.startswith(f"{api.group(1)}.")


@pytest.mark.parametrize(
    ("service", "port"),
    [
        ("portal", Ports().portal),
        ("mes-prets", Ports().mes_prets),
        ("keycloak", Ports().keycloak),
        ("mailbox", Ports().mailbox),
    ],
)
def test_ports_are_those_of_the_demo_and_on_loopback(service: str, port: int) -> None:
    assert [str(mapping).rsplit(":", 1)[0] for mapping in SERVICES[service]["ports"]] == [f"127.0.0.1:{port}"]


def test_every_setting_can_be_given() -> None:
    given = set().union(*(service.get("environment", {}) for service in SERVICES.values()))
    given = {name for name in given if name.startswith("BDT_") and not name.startswith("BDT_ESPACE_SECRET_")}
    espaces = {name for name in given if name.startswith("BDT_ESPACE_URL_")}
    # The realm's name is ours in containers.
    assert given - espaces == set(VARIABLES) - {"BDT_KEYCLOAK_REALM"}


def test_each_process_is_handed_its_own_key_and_no_other() -> None:
    held = {name: service["secrets"] for name, service in SERVICES.items() if "secrets" in service}
    assert held == {
        "portal": ["portail"],
        "worker": ["bdt-sync"],
        "prepare-realm": ["bdt-reader"],
        "reader": ["bdt-reader"],
        "mes-prets": ["mes-prets"],
    }
    variable = re.compile("BDT_(PORTAL|SYNC|READER)_KEY")
    told = {
        name: set(filter(variable.fullmatch, service.get("environment", {})))
        for name, service in SERVICES.items()
    }
    assert {name: keys for name, keys in told.items() if keys} == {
        "portal": {"BDT_PORTAL_KEY"},
        "worker": {"BDT_SYNC_KEY"},
        "prepare-realm": {"BDT_READER_KEY"},
        "reader": {"BDT_READER_KEY"},
    }
    # The rest of keys/ is mounted nowhere: its public half alone, read-only.
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    mounted = {volume for volume in volumes if "keys" in volume}
    assert mounted == {"./keys/public:/run/keys:ro"}


def test_the_script_draws_a_key_for_each_client_of_ours(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docker", tmp_path / "docker")

    subprocess.run([tmp_path / "docker/new-env.sh"], check=True, capture_output=True)

    for client_id in (*KEY_CLIENTS, "mes-prets"):
        drawn = ClientKey.in_file(client_id, tmp_path / "keys" / f"{client_id}.pem")
        assert drawn.public_jwks() == read_public_keys(tmp_path / "keys/public" / f"{client_id}.pem")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {file.stem for file in (tmp_path / "keys").glob("*.pem")} == {*KEY_CLIENTS, "mes-prets"}


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    # `${NAME:?message}`: compose stops and names what is missing. `${NAME:-}`: absent unless given.
    endings = re.findall(r"\$\{[A-Z_]+([^}]*)\}", text)
    assert [ending for ending in endings if ending != ":-" and not ending.startswith(":?")] == []
    needed = {name for name, is_needed in VARIABLES.items() if is_needed}
    assert not needed & set(re.findall(r"\$\{([A-Z_]+):-\}", text))


def test_the_script_writes_every_variable_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text("utf-8")))
    written = set(re.findall(r"^([A-Z_]+)=", NEW_ENV, re.MULTILINE))
    assert asked == written - {"COMPOSE_PROFILES"}


def test_bdt_commands_exist() -> None:
    commands = re.findall(r"\bbdt ([a-z]+)", (ROOT / "docker-compose.yml").read_text("utf-8"))
    listed = [
        service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "bdt"
    ]
    assert commands
    assert set(commands + listed) <= set(PARTS)


def test_every_long_running_service_has_a_health_check() -> None:
    assert [
        name
        for name, service in SERVICES.items()
        if service.get("restart") != "no" and "healthcheck" not in service
    ] == []


def test_copied_paths_exist() -> None:
    for file in (KEYCLOAK_FILE, SERVICE_FILE):
        for line in re.findall(r"^COPY (?!--from)(.+)$", file, re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), source


def test_the_image_installs_from_the_lock_with_hashes() -> None:
    assert "--require-hashes -r requirements/server.txt" in SERVICE_FILE


def test_the_portal_starts_as_the_code_says() -> None:
    assert '"onboarding_api:create_app()"' in SERVICE_FILE
    assert f"0.0.0.0:{Ports().portal}" in SERVICE_FILE
