"""Which keys of a published set may sign: strong, public and of a kind that our algorithms use.

RFC 7518 §3.3 wants RSA keys of at least 2048 bits. Keys of the Infineon library (ROCA, CVE-2017-15361) have
them and are broken all the same: their primes are powers of 65537 modulo many small primes, and so is their
product, which no other key shows but by a chance of one in 150 million.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Final

SHORTEST_RSA: Final = 2048
LONGEST_RSA: Final = 8192
"""Longer ones are published by nobody and make a signature expensive to check."""
_SMALL_PRIMES: Final = tuple(p for p in range(3, 168) if all(p % d for d in range(2, int(p**0.5) + 1)))
_POWERS: Final = {p: frozenset(pow(65537, e, p) for e in range(p)) for p in _SMALL_PRIMES}


def strong_keys(keys: Iterable[Any]) -> list[dict[str, Any]]:
    """The keys that may be believed; the others are left out (RFC 7517 §5), whatever is wrong with them."""
    return [key for key in keys if isinstance(key, dict) and _may_sign(key)]


def _may_sign(key: Mapping[str, Any]) -> bool:
    operations = key.get("key_ops", ["verify"])
    is_for_signing = (
        key.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    )
    # A private key that is published is everybody's.
    if not is_for_signing or "d" in key:
        return False
    if key.get("kty") == "RSA":
        return _is_strong_rsa(_number(key.get("n")), _number(key.get("e")))
    return key.get("kty") == "EC" and key.get("crv") == "P-256"


def _is_strong_rsa(modulus: int, exponent: int) -> bool:
    is_long = SHORTEST_RSA <= modulus.bit_length() <= LONGEST_RSA
    is_odd = modulus % 2 == 1 and exponent % 2 == 1
    return is_long and is_odd and exponent >= 3 and not has_roca_fingerprint(modulus)


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo each small prime."""
    return all(modulus % prime in powers for prime, powers in _POWERS.items())


def _number(text: Any) -> int:
    """An integer as JWKs write it; 0, which no check takes, when it is none."""
    if not isinstance(text, str):
        return 0
    try:
        return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return 0
