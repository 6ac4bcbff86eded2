"""Which Keycloak we run, and which one we refuse."""

import re
from collections.abc import Mapping
from typing import Any

from idp_extension.server.errors import ServerError

KEYCLOAK_VERSION = "26.7.5"

SUPPORTED_LINE = (26, 7)
FLOOR = (26, 7, 4)

# The advisories that set the floor: first fixed patch of the 26.7 line, identifier, what an attacker gains.
_ADVISORIES = (
    (2, "CVE-2026-18963", "account takeover through reset-credentials without the mailed link"),
    (4, "CVE-2026-19607", "takeover of a username, its owner locked out"),
)


def check_version_floor(version: str) -> None:
    """Refuse a Keycloak older than 26.7.4, or of a line our realm was never run on.

    `version` is what the server says of itself ("26.7.5").

    Raises:
        ServerError: too old; with the CVE identifiers that it is open to.
    """
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:[.-].*)?", version)
    if match is None:
        raise ServerError(f"Keycloak says its version is {version!r}, which is not a version.")
    major, minor, patch = (int(part) for part in match.groups())
    if (major, minor) != SUPPORTED_LINE:
        raise ServerError(f"Keycloak {version} is not supported: our realm is tested on the 26.7 line only.")
    if (major, minor, patch) < FLOOR:
        holes = "; ".join(f"{cve} ({what})" for fixed, cve, what in _ADVISORIES if patch < fixed)
        raise ServerError(f"Keycloak {version} is too old, 26.7.4 is the minimum. It is open to {holes}.")


def check_provider(server_info: Mapping[str, Any], expected: str) -> None:
    """Refuse a Keycloak that is too old, or that does not run our provider in the version `expected`.

    `server_info` is the answer of `GET /admin/serverinfo`; the account *sync* may read it.

    Raises:
        ServerError: without the mapper, tokens would carry the roles of all structures at once.
    """
    mapper = _our_mapper(server_info)
    if mapper is None:
        raise ServerError(
            "This Keycloak runs without our provider: put its JAR into `providers`, build again."
        )
    told = mapper.get("operationalInfo", {})
    if told.get("version") != expected:
        raise ServerError(
            f"This Keycloak runs our provider in version {told.get('version')}, and {expected} was expected."
        )
    # The server itself tells its version to realm administrators only; our provider tells everybody's.
    check_version_floor(told.get("keycloak", ""))


def server_version(server_info: Mapping[str, Any]) -> str:
    """The version of a Keycloak that runs our provider, empty when it does not."""
    told = (_our_mapper(server_info) or {}).get("operationalInfo", {})
    return str(told.get("keycloak", ""))


def _our_mapper(server_info: Mapping[str, Any]) -> Mapping[str, Any] | None:
    spi = server_info.get("providers", {}).get("protocol-mapper", {})
    found: Mapping[str, Any] | None = spi.get("providers", {}).get("bdt-structure-mapper")
    return found
