"""Makes what is not there at all, in the fewest calls: in a first load, reading first is half the work.

Whatever was not answered with a plain « made » is done again by the careful way, which reads before it writes
(`idp_extension.sync.repair`): so nothing is made twice, whatever was lost on the way.
"""

from collections.abc import Mapping
from typing import Any

from idp_extension.admin_api import Refused
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.projection import DesiredPerson
from idp_extension.sync.repair import Made
from idp_extension.sync.state import DesiredGroups

_NOT_FOUND = 404


class Loader:
    """Makes people and groups of one realm. Safe to share between threads."""

    def __init__(self, api: KeepAliveAPI) -> None:
        self._api = api
        self._roles: Mapping[str, dict[str, Any]] = {}

    def read_roles(self, services: frozenset[str]) -> None:
        """Learn the ids of the roles that services are, once, before the threads start.

        Raises:
            Refused: with status 404, when the realm has no such client.
        """
        roles: dict[str, dict[str, Any]] = {}
        for client_id in sorted({service.partition(":")[0] for service in services}):
            clients = self._api.get("clients", clientId=client_id)
            if not clients:
                raise Refused(_NOT_FOUND, f"the realm has no client {client_id}")
            for role in self._api.get("clients", clients[0]["id"], "roles"):
                roles[f"{client_id}:{role['name']}"] = role
        self._roles = roles

    def make_structure(self, wanted: DesiredGroups) -> Made:
        """Make the groups of a structure that has none.

        Raises:
            GatewayError: something of it was refused, or is unknown.
        """
        made = Made()
        body = {"name": wanted.siren, "attributes": {"label": [wanted.label]}}
        top = made.group_ids[wanted.siren] = self._api.create("groups", body=body)
        made.writes += 1
        for service in sorted(wanted.services):
            role = self._role(service)
            group = self._api.create("groups", top, "children", body={"name": service})
            path = ("groups", group, "role-mappings", "clients", role["containerId"])
            self._api.post(*path, body=[role])
            made.group_ids[f"{wanted.siren}/{service}"] = group
            made.writes += 2
        return made

    def make_person(self, wanted: DesiredPerson) -> str:
        """Make the account of a person, in her groups, which are there; gives its id.

        Raises:
            GatewayError: it was refused, or is unknown.
        """
        body = {
            "username": wanted.identifiant,
            "email": wanted.email,
            "firstName": wanted.prenom,
            "lastName": wanted.nom,
            "enabled": wanted.is_active,
            "groups": [f"/{key}" for key in sorted(wanted.group_keys)],
        }
        return self._api.create("users", body=body)

    def _role(self, service: str) -> dict[str, Any]:
        if service not in self._roles:
            raise Refused(_NOT_FOUND, f"the realm has no role {service}")
        return self._roles[service]
