"""What Keycloak holds, by its admin API: I1 no right undecided, I2 none lost, I8 the same as the tables."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from demo.chaos.invariants.books import Books, Row, holdings
from demo.chaos.invariants.rights import effective, is_live

PAGE = 200
TIMEOUT_SECONDS = 30
_STRUCTURE = re.compile(r"/([0-9]{9})")
_SERVICE = re.compile(r"/([0-9]{9})/([a-z0-9-]+:[a-z0-9-]+)")
_OWN_CLIENTS = frozenset({"account", "realm-management", "broker"})
_UNDELIVERED = frozenset({"open", "sending", "parked"})


@dataclass(frozen=True, slots=True)
class Realm:
    """People by username; the members and the client roles of each group by its path.

    `direct` are client roles that a person holds beside the groups, as `client:role`.
    """

    people: Mapping[str, Row]
    members: Mapping[str, frozenset[str]]
    roles: Mapping[str, frozenset[str]]
    labels: Mapping[str, str] = field(default_factory=dict)
    direct: Mapping[str, frozenset[str]] = field(default_factory=dict)


class RealmReader:
    """Reads a realm with an access token that may read it."""

    def __init__(self, url: str, realm: str, token: str) -> None:
        self._url = f"{url}/admin/realms/{realm}"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def read(self) -> Realm:
        """All of it, page by page."""
        with self._http:
            people = {user["username"]: user for user in self._pages("users", briefRepresentation="false")}
            groups = list(self._groups())
            return Realm(
                people=people,
                members={group["path"]: self._members(group["id"]) for group in groups},
                roles={group["path"]: self._roles(f"groups/{group['id']}") for group in groups},
                labels={
                    group["path"]: (group.get("attributes", {}).get("label") or [""])[0] for group in groups
                },
                direct={name: self._roles(f"users/{user['id']}") for name, user in people.items()},
            )

    def _groups(self) -> Iterator[dict[str, Any]]:
        for group in self._pages("groups", briefRepresentation="false"):
            yield group
            yield from self._pages(f"groups/{group['id']}/children", briefRepresentation="false")

    def _members(self, group_id: str) -> frozenset[str]:
        return frozenset(user["username"] for user in self._pages(f"groups/{group_id}/members"))

    def _roles(self, holder: str) -> frozenset[str]:
        found = self._get(f"{holder}/role-mappings").get("clientMappings", {})
        return frozenset(
            f"{client}:{role['name']}"
            for client, mapped in found.items()
            if client not in _OWN_CLIENTS
            for role in mapped["mappings"]
        )

    def _pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        first = 0
        while page := self._get(path, **query, first=str(first), max=str(PAGE)):
            yield from page
            first += PAGE

    def _get(self, path: str, **query: str) -> Any:
        answer = self._http.get(f"{self._url}/{path}", params=query, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()


def no_right_without_decision(books: Books, realm: Realm) -> Iterator[str]:
    """I1: whoever is in the group of a service has a decision that stands, and the journal tells it."""
    live = {holding.key: holding for holding in holdings(books) if is_live(holding)}
    decided = {
        row["subject"].partition(":")[2]
        for row in books.rows("journal")
        if row["event"] in ("habilitation_granted", "habilitation_reactivated") and row["decision"]["allowed"]
    }
    for identifiant, siren, service in sorted(_held(realm)):
        holding = live.get((identifiant, siren, service))
        if holding is None:
            yield f"I1: {identifiant} holds {service} in {siren} and nobody decided it"
        elif holding.habilitation["id"] not in decided:
            yield f"I1: the journal does not know who gave {identifiant} {service} in {siren}"
    for username, roles in sorted(realm.direct.items()):
        if roles:
            yield f"I1: {username} holds {', '.join(sorted(roles))} beside the groups"


def no_decision_lost(books: Books, realm: Realm, now: datetime) -> Iterator[str]:
    """I2: what is effective is in Keycloak, or a delivery about the person has still to leave."""
    under_way = {
        row["args"].get("person_id")
        for row in books.rows("delivery")
        if row["kind"] == "keycloak.person" and row["state"] in _UNDELIVERED
    }
    held = _held(realm)
    for key, holding in sorted(effective(books, now).items()):
        if key not in held and holding.person["id"] not in under_way:
            yield f"I2: {key[0]} should hold {key[2]} in {key[1]}: not in Keycloak, not in the ledger"


def realm_is_what_the_books_say(books: Books, realm: Realm, now: datetime) -> Iterator[str]:
    """I8, after convergence: the same people, groups and roles on both sides."""
    people = books.by("person", "identifiant")
    users = {name: user for name, user in realm.people.items() if not name.startswith("service-account-")}
    for name in sorted(people.keys() ^ users.keys()):
        yield f"I8: {name} is only {'in the database' if name in people else 'in Keycloak'}"
    for name in sorted(people.keys() & users.keys()):
        if _profile_of(people[name]) != _profile_in(users[name]):
            yield f"I8: the profile of {name} differs"
    wanted = set(effective(books, now))
    for key in sorted(wanted ^ _held(realm)):
        yield f"I8: {key} is only {'in the database' if key in wanted else 'in Keycloak'}"
    attached, inside = _attached(books), _inside(realm)
    for pair in sorted(attached ^ inside):
        yield f"I8: {pair} is only {'in the database' if pair in attached else 'in Keycloak'}"
    for path, roles in sorted(realm.roles.items()):
        service = _SERVICE.fullmatch(path)
        if roles != (frozenset({service[2]}) if service else frozenset()):
            yield f"I8: the group {path} gives {', '.join(sorted(roles)) or 'nothing'}"


def _attached(books: Books) -> set[tuple[str, str]]:
    people = books.by("person")
    return {
        (people[row["person_id"]]["identifiant"], row["siren"])
        for row in books.rows("membership")
        if row["state"] == "attached"
    }


def _inside(realm: Realm) -> set[tuple[str, str]]:
    return {
        (name, found[1])
        for path, members in realm.members.items()
        if (found := _STRUCTURE.fullmatch(path))
        for name in members
    }


def _held(realm: Realm) -> set[tuple[str, str, str]]:
    return {
        (name, found[1], found[2])
        for path, members in realm.members.items()
        if (found := _SERVICE.fullmatch(path))
        for name in members
    }


def _profile_of(person: Row) -> tuple[Any, ...]:
    return person["email"], person["prenom"], person["nom"], bool(person["is_active"])


def _profile_in(user: Row) -> tuple[Any, ...]:
    return user.get("email"), user.get("firstName"), user.get("lastName"), user["enabled"]
