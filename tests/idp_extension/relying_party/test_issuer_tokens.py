"""Which tokens are believed: the right one, and none of those that differ from it in one thing."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from idp_extension.relying_party.issuer import (
    FORCED_REFRESH_EVERY_SECONDS,
    KEYS_MAX_AGE_SECONDS,
    Issuer,
    IssuerUnavailable,
    TokenRefused,
)
from tests.builders.issuer import Provider
from tests.idp_extension.relying_party.conftest import Clock

AUDIENCE = "onboarding-api"
NOW = int(time.time())


def verify(issuer: Issuer, token: str) -> Any:
    return issuer.verify(token, audience=AUDIENCE, types=frozenset({"at+jwt"}))


def token(provider: Provider, typ: str = "at+jwt", kid: str = "k1", **claims: Any) -> str:
    header = {} if kid == "k1" else {"kid": kid}
    return provider.sign({"aud": ["portail", AUDIENCE], **claims}, typ, **header)


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_right_token_is_believed(provider: Provider, issuer: Issuer, typ: str) -> None:
    assert verify(issuer, token(provider, typ))["sub"] == "sub-cend589"


@pytest.mark.attack(27)
@pytest.mark.parametrize(
    ("typ", "claims"),
    [
        ("JWT", {}),
        (None, {}),
        ("logout+jwt", {}),
        ("at+jwt", {"aud": "portail"}),
        ("at+jwt", {"aud": []}),
        ("at+jwt", {"aud": None}),
        ("at+jwt", {"aud": f"{AUDIENCE}-test"}),
        ("at+jwt", {"iss": "https://evil.example/realms/bdt"}),
        ("at+jwt", {"iss": None}),
        ("at+jwt", {"sub": None}),
        ("at+jwt", {"exp": NOW - 60}),
        ("at+jwt", {"exp": None}),
        ("at+jwt", {"exp": "tomorrow"}),
        ("at+jwt", {"iat": NOW + 3600}),
        ("at+jwt", {"iat": None}),
        ("at+jwt", {"nbf": NOW + 3600}),
    ],
)
def test_a_token_signed_by_the_right_key_is_refused(
    provider: Provider, issuer: Issuer, typ: str, claims: dict[str, Any]
) -> None:
    with pytest.raises(TokenRefused):
        verify(issuer, token(provider, typ, **claims))


def test_a_token_of_another_realm_is_refused(provider: Provider, issuer: Issuer) -> None:
    other = provider.issuer.replace("/bdt", "/autre")
    with pytest.raises(TokenRefused):
        verify(issuer, token(provider, iss=other))


@pytest.mark.attack(28)
@pytest.mark.parametrize("signature", ["none", "hs256", "foreign"])
def test_another_signature_is_refused(provider: Provider, issuer: Issuer, signature: str) -> None:
    provider.faults["signature"] = signature
    with pytest.raises(TokenRefused):
        verify(issuer, token(provider))


def test_a_changed_claim_breaks_the_signature(provider: Provider, issuer: Issuer) -> None:
    head, _, signature = token(provider).split(".")
    _, body, _ = token(provider, sub="sub-of-another").split(".")
    with pytest.raises(TokenRefused):
        verify(issuer, f"{head}.{body}.{signature}")


@pytest.mark.attack(28)
@pytest.mark.parametrize("pointer", ["jku", "x5u", "jwk"])
def test_keys_that_the_token_itself_brings_are_never_used(
    provider: Provider, issuer: Issuer, pointer: str
) -> None:
    evil = Provider(key=provider.key, person=provider.person)
    evil.start()
    try:
        evil.rotate()
        brought = evil.key.as_dict(private=False) if pointer == "jwk" else f"{evil.issuer}/certs"
        forged = evil.sign({"iss": provider.issuer, "aud": AUDIENCE}, "at+jwt", **{pointer: brought})
        with pytest.raises(TokenRefused):
            verify(issuer, forged)
        assert evil.requests == []
    finally:
        evil.stop()


@pytest.mark.parametrize("garbage", ["", ".", "..", "a.b.c", "é", "\x00", "e30.e30.", "null", "a" * 60_000])
def test_what_is_no_token_is_refused(issuer: Issuer, garbage: str) -> None:
    with pytest.raises(TokenRefused):
        verify(issuer, garbage)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "acr"])


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=st.dictionaries(CLAIMS, JSON, min_size=1, max_size=3))
def test_claims_of_any_kind_are_believed_or_refused(
    provider: Provider, issuer: Issuer, claims: dict[str, Any]
) -> None:
    """A token with odd claims, well signed, is never an error of ours."""
    try:
        verify(issuer, token(provider, **claims))
    except TokenRefused:
        return
    assert claims.keys().isdisjoint({"iss"}), "another issuer passed"


@pytest.mark.parametrize("payload", [b"[]", b"1", b"null", b'"x"', b"{", b"\xff"])
def test_a_payload_that_is_no_object_is_refused(provider: Provider, issuer: Issuer, payload: bytes) -> None:
    sealed = provider.seal({"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, payload)
    with pytest.raises(TokenRefused):
        verify(issuer, sealed)


def test_keys_are_fetched_once_and_again_when_they_are_old(
    provider: Provider, issuer: Issuer, clock: Clock
) -> None:
    for _ in range(5):
        verify(issuer, token(provider))
    assert provider.asked_for_keys() == 1

    clock.seconds += KEYS_MAX_AGE_SECONDS + 1
    verify(issuer, token(provider))
    assert provider.asked_for_keys() == 2


@pytest.mark.attack(29)
def test_forged_key_names_fetch_the_keys_once_a_minute_at_most(
    provider: Provider, issuer: Issuer, clock: Clock
) -> None:
    forged = token(provider, kid="unknown")
    for _ in range(3):
        for _ in range(20):
            with pytest.raises(TokenRefused):
                verify(issuer, forged)
            verify(issuer, token(provider))
        clock.seconds += FORCED_REFRESH_EVERY_SECONDS

    assert provider.asked_for_keys() == 1 + 3


@pytest.mark.attack(29)
@pytest.mark.slow
def test_keys_turned_under_traffic_refuse_nobody(provider: Provider, issuer: Issuer, clock: Clock) -> None:
    def call(number: int) -> str:
        if number % 50 == 25:
            clock.seconds += FORCED_REFRESH_EVERY_SECONDS
            provider.rotate()
        return str(verify(issuer, token(provider))["sub"])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(call, range(400))) == ["sub-cend589"] * 400

    assert provider.asked_for_keys() == 1 + 8


def test_keys_turned_just_after_they_were_fetched_are_fetched_again(
    provider: Provider, issuer: Issuer
) -> None:
    verify(issuer, token(provider))
    provider.rotate()

    assert verify(issuer, token(provider))
    assert provider.asked_for_keys() == 2


def test_a_key_of_another_kind_beside_ours_does_no_harm(provider: Provider, issuer: Issuer) -> None:
    ours = provider.key.as_dict(private=False)
    strange = OKPKey.generate_key("Ed25519", {"kid": "ed"}).as_dict(private=False)
    encryption = {**ours, "kid": "enc", "use": "enc"}
    provider.faults["keys"] = {"keys": [strange, encryption, {"kty": "AKP", "kid": "new"}, ours]}

    assert verify(issuer, token(provider))
    with pytest.raises(TokenRefused):
        verify(issuer, token(provider, kid="enc"))


def test_an_issuer_that_is_down_is_told_apart_from_a_bad_token(provider: Provider, issuer: Issuer) -> None:
    ours = token(provider)
    provider.stop()
    with pytest.raises(IssuerUnavailable):
        verify(issuer, ours)

    provider.start()
    assert verify(issuer, ours)

    provider.stop()
    assert verify(issuer, ours), "the keys are known"


def test_old_keys_serve_while_the_issuer_is_down(provider: Provider, issuer: Issuer, clock: Clock) -> None:
    verify(issuer, token(provider))
    clock.seconds += KEYS_MAX_AGE_SECONDS + 1
    ours = token(provider)
    provider.stop()

    assert verify(issuer, ours)


@pytest.mark.parametrize(
    ("fault", "document"),
    [
        ("discovery", []),
        ("discovery", b"<html>"),
        ("keys", {}),
        ("keys", {"keys": None}),
        ("keys", {"keys": [{}]}),
        ("keys", {"keys": [{"kty": "RSA", "kid": "k1"}]}),
        ("keys", b"\xff"),
    ],
)
def test_a_document_that_is_none_makes_the_issuer_unavailable(
    provider: Provider, issuer: Issuer, fault: str, document: Any
) -> None:
    provider.faults[fault] = document
    with pytest.raises(IssuerUnavailable):
        verify(issuer, token(provider))


def test_a_discovery_document_of_another_issuer_is_not_followed(provider: Provider, issuer: Issuer) -> None:
    _, document = provider.get("/realms/bdt/.well-known/openid-configuration")
    provider.faults["discovery"] = {**document, "issuer": "https://evil.example"}
    with pytest.raises(IssuerUnavailable):
        issuer.endpoints()


def test_a_discovery_document_without_an_address_makes_the_issuer_unavailable(
    provider: Provider, issuer: Issuer
) -> None:
    provider.faults["discovery"] = {"issuer": provider.issuer}
    with pytest.raises(IssuerUnavailable):
        issuer.endpoints()
