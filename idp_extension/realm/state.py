"""What a realm is, in Keycloak's own representations, whether wanted or found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp_extension.relying_party.client_key import ALGORITHM

Representation = Mapping[str, Any]

ADMINISTRATION = "realm-management"
"""Keycloak's client whose roles administer the realm."""


@dataclass(frozen=True, slots=True)
class RealmState:
    """A realm without its people. Objects go by their names, which is how two states are compared.

    `roles`: description of each role of a client, by name. `account_roles`: the administration roles a
    service account holds (`account`), and those its tokens may carry (`scope`). `flows`: the login flows
    that are not Keycloak's own; a flow is `{"steps": [...]}`, a step has a `requirement` and either a
    `provider` or, when it is a flow itself, `flow` (its name) and `steps`.
    """

    name: str
    settings: Representation = field(default_factory=dict, repr=False)  # may hold a secret
    user_profile: Representation = field(default_factory=dict)
    scopes: Mapping[str, Representation] = field(default_factory=dict)
    new_client_scopes: Representation = field(default_factory=dict)
    clients: Mapping[str, Representation] = field(default_factory=dict, repr=False)  # hold secrets
    roles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    account_roles: Mapping[str, Representation] = field(default_factory=dict)
    flows: Mapping[str, Representation] = field(default_factory=dict)


def merged(present: Representation, wanted: Representation) -> dict[str, Any]:
    """What is there, with what is wanted: Keycloak would clear some fields that a PUT leaves out."""
    together = dict(present)
    for key, value in wanted.items():
        there = together.get(key)
        both = isinstance(value, Mapping) and isinstance(there, Mapping)
        together[key] = merged(there, value) if both and there is not None else value
    return together


def by_key(public_jwks: str) -> dict[str, Any]:
    """The fields of a client that proves itself by signing (`private_key_jwt`): no secret of it exists."""
    return {
        "clientAuthenticatorType": "client-jwt",
        "attributes": {
            "use.jwks.url": "false",
            "use.jwks.string": "true",
            "jwks.string": public_jwks,
            "token.endpoint.auth.signing.alg": ALGORITHM,
        },
    }
