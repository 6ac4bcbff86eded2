"""The account that applies the realm: made by the server's temporary administrator, asleep in between."""

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.state import ADMINISTRATION, by_key, merged

BOOTSTRAP = "bdt-bootstrap"


def ensure_bootstrap_account(master: AdminAPI, public_jwks: str) -> None:
    """Creates the realm when there is none, and an enabled account with `realm-admin` and this key in it.

    An account grants only the administration roles that it holds itself, hence `realm-admin`.
    `master` is `AdminAPI.as_master_admin`.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat.
    """
    if master.find() is None:
        master.create_realm({"realm": master.realm, "enabled": True})
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


def disable_bootstrap_account(api: AdminAPI) -> None:
    """Puts the account to sleep; `ensure_bootstrap_account` wakes it. `api` may be that account itself."""
    client = api.get("clients", clientId=BOOTSTRAP)[0]
    api.put("clients", client["id"], body=client | {"enabled": False})


def _make_realm_administrator(master: AdminAPI) -> None:
    client = master.get("clients", clientId=BOOTSTRAP)[0]["id"]
    administration = master.get("clients", clientId=ADMINISTRATION)[0]["id"]
    account = master.get("clients", client, "service-account-user")["id"]
    realm_admin = [master.get("clients", administration, "roles", "realm-admin")]
    master.post("users", account, "role-mappings", "clients", administration, body=realm_admin)
    master.post("clients", client, "scope-mappings", "clients", administration, body=realm_admin)
