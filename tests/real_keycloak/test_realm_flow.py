"""The login flow of our realm: at each request, the structure asked for now, and never one of before."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, project_person
from idp_extension.realm import apply, lint_live, plan, read_live
from idp_extension.server import RunningServer
from tests.builders.applied_realm import AppliedRealm, apply_realm
from tests.builders.oidc_login import LoginFailed, log_in, open_browser, refresh

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"
CLIENT, REDIRECT = "mes-prets", "http://127.0.0.1:8401/connexion/retour"
EUS = DesiredStructure("216600726", "Commune d'Eus", None, (DesiredRole(CLIENT, "demande"),))
CONFLENT = DesiredStructure("200049211", "CC Conflent-Canigó", None, (DesiredRole(CLIENT, "suivi"),))
FOREIGN = "219000108"
FLOW = ("authentication", "flows", "bdt browser", "executions")


class Visitor:
    """A person with a password and one browser, which keeps her logged in from one request to the next."""

    def __init__(self, realm: AppliedRealm, browser: requests.Session, *structures: DesiredStructure) -> None:
        self.identifiant = f"cend{uuid4().hex[:10]}"
        self._realm, self._browser = realm, browser
        email = f"{self.identifiant}@eus.example"
        person = DesiredPerson(self.identifiant, None, email, "Zoé", "Le Goff", True, structures)
        self.id = project_person(realm.gateway, person).keycloak_id
        realm.choose_password(self.id, PASSWORD)

    def open(self, **parameters: str) -> dict[str, Any]:
        """Opens the espace; the tokens it gets. Keyword arguments go with the authorisation request."""
        return log_in(
            base_url=self._realm.url,
            realm=self._realm.name,
            client_id=CLIENT,
            client_secret=self._realm.values.secrets[CLIENT],
            redirect_uri=REDIRECT,
            username=self.identifiant,
            password=PASSWORD,
            browser=self._browser,
            **parameters,
        )

    def refresh(self, tokens: dict[str, Any]) -> dict[str, Any]:
        secret = self._realm.values.secrets[CLIENT]
        return refresh(self._realm.url, self._realm.name, CLIENT, secret, tokens["refresh_token"])


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def own_realm(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """A realm whose flow these tests may spoil."""
    applied = apply_realm(keycloak_server, f"flow-{uuid4().hex[:6]}")
    yield applied
    applied.close()


def roles(tokens: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The active structure and the roles in the access token; None when it has neither."""
    encoded = tokens["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(encoded + "=="))
    if "structure" not in claims:
        assert not claims.get("resource_access")
        return None
    assert claims["resource_access"] == {CLIENT: {"roles": claims["structure"]["roles"]}}
    return claims["structure"]["siren"], claims["structure"]["roles"]


def test_a_request_that_names_none_does_not_inherit_the_one_of_before(
    realm: AppliedRealm, browser: requests.Session
) -> None:
    visitor = Visitor(realm, browser, EUS, CONFLENT)

    assert roles(visitor.open(structure=EUS.siren)) == (EUS.siren, ["demande"])
    assert roles(visitor.open()) is None


def test_the_only_structure_that_qualifies_need_not_be_named(
    realm: AppliedRealm, browser: requests.Session
) -> None:
    attached_only = DesiredStructure(CONFLENT.siren, CONFLENT.label)
    visitor = Visitor(realm, browser, EUS, attached_only)

    assert roles(visitor.open()) == (EUS.siren, ["demande"])
    assert roles(visitor.open(prompt="none")) == (EUS.siren, ["demande"])


def test_a_person_switches_without_a_page(realm: AppliedRealm, browser: requests.Session) -> None:
    visitor = Visitor(realm, browser, EUS, CONFLENT)
    visitor.open(structure=EUS.siren)

    switched = visitor.open(structure=CONFLENT.siren, prompt="none")

    assert roles(switched) == roles(visitor.refresh(switched)) == (CONFLENT.siren, ["suivi"])
    assert roles(visitor.open(structure=FOREIGN, prompt="none")) is None
    assert roles(visitor.open(prompt="none")) is None
    assert roles(visitor.open(structure=EUS.siren, prompt="none")) == (EUS.siren, ["demande"])


def test_nobody_is_let_in_without_a_page_before_she_logged_in(
    realm: AppliedRealm, browser: requests.Session
) -> None:
    with pytest.raises(LoginFailed, match="login_required"):
        Visitor(realm, browser, EUS).open(structure=EUS.siren, prompt="none")


def test_a_second_factor_is_asked_of_who_has_one(realm: AppliedRealm, browser: requests.Session) -> None:
    visitor = Visitor(realm, browser, EUS)
    one_time_code = {
        "type": "otp",
        "secretData": json.dumps({"value": "a-secret-of-the-tests"}),
        "credentialData": json.dumps({"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}),
    }
    realm.sync.put("users", visitor.id, body={"credentials": [one_time_code]})

    with pytest.raises(LoginFailed, match="status 200"):  # a page, and no code
        visitor.open(structure=EUS.siren)


def test_a_session_older_than_the_flow_still_works(
    own_realm: AppliedRealm, browser: requests.Session
) -> None:
    admin = own_realm.admin
    admin.put(body=admin.get() | {"browserFlow": "browser"})
    visitor = Visitor(own_realm, browser, EUS, CONFLENT)
    before = visitor.open(structure=EUS.siren)

    (change,) = apply(admin, own_realm.wanted).changes

    assert [difference.field for difference in change.differences] == ["browserFlow"]
    assert roles(visitor.refresh(before)) == (EUS.siren, ["demande"])
    assert roles(visitor.open(prompt="none")) is None  # no page either: she is still logged in
    assert roles(visitor.open(structure=CONFLENT.siren, prompt="none")) == (CONFLENT.siren, ["suivi"])


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
    form = execution(realm, "auth-username-password-form")
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
    browser: requests.Session,
    spoil: Callable[[AppliedRealm], None],
    is_refused: bool,
) -> None:
    visitor = Visitor(own_realm, browser, EUS, CONFLENT)
    visitor.open(structure=EUS.siren)
    spoil(own_realm)
    findings = lint_live(own_realm.admin)

    done = apply(own_realm.admin, own_realm.wanted)

    assert [finding.rule for finding in findings] == ["missing-structure-step"] * is_refused
    assert [str(change) for change in done.changes] == ["update login flow bdt browser"]
    assert not plan(own_realm.wanted, read_live(own_realm.admin))
    assert lint_live(own_realm.admin) == ()
    assert roles(visitor.open(prompt="none")) is None
    with open_browser() as another:
        visitor = Visitor(own_realm, another, EUS)
        assert roles(visitor.open()) == (EUS.siren, ["demande"])
