"""Who administers the server from the realm `master`: whoever is declared, and nobody else, by whatever way.

Asked from the role's side, of the roles that concern us: those of `master`, and those of its clients that
administer `master` and our realm.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.finding import Finding

MASTER: Final = "master"
_MOST = "1000"


def holder_findings(api: AdminAPI, realm: str, declared: Collection[str], watcher: str) -> Iterator[Finding]:
    """The people, groups and accounts of services that administer, less who is declared.

    Args:
        api: who may look at `master`.
        realm: ours.
        declared: user names of the lasting administrators.
        watcher: the account of ours that looks; its roles are looked at as well.
    """
    accounts = {
        client["clientId"]: api.get("clients", client["id"], "service-account-user")["id"]
        for client in api.get("clients")
        if client.get("serviceAccountsEnabled")
    }
    for name in sorted(accounts.keys() - {watcher}):
        message = "a service has an account there, and nobody declared it"
        yield Finding("master-service", f"{MASTER}/{name}", message)
    for role, path in _administering(api, realm):
        for user in api.get(*path, "users", max=_MOST):
            if user["id"] not in accounts.values() and user["username"] not in declared:
                message = f"this person administers by {role}, and nobody declared it"
                yield Finding("master-administrator", f"{MASTER}/{user['username']}", message)
        for group in api.get(*path, "groups", max=_MOST):
            message = f"its members administer by {role}"
            yield Finding("master-administrator", f"{MASTER}{group['path']}", message)
    if watcher in accounts:
        yield from _watcher(api, accounts[watcher], watcher)


def _administering(api: AdminAPI, realm: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The roles that administer, and where each is. The default role is one once it brings another along."""
    by_name = {client["clientId"]: client["id"] for client in api.get("clients")}
    doors = {name: by_name[name] for name in (f"{MASTER}-realm", f"{realm}-realm") if name in by_name}
    for name, client in doors.items():
        for role in api.get("clients", client, "roles"):
            yield f"{name}:{role['name']}", ("clients", client, "roles", role["name"])
    for role in api.get("roles"):
        if role["name"] in {"admin", "create-realm"} or _brings(api, role, doors.values()):
            yield role["name"], ("roles", role["name"])


def _brings(api: AdminAPI, role: dict[str, Any], doors: Collection[str]) -> bool:
    return bool(role["composite"]) and any(
        part["name"] in {"admin", "create-realm"} or part.get("containerId") in doors
        for part in api.get("roles-by-id", role["id"], "composites")
    )


def _watcher(api: AdminAPI, account: str, name: str) -> Iterator[Finding]:
    found = api.get("users", account, "role-mappings")
    roles = {role["name"] for each in found.get("clientMappings", {}).values() for role in each["mappings"]}
    roles |= {role["name"] for role in found.get("realmMappings", [])}
    if surplus := sorted(role for role in roles if not role.startswith(("view-", "default-roles-"))):
        yield Finding("master-service", f"{MASTER}/{name}", f"it may do more than look: {', '.join(surplus)}")
