"""The login flow of our realm: at each request, the structure asked for now, and never one of before."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.projection import DesiredRole, DesiredStructure
from idp_extension.realm import apply, lint_live, plan, read_live
from idp_extension.server import RunningServer
from tests.builders.oidc_login import LoginFailed, open_browser
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm
from tests.real_keycloak.espace_visitor import CLIENT, EspaceVisitor, active_structure

pytestmark = pytest.mark.keycloak

EUS = DesiredStructure("216600726", "Commune d'Eus", None, (DesiredRole(CLIENT, "demande"),))
CONFLENT = DesiredStructure("200049211", "CC Conflent-Canigó", None, (DesiredRole(CLIENT, "suivi"),))
FOREIGN = "219000108"
FLOW = ("authentication", "flows", "bdt browser", "executions")


@pytest.fixture(scope="module")
def own_realm(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """A realm whose flow these tests may spoil."""
    applied = apply_realm(keycloak_server, f"flow-{uuid4().hex[:6]}")
    yield applied
    applied.close()


def test_a_request_that_names_none_does_not_inherit_the_one_of_before(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS, CONFLENT)

    assert active_structure(visitor.open(structure=EUS.siren)) == (EUS.siren, ["demande"])
    with pytest.raises(LoginFailed, match="status 200"):  # the page that asks which, and no code
        visitor.open()


def test_the_only_structure_that_qualifies_need_not_be_named(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    attached_only = DesiredStructure(CONFLENT.siren, CONFLENT.label)
    visitor = EspaceVisitor(realm, http_browser, EUS, attached_only)

    assert active_structure(visitor.open()) == (EUS.siren, ["demande"])
    assert active_structure(visitor.open(prompt="none")) == (EUS.siren, ["demande"])


def test_a_person_switches_without_a_page(realm: AppliedRealm, http_browser: requests.Session) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS, CONFLENT)
    visitor.open(structure=EUS.siren)

    switched = visitor.open(structure=CONFLENT.siren, prompt="none")

    assert (
        active_structure(switched)
        == active_structure(visitor.refresh(switched))
        == (CONFLENT.siren, ["suivi"])
    )
    for parameters in ({"structure": FOREIGN}, {}):
        with pytest.raises(LoginFailed, match="login_required"):
            visitor.open(prompt="none", **parameters)
    assert active_structure(visitor.open(structure=EUS.siren, prompt="none")) == (EUS.siren, ["demande"])


def test_nobody_is_let_in_without_a_page_before_she_logged_in(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    with pytest.raises(LoginFailed, match="login_required"):
        EspaceVisitor(realm, http_browser, EUS).open(structure=EUS.siren, prompt="none")


def test_a_second_factor_is_asked_of_who_has_one(realm: AppliedRealm, http_browser: requests.Session) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS)
    one_time_code = {
        "type": "otp",
        "secretData": json.dumps({"value": "a-secret-of-the-tests"}),
        "credentialData": json.dumps({"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}),
    }
    realm.sync.put("users", visitor.id, body={"credentials": [one_time_code]})

    with pytest.raises(LoginFailed, match="status 200"):  # a page, and no code
        visitor.open(structure=EUS.siren)


def test_a_session_older_than_the_flow_still_works(
    own_realm: AppliedRealm, http_browser: requests.Session
) -> None:
    admin = own_realm.admin
    admin.put(body=admin.get() | {"browserFlow": "browser"})
    visitor = EspaceVisitor(own_realm, http_browser, EUS, CONFLENT)
    before = visitor.open(structure=EUS.siren)

    (change,) = apply(admin, own_realm.wanted).changes

    assert [difference.field for difference in change.differences] == ["browserFlow"]
    assert active_structure(before) is active_structure(visitor.refresh(before)) is None
    assert active_structure(visitor.open(structure=CONFLENT.siren, prompt="none")) == (
        CONFLENT.siren,
        ["suivi"],
    )


def execution(realm: AppliedRealm, name: str) -> dict[str, Any]:
    found = realm.admin.get(*FLOW)
    return next(each for each in found if name in (each.get("providerId"), each["displayName"]))


def without_our_step(realm: AppliedRealm) -> None:
    realm.admin.delete("authentication", "executions", execution(realm, "bdt-structure-step")["id"])


def without_a_log_in(realm: AppliedRealm) -> None:
    realm.admin.delete("authentication", "executions", execution(realm, "bdt log in")["id"])


def with_a_step_before_ours(realm: AppliedRealm) -> None:
    realm.admin.post(*FLOW, "execution", body={"provider": "allow-access-authenticator"})
    added = execution(realm, "allow-access-authenticator")["id"]
    realm.admin.post("authentication", "executions", added, "raise-priority")


def with_the_password_made_optional(realm: AppliedRealm) -> None:
    form = execution(realm, "bdt-password-form")
    realm.admin.put(*FLOW, body=form | {"requirement": "DISABLED"})


@pytest.mark.parametrize(
    ("spoil", "is_refused"),
    [
        (without_our_step, True),
        (without_a_log_in, False),
        (with_a_step_before_ours, False),
        (with_the_password_made_optional, False),
    ],
)
def test_a_flow_changed_by_hand_is_found_and_made_anew(
    own_realm: AppliedRealm,
    http_browser: requests.Session,
    spoil: Callable[[AppliedRealm], None],
    is_refused: bool,
) -> None:
    visitor = EspaceVisitor(own_realm, http_browser, EUS, CONFLENT)
    visitor.open(structure=EUS.siren)
    spoil(own_realm)
    findings = lint_live(own_realm.admin)

    done = apply(own_realm.admin, own_realm.wanted)

    assert [finding.rule for finding in findings] == ["missing-structure-step"] * is_refused
    assert [str(change) for change in done.changes] == ["update login flow bdt browser"]
    there = read_live(own_realm.admin)
    assert there is not None
    assert not plan(own_realm.wanted, there)
    assert lint_live(own_realm.admin) == ()
    with pytest.raises(LoginFailed, match="login_required"):
        visitor.open(prompt="none")
    with open_browser() as another:
        visitor = EspaceVisitor(own_realm, another, EUS)
        assert active_structure(visitor.open()) == (EUS.siren, ["demande"])
