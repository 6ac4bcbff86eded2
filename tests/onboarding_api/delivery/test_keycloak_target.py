"""Keycloak down, slow, or answered too late: seen from the ledger. The real one: tests/real_keycloak."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from idp_extension.gateway import KeycloakGateway, NotSent, Unknown
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import free_port
from onboarding_api.acts.act import Office
from onboarding_api.delivery.desired.person import desired_person
from onboarding_api.delivery.errors import is_away
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger
from onboarding_api.delivery.targets.person import PersonProjection
from onboarding_api.delivery.targets.welcome import NoAccountYet, Welcome
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.ledger.kinds import PERSON, WELCOME, Kind
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.terms import TermsAcceptance
from onboarding_api.notices.smtp import MailServerAway
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of
from tests.builders.eus import SIREN, Eus, found_eus
from tests.onboarding_api.delivery.test_mail_target import mail_to

CENDRINE = "11111111-1111-4111-8111-111111111111"

KEY = ClientKey.fresh("bdt-sync")


@pytest.fixture
def eus(database: Database) -> Eus:
    return found_eus(database)


def put_person(database: Database, eus: Eus) -> str:
    return put_about(database, PERSON, eus.person_id)


def put_welcome(database: Database, eus: Eus) -> str:
    return put_about(database, WELCOME, eus.person_id)


def put_about(database: Database, kind: Kind, person_id: str) -> str:
    of_class = min(kind.classes)
    return put(database, kind, lane=person_id, args={"person_id": person_id}, of_class=of_class)


def office_of(ledger: Ledger) -> Office:
    return Office(ledger.database, ledger.clock, CodeKeys("k", {"k": b"k" * 32}))


def the_lease(ledger: Ledger) -> Lease:
    (lease,) = lease_all(ledger)
    return lease


_USER = {
    "id": CENDRINE,
    "username": "cend589",
    "email": "cendrine.martin@eus.example",
    "firstName": "Cendrine",
    "lastName": "Martin",
    "enabled": True,
}


class _Answers(BaseHTTPRequestHandler):
    """Knows Cendrine, who is in no group; `before_answer` happens while she is asked about."""

    before_answer: Callable[[], None]
    gives_link: bool

    def do_POST(self) -> None:
        asks_link = "bdt-welcome-link" in self.path and self.gives_link
        self._say({"link": "http://sso/k"} if asks_link else {"access_token": "t", "expires_in": 300})

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.endswith("/groups"):
            type(self).before_answer()
            self._say([])
        else:
            self._say([_USER] if path.endswith("/users") else _USER)

    def _say(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextmanager
def keycloak(
    before_answer: Callable[[], None] = lambda: None, *, gives_link: bool = True
) -> Iterator[KeycloakGateway]:
    told = {"before_answer": staticmethod(before_answer), "gives_link": gives_link}
    handler = type("Answers", (_Answers,), told)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        with KeycloakGateway(f"http://127.0.0.1:{server.server_port}", "bdt", KEY) as gateway:
            yield gateway
        server.shutdown()
        thread.join()


def leave_eus(database: Database, eus: Eus) -> None:
    with database.writing() as session:
        session.get_one(Membership, eus.membership_id).state = MembershipState.LEFT


def test_a_keycloak_that_is_down_keeps_the_row_for_later(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    leave_eus(database, eus)
    id_ = put_person(database, eus)
    lease = the_lease(ledger)
    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        KeycloakGateway(nowhere, "bdt", KEY) as down,
        pytest.raises(NotSent) as caught,
    ):
        PersonProjection(office_of(ledger), down)(ledger, lease)
    ledger.fail(lease, caught.value)
    row = row_of(database, id_)
    assert (row.state, row.last_error, row.forgiven) == (DeliveryState.OPEN, "NotSent", 1)

    clock.forward(minutes=1)
    with keycloak() as gateway:
        PersonProjection(office_of(ledger), gateway)(ledger, the_lease(ledger))
    assert row_of(database, id_).state == DeliveryState.DONE
    with database.reading() as session:
        assert session.get_one(Person, eus.person_id).keycloak_id == CENDRINE


@pytest.mark.attack(50)
def test_a_projection_that_lost_its_lease_is_followed_by_another(
    database: Database, ledger: Ledger, eus: Eus, clock: HandClock
) -> None:
    """What it wrote may be older than what a later row wrote meanwhile."""
    leave_eus(database, eus)
    id_ = put_person(database, eus)

    def another_takes_over() -> None:
        clock.forward(minutes=1)
        ledger.finish(the_lease(ledger))

    with keycloak(another_takes_over) as gateway, pytest.raises(LeaseLost):
        PersonProjection(office_of(ledger), gateway)(ledger, the_lease(ledger))

    again = the_lease(ledger)
    assert (again.kind, again.lane, again.args) == (
        "keycloak.person",
        f"kc:user:{eus.person_id}",
        {"person_id": eus.person_id},
    )
    assert row_of(database, id_).state == DeliveryState.DONE


def test_a_welcome_waits_for_the_account(database: Database, ledger: Ledger, eus: Eus) -> None:
    put_welcome(database, eus)
    with keycloak() as gateway, pytest.raises(NoAccountYet):
        Welcome(gateway, "portail", mail_to(free_port()))(ledger, the_lease(ledger))


@pytest.mark.parametrize("gives_link", [True, False])
def test_a_welcome_needs_both_neighbours_and_says_nothing_without(
    database: Database, ledger: Ledger, eus: Eus, gives_link: bool
) -> None:
    """What stands at Keycloak's address answers without a link; or nobody takes the mail."""
    with database.writing() as session:
        session.get_one(Person, eus.person_id).keycloak_id = CENDRINE
    id_ = put_welcome(database, eus)
    lease = the_lease(ledger)
    with keycloak(gives_link=gives_link) as gateway, pytest.raises((Unknown, MailServerAway)) as caught:
        Welcome(gateway, "portail", mail_to(free_port()))(ledger, lease)
    ledger.fail(lease, caught.value)

    row = row_of(database, id_)
    assert (row.state, row.doubts) == (DeliveryState.OPEN, 0)
    assert is_away(caught.value)


def test_nobody_is_projected_for_an_unknown_id(database: Database, ledger: Ledger) -> None:
    id_ = put_about(database, PERSON, "nobody")
    with keycloak() as gateway:
        PersonProjection(office_of(ledger), gateway)(ledger, the_lease(ledger))
    assert row_of(database, id_).state == DeliveryState.DONE


def grant(database: Database, eus: Eus, service: str) -> None:
    with database.writing() as session:
        session.add(
            Habilitation(
                membership_id=eus.membership_id,
                service=service,
                state=HabilitationState.GRANTED,
                requested_at=NOON,
                changed_at=NOON,
            )
        )


def roles_desired(database: Database, eus: Eus) -> dict[str, list[str]]:
    with database.reading() as session:
        desired = desired_person(session, eus.person_id, NOON)
    assert desired
    return {
        each.siren: [f"{role.client_id}:{role.role}" for role in each.roles] for each in desired.structures
    }


def test_only_effective_roles_are_desired(database: Database, eus: Eus) -> None:
    """Two services wait for a letter; one is granted whose conditions are not accepted; one has none."""
    grant(database, eus, "mes-prets:encours")
    grant(database, eus, "dataviz-coeur-de-ville:acces")
    assert roles_desired(database, eus) == {SIREN: ["dataviz-coeur-de-ville:acces"]}

    with database.writing() as session:
        session.add(
            TermsAcceptance(
                membership_id=eus.membership_id,
                espace="mes-prets",
                version="2022-02",
                text_sha256="0" * 64,
                accepted_at=NOON,
            )
        )
    assert roles_desired(database, eus) == {SIREN: ["dataviz-coeur-de-ville:acces", "mes-prets:encours"]}
    leave_eus(database, eus)
    assert roles_desired(database, eus) == {}


def test_a_person_who_was_disabled_holds_no_role(database: Database, eus: Eus) -> None:
    grant(database, eus, "dataviz-coeur-de-ville:acces")
    with database.writing() as session:
        session.get_one(Person, eus.person_id).is_active = False

    assert roles_desired(database, eus) == {SIREN: []}


@pytest.mark.attack(55)
def test_rows_hold_ids_only(database: Database, eus: Eus) -> None:
    put_person(database, eus)
    with database.reading() as session:
        assert "cendrine" not in str(session.scalars(select(Delivery.args)).all()).lower()
