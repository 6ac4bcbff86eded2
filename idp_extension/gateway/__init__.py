"""What the onboarding service may ask of Keycloak, in its own words: `people` and `groups`.

At most fifteen methods each, all of them repeatable. Each id is checked to be a UUID before any call, each
write is read back: an answer cut in its headers looks like a success, and after a 409 somebody else may have
written.
"""

from idp_extension.admin_api import AdminAPI, GatewayError, NotSent, Refused, Unknown
from idp_extension.gateway.calls import NotAUUID
from idp_extension.gateway.groups import Group, Groups
from idp_extension.gateway.people import People, User
from idp_extension.relying_party.client_key import ClientKey

__all__ = [
    "GatewayError",
    "Group",
    "KeycloakGateway",
    "NotAUUID",
    "NotSent",
    "Refused",
    "Unknown",
    "User",
]

MAX_TIMEOUT_SECONDS = 5.0


class KeycloakGateway(People, Groups):
    """A service account of one realm. Safe to share between threads, which is how it is meant to be used.

    Methods raise `NotSent`, `Unknown` or `Refused` (see `idp_extension.admin_api`), and `NotAUUID`.
    """

    def __init__(
        self,
        base_url: str,
        realm: str,
        key: ClientKey,
        *,
        issuer: str = "",
        timeout: float = MAX_TIMEOUT_SECONDS,
    ) -> None:
        timeout = min(timeout, MAX_TIMEOUT_SECONDS)
        api = AdminAPI.as_service_account(base_url, realm, key, issuer=issuer, timeout=timeout)
        People.__init__(self, api)
        Groups.__init__(self, api)

    @property
    def api(self) -> AdminAPI:
        """The calls below, for who reads more than this gateway says."""
        return self._api

    def __enter__(self) -> "KeycloakGateway":
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()
