"""Wrong passwords on the real Keycloak: what the pages say of them is what happens."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from idp_extension.server import RunningServer
from tests.builders.oidc_login import LoginFailed, log_in
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm, proof_of

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"
# What a realm says of log-in, reset, links and sessions: each of these is written in realm-config/.
WRITTEN = (
    *("brute", "lockout", "failureFactor", "quickLogin", "wait", "maxDelta", "lifespan", "idle", "login"),
    *("reset", "remember", "verify", "registration", "duplicate", "editUsername", "refreshToken"),
    *("accessCode", "actionToken"),
)


@pytest.fixture(scope="module")
def own(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"essais-{uuid4().hex[:6]}")
    yield applied
    applied.close()


@pytest.fixture
def person(own: AppliedRealm) -> tuple[str, str]:
    """Her identifiant and her id."""
    name = f"cend{uuid4().hex[:10]}"
    user_id = own.gateway.create_user(name, email=f"{name}@eus.example", prenom="Cendrine", nom="Martin")
    own.choose_password(user_id, PASSWORD)
    return name, user_id


def gets_in(realm: AppliedRealm, name: str, password: str) -> bool:
    try:
        log_in(
            base_url=realm.url,
            realm=realm.name,
            client_id="portail",
            client_secret=proof_of("portail"),
            redirect_uri=realm.wanted.clients["portail"]["redirectUris"][0],
            username=name,
            password=password,
        )
    except LoginFailed:
        return False
    return True


def test_two_quick_typing_errors_cost_no_minute(own: AppliedRealm, person: tuple[str, str]) -> None:
    name, _ = person
    assert not any(gets_in(own, name, "False-2026") for _ in range(2))
    assert gets_in(own, name, PASSWORD)


@pytest.mark.attack(20, 45)
def test_nine_wrong_ones_are_forgiven_and_ten_are_a_minute(
    own: AppliedRealm, person: tuple[str, str]
) -> None:
    name, user_id = person
    assert not any(gets_in(own, name, "False-2026") for _ in range(9))
    assert gets_in(own, name, PASSWORD)  # which sets the count to nought

    assert not any(gets_in(own, name, "False-2026") for _ in range(10))
    assert not gets_in(own, name, PASSWORD)
    told = own.admin.get("attack-detection", "brute-force", "users", user_id)
    assert told["disabled"]
    assert told["numFailures"] == 10

    own.admin.delete("attack-detection", "brute-force", "users", user_id)
    assert gets_in(own, name, PASSWORD)  # no lock is for ever, and the desk can end it


def test_no_setting_of_log_in_is_left_to_a_default(own: AppliedRealm) -> None:
    """A default that nobody wrote refused people for a minute; one that changes would change in silence."""
    there = own.admin.get()
    group = {name for name in there if any(word.lower() in name.lower() for word in WRITTEN)}
    ours = {name for name, value in there.items() if isinstance(value, int | bool) and name in group}
    assert len(ours) > 30
    assert sorted(ours - own.wanted.settings.keys()) == []
