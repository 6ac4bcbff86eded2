"""How a client proves itself without a secret: it signs, and Keycloak holds its public keys alone.

Sources: RFC 7523 §2.2 (`private_key_jwt`), RFC 7517 (JWKS), RFC 7638 (a key is named by its thumbprint).
ES256 only. Whoever may read the clients of the realm learns nothing that lets him log in as one of them.
"""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
CURVE = "P-256"
# Keycloak takes none that lasts longer than a minute; clocks may differ by a part of it.
ASSERTION_SECONDS = 30
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL)


class BadKey(Exception):
    """A key file is absent or holds something else; the text names the file, never what is in it."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """The private key of one client. `read` is asked at each use: a key may be replaced while we run."""

    client_id: str
    read: Callable[[], ECKey] = field(repr=False)

    @classmethod
    def in_file(cls, client_id: str, file: Path) -> "ClientKey":
        """The key in a PEM file.

        Raises:
            BadKey: there is none; told at once, and again at a use after the file was spoiled.
        """
        _private_key(file)
        return cls(client_id, lambda: _private_key(file))

    @classmethod
    def fresh(cls, client_id: str) -> "ClientKey":
        """A key drawn now, which lives in this process alone."""
        key = ECKey.generate_key(CURVE)
        return cls(client_id, lambda: key)

    def proof(self, audience: str) -> dict[str, str]:
        """The fields that, beside `client_id` in a token request, prove who asks. They hold once.

        Args:
            audience: the issuer's URL, whatever the way by which it is reached.

        Raises:
            BadKey: the file was spoiled since it was first read.
        """
        key, now = self.read(), int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "jti": os.urandom(16).hex(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"alg": ALGORITHM, "kid": key.thumbprint()}
        return {
            "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode(header, claims, key, algorithms=[ALGORITHM]),
        }

    def public_jwks(self) -> str:
        """What Keycloak is given: this key's public half."""
        return _jwks([self.read()])


def read_public_keys(file: Path) -> str:
    """The JWKS of a file of PEM public keys: two of them while a client changes from one to the other.

    Raises:
        BadKey: no file, none in it, a private key, or another kind of key.
    """
    blocks = list(_PEM.finditer(_text(file)))
    if not blocks or any(block[1] != "PUBLIC KEY" for block in blocks):
        raise BadKey(f"{file}: public keys in PEM are wanted here, and nothing else")
    return _jwks([_key(block[0], file) for block in blocks])


def write_new_key(private_file: Path, public_file: Path) -> None:
    """Draw a key: its private half into a new file, its public half behind those that are accepted already.

    Raises:
        FileExistsError: there is a private key; it is not overwritten.
    """
    key = ECKey.generate_key(CURVE)
    for directory in (private_file.parent, public_file.parent):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(private_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.as_pem(private=True))
    with public_file.open("ab") as file:
        file.write(key.as_pem(private=False))


def _private_key(file: Path) -> ECKey:
    key = _key(_text(file), file)
    if not key.is_private:
        raise BadKey(f"{file}: a private key is wanted here")
    return key


def _key(pem: str, file: Path) -> ECKey:
    try:
        key = ECKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        raise BadKey(f"{file}: no {CURVE} key in PEM") from None
    if key.curve_name != CURVE:
        raise BadKey(f"{file}: the key is on {key.curve_name}, {CURVE} is wanted")
    return key


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, ValueError) as error:
        raise BadKey(f"{file}: cannot be read ({type(error).__name__})") from None


def _jwks(keys: list[ECKey]) -> str:
    told = [
        {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
        for key in keys
    ]
    return json.dumps({"keys": sorted(told, key=lambda key: key["kid"])}, sort_keys=True)
