"""Makes Keycloak what the database says, one person or one structure at a time; safe to repeat.

What gives too much goes first. `Remedy.REPORT` is left alone; `Remedy.ADOPT` writes nothing here, its ids are
in the answer.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from idp_extension.gateway import KeycloakGateway, Refused
from idp_extension.projection import DesiredPerson, Projected, project_person
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind, Remedy
from idp_extension.sync.state import DesiredGroups

_CONFLICT = 409
ASIDE = "collision.invalid"
"""Where an e-mail is moved that stands in the way of its owner: a domain that can receive nothing."""


@dataclass(slots=True)
class Made:
    """What a repair made or found: how many writes were sent, and ids of groups by `GroupName.key`."""

    writes: int = 0
    group_ids: dict[str, str] = field(default_factory=dict)


def repair_person(gateway: KeycloakGateway, wanted: DesiredPerson, found: Iterable[Difference]) -> Projected:
    """Repair one person, whose sessions end when she could do more than she may, or was not herself.

    Args:
        gateway: to Keycloak.
        wanted: her, as the database has her now.
        found: her differences.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat then.
    """
    differences = [each for each in found if each.meaning.remedy is not Remedy.REPORT]
    hers = [each for each in differences if each.kind is not Kind.USER_DOUBLED and each.keycloak_id]
    writes = 0
    if hers and any(each.meaning.gives_too_much for each in hers):
        gateway.end_sessions(hers[0].keycloak_id)
        writes += 1
    for each in differences:
        if (undo := _OF_PERSON.get(each.kind)) is not None:
            undo(gateway, each)
            writes += 1
    if hers:
        wanted = replace(wanted, keycloak_id=hers[0].keycloak_id)
    try:
        projected = project_person(gateway, wanted)
    except Refused as refusal:
        moved = _make_room(gateway, wanted) if refusal.status == _CONFLICT else 0
        if not moved:
            raise
        projected = project_person(gateway, wanted)
        writes += moved
    if any(each.kind is Kind.USERNAME_CHANGED for each in hers):
        # Last: Keycloak refuses it unless the realm lets usernames be edited, as it did when hers was.
        gateway.rename_user(projected.keycloak_id, wanted.identifiant)
        writes += 1
    return replace(projected, writes=projected.writes + writes)


def repair_structure(gateway: KeycloakGateway, wanted: DesiredGroups, found: Iterable[Difference]) -> Made:
    """Repair the groups of one structure.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat then.
    """
    work = _Structure(gateway, wanted)
    for each in in_order(found):
        if each.meaning.remedy is Remedy.ADOPT:
            key = f"{each.subject}/{each.detail}" if each.detail else each.subject
            work.made.group_ids[key] = each.keycloak_id
        elif (repair := _OF_STRUCTURE.get(each.kind)) is not None:
            repair(work, each)
            work.made.writes += 1
    return work.made


def repair_stranger(gateway: KeycloakGateway, difference: Difference) -> Made:
    """Remove what is of nobody: an account, a group, the place of a service account.

    Raises:
        GatewayError: Keycloak did not do it; safe to repeat then.
    """
    match difference.kind:
        case Kind.USER_FOREIGN | Kind.USER_DOUBLED:
            gateway.delete_user(difference.keycloak_id)
        case Kind.GROUP_FOREIGN:
            gateway.delete_group(difference.keycloak_id)
        case Kind.SERVICE_ACCOUNT_IN_GROUP:
            _leave(gateway, difference)
        case _:
            return Made()
    return Made(writes=1)


def in_order(found: Iterable[Difference]) -> list[Difference]:
    """What gives too much first, then as given: parents come before what is below them."""
    return sorted(found, key=lambda each: not each.meaning.gives_too_much)


def _make_room(gateway: KeycloakGateway, wanted: DesiredPerson) -> int:
    """Move aside who has her username or her e-mail: by an exchange of two people's, their turn comes."""
    moved = 0
    by_name = gateway.find_user(wanted.identifiant)
    if by_name is not None and wanted.keycloak_id and by_name.id != wanted.keycloak_id:
        gateway.rename_user(by_name.id, by_name.id)
        moved += 1
    by_email = gateway.find_user_of_email(wanted.email)
    if by_email is not None and by_email.identifiant != wanted.identifiant:
        aside = f"{by_email.id}@{ASIDE}"
        gateway.update_user(by_email.id, email=aside, prenom=by_email.prenom, nom=by_email.nom)
        moved += 1
    return moved


def _leave(gateway: KeycloakGateway, difference: Difference) -> None:
    key = difference.detail.removeprefix("/")
    for group in gateway.groups_of_user(difference.keycloak_id):
        if group.path.removeprefix("/") == key:
            gateway.leave_group(difference.keycloak_id, group.id)


_OF_PERSON: Mapping[Kind, Callable[[KeycloakGateway, Difference], None]] = MappingProxyType(
    {
        Kind.USER_DOUBLED: lambda gateway, it: gateway.delete_user(it.keycloak_id),
        Kind.IDENTITY_LINKED: lambda gateway, it: gateway.unlink_identity(it.keycloak_id, it.detail),
        Kind.USER_ROLE_PLANTED: lambda gateway, it: gateway.drop_user_role(it.keycloak_id, it.detail),
        Kind.FOREIGN_GROUP_JOINED: _leave,
    }
)
"""What the projection of a person does not do."""


class _Structure:
    def __init__(self, gateway: KeycloakGateway, wanted: DesiredGroups) -> None:
        self.gateway, self.wanted, self.made = gateway, wanted, Made()

    @property
    def top(self) -> str:
        """The id of the structure's own group: as found now, else as the database had it."""
        return self.made.group_ids.get(self.wanted.siren) or self.wanted.group_id or ""

    def make_group(self, _: Difference) -> None:
        group = self.gateway.create_structure_group(self.wanted.siren, self.wanted.label)
        self.made.group_ids[self.wanted.siren] = group.id

    def make_service_group(self, it: Difference) -> None:
        group = self.gateway.create_subgroup(self.top, it.detail)
        self.map_role(replace(it, keycloak_id=group.id))
        self.made.group_ids[f"{it.subject}/{it.detail}"] = group.id

    def map_role(self, it: Difference) -> None:
        self.gateway.map_client_role(it.keycloak_id, *it.detail.split(":", 1))

    def set_attributes(self, it: Difference) -> None:
        service = it.detail.partition("@")[0]
        label = "" if service else self.wanted.label
        self.gateway.set_attributes(it.keycloak_id, service or self.wanted.siren, label)


_OF_STRUCTURE: Mapping[Kind, Callable[[_Structure, Difference], None]] = MappingProxyType(
    {
        Kind.GROUP_MISSING: _Structure.make_group,
        Kind.GROUP_RENAMED: lambda work, it: work.gateway.rename_group(it.keycloak_id, it.subject),
        Kind.GROUP_DOUBLED: lambda work, it: work.gateway.delete_group(it.keycloak_id),
        Kind.GROUP_LABEL: _Structure.set_attributes,
        Kind.GROUP_ATTRIBUTE_PLANTED: _Structure.set_attributes,
        Kind.GROUP_ROLE_PLANTED: lambda work, it: work.gateway.drop_group_role(it.keycloak_id, it.found),
        Kind.SERVICE_GROUP_MISSING: _Structure.make_service_group,
        Kind.SERVICE_GROUP_RENAMED: lambda work, it: work.gateway.rename_group(it.keycloak_id, it.detail),
        Kind.SERVICE_GROUP_FOREIGN: lambda work, it: work.gateway.delete_group(it.keycloak_id),
        Kind.SERVICE_ROLE_TAKEN_OFF: _Structure.map_role,
    }
)
