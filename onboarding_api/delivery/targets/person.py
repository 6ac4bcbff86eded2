"""The account of a person in Keycloak, and her places there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp_extension.gateway import KeycloakGateway
from idp_extension.projection import DesiredPerson, Projected, project_person
from idp_extension.sync.look import look_at_person
from idp_extension.sync.repair import repair_person
from onboarding_api.acts.act import Office
from onboarding_api.delivery.desired.person import desired_person
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger
from onboarding_api.delivery.watch.policy import Answer
from onboarding_api.model.base import new_id
from onboarding_api.model.disabling import note_enabled
from onboarding_api.model.ledger.kinds import PERSON
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.usecases.account.shut_out import note_shut_out


class AnswerUnreadable(Exception):
    """What stands at Keycloak's address answers, and not as Keycloak does."""

    is_permanent = False
    is_away = True
    is_without_effect = False


class PersonProjection:
    """Kind `keycloak.person`: reads the state of now, so that a late or repeated row is harmless."""

    def __init__(self, office: Office, gateway: KeycloakGateway) -> None:
        self._office, self._gateway = office, gateway

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Project, then keep the ids that Keycloak gave.

        Raises:
            GatewayError: Keycloak did not do it.
            AnswerUnreadable: it gave ids that are none.
            LeaseLost: another worker has the row.
        """
        person_id, now = lease.args["person_id"], ledger.clock()
        with ledger.database.reading() as session:
            desired = desired_person(session, person_id, now)
        if desired is None:
            return ledger.finish(lease)
        with asked_of_keycloak():
            projected = self.bring(desired)
        try:
            with ledger.finishing(lease) as session:
                _keep_ids(session, person_id, desired, projected)
                if projected.is_shut_out:
                    note_shut_out(self._office, session, person_id)
                elif desired.may_enable:
                    note_enabled(session, person_id, now)
        except LeaseLost:
            # We were stopped for so long that a later row may have been delivered meanwhile, and have just
            # undone it: what the database wants now is to be projected once more.
            _ask_again(ledger, lease)
            raise

    def bring(self, desired: DesiredPerson) -> Projected:
        """Make her account what is desired."""
        return project_person(self._gateway, desired)


class PersonRepair(PersonProjection):
    """Kind `keycloak.repair`: the same, and what a projection does not look at is looked at too.

    Args:
        office: of the worker.
        gateway: to Keycloak.
        policy: which kinds of difference are left to people.
    """

    def __init__(self, office: Office, gateway: KeycloakGateway, policy: Mapping[str, Answer]) -> None:
        super().__init__(office, gateway)
        self._policy = policy

    def bring(self, desired: DesiredPerson) -> Projected:
        """Undo what was planted by hand, then project."""
        found = look_at_person(DatabaseHouse(self._office), self._gateway.api, desired.identifiant)
        wrong = [each for each in found if self._policy[each.kind] is not Answer.REPORT]
        return repair_person(self._gateway, desired, wrong)


@contextmanager
def asked_of_keycloak() -> Iterator[None]:
    """An answer without what Keycloak's answers hold is no fault of our row: it must not be parked."""
    try:
        yield
    except (LookupError, TypeError, AttributeError) as error:
        raise AnswerUnreadable from error


def _keep_ids(session: Session, person_id: str, desired: DesiredPerson, projected: Projected) -> None:
    if projected.keycloak_id != desired.keycloak_id:
        session.get_one(Person, person_id).keycloak_id = projected.keycloak_id
    keep_group_ids(session, dict(projected.group_ids.items() - _groups_seen(desired).items()))


def keep_group_ids(session: Session, news: Mapping[str, str]) -> None:
    """Write down the ids that Keycloak gave, by SIREN or `<siren>/<client>:<role>`."""
    # Two first members of a structure may be projected at once: the structure's row makes them queue.
    sirens = {key.partition("/")[0] for key in news}
    rows = select(Structure).where(Structure.siren.in_(sirens)).order_by(Structure.siren).with_for_update()
    structures = {row.siren: row for row in session.scalars(rows)}
    for key, group_id in news.items():
        siren, _, service = key.partition("/")
        if service:
            session.merge(ServiceGroup(siren=siren, service=service, kc_group_id=group_id))
        else:
            structures[siren].kc_group_id = group_id


def _groups_seen(desired: DesiredPerson) -> dict[str, str | None]:
    """As `Projected.group_ids` goes: by SIREN, or `<siren>/<client>:<role>`."""
    seen = {each.siren: each.group_id for each in desired.structures}
    return seen | {
        f"{each.siren}/{role.client_id}:{role.role}": role.group_id
        for each in desired.structures
        for role in each.roles
    }


def _ask_again(ledger: Ledger, lease: Lease) -> None:
    _, _, subject = lease.lane.rpartition(":")
    again = PERSON.row(
        subject,
        key=f"{PERSON.name}:again:{new_id()}",
        args=lease.args,
        due=ledger.clock(),
        of_class=lease.of_class,
        seq=lease.journal_seq,
    )
    with ledger.database.writing() as session:
        session.add(again)
