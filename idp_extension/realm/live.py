"""Reads the realm that is there, whole, in the form of the wanted one."""

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds import READ
from idp_extension.realm.kinds.there import There
from idp_extension.realm.state import KINDS, RealmState


def read_live(api: AdminAPI) -> RealmState | None:
    """The realm as the server tells it, None when there is none. No structure is read, whatever their number.

    Raises:
        GatewayError: Keycloak did not answer, or refused.
    """
    settings = api.find()
    if settings is None:
        return None
    there = There(api, settings)
    found = {field: READ[kind](there) for kind, field in KINDS.items()}
    return RealmState(name=api.realm, ids=there.ids, **found)
