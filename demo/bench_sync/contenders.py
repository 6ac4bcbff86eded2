"""Other ways to bring the same to Keycloak: each makes groups, subgroups, roles, accounts, memberships."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError

from demo.bench_sync.bench_house import Load
from demo.bench_sync.meter import Cost
from idp_extension.admin_api import AdminAPI
from idp_extension.connections import by_key
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.projection import DesiredPerson
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.sync.state import DesiredGroups
from onboarding_api.bootstrap import SYNC_ACCOUNT
from onboarding_api.settings import Settings, client_key

_T = TypeVar("_T")
_PARTIAL_BATCH = 200


def sync_key(settings: Settings) -> ClientKey:
    """The key of the account that all contenders use."""
    return client_key(SYNC_ACCOUNT, "BDT_SYNC_KEY", settings.sync_key)


class BareClient:
    """`http.client` kept alive, one connection a thread, nothing checked: the limit of the stock API."""

    def __init__(self, settings: Settings, cost: Cost) -> None:
        self._cost, self._lock = cost, threading.Lock()
        self._host = urlsplit(settings.keycloak_url).netloc
        self._path = f"/admin/realms/{settings.keycloak_realm}/"
        self._own = threading.local()
        self._opened: list[HTTPConnection] = []
        base = settings.keycloak_url
        self._token = by_key(sync_key(settings), settings.issuer, base, settings.keycloak_realm, 30)
        with_roles = KeepAliveAPI.speaking(
            base, settings.keycloak_realm, sync_key(settings), issuer=settings.issuer
        )
        self._api = with_roles
        self._roles: dict[str, dict[str, Any]] = {}

    def load(self, load: Load, threads: int) -> None:
        """All of it, level by level."""
        for client_id in {s.partition(":")[0] for each in load.structures for s in each.services}:
            client = self._api.get("clients", clientId=client_id)[0]["id"]
            for role in self._api.get("clients", client, "roles"):
                self._roles[f"{client_id}:{role['name']}"] = role
        self._api.close()
        groups: dict[str, str] = {}
        for made in _each(load.structures, self._structure, threads):
            groups |= made
        _each(load.people, lambda person: self._person(person, groups), threads)
        for connection in self._opened:
            connection.close()
        self._token._s.close()

    def _structure(self, wanted: DesiredGroups) -> dict[str, str]:
        body = {"name": wanted.siren, "attributes": {"label": [wanted.label]}}
        top = self._call("POST", "groups", body)
        made = {wanted.siren: top}
        for service in wanted.services:
            group = self._call("POST", f"groups/{top}/children", {"name": service})
            role = self._roles[service]
            path = f"groups/{group}/role-mappings/clients/{role['containerId']}"
            self._call("POST", path, [role])
            made[f"{wanted.siren}/{service}"] = group
        return made

    def _person(self, wanted: DesiredPerson, groups: dict[str, str]) -> None:
        user = self._call("POST", "users", account_of(wanted))
        for key in wanted.group_keys:
            self._call("PUT", f"users/{user}/groups/{groups[key]}", None)

    def _call(self, method: str, path: str, body: object) -> str:
        connection: HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(self._host, timeout=30)
            self._opened.append(connection)
        self._token.ensure_token()
        headers = {
            "Authorization": f"Bearer {(self._token.token or {})['access_token']}",
            "Content-Type": "application/json",
        }
        sent = None if body is None else json.dumps(body).encode()
        connection.request(method, self._path + path, sent, headers)
        answer = connection.getresponse()
        read = answer.read()
        with self._lock:
            self._cost.requests += 1
            self._cost.bytes += len(sent or b"") + len(read)
            self._cost.errors += answer.status not in range(200, 300)
        return (answer.headers.get("Location") or "").rpartition("/")[2]


class LibraryClient:
    """The natural loop over python-keycloak: what everybody writes first."""

    def __init__(self, settings: Settings, cost: Cost) -> None:
        self._cost, self._lock = cost, threading.Lock()
        base, realm = settings.keycloak_url, settings.keycloak_realm
        self._admin = KeycloakAdmin(connection=by_key(sync_key(settings), settings.issuer, base, realm, 30))
        self._admin.connection._s.hooks["response"].append(self._count)
        self._groups: dict[str, Any] = {}

    def load(self, load: Load, threads: int) -> None:
        """All of it, level by level."""
        _each(load.structures, lambda each: self._noted(self._structure, each), threads)
        _each(load.people, lambda each: self._noted(self._person, each), threads)
        self._admin.connection._s.close()

    def _structure(self, wanted: DesiredGroups) -> None:
        admin, siren = self._admin, wanted.siren
        label = {"label": [wanted.label]}
        top = admin.create_group({"name": siren, "attributes": label}, skip_exists=True)
        self._groups[siren] = top = top or admin.get_group_by_path(f"/{siren}")["id"]
        for service in wanted.services:
            group = admin.create_group({"name": service}, parent=top, skip_exists=True)
            path = f"/{siren}/{service}"
            self._groups[f"{siren}/{service}"] = group = group or admin.get_group_by_path(path)["id"]
            client_id, _, role = service.partition(":")
            client = str(admin.get_client_id(client_id))
            admin.assign_group_client_roles(str(group), client, [admin.get_client_role(client, role)])

    def _person(self, wanted: DesiredPerson) -> None:
        user = self._admin.create_user(account_of(wanted), exist_ok=True)
        for key in wanted.group_keys:
            self._admin.group_user_add(user, self._groups[key])

    def _noted(self, work: Callable[[Any], None], wanted: object) -> None:
        try:
            work(wanted)
        except (KeycloakError, KeyError):
            with self._lock:
                self._cost.errors += 1

    def _count(self, answer: Any, *_: Any, **__: Any) -> None:
        with self._lock:
            self._cost.requests += 1
            self._cost.bytes += len(answer.request.body or b"") + len(answer.content)


def partial_import(load: Load, api: AdminAPI) -> int:
    """Keycloak's own import, in batches; it needs a realm administrator. Gives the number of requests."""
    requests = 0
    for batch in _batches(load.structures):
        api.post(
            "partialImport", body={"ifResourceExists": "SKIP", "groups": [_tree(each) for each in batch]}
        )
        requests += 1
    for people in _batches(load.people):
        users = [account_of(each) | {"groups": [f"/{key}" for key in each.group_keys]} for each in people]
        api.post("partialImport", body={"ifResourceExists": "SKIP", "users": users})
        requests += 1
    return requests


def kcadm(home: Path, java: Path, settings: Settings, token: str, names: list[str]) -> None:
    """Keycloak's own command line: one process a group."""
    at = ["-r", settings.keycloak_realm, "--no-config", "--server", settings.keycloak_url, "--token", token]
    for name in names:
        subprocess.run(
            [home / "bin" / "kcadm.sh", "create", "groups", *at, "-s", f"name={name}"],
            check=True,
            capture_output=True,
            env={"JAVA_HOME": str(java), "PATH": "/usr/bin:/bin"},
        )


def account_of(wanted: DesiredPerson) -> dict[str, Any]:
    """Keycloak's UserRepresentation of a person, without her groups."""
    return {
        "username": wanted.identifiant,
        "email": wanted.email,
        "firstName": wanted.prenom,
        "lastName": wanted.nom,
        "enabled": wanted.is_active,
    }


def _tree(wanted: DesiredGroups) -> dict[str, Any]:
    below = [
        {
            "name": service,
            "path": f"/{wanted.siren}/{service}",
            "clientRoles": {service.partition(":")[0]: [service.partition(":")[2]]},
        }
        for service in sorted(wanted.services)
    ]
    path = f"/{wanted.siren}"
    return {
        "name": wanted.siren,
        "path": path,
        "attributes": {"label": [wanted.label]},
        "subGroups": below,
    }


def _batches(everything: tuple[_T, ...]) -> Iterable[tuple[_T, ...]]:
    for start in range(0, len(everything), _PARTIAL_BATCH):
        yield everything[start : start + _PARTIAL_BATCH]


def _each(wanted: Iterable[Any], work: Callable[[Any], Any], threads: int) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, wanted))
