"""How our nouns are called in Keycloak.

A structure is a top-level group named by its SIREN; a habilitation is a subgroup of it named
`<client>:<role>`, to which that client role is mapped. Names of structures never become group names: some
hold a `/`, many are shared.
"""

import re
from dataclasses import dataclass

# Keycloak's own clients: a group must never hand out their roles (CVE-2026-94000: whoever may join groups
# would join that one).
RESERVED_CLIENTS = frozenset(
    {"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
)
_SIREN = re.compile(r"[0-9]{9}")
_TOKEN = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class GroupName:
    """The name of a group of ours: a structure, or one service of it when `client_id` and `role` are given.

    Raises:
        ValueError: it could not be ours: a malformed SIREN, half a service, one of Keycloak's own clients.
    """

    siren: str
    client_id: str | None = None
    role: str | None = None

    def __post_init__(self) -> None:
        if not _SIREN.fullmatch(self.siren):
            raise ValueError(f"not a SIREN: {self.siren!r}")
        if self.client_id is not None or self.role is not None:
            subgroup_name(self.client_id or "", self.role or "")

    @classmethod
    def parse(cls, path: str) -> "GroupName | None":
        """Reads a Keycloak path such as "/216600726/mes-prets:demande"; None when the group is not ours."""
        siren, *services = path.removeprefix("/").split("/")
        try:
            if not services:
                return cls(siren)
            client_id, role = "/".join(services).split(":")
            return cls(siren, client_id, role)
        except ValueError:
            return None

    @property
    def key(self) -> str:
        """The path without its first slash: "216600726" or "216600726/mes-prets:demande"."""
        if self.client_id is None or self.role is None:
            return self.siren
        return f"{self.siren}/{subgroup_name(self.client_id, self.role)}"


def subgroup_name(client_id: str, role: str) -> str:
    """The name of the subgroup of a service, which is also the service's key: "mes-prets:demande".

    Raises:
        ValueError: one is no word of lower-case ASCII, digits and hyphens, or the client is Keycloak's.
    """
    if not _TOKEN.fullmatch(client_id) or not _TOKEN.fullmatch(role) or client_id in RESERVED_CLIENTS:
        raise ValueError(f"not a service of ours: {client_id!r}, {role!r}")
    return f"{client_id}:{role}"
