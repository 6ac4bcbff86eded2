"""The answer of a log-in: believed when it belongs to this browser's request, refused in every other case."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from idp_extension.relying_party.client import Attempt, LoginRefused, OpenIDClient, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable
from tests.builders.issuer import Provider
from tests.idp_extension.relying_party.conftest import SERVICE, SERVICE_URL

EUS, FONT_ROMEU = "216600742", "216601249"


def come_back(provider: Provider, url: str) -> dict[str, str]:
    """The query of the redirect."""
    return dict(parse_qsl(urlsplit(provider.consent(url)).query))


def log_in(provider: Provider, client: OpenIDClient, **parameters: str) -> Tokens:
    url, attempt = client.begin(**parameters)
    return client.finish(attempt, come_back(provider, url))


def test_the_request_carries_what_binds_the_answer_to_it(client: OpenIDClient) -> None:
    url, attempt = client.begin(structure=EUS, prompt="none")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked.pop("code_challenge")
    assert asked == {
        "response_type": "code",
        "client_id": SERVICE,
        "redirect_uri": f"{SERVICE_URL}/connexion/retour",
        "scope": "openid",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge_method": "S256",
        "structure": EUS,
        "prompt": "none",
    }
    assert attempt.code_verifier not in url
    assert Attempt(**attempt.as_values()) == attempt


def test_no_two_attempts_share_anything(client: OpenIDClient) -> None:
    attempts = [client.begin()[1] for _ in range(20)]
    assert len({value for attempt in attempts for value in attempt.as_values().values()}) == 60


def test_a_log_in_gives_the_roles_of_the_structure_asked_for(
    provider: Provider, client: OpenIDClient
) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["suivi"]}

    tokens = log_in(provider, client, structure=EUS)

    assert tokens.siren == EUS
    assert tokens.structure == {"siren": EUS, "name": f"Structure {EUS}", "roles": ["demande"]}
    assert tokens.access_claims["resource_access"] == {SERVICE: {"roles": ["demande"]}}
    assert log_in(provider, client, structure="219000108").structure is None


@pytest.mark.parametrize("state", ["", "forged", "é", "\ud800", None])
def test_a_forged_state_is_refused(provider: Provider, client: OpenIDClient, state: str | None) -> None:
    url, attempt = client.begin()
    answer = come_back(provider, url)
    answer.pop("state")

    with pytest.raises(LoginRefused, match=r"^state$"):
        client.finish(attempt, answer if state is None else {**answer, "state": state})


def test_the_answer_of_another_browser_is_refused(provider: Provider, client: OpenIDClient) -> None:
    (_, mine), (url_of_another, _) = client.begin(), client.begin()

    with pytest.raises(LoginRefused, match=r"^state$"):
        client.finish(mine, come_back(provider, url_of_another))


def test_a_code_put_into_another_browsers_answer_is_refused(provider: Provider, client: OpenIDClient) -> None:
    (url, attempt), (url_of_another, _) = client.begin(), client.begin()
    answer = come_back(provider, url) | {"code": come_back(provider, url_of_another)["code"]}

    with pytest.raises(LoginRefused, match=r"^invalid_grant$"):  # PKCE
        client.finish(attempt, answer)


def test_an_answer_is_good_once(provider: Provider, client: OpenIDClient) -> None:
    url, attempt = client.begin()
    answer = come_back(provider, url)
    client.finish(attempt, answer)

    with pytest.raises(LoginRefused, match=r"^invalid_grant$"):
        client.finish(attempt, answer)


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"iss_parameter": None}, "issuer"),
        ({"iss_parameter": "https://evil.example/realms/bdt"}, "issuer"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "login_required"}, "login_required"),
        ({"nonce": "of another"}, "nonce"),
        ({"nonce": "é"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"claims": {"azp": "dataviz-coeur-de-ville"}}, "azp"),
        ({"claims": {"azp": None}}, "azp"),
        ({"access_claims": {"azp": "dataviz-coeur-de-ville"}}, "azp"),
        ({"access_claims": {"sub": "sub-of-another"}}, "subject"),
        ({"id_claims": {"aud": "dataviz-coeur-de-ville"}}, "token"),
        ({"access_claims": {"aud": "dataviz-coeur-de-ville"}}, "token"),
        ({"claims": {"iss": "https://evil.example/realms/bdt"}}, "token"),
        ({"claims": {"exp": 1}}, "token"),
        ({"signature": "none"}, "token"),
        ({"signature": "hs256"}, "token"),
        ({"signature": "foreign"}, "token"),
        ({"token": (200, {"access_token": "x", "token_type": "Bearer"})}, "token"),
        ({"token": (400, {"error": "invalid_client"})}, "invalid_client"),
    ],
)
def test_an_answer_with_one_fault_is_refused(
    provider: Provider, client: OpenIDClient, faults: dict[str, Any], reason: str
) -> None:
    provider.faults.update(faults)

    with pytest.raises(LoginRefused) as refused:
        log_in(provider, client)
    assert refused.value.reason == reason


@pytest.mark.parametrize("typ", ["JWT", "at+jwt"])
def test_neither_token_passes_for_the_other(provider: Provider, client: OpenIDClient, typ: str) -> None:
    one = provider.sign({"aud": SERVICE, "azp": SERVICE}, typ)
    provider.faults["token"] = (200, {"id_token": one, "access_token": one, "token_type": "Bearer"})

    with pytest.raises(LoginRefused, match=r"^token$"):
        log_in(provider, client)


@pytest.mark.parametrize("answer", [(500, {}), (503, b""), (200, b"<html>"), (200, []), (302, "/elsewhere")])
def test_a_token_endpoint_that_fails_is_told_apart(
    provider: Provider, client: OpenIDClient, answer: tuple[int, Any]
) -> None:
    provider.faults["token"] = answer
    with pytest.raises(IssuerUnavailable):
        log_in(provider, client)


def test_an_issuer_that_is_down_is_told_apart(provider: Provider, client: OpenIDClient) -> None:
    url, attempt = client.begin()
    answer = come_back(provider, url)
    provider.stop()

    with pytest.raises(IssuerUnavailable):
        client.finish(attempt, answer)
    with pytest.raises(IssuerUnavailable):
        OpenIDClient(type(client.issuer)(provider.issuer), SERVICE, "secret", SERVICE_URL).begin()


def test_a_refresh_asks_the_roles_again(provider: Provider, client: OpenIDClient) -> None:
    provider.roles = {EUS: ["demande", "suivi"]}
    tokens = log_in(provider, client, structure=EUS)

    provider.roles = {EUS: ["suivi"]}
    fresh = client.refresh(tokens)
    assert fresh.structure is not None
    assert fresh.structure["roles"] == ["suivi"]

    provider.roles = {}
    assert client.refresh(fresh).structure is None


def test_a_refresh_for_another_structure_is_refused(provider: Provider, client: OpenIDClient) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["suivi"]}
    tokens = log_in(provider, client, structure=EUS)

    provider.switch(FONT_ROMEU)
    with pytest.raises(LoginRefused, match=r"^structure$"):
        client.refresh(tokens)


def test_a_session_without_structure_takes_over_none(provider: Provider, client: OpenIDClient) -> None:
    tokens = log_in(provider, client)
    provider.roles = {EUS: ["demande"]}

    provider.switch(EUS)
    with pytest.raises(LoginRefused, match=r"^structure$"):
        client.refresh(tokens)


def test_a_refresh_for_another_person_is_refused(provider: Provider, client: OpenIDClient) -> None:
    tokens = log_in(provider, client)
    provider.faults["claims"] = {"sub": "sub-of-another"}

    with pytest.raises(LoginRefused, match=r"^subject$"):
        client.refresh(tokens)


def test_a_session_that_was_ended_is_not_refreshed(provider: Provider, client: OpenIDClient) -> None:
    tokens = log_in(provider, client)
    provider.sessions.clear()

    with pytest.raises(LoginRefused, match=r"^invalid_grant$"):
        client.refresh(tokens)


def test_the_log_out_names_the_session_and_the_way_back(provider: Provider, client: OpenIDClient) -> None:
    url = client.log_out_url("the-id-token", f"{SERVICE_URL}/")

    assert url.startswith(f"{provider.issuer}/protocol/openid-connect/logout?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "id_token_hint": "the-id-token",
        "client_id": SERVICE,
        "post_logout_redirect_uri": f"{SERVICE_URL}/",
    }
