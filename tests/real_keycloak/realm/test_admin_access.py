"""Who may do what at Keycloak's admin API: each address tried as each account, against a declared table."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import yaml

from idp_extension.admin_api import AdminAPI, NotSent
from idp_extension.realm import disable_bootstrap_account
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import KEYCLOAK_VERSION, RunningServer
from tests.builders.oidc_login import log_in
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, apply_realm, proof_of

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]

HERE = Path(__file__).parent
ENDPOINTS = (HERE / "admin_endpoints.txt").read_text("utf-8")
DECLARED: dict[str, list[str]] = yaml.safe_load((HERE / "admin_access.yaml").read_text("utf-8"))
PASSWORD = "Mairie-2026"
FORMS: tuple[dict[str, Any], ...] = (
    {"json": {}},
    {"json": []},
    {"data": "x", "headers": {"Content-Type": "text/plain"}},
    {"files": {"file": b"x"}},
)
OFF = "DELETE /clients/{client-uuid}/client-secret/rotated"
"""Says to anybody that rotation is off, before it looks at the right."""
PUBLIC = {"kty", "crv", "x", "y", "kid", "use", "alg"}
REFUSED = frozenset({401, 403})
BAD_REQUEST, NOT_FOUND = 400, 404
OTHER_FORM = frozenset({BAD_REQUEST, 405, 415})
ABSENT = frozenset({NOT_FOUND, 501})
"""Of a feature that is off, or of an object that there is not: nothing was done."""


@pytest.fixture(scope="module")
def own(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """A realm that these tests may take to pieces."""
    applied = apply_realm(keycloak_server, f"acces-{uuid4().hex[:6]}")
    yield applied
    applied.close()


def addresses() -> list[tuple[str, str]]:
    """What reads first, what deletes last and from below: each try finds its object."""
    lines = [line.split(" ", 1) for line in ENDPOINTS.splitlines() if not line.startswith("#")]
    order = ["GET", "POST", "PUT", "DELETE"]
    return [(m, p) for m, p in sorted(lines, key=lambda line: (order.index(line[0]), -line[1].count("/")))]


class Objects:
    """Something real for each name in braces, so that a right, if there is one, is not hidden by a 404."""

    def __init__(self, realm: AppliedRealm) -> None:
        admin = realm.admin
        client = admin.get("clients", clientId="mes-prets")[0]["id"]
        role = admin.get("clients", client, "roles", "demande")
        scope = next(each["id"] for each in admin.get("client-scopes") if each["name"] == "structure")
        name = f"cend{uuid4().hex[:8]}"
        user = realm.gateway.create_user(name, email=f"{name}@eus.example", prenom="C", nom="M")
        group = realm.gateway.create_structure_group(f"{uuid4().int % 10**9:09d}", "Eus").id
        realm.gateway.join_group(user, group)
        same = {
            client: "client-uuid client client-id clientUuid targetClientUuid roleContainerId",
            user: "user-id userId member-id",
            group: "group-id groupId",
            scope: "client-scope-id clientScopeId",
            role["id"]: "role-id",
            "demande": "role-name",
            "browser": "alias flowAlias",
            "jwt.credential": "attr",
            "fr": "locale",
        }
        self._named = {name: value for value, names in same.items() for name in names.split()}

    def fill(self, path: str) -> str:
        return re.sub(r"\{([^}]*)\}", lambda found: self._named.get(found[1], str(uuid4())), path)


def allowed(realm: AppliedRealm, fresh_token: Callable[[], str]) -> set[str]:
    """The addresses that did not refuse this account."""
    objects, found = Objects(realm), set()
    root = f"{realm.url}/admin/realms/{realm.name}"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {fresh_token()}"
        for method, path in addresses():
            url = root + objects.fill(path).rstrip("/")
            if f"{method} {path}" == OFF:
                continue
            status = _tried(session, method, url)
            if status == requests.codes.unauthorized:
                # Some addresses end the sessions of all, ours among them: is it the account or its token?
                session.headers["Authorization"] = f"Bearer {fresh_token()}"
                status = _tried(session, method, url)
            if status not in REFUSED | ABSENT:
                found.add(f"{method} {path}")
    return found


def _tried(session: requests.Session, method: str, url: str) -> int:
    """Forms are tried until one is read; one that is read and found wanting (400) had the right to be."""
    statuses = []
    for form in FORMS[:1] if method == "GET" else FORMS:
        statuses.append(session.request(method, url, timeout=20, **form).status_code)
        if statuses[-1] not in OTHER_FORM:
            return statuses[-1]
    return BAD_REQUEST if BAD_REQUEST in statuses else NOT_FOUND


def token_of(realm: AppliedRealm, client_id: str) -> str:
    issuer = f"{realm.url}/realms/{realm.name}"
    form = {"grant_type": "client_credentials", "client_id": client_id} | KEYS[client_id].proof(issuer)
    return str(
        requests.post(f"{issuer}/protocol/openid-connect/token", data=form, timeout=10).json()["access_token"]
    )


def test_the_list_is_of_the_keycloak_we_run() -> None:
    assert f"Keycloak {KEYCLOAK_VERSION}:" in ENDPOINTS
    assert len(addresses()) > 350


@pytest.mark.attack(46)
@pytest.mark.parametrize("account", ["bdt-reader", "bdt-sync"])
def test_an_account_may_what_is_declared_and_no_more(own: AppliedRealm, account: str) -> None:
    found = allowed(own, lambda: token_of(own, account))
    assert sorted(found - set(DECLARED[account])) == []
    assert sorted(set(DECLARED[account]) - found) == []


def test_who_only_looks_has_no_line_that_writes() -> None:
    assert {line.split()[0] for line in DECLARED["bdt-reader"]} == {"GET"}


@pytest.mark.parametrize("client_id", ["mes-prets", "portail"])
def test_a_person_may_nothing(own: AppliedRealm, client_id: str) -> None:
    name = f"paul{uuid4().hex[:8]}"
    user = own.gateway.create_user(name, email=f"{name}@eus.example", prenom="Paul", nom="Durand")
    own.choose_password(user, PASSWORD)
    own.let_in(user)

    def fresh_token() -> str:
        return str(
            log_in(
                base_url=own.url,
                realm=own.name,
                client_id=client_id,
                client_secret=proof_of(client_id),
                redirect_uri=own.wanted.clients[client_id]["redirectUris"][0],
                username=name,
                password=PASSWORD,
            )["access_token"]
        )

    assert allowed(own, fresh_token) == set()
    alive = requests.get(
        f"{own.url}/realms/{own.name}/protocol/openid-connect/userinfo",
        headers={"Authorization": f"Bearer {fresh_token()}"},
        timeout=10,
    )
    assert alive.ok


def test_the_portal_is_no_account(own: AppliedRealm) -> None:
    api = AdminAPI.as_service_account(own.url, own.name, KEYS["portail"])
    with pytest.raises(NotSent, match="unauthorized_client"):
        api.get()
    api.close()


@pytest.mark.attack(46)
def test_nothing_that_an_account_reads_lets_it_log_in_as_another(own: AppliedRealm) -> None:
    """Seen: `bdt-reader` asked for the secret of `bdt-sync` and got it."""
    for account in ("bdt-reader", "bdt-sync"):
        api = AdminAPI.as_service_account(own.url, own.name, KEYS[account])
        for other in {"portail", "bdt-sync", "bdt-reader", "bdt-bootstrap"} - {account}:
            (client,) = api.get("clients", clientId=other)
            # Keycloak draws a secret for it all the same, and takes none.
            told = api.get("clients", client["id"], "client-secret")
            assert set(json.loads(client["attributes"]["jwks.string"])["keys"][0]) == PUBLIC
            issuer = f"{own.url}/realms/{own.name}"
            form = {"grant_type": "client_credentials", "client_id": other}
            for proof in (
                {"client_secret": told.get("value", client.get("secret", ""))},
                ClientKey.fresh(other).proof(issuer),
                {**KEYS[account].proof(issuer)},  # its own key, for another's name
            ):
                answer = requests.post(
                    f"{issuer}/protocol/openid-connect/token", data=form | proof, timeout=10
                )
                assert answer.status_code in {400, 401}, (account, other)
        api.close()


def test_the_account_that_applies_is_asleep_and_may_nothing(own: AppliedRealm) -> None:
    disable_bootstrap_account(own.admin)
    api = AdminAPI.as_service_account(own.url, own.name, KEYS["bdt-bootstrap"])
    with pytest.raises(NotSent):
        api.get()
    api.close()
