"""The account that applies the realm: made by the server's temporary administrator, asleep in between.

A realm of ours carries a mark; one without is somebody else's, and nothing of it is written.
"""

from dataclasses import replace

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.state import ADMINISTRATION, RealmState, by_key, merged

BOOTSTRAP = "bdt-bootstrap"
MARK = {"bdt.managed-by": "habilitations"}
"""The attribute of a realm that says it is ours (realm.yaml says it too)."""


class NotOurs(Exception):
    """The realm does not carry our mark."""


def is_ours(settings: object) -> bool:
    """Whether a realm, as Keycloak tells it, carries our mark."""
    attributes = settings.get("attributes") if isinstance(settings, dict) else None
    return isinstance(attributes, dict) and MARK.items() <= attributes.items()


def check_ours(master: AdminAPI) -> None:
    """Lets a realm pass that carries our mark, or that is not there yet.

    Raises:
        NotOurs: it is somebody else's.
    """
    there = master.find()
    if there is not None and not is_ours(there):
        mark = ", ".join(f"{name}: {value}" for name, value in MARK.items())
        raise NotOurs(f"the realm {master.realm} does not carry our mark ({mark}): nothing was written")


def ensure_bootstrap_account(master: AdminAPI, public_jwks: str) -> bool:
    """Creates the realm when there is none, and an enabled account with `realm-admin` and this key in it.

    An account grants only the administration roles that it holds itself, hence `realm-admin`.
    `master` is `AdminAPI.as_master_admin`. Tells whether the realm was made just now: nobody is in it.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat.
    """
    is_new = master.find() is None
    if is_new:
        master.create_realm({"realm": master.realm, "enabled": True, "attributes": MARK})
    wanted = {
        "clientId": BOOTSTRAP,
        "enabled": True,
        "publicClient": False,
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        "fullScopeAllowed": False,
        **by_key(public_jwks),
    }
    found = master.get("clients", clientId=BOOTSTRAP)
    if found:
        master.put("clients", found[0]["id"], body=merged(found[0], wanted))
    else:
        master.post("clients", body=wanted)
    _make_realm_administrator(master)
    return is_new


def awake(wanted: RealmState, public_jwks: str) -> RealmState:
    """The realm as it is wanted while the account applies it."""
    account = merged(wanted.clients[BOOTSTRAP], {"enabled": True, **by_key(public_jwks)})
    return replace(wanted, clients={**wanted.clients, BOOTSTRAP: account})


def disable_bootstrap_account(api: AdminAPI) -> None:
    """Puts the account to sleep, and forgets its key; `ensure_bootstrap_account` wakes it with another.

    `api` may be that account itself. Where there is none, nobody is awake.
    """
    if api.find() is None:
        return
    for client in api.get("clients", clientId=BOOTSTRAP):
        api.put(
            "clients",
            client["id"],
            body=merged(client, {"enabled": False, "attributes": {"jwks.string": ""}}),
        )


def _make_realm_administrator(master: AdminAPI) -> None:
    client = master.get("clients", clientId=BOOTSTRAP)[0]["id"]
    administration = master.get("clients", clientId=ADMINISTRATION)[0]["id"]
    account = master.get("clients", client, "service-account-user")["id"]
    realm_admin = [master.get("clients", administration, "roles", "realm-admin")]
    master.post("users", account, "role-mappings", "clients", administration, body=realm_admin)
    master.post("clients", client, "scope-mappings", "clients", administration, body=realm_admin)
