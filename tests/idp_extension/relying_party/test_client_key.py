"""Keys in files: what is accepted, what is refused by name, and the two halves of a change of keys."""

import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from idp_extension.relying_party.client_key import (
    ASSERTION_SECONDS,
    BadKey,
    ClientKey,
    read_public_keys,
    write_new_key,
)

ISSUER = "https://id.example.fr/realms/bdt"


def new_key(directory: Path, name: str = "key") -> tuple[Path, Path]:
    private, public = directory / f"{name}.pem", directory / "public" / "portail.pem"
    write_new_key(private, public)
    return private, public


def signer(key: ClientKey) -> str:
    header = jwt.decode(key.proof(ISSUER)["client_assertion"], key.read(), algorithms=["ES256"]).header
    return str(header["kid"])


def test_a_proof_names_the_client_and_the_issuer_for_thirty_seconds(tmp_path: Path) -> None:
    private, public = new_key(tmp_path)
    key = ClientKey.in_file("portail", private)

    first, second = (key.proof(ISSUER)["client_assertion"] for _ in range(2))

    accepted = KeySet.import_key_set(json.loads(read_public_keys(public)))
    claims = jwt.decode(first, accepted, algorithms=["ES256"]).claims
    assert {name: claims[name] for name in ("iss", "sub", "aud")} == {
        "iss": "portail",
        "sub": "portail",
        "aud": ISSUER,
    }
    assert claims["exp"] - claims["iat"] == ASSERTION_SECONDS
    assert claims["jti"] != jwt.decode(second, accepted, algorithms=["ES256"]).claims["jti"]


@pytest.mark.attack(46)
def test_keycloak_is_given_no_private_part(tmp_path: Path) -> None:
    _, public = new_key(tmp_path)
    for jwks in (read_public_keys(public), ClientKey.fresh("bdt-bootstrap").public_jwks()):
        (key,) = json.loads(jwks)["keys"]
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


@pytest.mark.attack(46)
def test_two_keys_are_accepted_while_one_takes_the_place_of_the_other(tmp_path: Path) -> None:
    old, public = new_key(tmp_path, "old")
    running = ClientKey.in_file("portail", old)
    before = signer(running)
    new, _ = new_key(tmp_path, "new")
    accepted = {key["kid"] for key in json.loads(read_public_keys(public))["keys"]}

    new.replace(old)  # the process goes on, and signs with the new one from here

    assert signer(running) != before
    assert accepted == {before, signer(running)}


def test_a_private_key_is_for_its_owner_and_is_not_overwritten(tmp_path: Path) -> None:
    private, public = new_key(tmp_path)
    kept = (private.read_bytes(), public.read_bytes())

    with pytest.raises(FileExistsError):
        write_new_key(private, public)

    assert (private.read_bytes(), public.read_bytes()) == kept
    assert private.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----\n",
        ECKey.generate_key("P-256").as_pem(private=False),
        ECKey.generate_key("P-384").as_pem(private=True),
        RSAKey.generate_key(2048).as_pem(private=True),
    ],
    ids=["absent", "empty", "binary", "broken", "public", "other curve", "rsa"],
)
def test_what_is_no_private_key_is_refused_by_the_name_of_its_file(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "portail.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadKey, match=r"portail\.pem"):
        ClientKey.in_file("portail", file)


def test_a_private_key_among_the_public_ones_is_refused(tmp_path: Path) -> None:
    private, public = new_key(tmp_path)
    with public.open("ab") as file:
        file.write(private.read_bytes())
    with pytest.raises(BadKey, match="public keys in PEM are wanted here, and nothing else"):
        read_public_keys(public)


def test_a_key_never_shows_in_a_repr() -> None:
    key = ClientKey.fresh("bdt-sync")
    assert repr(key) == "ClientKey(client_id='bdt-sync')"
