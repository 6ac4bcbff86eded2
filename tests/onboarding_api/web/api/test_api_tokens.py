"""Who may call: a bearer access token made for this API, and no other thing that looks like one."""

import time
from pathlib import Path
from typing import Any

import pytest

from onboarding_api.model.person import Person as PersonRow
from tests.builders.issuer import Provider
from tests.onboarding_api.web.api.conftest import Call, token_of, told
from tests.onboarding_api.web.portal import Portal, build_portal

NOW = int(time.time())


def assert_refused(answer: Any, code: str = "invalid_token") -> None:
    assert told(answer) == (401, code)
    assert answer.headers["WWW-Authenticate"].lower().startswith('bearer realm="bdt"')


@pytest.mark.attack(27)
@pytest.mark.parametrize(
    ("typ", "claims"),
    [
        ("JWT", {"aud": "portail"}),  # an ID token
        ("JWT", {}),
        ("logout+jwt", {}),
        ("at+jwt", {"aud": "portail"}),
        ("at+jwt", {"aud": "mes-prets"}),
        ("at+jwt", {"aud": []}),
        ("at+jwt", {"aud": {"onboarding-api": True}}),
        ("at+jwt", {"iss": "https://evil.example/realms/bdt"}),
        ("at+jwt", {"sub": ""}),
        ("at+jwt", {"exp": NOW - 3600}),
        ("at+jwt", {"exp": "tomorrow"}),
        ("at+jwt", {"iat": NOW + 3600}),
        ("at+jwt", {"nbf": NOW + 3600}),
        ("at+jwt", {"scope": "openid"}),
        ("at+jwt", {"scope": ""}),
        ("at+jwt", {"scope": 5}),
        ("at+jwt", {"scope": ["onboarding-api"]}),
        ("at+jwt", {"scope": "onboarding-api-test"}),
        ("at+jwt", {"sub": "sub-of-nobody", "preferred_username": "nobo000"}),
        ("at+jwt", {"sub": "sub-of-nobody", "preferred_username": ""}),
    ],
)
def test_a_wrong_token_signed_by_the_right_key_is_refused(
    portal: Portal, call: Call, typ: str, claims: dict[str, Any]
) -> None:
    wrong = token_of(portal, "cend589", typ, **claims)

    assert_refused(call(None, "GET", "/memberships", headers={"Authorization": f"Bearer {wrong}"}))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat"])
def test_a_token_without_a_needed_claim_is_refused(portal: Portal, call: Call, claim: str) -> None:
    without: dict[str, Any] = {claim: None}
    wrong = token_of(portal, "cend589", **without)

    assert_refused(call(None, "GET", "/memberships", headers={"Authorization": f"Bearer {wrong}"}))


def test_a_token_of_another_realm_is_refused(portal: Portal, call: Call) -> None:
    wrong = token_of(portal, "cend589", iss=portal.provider.issuer.replace("/bdt", "/autre"))

    assert_refused(call(None, "GET", "/memberships", headers={"Authorization": f"Bearer {wrong}"}))


@pytest.mark.parametrize("signature", ["none", "hs256", "foreign"])
def test_another_signature_is_refused(portal: Portal, call: Call, signature: str) -> None:
    portal.provider.faults["signature"] = signature

    assert_refused(call("cend589", "GET", "/memberships"))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer a.b.c", "invalid_token"),
        ("Bearer \u00e9", "invalid_token"),
        ("Bearer " + "a" * 8000, "invalid_token"),
        ("Bearer", "unsupported_token_type"),
        ("Basic Y2VuZDU4OTp4", "unsupported_token_type"),
        ("DPoP a.b.c", "unsupported_token_type"),
        ("", "missing_authorization"),
    ],
)
def test_a_header_that_is_no_bearer_token_is_refused(call: Call, header: str, code: str) -> None:
    assert_refused(call(None, "GET", "/memberships", headers={"Authorization": header}), code)


def test_a_token_in_the_query_or_the_body_is_not_looked_at(portal: Portal, call: Call) -> None:
    token = token_of(portal, "cend589")

    assert_refused(call(None, "GET", f"/memberships?access_token={token}"), "missing_authorization")
    form = {"access_token": token}
    assert_refused(call(None, "POST", "/memberships", data=form), "missing_authorization")


def test_a_person_who_was_closed_is_refused_at_once(portal: Portal, call: Call) -> None:
    assert call("cend589", "GET", "/memberships").status_code == 200
    with portal.office.database.writing() as session:
        session.query(PersonRow).filter_by(identifiant="cend589").one().is_active = False

    assert_refused(call("cend589", "GET", "/memberships"))


def test_a_name_is_no_proof_once_the_subject_is_known(portal: Portal, call: Call) -> None:
    with portal.office.database.writing() as session:
        session.query(PersonRow).filter_by(identifiant="cend589").one().keycloak_id = "sub-of-cendrine"

    assert_refused(call("cend589", "GET", "/memberships"))


@pytest.mark.parametrize("acr", ["0", "1", "2", "gold", "²", "", 1, None, ["2"]])
def test_the_level_of_the_log_in_may_be_anything(portal: Portal, call: Call, acr: Any) -> None:
    token = token_of(portal, "cend589", acr=acr)

    answer = call(None, "GET", "/memberships", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_without_the_keys_the_token_is_neither_believed_nor_refused(portal: Portal, tmp_path: Path) -> None:
    token = token_of(portal, "cend589")
    gone = Provider()
    gone.start()
    gone.stop()
    alone = build_portal(tmp_path / "alone.db", gone)

    answer = alone.app.test_client().get(
        "/api/v1/memberships",
        base_url="https://portail.example",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert told(answer) == (503, "identity_unavailable")
    assert answer.headers["Retry-After"]
    alone.office.database.engine.dispose()
