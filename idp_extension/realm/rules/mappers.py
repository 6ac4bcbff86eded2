"""Which protocol mappers may stand on a client that is told the active structure: a list, closed.

Its tokens carry the roles of one structure alone. Any mapper that reads roles, groups or attributes by itself
could bring in those of another, so a kind that nobody has read and put here is a finding.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from idp_extension.realm.finding import Finding
from idp_extension.realm.state import Representation

KNOWN: Final = frozenset(
    {
        "bdt-structure-mapper",
        "oidc-audience-mapper",
        # Of Keycloak's scopes basic, profile, email and acr: who she is, how and when she logged in.
        "oidc-sub-mapper",
        "oidc-acr-mapper",
        "oidc-amr-mapper",
        "oidc-full-name-mapper",
        "oidc-usermodel-attribute-mapper",
        "oidc-usermodel-property-mapper",
        "oidc-usersessionmodel-note-mapper",
    }
)
# Known kinds that would tell of every structure of the person.
_EVERY_STRUCTURE: Final = frozenset(
    {
        "oidc-group-membership-mapper",
        "oidc-usermodel-realm-role-mapper",
        "oidc-usermodel-client-role-mapper",
        "oidc-audience-resolve-mapper",
    }
)
# Claims that our mapper, or Keycloak itself, answers for: no other may write them.
_TAKEN: Final = frozenset(
    {"structure", "resource_access", "realm_access", "aud", "iss", "sub", "azp", "exp", "iat", "sid", "typ"}
)


def mapper_findings(client_id: str, owners: Iterable[Representation]) -> Iterator[Finding]:
    """The mappers of a client and of its scopes that have no place there."""
    for owner in owners:
        for mapper in owner.get("protocolMappers", []):
            kind, name = mapper["protocolMapper"], mapper["name"]
            if kind in _EVERY_STRUCTURE:
                message = f"the mapper {name!r} tells of every structure of the person"
                yield Finding("all-structures-mapper", client_id, message)
            elif kind not in KNOWN:
                message = f"the mapper {name!r} is of a kind that nobody has read: {kind}"
                yield Finding("unknown-mapper", client_id, message)
            elif (claim := _claim_of(mapper)) in _TAKEN:
                message = f"the mapper {name!r} writes the claim {claim!r}, which is not its own"
                yield Finding("foreign-claim", client_id, message)


def _claim_of(mapper: Representation) -> str:
    """The claim that a mapper is told to write: `structure` for `structure.roles`."""
    path: str = mapper.get("config", {}).get("claim.name", "")
    return path.replace("\\", "").partition(".")[0].partition("[")[0]
