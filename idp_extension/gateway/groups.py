"""The groups of a realm: a structure's, its services', their members and roles."""

import threading
from dataclasses import dataclass
from typing import Any

from idp_extension.admin_api import AdminAPI, Refused, Unknown
from idp_extension.gateway.calls import NOT_FOUND, created, drop_role, uuid
from idp_extension.naming import GroupName, subgroup_name

MAX_LABEL_LENGTH = 255  # an attribute value holds no more (Keycloak #15685)
# What Keycloak says of a role that another delivery maps at the same moment ("Duplicate resource error").
_DONE_MEANWHILE = 400
_MAX_SUBGROUPS = "1000"  # one per service of the catalogue; without `max` Keycloak gives the first ten


@dataclass(frozen=True, slots=True)
class Group:
    """A group. `path` starts with a slash: "/216600726/mes-prets:demande"; `label` names a structure."""

    id: str
    path: str
    label: str = ""


class Groups:
    """The groups of one realm, and who is in them."""

    def __init__(self, api: AdminAPI) -> None:
        self._api = api
        self._roles: dict[str, dict[str, Any]] = {}
        self._roles_lock = threading.Lock()

    def groups_of_user(self, user_id: str) -> tuple[Group, ...]:
        """Every group the user is a direct member of."""
        found = self._api.get("users", uuid(user_id), "groups", briefRepresentation="false")
        return tuple(_group(group) for group in found)

    def find_structure_group(self, siren: str) -> Group | None:
        """The group of a structure, None when it was not made yet."""
        name = GroupName(siren).key
        found = self._api.get("groups", search=name, exact="true", briefRepresentation="false")
        return next((_group(group) for group in found if group["name"] == name), None)

    def create_structure_group(self, siren: str, label: str) -> Group:
        """Makes the group of a structure, or finds the one that exists, and gives it this label.

        Raises:
            ValueError: the label is longer than 255 characters.
        """
        if len(label) > MAX_LABEL_LENGTH:
            raise ValueError(f"label of {siren} is longer than {MAX_LABEL_LENGTH} characters")
        body = {"name": GroupName(siren).key, "attributes": {"label": [label]}}
        conflict = created(self._api, "groups", body=body)
        group = self.find_structure_group(siren)
        if group is not None and group.label != label:
            self._api.put("groups", group.id, body=body)
            group = self.find_structure_group(siren)
        if group is None or group.label != label:
            raise conflict or Unknown(f"group {siren} was not created, or not labelled")
        return group

    def subgroups(self, group_id: str) -> dict[str, Group]:
        """The subgroups of a structure's group, by name."""
        found = self._api.get(
            "groups", uuid(group_id), "children", briefRepresentation="true", max=_MAX_SUBGROUPS
        )
        return {group["name"]: _group(group) for group in found}

    def create_subgroup(self, group_id: str, name: str) -> Group:
        """Makes a subgroup, or finds the one that exists."""
        conflict = created(self._api, "groups", uuid(group_id), "children", body={"name": name})
        group = self.subgroups(group_id).get(name)
        if group is None:
            raise conflict or Unknown(f"subgroup {name} of {group_id} was not created")
        return group

    def map_client_role(self, group_id: str, client_id: str, role: str) -> bool:
        """Makes the members of a group hold a client role. False when they already did.

        Raises:
            ValueError: a role of Keycloak's own clients.
            Refused: with status 404, for an unknown role.
        """
        wanted = self._client_role(client_id, role)
        path = ("groups", uuid(group_id), "role-mappings", "clients", wanted["containerId"])
        try:
            if self._is_mapped(path, wanted):
                return False
            self._api.post(*path, body=[wanted])
        except Refused as refusal:
            with self._roles_lock:
                self._roles.clear()  # a client that was made anew has other ids: the next try reads them
            if refusal.status == _DONE_MEANWHILE and self._is_mapped(path, wanted):
                return False
            raise
        if not self._is_mapped(path, wanted):
            raise Unknown(f"role {client_id}:{role} was not mapped to group {group_id}")
        return True

    def rename_group(self, group_id: str, name: str) -> None:
        """Gives a group back the name that is ours.

        Raises:
            Refused: with status 409, when one beside it bears the name.
        """
        self._api.put("groups", uuid(group_id), body={"name": name})
        if self._api.get("groups", group_id)["name"] != name:
            raise Unknown(f"group {group_id} was not renamed")

    def set_attributes(self, group_id: str, name: str, label: str = "") -> None:
        """Leaves a group with its label alone, or with no attribute."""
        wanted = {"label": [label]} if label else {}
        self._api.put("groups", uuid(group_id), body={"name": name, "attributes": wanted})
        if (self._api.get("groups", group_id).get("attributes") or {}) != wanted:
            raise Unknown(f"group {group_id} has not the attributes it should have")

    def delete_group(self, group_id: str) -> None:
        """Deletes a group with those below it. One that is gone is no fault."""
        try:
            self._api.delete("groups", uuid(group_id))
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                raise
        if self._api.find("groups", group_id) is not None:
            raise Unknown(f"group {group_id} was not deleted")

    def drop_group_role(self, group_id: str, role: str) -> None:
        """Takes a role off that the group gives, as `mes-prets:demande` or `:offline_access`."""
        drop_role(self._api, "groups", group_id, role)

    def join_group(self, user_id: str, group_id: str) -> None:
        """Makes the user a member.

        Raises:
            Refused: with status 404, when either of them is gone.
        """
        self._api.put("users", uuid(user_id), "groups", uuid(group_id))
        if not self._is_member(user_id, group_id):
            raise Unknown(f"user {user_id} did not join group {group_id}")

    def leave_group(self, user_id: str, group_id: str) -> None:
        """Ends the user's membership. A group that is gone has no member."""
        try:
            self._api.delete("users", uuid(user_id), "groups", uuid(group_id))
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                raise
        if self._is_member(user_id, group_id):
            raise Unknown(f"user {user_id} did not leave group {group_id}")

    def _is_member(self, user_id: str, group_id: str) -> bool:
        return any(group.id == group_id for group in self.groups_of_user(user_id))

    def _is_mapped(self, path: tuple[str, ...], role: dict[str, Any]) -> bool:
        return any(mapped["id"] == role["id"] for mapped in self._api.get(*path))

    def _client_role(self, client_id: str, role: str) -> dict[str, Any]:
        key = subgroup_name(client_id, role)
        with self._roles_lock:
            if key not in self._roles:
                self._roles |= self._roles_of_client(client_id)
            if key not in self._roles:
                raise Refused(NOT_FOUND, f"the realm has no role {key}")
            return self._roles[key]

    def _roles_of_client(self, client_id: str) -> dict[str, dict[str, Any]]:
        clients = self._api.get("clients", clientId=client_id)
        if not clients:
            raise Refused(NOT_FOUND, f"the realm has no client {client_id}")
        roles = self._api.get("clients", clients[0]["id"], "roles")
        return {f"{client_id}:{role['name']}": role for role in roles}


def path_of(*names: str) -> str:
    """The path of a group; a slash within a name is told from one between names."""
    return "".join("/" + name.replace("/", "~/") for name in names)


def group_path(body: dict[str, Any]) -> str:
    """The same of Keycloak's answer, whose own path may be that of a single name."""
    name, path = body.get("name", ""), str(body["path"])
    return path_of(name) if "/" in name else path


def _group(body: dict[str, Any]) -> Group:
    label = (body.get("attributes", {}).get("label") or [""])[0]
    return Group(id=body["id"], path=group_path(body), label=label)
