"""What the lint refuses, planted in the realm of a real Keycloak: sentinels, mappers nobody has read."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from idp_extension.realm import lint_live
from idp_extension.server import RunningServer
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm

pytestmark = pytest.mark.keycloak


@pytest.fixture(scope="module")
def planted(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"lint-{uuid4().hex[:6]}")
    assert lint_live(applied.admin) == ()
    yield applied
    applied.close()


def found(realm: AppliedRealm) -> list[tuple[str, str]]:
    return [(finding.rule, finding.where) for finding in lint_live(realm.admin)]


@pytest.mark.parametrize("lifespan", ["-1", "0", "301", "5m"])
def test_a_token_without_an_end_is_found(planted: AppliedRealm, lifespan: str) -> None:
    admin = planted.admin
    client: dict[str, Any] = admin.get("clients", clientId="mes-prets")[0]
    attributes = client["attributes"] | {"access.token.lifespan": lifespan}
    admin.put("clients", client["id"], body=client | {"attributes": attributes})
    seen = found(planted)
    admin.put("clients", client["id"], body=client | {"attributes": {"access.token.lifespan": ""}})
    assert seen == [("long-access-token", "mes-prets")]
    assert found(planted) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [("ssoSessionMaxLifespan", 0), ("failureFactor", 1000), ("accessCodeLifespan", 3600)],
)
def test_a_bound_left_on_either_side_is_found(planted: AppliedRealm, setting: str, value: int) -> None:
    admin = planted.admin
    before = admin.find()
    assert before is not None
    admin.put(body={setting: value})
    seen = found(planted)
    admin.put(body={setting: before[setting]})
    assert seen == [("out-of-bounds", planted.name)]


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("oidc-usermodel-client-role-mapper", "all-structures-mapper"),
        ("oidc-hardcoded-role-mapper", "unknown-mapper"),
        ("oidc-hardcoded-claim-mapper", "unknown-mapper"),
    ],
)
def test_a_stock_mapper_on_a_relying_client_is_found(planted: AppliedRealm, kind: str, rule: str) -> None:
    admin = planted.admin
    client_id = admin.get("clients", clientId="mes-prets")[0]["id"]
    place = ("clients", client_id, "protocol-mappers", "models")
    body = {"name": "more", "protocol": "openid-connect", "protocolMapper": kind, "config": {}}
    admin.post(*place, body=body)
    seen = found(planted)
    (mapper,) = (one for one in admin.get(*place) if one["name"] == "more")
    admin.delete(*place, mapper["id"])
    assert seen == [(rule, "mes-prets")]
    assert found(planted) == []
