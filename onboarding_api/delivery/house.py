"""The database as Keycloak's truth, for `idp_extension.sync`: who and what there should be, ids kept."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from idp_extension.projection import DesiredPerson
from idp_extension.sync.state import DesiredGroups
from onboarding_api.acts.act import Office
from onboarding_api.delivery.desired.country import desired_people, desired_structures
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.usecases.account.shut_out import note_shut_out


class DatabaseHouse:
    """See `idp_extension.sync.house.House`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def people(self, only: Collection[str] | None = None) -> Iterator[DesiredPerson]:
        """Everybody, or these identifiants."""
        with self._office.database.reading() as session:
            yield from desired_people(session, self._office.clock(), only)

    def structures(self, only: Collection[str] | None = None) -> Iterator[DesiredGroups]:
        """Every structure that has people or groups, or those of these SIREN."""
        with self._office.database.reading() as session:
            yield from desired_structures(session, self._office.clock(), only=only)

    def keep(self, accounts: Mapping[str, str], groups: Mapping[str, str]) -> None:
        """Keep ids that Keycloak gave; one that somebody else had is his no longer."""
        with self._office.database.writing() as session:
            _forget(session, [*accounts.values()], [*groups.values()])
            for identifiant, id_ in accounts.items():
                hers = update(Person).where(Person.identifiant == identifiant)
                session.execute(hers.values(keycloak_id=id_))
            for key, id_ in groups.items():
                siren, _, service = key.partition("/")
                if service:
                    session.merge(ServiceGroup(siren=siren, service=service, kc_group_id=id_))
                else:
                    its = update(Structure).where(Structure.siren == siren)
                    session.execute(its.values(kc_group_id=id_))

    def note_shut_out(self, identifiant: str) -> None:
        """Write down that somebody was found disabled at Keycloak alone."""
        with self._office.database.writing() as session:
            person_id = session.scalar(select(Person.id).where(Person.identifiant == identifiant))
            if person_id is not None:
                note_shut_out(self._office, session, person_id)

    def knows(self, identifiant: str, keycloak_id: str) -> bool:
        """Whether an account is of somebody, by now."""
        hers = or_(Person.identifiant == identifiant, Person.keycloak_id == keycloak_id)
        with self._office.database.reading() as session:
            return session.scalar(select(Person.id).where(hers)) is not None


def _forget(session: Session, accounts: list[str], groups: list[str]) -> None:
    session.execute(update(Person).where(Person.keycloak_id.in_(accounts)).values(keycloak_id=None))
    session.execute(update(Structure).where(Structure.kc_group_id.in_(groups)).values(kc_group_id=None))
    for row in session.scalars(select(ServiceGroup).where(ServiceGroup.kc_group_id.in_(groups))):
        session.delete(row)
    session.flush()
