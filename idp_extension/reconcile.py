"""Finds where Keycloak is not what the database says, person by person. Reads only.

From the person's side: two or three cheap calls each, where the members of a group cost five times as much.
The repair is the projection itself; a run that only looks may use the account that only reads (`bdt-reader`).
People whom the database does not know, and roles taken off a group by hand, are not seen here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from idp_extension.gateway import KeycloakGateway, User
from idp_extension.projection import DesiredPerson, find_person, groups_of_ours


class Deviation(StrEnum):
    """What is wrong with a person in Keycloak."""

    NO_USER = "no user"
    STILL_ACTIVE = "still active"
    SHUT_OUT = "shut out"  # at Keycloak alone: for the database to note, never for a projection to undo
    STILL_SHUT_OUT = "still shut out"
    OTHER_PROFILE = "other profile"
    OTHER_LABEL = "other label"
    GROUP_MISSING = "group missing"
    GROUP_SURPLUS = "group surplus"


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. `group_key` names the group, as `GroupName.key`, for those that concern one."""

    identifiant: str
    deviation: Deviation
    group_key: str = ""

    @property
    def grants_too_much(self) -> bool:
        """Whether the person can do more than she may, rather than less: the first to repair."""
        return self.deviation in (Deviation.STILL_ACTIVE, Deviation.GROUP_SURPLUS)


def find_drift(gateway: KeycloakGateway, wanted: Iterable[DesiredPerson]) -> Iterator[Drift]:
    """The differences of these people, in their order; writes nothing.

    Raises:
        GatewayError: Keycloak did not answer, or refused.
    """
    for desired in wanted:
        yield from _drift_of(gateway, desired)


def _drift_of(gateway: KeycloakGateway, desired: DesiredPerson) -> Iterator[Drift]:
    user = find_person(gateway, desired)
    if user is None:
        yield Drift(desired.identifiant, Deviation.NO_USER)
        return
    if (account := _account_deviation(desired, user)) is not None:
        yield Drift(desired.identifiant, account)
    groups = groups_of_ours(gateway, user.id)
    for structure in desired.structures:
        group = groups.get(structure.siren)
        if group is not None and group.label != structure.label:
            yield Drift(desired.identifiant, Deviation.OTHER_LABEL, structure.siren)
    present = groups.keys()
    for key in sorted(desired.group_keys - present):
        yield Drift(desired.identifiant, Deviation.GROUP_MISSING, key)
    for key in sorted(present - desired.group_keys):
        yield Drift(desired.identifiant, Deviation.GROUP_SURPLUS, key)


def _account_deviation(desired: DesiredPerson, user: User) -> Deviation | None:
    if user.is_active and not desired.is_active:
        return Deviation.STILL_ACTIVE
    if desired.is_shut_out_by(user):
        return Deviation.SHUT_OUT
    if desired.is_active and not user.is_active:
        return Deviation.STILL_SHUT_OUT
    return None if desired.is_described_by(user) else Deviation.OTHER_PROFILE
