"""What the lint refuses, planted in the realm of a real Keycloak: sentinels, mappers nobody has read."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from idp_extension.realm import apply, lint_live
from idp_extension.server import RunningServer
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm
from tests.real_keycloak.realm.by_hand import ByHand

pytestmark = pytest.mark.keycloak

LIFETIMES = {"mes-prets": "-1", "dataviz-coeur-de-ville": "301", "portail": "5m"}
BOUNDS = {"ssoSessionMaxLifespan": 0, "failureFactor": 1000, "accessCodeLifespan": 3600}
MAPPERS = {
    "oidc-usermodel-client-role-mapper": "all-structures-mapper",
    "oidc-hardcoded-role-mapper": "unknown-mapper",
    "oidc-hardcoded-claim-mapper": "unknown-mapper",
}


@pytest.fixture
def planted(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"lint-{uuid4().hex[:6]}")
    hand = ByHand(applied.admin)
    for client, lifetime in LIFETIMES.items():
        hand.client_attribute(client, "access.token.lifespan", lifetime)
    hand.realm(**BOUNDS)
    for number, kind in enumerate(MAPPERS):
        hand.mapper(("clients", hand.client_uuid("mes-prets")), kind, f"more {number}")
    yield applied
    applied.close()


def test_tokens_without_an_end_bounds_left_and_mappers_nobody_read_are_found(planted: AppliedRealm) -> None:
    found = [(finding.rule, finding.where) for finding in lint_live(planted.admin)]

    assert sorted(found) == sorted(
        [
            *(("long-access-token", client) for client in LIFETIMES),
            *(("out-of-bounds", planted.name) for _ in BOUNDS),
            *((rule, "mes-prets") for rule in MAPPERS.values()),
        ]
    )
    apply(planted.admin, planted.wanted)
    assert lint_live(planted.admin, planted.wanted) == ()
