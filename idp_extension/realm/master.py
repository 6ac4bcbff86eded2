"""The realm `master`, the door beside the door: made fast after use, and looked at.

Its administrators administer every realm, so that it gets the locks of ours; nobody logs in there by the
password grant; the temporary administrator, by whom the realm was applied, goes. `bdt-reader` may look.
"""

from collections.abc import Collection, Iterator
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.finding import Finding
from idp_extension.realm.rules.master_holders import MASTER, holder_findings
from idp_extension.realm.state import RealmState, Representation, by_key, merged

WATCHER = "bdt-reader"
"""The account that looks, in `master` as in our realm; it has the same key in both."""
_WATCHER_ROLES = frozenset({"view-realm", "view-clients", "view-users"})
_LOCKS = (
    "bruteForceProtected",
    "bruteForceStrategy",
    "permanentLockout",
    "maxTemporaryLockouts",
    "failureFactor",
    "waitIncrementSeconds",
    "maxFailureWaitSeconds",
    "maxDeltaTimeSeconds",
    "quickLoginCheckMilliSeconds",
    "minimumQuickLoginWaitSeconds",
)
_TEMPORARY = "is_temporary_admin"
_PAGE = 1000


def locks_of(wanted: RealmState) -> Representation:
    """What our realm says of wrong passwords, which `master` is to say too."""
    return {name: wanted.settings[name] for name in _LOCKS}


def close_master(
    master: AdminAPI, locks: Representation, watcher_jwks: str, temporary_client: str = ""
) -> None:
    """Locks, no password grant, an account that looks, and no temporary administrator: we are the last.

    Args:
        master: an administrator of the server, who speaks of `master` itself.
        locks: of `locks_of`.
        watcher_jwks: public key of `WATCHER`.
        temporary_client: the account we act by, if that is no person: Keycloak tells of people alone.

    Raises:
        GatewayError: a repeat goes on where this stopped, by a new administrator if the last one is gone.
    """
    events = {"eventsEnabled": True, "adminEventsEnabled": True, "sslRequired": "external"}
    master.put(body=master.get() | dict(locks) | events)
    _ensure_watcher(master, watcher_jwks)
    for client in _with_password_grant(master):
        master.put("clients", client["id"], body=client | {"directAccessGrantsEnabled": False})
    for user in _temporary_people(master):
        master.delete("users", user["id"])
    if temporary_client:  # the last: it takes our token's account with it
        master.delete("clients", master.get("clients", clientId=temporary_client)[0]["id"])


def lint_master(
    api: AdminAPI, locks: Representation, realm: str, declared: Collection[str] = ()
) -> Iterator[Finding]:
    """The findings on `master`, as `WATCHER` there sees it: its locks, and who administers it or our `realm`.

    `declared`: user names of the lasting administrators.

    Raises:
        GatewayError: it does not answer, or does not know us.
    """
    settings = api.get()
    for name, wanted in locks.items():
        if settings.get(name) != wanted:
            yield Finding("master-lock", MASTER, f"{name} is {settings.get(name)}, our realm says {wanted}")
    for client in _with_password_grant(api):
        yield Finding("password-grant", f"{MASTER}/{client['clientId']}", "the password grant is on")
    temporary = {user["username"] for user in _temporary_people(api)}
    for name in sorted(temporary):
        message = "a temporary administrator is still there"
        yield Finding("temporary-administrator", f"{MASTER}/{name}", message)
    yield from holder_findings(api, realm, {*declared, *temporary}, WATCHER)


def _with_password_grant(api: AdminAPI) -> list[dict[str, Any]]:
    return [client for client in api.get("clients") if client.get("directAccessGrantsEnabled")]


def _temporary_people(api: AdminAPI) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("users", q=f"{_TEMPORARY}:true", max=str(_PAGE))
    return found


def _ensure_watcher(master: AdminAPI, jwks: str) -> None:
    wanted = {
        "clientId": WATCHER,
        "enabled": True,
        "publicClient": False,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "fullScopeAllowed": False,
        **by_key(jwks),
    }
    if found := master.get("clients", clientId=WATCHER):
        master.put("clients", found[0]["id"], body=merged(found[0], wanted))
    else:
        master.post("clients", body=wanted)
    client = master.get("clients", clientId=WATCHER)[0]["id"]
    account = master.get("clients", client, "service-account-user")["id"]
    administration = master.get("clients", clientId=f"{MASTER}-realm")[0]["id"]
    known = master.get("clients", administration, "roles")
    roles = [role for role in known if role["name"] in _WATCHER_ROLES]
    master.post("users", account, "role-mappings", "clients", administration, body=roles)
    master.post("clients", client, "scope-mappings", "clients", administration, body=roles)
