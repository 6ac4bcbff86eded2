"""Makes one person in Keycloak what the database says she is: read, compare, write.

The goal is stated, not the steps, so a projection may be repeated, interrupted and run late: it then writes
what is still missing, and nothing the next time. Only groups that are named like ours are touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from idp_extension.gateway import Group, KeycloakGateway, Refused, User
from idp_extension.naming import GroupName, subgroup_name

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class DesiredRole:
    """An effective habilitation. `group_id` is the subgroup's id as last seen, None when never seen."""

    client_id: str
    role: str
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredStructure:
    """A structure the person is attached to, with the roles she effectively holds there."""

    siren: str
    label: str
    group_id: str | None = None
    roles: tuple[DesiredRole, ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredPerson:
    """What Keycloak should know of a person. `identifiant` is her Keycloak username.

    `may_enable`: somebody let her in again, and her account is to be enabled. Otherwise who is disabled at
    Keycloak stays so, whatever else the database says.
    """

    identifiant: str
    keycloak_id: str | None
    email: str
    prenom: str
    nom: str
    is_active: bool
    structures: tuple[DesiredStructure, ...] = ()
    may_enable: bool = False

    @property
    def group_keys(self) -> frozenset[str]:
        """The groups she should be in, by `GroupName.key`."""
        names = [GroupName(structure.siren) for structure in self.structures]
        names += [
            GroupName(structure.siren, role.client_id, role.role)
            for structure in self.structures
            for role in structure.roles
        ]
        return frozenset(name.key for name in names)

    def is_described_by(self, user: User) -> bool:
        """Whether Keycloak's profile of her is the wanted one. Keycloak keeps e-mails in lower case."""
        return (user.email, user.prenom, user.nom) == (self.email.lower(), self.prenom, self.nom)

    def is_shut_out_by(self, user: User) -> bool:
        """Whether Keycloak alone shuts her out: an act of its console, which no projection undoes."""
        return self.is_active and not user.is_active and not self.may_enable


@dataclass(frozen=True, slots=True)
class Projected:
    """What a projection found or made.

    `group_ids` goes by `GroupName.key`; `writes` counts the changes sent; `revoked` says that something was
    taken away, and that the person's sessions were therefore ended. `is_shut_out`: she was found disabled at
    Keycloak; what was too much is gone, and nothing was given.
    """

    keycloak_id: str
    group_ids: Mapping[str, str]
    writes: int
    revoked: bool
    is_shut_out: bool = False


def project_person(gateway: KeycloakGateway, desired: DesiredPerson) -> Projected:
    """Brings Keycloak to the desired state of one person.

    What must go goes before what must come: an interruption leaves too few rights, never too many.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat then.
    """
    return _Projection(gateway, desired).run()


def find_person(gateway: KeycloakGateway, desired: DesiredPerson) -> User | None:
    """The person's user: by the id we keep, else, when it is stale, by her identifiant.

    A user of that id who is called otherwise is still she: somebody else may have been given her name. A
    projection leaves the name alone, which Keycloak gives nobody the right to write while the realm is shut.
    """
    known = gateway.get_user(desired.keycloak_id) if desired.keycloak_id else None
    return known or gateway.find_user(desired.identifiant)


def groups_of_ours(gateway: KeycloakGateway, user_id: str) -> dict[str, Group]:
    """The user's groups that are named like ours, by `GroupName.key`."""
    named = ((GroupName.parse(group.path), group) for group in gateway.groups_of_user(user_id))
    return {name.key: group for name, group in named if name is not None}


class _Projection:
    def __init__(self, gateway: KeycloakGateway, desired: DesiredPerson) -> None:
        self._gateway = gateway
        self._desired = desired
        self._group_ids: dict[str, str] = {}
        self._writes = 0

    def run(self) -> Projected:
        user = find_person(self._gateway, self._desired)
        if user is None:
            user_id, present, revoked = self._create_user(), {}, False
        else:
            user_id, present = user.id, groups_of_ours(self._gateway, user.id)
            revoked = self._revoke(user, present)
            if self._desired.is_shut_out_by(user):
                return Projected(user_id, self._group_ids, self._writes, revoked, is_shut_out=True)
            self._update_user(user)
        for structure in self._desired.structures:
            self._join_structure(user_id, structure, present)
            for role in structure.roles:
                self._join_role(user_id, structure, role, present)
        return Projected(user_id, self._group_ids, self._writes, revoked)

    def _create_user(self) -> str:
        desired = self._desired
        self._writes += 1
        return self._gateway.create_user(
            desired.identifiant,
            email=desired.email,
            prenom=desired.prenom,
            nom=desired.nom,
            is_active=desired.is_active,
        )

    def _update_user(self, user: User) -> None:
        desired = self._desired
        is_active = desired.is_active if desired.is_active != user.is_active else None
        if is_active is None and desired.is_described_by(user):
            return
        self._writes += 1
        self._gateway.update_user(
            user.id, email=desired.email, prenom=desired.prenom, nom=desired.nom, is_active=is_active
        )

    def _revoke(self, user: User, present: dict[str, Group]) -> bool:
        surplus = sorted(
            present.keys() - self._desired.group_keys, reverse=True
        )  # services before their structure
        if not surplus and not (user.is_active and not self._desired.is_active):
            return False
        # Sessions first: were they last, an interruption would leave them alive, since the next run
        # finds nothing more to take away.
        self._gateway.end_sessions(user.id)
        for key in surplus:
            self._gateway.leave_group(user.id, present[key].id)
        self._writes += 1 + len(surplus)
        return True

    def _join_structure(self, user_id: str, structure: DesiredStructure, present: dict[str, Group]) -> None:
        key = GroupName(structure.siren).key
        group = present.get(key)
        if group is not None and group.label != structure.label:
            group = self._structure_group(structure)
        group_id = group.id if group else self._join(user_id, structure.group_id)
        if group_id is None:
            group_id = self._join(user_id, self._structure_group(structure).id)
        self._group_ids[key] = _certain(group_id, key)

    def _join_role(
        self, user_id: str, structure: DesiredStructure, role: DesiredRole, present: dict[str, Group]
    ) -> None:
        key = GroupName(structure.siren, role.client_id, role.role).key
        group_id = present[key].id if key in present else self._join(user_id, role.group_id)
        if group_id is None:
            group_id = self._join(user_id, self._role_group(self._group_ids[structure.siren], role).id)
        self._group_ids[key] = _certain(group_id, key)

    def _join(self, user_id: str, group_id: str | None) -> str | None:
        """Joins a group by id; None when there is no id or the group it named is gone."""
        if group_id is None:
            return None
        try:
            self._gateway.join_group(user_id, group_id)
        except Refused as refusal:
            if refusal.status != _NOT_FOUND:
                raise
            return None
        self._writes += 1
        return group_id

    def _structure_group(self, structure: DesiredStructure) -> Group:
        group = self._gateway.find_structure_group(structure.siren)
        if group is None or group.label != structure.label:
            group = self._gateway.create_structure_group(structure.siren, structure.label)
            self._writes += 1
        return group

    def _role_group(self, parent_id: str, role: DesiredRole) -> Group:
        name = subgroup_name(role.client_id, role.role)
        group = self._gateway.subgroups(parent_id).get(name)
        if group is None:
            group = self._gateway.create_subgroup(parent_id, name)
            self._writes += 1
        # Also for a group that existed: an earlier run may have stopped between its making and its role.
        self._writes += self._gateway.map_client_role(group.id, role.client_id, role.role)
        return group


def _certain(group_id: str | None, key: str) -> str:
    if group_id is None:
        raise Refused(_NOT_FOUND, f"group {key}, or the person, vanished while she was joining it")
    return group_id
