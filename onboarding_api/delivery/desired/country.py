"""What Keycloak should know of everybody: streamed, in a few statements, whatever the size of the country.

What is effective is listed by the rules compiled to SQL; where one person is projected, the engine decides.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure
from idp_extension.sync.state import DesiredGroups
from onboarding_api.access.who_can import allowed_in_sql
from onboarding_api.model.disabling import Disabling
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.queries.asking import PASSWORD
from policies.engine.names import Action
from policies.engine.revision import load_policies
from policies.language.model import Environment

_CHUNK = 1000
_Rows = Select[*tuple[Any, ...]]
_ENTERING = Environment("User", str(Action.ENTER_SERVICE), "Habilitation")
_ATTACHED = Membership.state == MembershipState.ATTACHED


def desired_people(
    session: Session, now: datetime, only: Collection[str] | None = None
) -> Iterator[DesiredPerson]:
    """Everybody, by identifiant, without the ids of her groups.

    Args:
        session: a transaction that stays open while this is read.
        now: the moment asked about.
        only: these identifiants.
    """
    stays_of = _Merged(session, _of(only, _stays()))
    entered_of = _Merged(session, _of(only, _entered(now)))
    for row in _streamed(session, _of(only, _people())):
        services: dict[str, list[str]] = {}
        for _, siren, service in entered_of.rows(row.id):
            services.setdefault(siren, []).append(service)
        yield DesiredPerson(
            identifiant=row.identifiant,
            keycloak_id=row.keycloak_id,
            email=row.email,
            prenom=row.prenom,
            nom=row.nom,
            is_active=row.is_active,
            structures=tuple(
                _desired_structure(siren, name, services.get(siren, ()))
                for _, siren, name in stays_of.rows(row.id)
            ),
            may_enable=row.is_active and row.disabling is not None,
        )


def desired_structures(
    session: Session, now: datetime, siren: str | None = None, only: Collection[str] | None = None
) -> Iterator[DesiredGroups]:
    """Every structure that has people, or once had a group, by SIREN; or those asked for that are such.

    Args:
        session: a transaction that stays open while this is read.
        now: the moment asked about.
        siren: this structure only.
        only: these structures.
    """
    only = only if siren is None else [siren]
    entered, seen = _entered(now), select(ServiceGroup.siren, ServiceGroup.service, ServiceGroup.kc_group_id)
    has_people = select(Membership.id).where(Membership.siren == Structure.siren, _ATTACHED).exists()
    rows = (
        select(Structure.siren, Structure.name, Structure.kc_group_id, has_people.label("has_people"))
        .where(has_people | Structure.kc_group_id.is_not(None))
        .order_by(Structure.siren)
    )
    if only is not None:
        entered = entered.where(Habilitation.siren.in_(only))
        seen, rows = seen.where(ServiceGroup.siren.in_(only)), rows.where(Structure.siren.in_(only))
    held: dict[str, set[str]] = {}
    for _, held_in, service in _streamed(session, entered):
        held.setdefault(held_in, set()).add(service)
    ids: dict[str, dict[str, str]] = {}
    for row in _streamed(session, seen):
        ids.setdefault(row.siren, {})[row.service] = row.kc_group_id
    for row in _streamed(session, rows):
        yield DesiredGroups(
            siren=row.siren,
            label=row.name,
            group_id=row.kc_group_id,
            services=frozenset(held.get(row.siren, ())),
            service_ids=ids.get(row.siren, {}),
            has_people=bool(row.has_people),
        )


class _Merged:
    """A stream of rows in the order of the people, the first column of which is a person's id."""

    def __init__(self, session: Session, rows: _Rows) -> None:
        self._rows = iter(_streamed(session, rows))
        self._head: Any = next(self._rows, None)

    def rows(self, person_id: str) -> Iterator[Any]:
        """The rows of the next person."""
        while self._head is not None and self._head[0] == person_id:
            yield self._head
            self._head = next(self._rows, None)


def _desired_structure(siren: str, name: str, services: Iterable[str]) -> DesiredStructure:
    parts = (service.split(":", 1) for service in services)
    return DesiredStructure(siren, name, None, tuple(DesiredRole(*part) for part in parts))


def _people() -> _Rows:
    is_open = (Disabling.person_id == Person.id) & Disabling.enabled_at.is_(None)
    return (
        select(
            Person.id,
            Person.identifiant,
            Person.keycloak_id,
            Person.email,
            Person.prenom,
            Person.nom,
            Person.is_active,
            Disabling.id.label("disabling"),
        )
        .outerjoin(Disabling, is_open)
        .order_by(Person.identifiant)
    )


def _stays() -> _Rows:
    return (
        select(Person.id, Membership.siren, Structure.name)
        .select_from(Membership)
        .join(Structure, Structure.siren == Membership.siren)
        .join(Person, Person.id == Membership.person_id)
        .where(_ATTACHED)
        .order_by(Person.identifiant, Membership.siren)
    )


def _entered(now: datetime) -> _Rows:
    """Which services are entered now: person, SIREN, service, in the order of the people."""
    listed = allowed_in_sql(load_policies(), _ENTERING, now, PASSWORD).subquery()
    person_id, habilitation_id = listed.c
    return (
        select(Person.id, Habilitation.siren, Habilitation.service)
        .select_from(listed)
        .join(Habilitation, Habilitation.id == habilitation_id)
        .join(Person, Person.id == person_id)
        .order_by(Person.identifiant, Habilitation.siren, Habilitation.service)
    )


def _of(only: Collection[str] | None, rows: _Rows) -> _Rows:
    return rows if only is None else rows.where(Person.identifiant.in_(only))


def _streamed(session: Session, rows: _Rows) -> Any:
    return session.execute(rows.execution_options(yield_per=_CHUNK))
