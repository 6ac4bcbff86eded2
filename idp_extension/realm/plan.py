"""Compares the wanted realm with the one that is there. Pure: no call, no clock.

The wanted realm is whole (files, catalogue, what this version of Keycloak makes by itself), so that the two
are compared in both directions: what neither says is a difference, wherever it stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from idp_extension.realm.state import KINDS, RealmState, Representation

Action = Literal["create", "update", "remove"]

_SECRETS = frozenset({"secret", "password", "clientSecret", "bindCredential", "privateKey", "secret.key"})
# Keycloak never tells it: it is written along with other changes, and cannot be compared.
_WRITE_ONLY = frozenset({"smtpServer/password"})
# Keycloak draws one where nobody gives it one; it opens nothing of a client that has a key.
_DRAWN = "secret"
_HIDDEN = "***"
# What an owner brings along goes before the owner does.
_REMOVED_FIRST = ("holder", "scope roles", "composite", "account roles", "authorisation", "role")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as wanted; « a/b » is b of a. Secrets are never in it."""

    field: str
    present: Any
    wanted: Any

    def __str__(self) -> str:
        return f"{self.field}: {self.present!r} -> {self.wanted!r}"


@dataclass(frozen=True, slots=True)
class Change:
    """One object to make, to make good, or to take away."""

    kind: str
    name: str
    action: Action
    differences: tuple[Difference, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the realm is not as wanted."""
        path = f"{self.kind}/{self.name}"
        return tuple(f"{path}/{each.field}" for each in self.differences if each.field) or (path,)

    @property
    def lines(self) -> tuple[str, ...]:
        """Each place with both values."""
        path = f"{self.kind}/{self.name}"
        return tuple(f"{path}/{each}" if each.field else f"{path}{each}" for each in self.differences)

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that make the realm the wanted one, in the order to do them: removals last."""

    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def removals(self) -> "Plan":
        """What nobody declared, and would be gone."""
        return Plan(tuple(change for change in self.changes if change.action == "remove"))

    @property
    def repairs(self) -> "Plan":
        """What takes no object away."""
        return Plan(tuple(change for change in self.changes if change.action != "remove"))


def plan(wanted: RealmState, present: RealmState) -> Plan:
    """What to change. An object that nobody declared is a removal; what is too much inside a declared one (a
    mapper, a redirect, a role that it brings along) is an update of that one.
    """
    changes = [
        change
        for kind in KINDS
        for name, representation in wanted.objects(kind).items()
        if (change := _change(kind, name, representation, present.objects(kind).get(name)))
    ]
    order = [*_REMOVED_FIRST, *(kind for kind in KINDS if kind not in _REMOVED_FIRST)]
    removals = [
        Change(kind, name, "remove", (Difference("", _shown(representation), None),))
        for kind in order
        for name, representation in present.objects(kind).items()
        if name not in wanted.objects(kind)
    ]
    return Plan((*changes, *removals))


def _change(kind: str, name: str, wanted: Representation, present: Representation | None) -> Change | None:
    if present is None:
        return None if _brings_nothing(wanted) else Change(kind, name, "create")
    found = tuple(_differences(wanted, present, ""))
    return Change(kind, name, "update", found) if found else None


def _brings_nothing(wanted: Representation) -> bool:
    """Whether this is an owner without roles: there is nothing to do once it is made."""
    return "roles" in wanted and not any(wanted.values())


def _differences(wanted: Any, present: Any, field: str) -> Iterator[Difference]:
    name = field.rpartition("/")[2]
    if field in _WRITE_ONLY or (_is_empty(wanted) and _is_empty(present)):
        return
    if field == _DRAWN and wanted is None:
        return
    if isinstance(wanted, Mapping) or isinstance(present, Mapping):
        yield from _of_mappings(wanted, present, field)
    elif _are_objects(wanted, present):
        yield from _of_objects(wanted or [], present or [], field)
    elif not _is_same(wanted, present):
        yield Difference(
            field, *((_HIDDEN, _HIDDEN) if name in _SECRETS else (_shown(present), _shown(wanted)))
        )


def _of_mappings(wanted: Any, present: Any, field: str) -> Iterator[Difference]:
    ours = wanted if isinstance(wanted, Mapping) else {}
    there = present if isinstance(present, Mapping) else {}
    for key in [*ours, *(key for key in there if key not in ours)]:
        yield from _differences(ours.get(key), there.get(key), f"{field}/{key}".lstrip("/"))


def _of_objects(wanted: list[Any], present: list[Any], field: str) -> Iterator[Difference]:
    """Protocol mappers and attributes of the profile by name, the steps of a flow by place."""
    ours, there = _by_name(wanted), _by_name(present)
    for name in [*ours, *(name for name in there if name not in ours)]:
        path = f"{field}/{name}"
        if name in ours and name in there:
            yield from _differences(ours[name], there[name], path)
        else:
            yield Difference(path, _shown(there.get(name)), _shown(ours.get(name)))


def _by_name(objects: list[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for place, each in enumerate(objects):
        name = str(each.get("name", place))
        named[name if name not in named else f"{name}#{place}"] = each
    return named


def _are_objects(wanted: Any, present: Any) -> bool:
    return any(isinstance(each, list) and each and isinstance(each[0], Mapping) for each in (wanted, present))


def _is_same(wanted: Any, present: Any) -> bool:
    """Keycloak gives lists back in any order."""
    if isinstance(wanted, list) and isinstance(present, list):
        return sorted(map(str, wanted)) == sorted(map(str, present))
    return type(wanted) is type(present) and bool(wanted == present)


def _is_empty(value: Any) -> bool:
    """Keycloak leaves out what is empty."""
    return value in (None, "", [], {})


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _HIDDEN if key in _SECRETS else _shown(each) for key, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value
