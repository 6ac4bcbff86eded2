"""What a realm is, in Keycloak's own representations, whether wanted or found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Representation = Mapping[str, Any]

ADMINISTRATION = "realm-management"
"""Keycloak's client whose roles administer the realm."""


@dataclass(frozen=True)
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
