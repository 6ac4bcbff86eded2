"""Compares the wanted realm with the one that is there. Pure: no call, no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from idp_extension.realm.state import RealmState, Representation

Kind = Literal[
    "login flow",
    "realm",
    "user profile",
    "client scope",
    "new client scopes",
    "client",
    "role",
    "account roles",
]

# Lists in which the order says nothing, so that Keycloak may give them back in another.
_SETS = frozenset(
    {"redirectUris", "webOrigins", "defaultClientScopes", "optionalClientScopes", "supportedLocales"}
    | {"default", "optional", "account", "scope", "view", "edit", "roles"}
)
_SECRETS = frozenset({"secret", "password"})
# Keycloak never tells it: it is written along with other changes, and cannot be compared.
_WRITE_ONLY = frozenset({"smtpServer.password"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as wanted. Secrets are never in it."""

    field: str
    present: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.field}: {self.present!r} -> {self.wanted!r}"


@dataclass(frozen=True, slots=True)
class Change:
    """One object to create or update. `name` is "client:role" for a role."""

    kind: Kind
    name: str
    is_creation: bool
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        return f"{'create' if self.is_creation else 'update'} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that make the realm the wanted one, in the order to do them."""

    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)


def plan(wanted: RealmState, present: RealmState | None) -> Plan:
    """What to change. Nothing is ever deleted, but what is in excess in what we say whole: the steps of a
    login flow, the scopes and mappers of a client, the administration roles of an account.
    """
    there = present or RealmState(wanted.name)
    changes = [
        *_changes("login flow", wanted.flows, there.flows),  # first: the realm names the one it uses
        *_change("realm", wanted.name, wanted.settings, there.settings if present else None),
        *_change("user profile", wanted.name, wanted.user_profile, there.user_profile),
        *_changes("client scope", wanted.scopes, there.scopes),
        *_change("new client scopes", wanted.name, wanted.new_client_scopes, there.new_client_scopes),
        *_changes("client", wanted.clients, there.clients),
        *_changes("role", _flat(wanted.roles), _flat(there.roles)),
        *_changes("account roles", wanted.account_roles, there.account_roles),
    ]
    return Plan(tuple(changes))


def _flat(roles: Mapping[str, Mapping[str, str]]) -> dict[str, Representation]:
    return {
        f"{client_id}:{role}": {"description": label}
        for client_id, labels in roles.items()
        for role, label in labels.items()
    }


def _changes(
    kind: Kind, wanted: Mapping[str, Representation], present: Mapping[str, Representation]
) -> Iterator[Change]:
    for name, representation in wanted.items():
        yield from _change(kind, name, representation, present.get(name))


def _change(
    kind: Kind, name: str, wanted: Representation, present: Representation | None
) -> Iterator[Change]:
    if present is None:
        yield Change(kind, name, is_creation=True)
    elif found := tuple(_differences(wanted, present, "")):
        yield Change(kind, name, is_creation=False, differences=found)


def _differences(wanted: Any, present: Any, field: str) -> Iterator[Difference]:
    name = field.rpartition(".")[2]
    if field in _WRITE_ONLY:
        return
    if isinstance(wanted, Mapping):
        there = present if isinstance(present, Mapping) else {}
        for key, value in wanted.items():
            yield from _differences(value, there.get(key), f"{field}.{key}".lstrip("."))
    elif _is_named_list(wanted):
        yield from _named_differences(wanted, present or [], field)
    elif name in _SETS:
        if sorted(wanted) != sorted(present or []):
            yield Difference(field, present, wanted)
    elif wanted != present and not (_is_empty(wanted) and _is_empty(present)):
        yield Difference(field, *(("***", "***") if name in _SECRETS else (present, wanted)))


def _is_empty(value: Any) -> bool:
    """Keycloak leaves out what is empty."""
    return value in (None, "", [])


def _is_named_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "name" in value[0]


def _named_differences(wanted: list[Any], present: list[Any], field: str) -> Iterator[Difference]:
    """Protocol mappers and profile attributes: by name, and none beside the wanted ones."""
    there = {item["name"]: item for item in present}
    for item in wanted:
        yield from _differences(item, there.pop(item["name"], None), f"{field}.{item['name']}")
    for name in there:
        yield Difference(f"{field}.{name}", "present", "absent")
