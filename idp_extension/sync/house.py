"""What an apply asks of the house whose realm it is: the truth as it is now, and where ids are kept."""

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from idp_extension.projection import DesiredPerson
from idp_extension.sync.state import DesiredGroups


class House(Protocol):
    """The database, seen from Keycloak."""

    def people(self, only: Collection[str] | None = None) -> Iterator[DesiredPerson]:
        """Everybody, or these identifiants."""

    def structures(self, only: Collection[str] | None = None) -> Iterator[DesiredGroups]:
        """Every structure that has people or groups, or those of these SIREN."""

    def keep(self, accounts: Mapping[str, str], groups: Mapping[str, str]) -> None:
        """Keep ids that Keycloak gave: of accounts by identifiant, of groups by `GroupName.key`."""

    def note_shut_out(self, identifiant: str) -> None:
        """Write down that somebody was found disabled at Keycloak alone."""

    def knows(self, identifiant: str, keycloak_id: str) -> bool:
        """Whether an account is of somebody, by now: she may have registered since it was found."""
