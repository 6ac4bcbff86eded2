"""What a realm is, in Keycloak's own representations, whether wanted or found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from idp_extension.relying_party.client_key import ALGORITHM

Representation = Mapping[str, Any]
Objects = Mapping[str, Representation]

ADMINISTRATION = "realm-management"
"""Keycloak's client whose roles administer the realm."""
STRUCTURE_SCOPE = "structure"
"""The scope that makes a client an espace: its roles are held by structures, which the projection knows."""


@dataclass(frozen=True, slots=True)
class RealmState:
    """A realm without its people and structures. Objects go by their names, which is how two are compared.

    A role goes by `client:role`, one of the realm by its name alone (`role_name`). `composites`,
    `scope_roles` (« client portail », « scope email ») and `account_roles` say under `roles` which roles one
    brings along; `holders` are the people and groups that hold a role which is no structure's. A flow is
    `{"steps": [...]}`, a step has a `requirement` and either a `provider` or, when it is a flow itself,
    `flow` (its name) and `steps`. `ids`: what Keycloak calls an object that has no name of its own.
    """

    name: str
    settings: Representation = field(default_factory=dict, repr=False)  # may hold a secret
    user_profile: Representation = field(default_factory=dict)
    client_policies: Representation = field(default_factory=dict)
    flows: Objects = field(default_factory=dict)
    required_actions: Objects = field(default_factory=dict)
    scopes: Objects = field(default_factory=dict)
    new_client_scopes: Representation = field(default_factory=dict)
    clients: Objects = field(default_factory=dict, repr=False)  # hold secrets
    roles: Objects = field(default_factory=dict)
    composites: Objects = field(default_factory=dict)
    scope_roles: Objects = field(default_factory=dict)
    account_roles: Objects = field(default_factory=dict)
    components: Objects = field(default_factory=dict)
    identity_providers: Objects = field(default_factory=dict, repr=False)
    default_groups: Objects = field(default_factory=dict)
    initial_access: Objects = field(default_factory=dict)
    texts: Objects = field(default_factory=dict)
    authorisation: Objects = field(default_factory=dict)
    holders: Objects = field(default_factory=dict)
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    def objects(self, kind: str) -> Objects:
        """The objects of one kind, by name; what the realm has once goes by the realm's name."""
        found: Mapping[str, Any] = getattr(self, KINDS[kind])
        if kind in ONCE:
            return {self.name: found}
        return found


KINDS: Final[Mapping[str, str]] = {
    "login flow": "flows",  # first: the realm names those it uses
    "realm": "settings",
    "user profile": "user_profile",
    "client policies": "client_policies",
    "required action": "required_actions",
    "client scope": "scopes",
    "new client scopes": "new_client_scopes",
    "client": "clients",
    "role": "roles",
    "composite": "composites",
    "scope roles": "scope_roles",
    "account roles": "account_roles",
    "component": "components",
    "identity provider": "identity_providers",
    "default group": "default_groups",
    "initial access": "initial_access",
    "text": "texts",
    "authorisation": "authorisation",
    "holder": "holders",
}
"""Every kind of object, and the field of `RealmState` that has it; in the order in which they are made."""
ONCE: Final = frozenset({"realm", "user profile", "client policies", "new client scopes"})


_AFTER: Final = "post.logout.redirect.uris"


def role_name(name: str, client_id: str = "") -> str:
    """What a role is called here: `client:role`, or `role`; no two roles have the same one."""
    quoted = name if client_id else name.replace("%", "%25").replace(":", "%3A")
    return f"{client_id.replace('%', '%25').replace(':', '%3A')}:{quoted}" if client_id else quoted


def role_parts(named: str) -> tuple[str, str]:
    """The client (empty for a role of the realm) and the role that `role_name` made one name of."""
    first, colon, rest = named.partition(":")
    plain = first.replace("%3A", ":").replace("%25", "%")
    return (plain, rest) if colon else ("", plain)


def without_idle_redirect(client: Representation) -> dict[str, Any]:
    """A client whose people go, after a log-out, where they may come back to: nowhere, if that is nowhere.

    Keycloak writes it into every client of a realm that it imports, also where nobody may take it out again.
    """
    attributes = client.get("attributes")
    if client.get("redirectUris") or not isinstance(attributes, Mapping) or attributes.get(_AFTER) != "+":
        return dict(client)
    return {**client, "attributes": {key: value for key, value in attributes.items() if key != _AFTER}}


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
