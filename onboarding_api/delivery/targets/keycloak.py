"""Keycloak: make a person match the database, and have her choose a password."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp_extension.gateway import KeycloakGateway, NotSent, Unknown
from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, Projected, project_person
from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger
from onboarding_api.model.base import new_id
from onboarding_api.model.delivery import Delivery
from onboarding_api.model.disabling import note_enabled
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.queries.desired_state import WantedPerson, WantedStructure, desired_person
from onboarding_api.usecases.account.shut_out import note_shut_out

PASSWORD_LINK_LASTS = timedelta(hours=72)
LONGEST_WAIT = timedelta(seconds=30)
MOST_WELCOMES = 3


class KeycloakAway(Exception):
    """Keycloak cannot be reached, so nothing was sent."""

    longest_wait = LONGEST_WAIT


class NoAccountYet(Exception):
    """The delivery that makes the account, in a lane of its own, is not through."""

    longest_wait = LONGEST_WAIT


class WelcomeUnanswered(Exception):
    """Keycloak gave no answer, again and again: its mail server is slow. The mails may well have left."""

    is_permanent = True


class PersonProjection:
    """Kind `keycloak.person`: reads the state of now, so that a late or repeated row is harmless."""

    def __init__(self, office: Office, gateway: KeycloakGateway) -> None:
        self._office, self._gateway = office, gateway

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Project, then keep the ids that Keycloak gave. Raises KeycloakAway, GatewayError, LeaseLost."""
        person_id = lease.args["person_id"]
        with ledger.database.reading() as session:
            wanted = desired_person(session, person_id, ledger.clock())
        if wanted is None:
            return ledger.finish(lease)
        with _reached():
            projected = project_person(self._gateway, _desired(wanted))
        try:
            with ledger.finishing(lease) as session:
                _keep_ids(session, person_id, wanted, projected)
                if projected.is_shut_out:
                    note_shut_out(self._office, session, person_id)
                elif wanted.may_enable:
                    note_enabled(session, person_id, ledger.clock())
        except LeaseLost:
            # We were stopped for so long that a later row may have been delivered meanwhile, and have just
            # undone it: what the database wants now is to be projected once more.
            _ask_again(ledger, lease)
            raise


class Welcome:
    """Kind `keycloak.welcome`: Keycloak's mail with the identifiant and the link to choose a password.

    A repeat sends the mail again: both links work, until the password is chosen. It has a lane of its own:
    a slow mail server must not hold the person's rights, nor what takes them away.
    """

    def __init__(self, gateway: KeycloakGateway, client_id: str) -> None:
        self._gateway, self._client_id = gateway, client_id

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Have the mail sent.

        Raises:
            NoAccountYet, KeycloakAway: soon.
            GatewayError: later.
            WelcomeUnanswered: three mails may have left; an operator decides on a fourth.
            LeaseLost: another worker has the row.
        """
        with ledger.database.reading() as session:
            person = session.get(Person, lease.args["person_id"])
            keycloak_id = person.keycloak_id if person else None
        if person is None or not person.is_active:
            return ledger.finish(lease)
        if keycloak_id is None:
            raise NoAccountYet
        ledger.mark_sending(lease)
        seconds = int(PASSWORD_LINK_LASTS.total_seconds())
        try:
            with _reached():
                self._gateway.send_choose_password_mail(keycloak_id, self._client_id, None, seconds)
        except Unknown as error:
            if lease.tries >= MOST_WELCOMES:
                raise WelcomeUnanswered from error
            raise
        return ledger.finish(lease)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except NotSent as error:
        raise KeycloakAway from error


def _desired(wanted: WantedPerson) -> DesiredPerson:
    return DesiredPerson(
        identifiant=wanted.identifiant,
        keycloak_id=wanted.keycloak_id,
        email=wanted.email,
        prenom=wanted.prenom,
        nom=wanted.nom,
        is_active=wanted.is_active,
        structures=tuple(_desired_structure(each, wanted.group_ids) for each in wanted.structures),
        may_enable=wanted.may_enable,
    )


def _desired_structure(wanted: WantedStructure, group_ids: Mapping[str, str]) -> DesiredStructure:
    roles = []
    for service in wanted.services:
        client_id, _, role = service.partition(":")
        roles.append(DesiredRole(client_id, role, group_ids.get(f"{wanted.siren}/{service}")))
    return DesiredStructure(wanted.siren, wanted.name, group_ids.get(wanted.siren), tuple(roles))


def _keep_ids(session: Session, person_id: str, wanted: WantedPerson, projected: Projected) -> None:
    if projected.keycloak_id != wanted.keycloak_id:
        session.get_one(Person, person_id).keycloak_id = projected.keycloak_id
    news = dict(projected.group_ids.items() - wanted.group_ids.items())
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


def _ask_again(ledger: Ledger, lease: Lease) -> None:
    again = Delivery(
        kind=lease.kind,
        lane=lease.lane,
        unique_key=f"{lease.kind}:again:{new_id()}",
        args=dict(lease.args),
        due=ledger.clock(),
        journal_seq=lease.journal_seq,
    )
    with ledger.database.writing() as session:
        session.add(again)
