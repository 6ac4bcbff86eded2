"""What Keycloak has, and which groups the database wants: the two sides of a comparison.

`idp_extension.projection.DesiredPerson` is the wanted side of a person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from idp_extension.naming import RESERVED_CLIENTS


@dataclass(frozen=True, slots=True)
class DesiredGroups:
    """The groups of a structure that has, or had, people.

    `services` are those somebody holds now; `service_ids` the ids of groups as last seen, by service.
    """

    siren: str
    label: str
    group_id: str | None = None
    services: frozenset[str] = frozenset()
    service_ids: Mapping[str, str] = field(default_factory=dict)
    has_people: bool = True


@dataclass(frozen=True, slots=True)
class ActualGroup:
    """A group. `attributes` are the names of those beside its label; roles are named as `role_name` does."""

    id: str
    name: str
    label: str = ""
    attributes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    children: tuple["ActualGroup", ...] = ()


@dataclass(frozen=True, slots=True)
class ActualUser:
    """An account. `groups` are paths as `path_of` makes them; `roles` those that it holds by itself.

    `credentials` is None where the account that read may not know them. `service_account_of` is the UUID of
    the client whose account it is, `storage` the component it comes from.
    """

    id: str
    identifiant: str
    email: str = ""
    prenom: str = ""
    nom: str = ""
    is_active: bool = True
    is_email_verified: bool = False
    storage: str = ""
    service_account_of: str = ""
    attributes: tuple[str, ...] = ()
    required_actions: tuple[str, ...] = ()
    identity_providers: tuple[str, ...] = ()
    credentials: tuple[str, ...] | None = None
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActualState:
    """The whole of it: the top-level groups with what is below them, and the accounts."""

    groups: tuple[ActualGroup, ...] = ()
    users: tuple[ActualUser, ...] = ()

    @property
    def size(self) -> int:
        """How many objects there are: accounts and groups at all depths."""
        return len(self.users) + sum(1 for group in self.groups for _ in _walk(group))


def role_name(client_id: str, role: str) -> str:
    """`mes-prets:demande`; a role of the realm has no client: `:offline_access`."""
    return f"{client_id}:{role}"


def is_administration(role: str) -> bool:
    """Whether a role is one of Keycloak's own clients."""
    return role.partition(":")[0] in RESERVED_CLIENTS


def _walk(group: ActualGroup) -> Iterator[ActualGroup]:
    yield group
    for child in group.children:
        yield from _walk(child)
