"""Weak keys of a published set are left out: nobody's signature is believed by one of them (F16)."""

import base64
from typing import Any

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp_extension.relying_party.issuer import Issuer, IssuerUnavailable, TokenRefused
from idp_extension.relying_party.key_strength import has_roca_fingerprint, strong_keys
from tests.builders.issuer import Provider

# Two primes of the form that the Infineon library makes: k * M + (65537 ** a % M).
P = int(
    "cc557be94475736b5f4e8dca541859866f262b6d93951b43e6979c438e78057d6e46964251621a260dd67fcab1f1c222"
    "95015f00250897b7cf536c0d22b1848eefd2a14d241cf01e53601a9ee014bd7857a8a4a04e1ae44d4cbb69119c0a0a10"
    "0468b32642a6f67729104f37b9518a2cd9dad9f984d25ce4965b936ab6ef8fa7",
    16,
)
Q = int(
    "e3a834f0937c0f4ef35cb41fc84261c17c27b028dabc550c55049c1ceb55e5758f0b45f15f4f370fa916f911363e434c"
    "0f40be48a8b4fe447ea86896a1e2a95c5b2600cb1ec496357ebcc20b16403565169a8473be79cf449aaee6839a43e9d7"
    "4a125e091f09e5702a077623b91be15b9a757acd404e66ac97b837c002d85261",
    16,
)


def written(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()


def roca_key() -> RSAKey:
    """A whole private key, 2048 bits long, of two such primes."""
    secret = pow(65537, -1, (P - 1) * (Q - 1))
    parts = {
        "n": P * Q,
        "e": 65537,
        "d": secret,
        "p": P,
        "q": Q,
        "dp": secret % (P - 1),
        "dq": secret % (Q - 1),
        "qi": pow(Q, -1, P),
    }
    numbers = {name: written(number) for name, number in parts.items()}
    return RSAKey.import_key({"kty": "RSA", "kid": "roca", "use": "sig", **numbers})


def short_key() -> RSAKey:
    """Of 1,024 bits; our library warns of it."""
    with pytest.warns(SecurityWarning):
        return RSAKey.generate_key(1024, {"kid": "short", "use": "sig"})


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}).as_dict(private=False)


def test_sound_keys_stay(sound: dict[str, Any]) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "e"}).as_dict(private=False)
    longer = RSAKey.generate_key(3072, {"kid": "l"}).as_dict(private=False)
    unsaid = {name: value for name, value in sound.items() if name != "use"}
    keys = [sound, curve, longer, unsaid, {**sound, "key_ops": ["verify"]}]
    assert strong_keys(keys) == keys


def test_no_ordinary_key_has_the_fingerprint() -> None:
    for _ in range(5):
        numbers = RSAKey.generate_key(2048).as_dict(private=False)
        modulus = int.from_bytes(base64.urlsafe_b64decode(str(numbers["n"]) + "=="))
        assert not has_roca_fingerprint(modulus)
    assert has_roca_fingerprint(P * Q)
    assert has_roca_fingerprint(P)
    assert not has_roca_fingerprint(P * Q + 2)


def spoiled(sound: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**sound, **parts}


@pytest.mark.parametrize("bits", [512, 768, 1024, 1536, 2047])
def test_a_short_key_is_left_out(sound: dict[str, Any], bits: int) -> None:
    assert strong_keys([spoiled(sound, n=written(2 ** (bits - 1) + 1))]) == []


@pytest.mark.parametrize(
    "parts",
    [
        {"e": written(1)},
        {"e": written(2)},
        {"e": ""},
        {"e": None},
        {"n": None},
        {"n": 5},
        {"n": "§§"},
        {"n": written(2**2048)},
        {"n": written(2**8192 + 1)},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "rsa"},
        {"d": written(3)},
    ],
)
def test_a_key_that_is_none_of_ours_is_left_out(sound: dict[str, Any], parts: dict[str, Any]) -> None:
    assert strong_keys([spoiled(sound, **parts)]) == []


@pytest.mark.parametrize("key", [None, [], "RSA", {}, {"kty": "RSA"}, {"kty": "EC", "crv": "secp256k1"}])
def test_what_is_no_key_is_left_out(key: Any) -> None:
    assert strong_keys([key]) == []
    assert strong_keys([OKPKey.generate_key("Ed25519").as_dict(private=False)]) == []


@pytest.mark.parametrize("weak", ["roca", "short"])
def test_a_token_signed_by_a_weak_key_is_believed_by_nobody(
    provider: Provider, issuer: Issuer, sound: dict[str, Any], weak: str
) -> None:
    provider.key = roca_key() if weak == "roca" else short_key()
    published = provider.key.as_dict(private=False)
    token = provider.sign({"aud": "a"}, "at+jwt")

    provider.faults["keys"] = {"keys": [published]}
    with pytest.raises(IssuerUnavailable):
        issuer.verify(token, audience="a", types=frozenset({"at+jwt"}))

    provider.faults["keys"] = {"keys": [published, sound]}
    with pytest.raises(TokenRefused):
        Issuer(provider.issuer).verify(token, audience="a", types=frozenset({"at+jwt"}))


def test_one_weak_key_does_no_harm_to_the_strong_one(provider: Provider, issuer: Issuer) -> None:
    weak = roca_key().as_dict(private=False)
    provider.faults["keys"] = {"keys": [weak, provider.key.as_dict(private=False), {"kty": "RSA"}]}
    token = provider.sign({"aud": "a"}, "at+jwt")
    assert issuer.verify(token, audience="a", types=frozenset({"at+jwt"}))["sub"] == "sub-cend589"
