"""What the gateway makes of each bad answer: not sent, unknown or refused. Answers are played."""

from typing import Any

import pytest
import responses

from idp_extension.gateway import KeycloakGateway, NotSent, Refused, Unknown
from tests.builders.servers.played_keycloak import ADMIN, TOKEN, USER


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [(400, True), (405, True), (413, True), (422, True)]
    + [(status, False) for status in (401, 403, 404, 408, 409, 425, 429, 500, 502, 503)],
)
def test_only_a_refusal_of_the_command_itself_is_permanent(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock, status: int, is_permanent: bool
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}/groups", status=status, json={"error": "no"})

    with pytest.raises(Refused) as refused:
        gateway.groups_of_user(USER)

    assert (refused.value.status, refused.value.is_permanent) == (status, is_permanent)


def test_html_instead_of_json_is_unknown(gateway: KeycloakGateway, keycloak: responses.RequestsMock) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}", body="<html>a proxy speaks</html>")

    with pytest.raises(Unknown, match="not JSON"):
        gateway.get_user(USER)


def test_html_in_a_refusal_is_still_a_refusal(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}", status=503, body="<html>starting</html>")

    with pytest.raises(Refused, match="503"):
        gateway.get_user(USER)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "json": {"error": "invalid_client"}},
        {"status": 404, "json": {"error": "Realm does not exist"}},
        {"status": 503, "body": "<html>starting</html>"},
        {"status": 200, "body": "<html>a proxy speaks</html>"},
        {"status": 200, "json": {"token_type": "Bearer"}},
        {"status": 200, "body": ""},
    ],
)
def test_without_a_token_nothing_is_sent(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    keycloak.replace(responses.POST, TOKEN, **answer)

    with pytest.raises(NotSent):
        gateway.end_sessions(USER)

    assert all(call.request.url == TOKEN for call in keycloak.calls)


def test_an_expired_token_is_renewed_and_the_call_repeated(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users", status=401)
    keycloak.get(f"{ADMIN}/users", json=[])

    assert gateway.find_user("nobody") is None

    assert len([call for call in keycloak.calls if call.request.url == TOKEN]) == 2
