"""What Keycloak has, the whole of it, read in one request: the rows that our provider streams.

Each row is a JSON array; a JSON string before rows says of which kind they are, and `"end"` comes last: a
snapshot without it was cut, and is none.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from idp_extension.admin_api import Unknown
from idp_extension.gateway.groups import path_of
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.sync.state import ActualGroup, ActualState, ActualUser, role_name

RESOURCE = "bdt-snapshot"
_END = "end"


def read_snapshot(api: KeepAliveAPI) -> ActualState:
    """The whole state.

    Raises:
        Refused: with status 404, on a server without it; 403, for an account that may not manage users.
        Unknown: it was cut.
    """
    return state_from(api.lines(RESOURCE))


def state_from(lines: Iterable[str]) -> ActualState:
    """The state that lines tell.

    Raises:
        Unknown: they have no end, or are not of this form.
    """
    rows = _Rows()
    takes, kind = rows.takers(), ""
    try:
        for line in lines:
            row = json.loads(line)
            if isinstance(row, str):
                kind = row
            else:
                takes[kind](row)
    except (ValueError, LookupError, TypeError) as error:
        raise Unknown(f"not a snapshot: {error}") from error
    if kind != _END:
        raise Unknown("the snapshot was cut")
    return ActualState(rows.groups(), tuple(rows.users))


class _Rows:
    """Rows as they come: what hangs on accounts before the accounts, so that each is made once."""

    def __init__(self) -> None:
        self._clients: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._groups: dict[str, tuple[str, str]] = {}
        self._labels: dict[str, str] = {}
        self._hung: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._paths: dict[str, str] = {}
        self.users: list[ActualUser] = []

    def takers(self) -> dict[str, Callable[[list[Any]], None]]:
        """What takes the rows of each kind."""
        return {
            "client": lambda row: self._clients.__setitem__(row[0], row[1]),
            "role": self._role,
            "group": lambda row: self._groups.__setitem__(row[0], (row[1].strip(), sys.intern(row[2]))),
            "label": lambda row: self._labels.__setitem__(row[0], row[1]),
            "group-attribute": lambda row: self._hang("group-attribute", *row),
            "group-role": lambda row: self._hang("group-role", row[0], self._roles[row[1]]),
            "attribute": lambda row: self._hang("attribute", *row),
            "action": lambda row: self._hang("action", *row),
            "identity": lambda row: self._hang("identity", *row),
            "credential": lambda row: self._hang("credential", *row),
            "user-role": lambda row: self._hang("user-role", row[0], self._roles[row[1]]),
            "member": lambda row: self._hang("member", row[0], self._path(row[1])),
            "user": self._user,
        }

    def groups(self) -> tuple[ActualGroup, ...]:
        """The top-level groups, with those below."""
        below: dict[str, list[str]] = defaultdict(list)
        for id_, (parent, _) in self._groups.items():
            below[parent].append(id_)

        def grown(id_: str) -> ActualGroup:
            children = (grown(child) for child in below.get(id_, ()))
            return ActualGroup(
                id=id_,
                name=self._groups[id_][1],
                label=self._labels.get(id_, ""),
                attributes=self._of("group-attribute", id_),
                roles=self._of("group-role", id_),
                children=tuple(sorted(children, key=lambda each: each.name)),
            )

        return tuple(grown(id_) for id_ in below.get("", ()))

    def _role(self, row: list[Any]) -> None:
        client = self._clients[row[1]] if row[1] else ""
        self._roles[row[0]] = role_name(client, row[2])

    def _path(self, group_id: str) -> str:
        if group_id not in self._paths:
            parent, name = self._groups[group_id]
            self._paths[group_id] = (self._path(parent) if parent else "") + path_of(name)
        return self._paths[group_id]

    def _hang(self, kind: str, id_: str, value: str) -> None:
        self._hung[kind][id_].append(sys.intern(value))

    def _of(self, kind: str, id_: str) -> tuple[str, ...]:
        return tuple(sorted(set(self._hung[kind].pop(id_, ()))))

    def _user(self, row: list[Any]) -> None:
        id_, name, email, prenom, nom, is_active, is_verified, storage, client = row
        self.users.append(
            ActualUser(
                id=id_,
                identifiant=name,
                email=email or "",
                prenom=prenom or "",
                nom=nom or "",
                is_active=is_active,
                is_email_verified=is_verified,
                storage=storage or "",
                service_account_of=client or "",
                attributes=self._of("attribute", id_),
                required_actions=self._of("action", id_),
                identity_providers=self._of("identity", id_),
                credentials=self._of("credential", id_),
                roles=self._of("user-role", id_),
                groups=self._of("member", id_),
            )
        )
