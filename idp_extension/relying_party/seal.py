"""Values of a service that others keep for it, a browser or a table, and can neither read nor change."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_HEADER = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS = ["dir", "A256GCM"]


class Seal:
    """Encrypts and authenticates (JWE, RFC 7516) under a key made from a secret of the service.

    Args:
        secret: of the service.
        purpose: what is sealed; what was sealed for one purpose does not open for another.
    """

    def __init__(self, secret: str, purpose: str) -> None:
        digest = hmac.digest(secret.encode(), f"seal\0{purpose}".encode(), hashlib.sha256)
        self._key = OctKey.import_key(digest)

    def close(self, values: Mapping[str, Any]) -> str:
        """The sealed form: ASCII, fit for a cookie."""
        return str(jwe.encrypt_compact(_HEADER, json.dumps(values).encode(), self._key, _ALGORITHMS))

    def open(self, sealed: str) -> Mapping[str, Any] | None:
        """What was sealed; None for anything that this seal did not close."""
        try:
            opened = jwe.decrypt_compact(sealed.encode(), self._key, _ALGORITHMS)
            values: Mapping[str, Any] = json.loads(opened.plaintext or b"")
        except (JoseError, ValueError):
            return None
        return values
