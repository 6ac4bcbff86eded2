"""A Keycloak whose answers a test plays, through `responses`: what is said, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager

import responses

BASE = "http://keycloak.test"
ADMIN = f"{BASE}/admin/realms/bdt"
TOKEN = f"{BASE}/realms/bdt/protocol/openid-connect/token"
USER = "11111111-1111-4111-8111-111111111111"


@contextmanager
def played_keycloak() -> Iterator[responses.RequestsMock]:
    """Gives a token to who asks; the test adds the rest."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.post(TOKEN, json={"access_token": "t", "expires_in": 300})
        yield server
