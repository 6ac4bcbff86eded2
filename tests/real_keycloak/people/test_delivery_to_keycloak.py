"""From a row of the ledger to the real Keycloak: the account, the groups, their ids kept."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets.person import PersonProjection
from onboarding_api.model.base import Database
from onboarding_api.model.disabling import DisabledBy, Disabling
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.habilitation import Habilitation, Move
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass, DeliveryState
from onboarding_api.model.ledger.kinds import PERSON
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotPossibleNow
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from onboarding_api.usecases.account.shut_out import disable_person, wake_person
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of
from tests.builders.eus import SIREN, Eus, found_eus
from tests.builders.servers.applied_realm import AppliedRealm

CODE_KEYS = CodeKeys(current="test", keys={"test": b"k" * 32})

pytestmark = pytest.mark.keycloak


@pytest.fixture
def eus(database: Database) -> Eus:
    """As the code was typed: the services are granted, the conditions accepted."""
    eus = found_eus(database)
    with database.writing() as session:
        person = session.get_one(Person, eus.person_id)
        person.identifiant = f"cend{uuid4().hex[:8]}"  # the realm is shared with other tests
        person.email = f"{person.identifiant}@eus.example"
        for habilitation in session.scalars(select(Habilitation)):
            habilitation.move(Move.GRANT, NOON)
        session.add(
            TermsAcceptance(
                membership_id=eus.membership_id,
                espace="mes-prets",
                version="2022-02",
                text_sha256="0" * 64,
                accepted_at=NOON,
            )
        )
    return eus


def deliver(database: Database, realm: AppliedRealm, eus: Eus) -> set[str]:
    """Project her; the groups she is in then."""
    id_ = put(database, PERSON, args={"person_id": eus.person_id}, of_class=DeliveryClass.GIVING)
    ledger = Ledger(database, HandClock())
    (lease,) = lease_all(ledger)
    PersonProjection(Office(database, HandClock(), CODE_KEYS), realm.gateway)(ledger, lease)
    assert row_of(database, id_).state == DeliveryState.DONE
    with database.reading() as session:
        keycloak_id = str(session.get_one(Person, eus.person_id).keycloak_id)
    return {group.path for group in realm.gateway.groups_of_user(keycloak_id)}


def deliver_all(database: Database, realm: AppliedRealm) -> int:
    """Deliver what waits; how many rows that were."""
    ledger = Ledger(database, HandClock())
    leases = lease_all(ledger)
    for lease in leases:
        PersonProjection(Office(database, HandClock(), CODE_KEYS), realm.gateway)(ledger, lease)
    return len(leases)


def the_person(database: Database, eus: Eus) -> Person:
    with database.reading() as session:
        return session.get_one(Person, eus.person_id)


def is_enabled(realm: AppliedRealm, person: Person) -> bool:
    user = realm.gateway.get_user(str(person.keycloak_id))
    assert user is not None
    return user.is_active


def events(database: Database, eus: Eus) -> list[str]:
    with database.reading() as session:
        found = select(JournalEntry.event).where(JournalEntry.subject == f"person:{eus.person_id}")
        return list(session.scalars(found.order_by(JournalEntry.seq)))


def pending(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery.kind).where(Delivery.state == DeliveryState.OPEN)))


def test_a_decision_reaches_keycloak_and_is_taken_back(
    database: Database, realm: AppliedRealm, eus: Eus
) -> None:
    demande, suivi = f"/{SIREN}/mes-prets:demande", f"/{SIREN}/mes-prets:suivi"
    assert deliver(database, realm, eus) == {f"/{SIREN}", demande, suivi}
    with database.reading() as session:
        group = realm.gateway.find_structure_group(SIREN)
        assert group
        assert session.get_one(Structure, SIREN).kc_group_id == group.id
        kept = {row.service: row.kc_group_id for row in session.scalars(select(ServiceGroup))}
    assert kept == {name: each.id for name, each in realm.gateway.subgroups(group.id).items() if name in kept}
    assert kept.keys() == {"mes-prets:demande", "mes-prets:suivi"}

    with database.writing() as session:
        rows = session.scalars(select(Habilitation).where(Habilitation.service == "mes-prets:suivi"))
        rows.one().move(Move.DEACTIVATE, NOON)
    assert deliver(database, realm, eus) == {f"/{SIREN}", demande}


def test_groups_made_anew_in_keycloak_get_their_new_ids_here(
    database: Database, realm: AppliedRealm, eus: Eus
) -> None:
    stale = str(uuid4())
    with database.writing() as session:
        session.get_one(Structure, SIREN).kc_group_id = stale

    assert f"/{SIREN}" in deliver(database, realm, eus)
    with database.reading() as session:
        assert session.get_one(Structure, SIREN).kc_group_id not in {None, stale}


def test_an_emergency_act_at_the_console_is_undone_by_nothing_but_a_wake(
    database: Database, realm: AppliedRealm, eus: Eus
) -> None:
    office = Office(database, HandClock(), CODE_KEYS)
    full = deliver(database, realm, eus)
    person = the_person(database, eus)
    realm.sync.put("users", str(person.keycloak_id), body={"enabled": False})

    deliver(database, realm, eus)  # of her own next act

    assert not is_enabled(realm, person)
    assert not the_person(database, eus).is_active  # the portal shows her out at her next request
    assert events(database, eus) == ["person_disabled"]
    assert pending(database) == ["keycloak.person"]
    assert deliver_all(database, realm) == 1  # which takes away what she may no longer enter
    assert not is_enabled(realm, person)
    assert {group.path for group in realm.gateway.groups_of_user(str(person.keycloak_id))} == {f"/{SIREN}"}

    wake_person(office, person.identifiant)
    with pytest.raises(NotPossibleNow):
        wake_person(office, person.identifiant)
    assert deliver_all(database, realm) == 1

    assert is_enabled(realm, person)
    assert {group.path for group in realm.gateway.groups_of_user(str(person.keycloak_id))} == full
    assert events(database, eus) == ["person_disabled", "person_woken"]

    realm.sync.put("users", str(person.keycloak_id), body={"enabled": False})
    deliver(database, realm, eus)
    assert not is_enabled(realm, person)  # a wake serves once


def test_the_desk_shuts_somebody_out_everywhere(database: Database, realm: AppliedRealm, eus: Eus) -> None:
    office = Office(database, HandClock(), CODE_KEYS)
    deliver(database, realm, eus)
    person = the_person(database, eus)

    disable_person(office, person.identifiant, DisabledBy.DESK)
    disable_person(office, person.identifiant, DisabledBy.KEYCLOAK)  # said twice, written once

    assert deliver_all(database, realm) == 1
    assert not is_enabled(realm, person)
    with database.reading() as session:
        (row,) = session.scalars(select(Disabling))
    assert (row.disabled_by, row.woken_at, row.enabled_at) == ("desk", None, None)
