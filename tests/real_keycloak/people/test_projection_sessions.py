"""What is taken away is gone at once: sessions end, and no token is renewed with the old roles."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, project_person
from tests.builders.oidc_login import LoginFailed
from tests.builders.servers.applied_realm import AppliedRealm
from tests.real_keycloak.espace_visitor import CLIENT, EspaceVisitor, active_structure

pytestmark = pytest.mark.keycloak

DEMANDE, SUIVI = DesiredRole(CLIENT, "demande"), DesiredRole(CLIENT, "suivi")
EUS = DesiredStructure("216600726", "Commune d'Eus", None, (DEMANDE, SUIVI))
SESSIONS_END_WITHIN_SECONDS = 10


def deactivated(person: DesiredPerson) -> DesiredPerson:
    return replace(person, is_active=False)


def without_suivi(person: DesiredPerson) -> DesiredPerson:
    return replace(person, structures=(replace(EUS, roles=(DEMANDE,)),))


def is_active(realm: AppliedRealm, token: str) -> bool:
    """Whether the espace, when it asks Keycloak about the token, is told that it holds."""
    answer = requests.post(
        f"{realm.url}/realms/{realm.name}/protocol/openid-connect/token/introspect",
        data={"token": token},
        auth=(CLIENT, realm.values.secrets[CLIENT]),
        timeout=10,
    )
    return bool(answer.json()["active"])


@pytest.mark.attack(30)
@pytest.mark.parametrize("take_away", [deactivated, without_suivi])
def test_sessions_end_with_what_is_taken_away(
    realm: AppliedRealm, http_browser: requests.Session, take_away: Callable[[DesiredPerson], DesiredPerson]
) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS)
    tokens = visitor.refresh(visitor.open())
    assert active_structure(tokens) == (EUS.siren, ["demande", "suivi"])
    assert is_active(realm, tokens["access_token"])

    start = time.monotonic()
    project_person(realm.gateway, take_away(visitor.person))
    with pytest.raises(LoginFailed, match="invalid_grant"):
        visitor.refresh(tokens)

    assert time.monotonic() - start <= SESSIONS_END_WITHIN_SECONDS
    assert not is_active(realm, tokens["access_token"])
    with pytest.raises(LoginFailed, match="login_required"):
        visitor.open(prompt="none")


def test_a_deactivated_person_does_not_log_in_again(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS)
    project_person(realm.gateway, deactivated(visitor.person))

    with pytest.raises(LoginFailed):
        visitor.open()


def test_what_was_not_taken_away_is_there_at_the_next_log_in(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    visitor = EspaceVisitor(realm, http_browser, EUS)
    visitor.open()
    project_person(realm.gateway, without_suivi(visitor.person))

    assert active_structure(visitor.open()) == (EUS.siren, ["demande"])


def test_a_session_opened_while_the_right_goes_has_no_role(
    realm: AppliedRealm, http_browser: requests.Session
) -> None:
    """Sessions end before the groups are left; who logs in between keeps a session, and nothing in it."""
    visitor = EspaceVisitor(realm, http_browser, EUS)
    tokens = visitor.open()
    for group in realm.gateway.groups_of_user(visitor.id):
        realm.gateway.leave_group(visitor.id, group.id)

    assert active_structure(visitor.refresh(tokens)) is None
