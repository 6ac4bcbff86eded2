"""What a console operator changes is found by the account that only reads, and projected away."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from idp_extension.gateway import KeycloakGateway
from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, project_person
from idp_extension.reconcile import Deviation, Drift, find_drift
from tests.builders.servers.applied_realm import KEYS, AppliedRealm

pytestmark = pytest.mark.keycloak


@pytest.fixture
def reader(realm: AppliedRealm) -> Iterator[KeycloakGateway]:
    with KeycloakGateway(realm.url, realm.name, KEYS["bdt-reader"]) as gateway:
        yield gateway


@pytest.fixture
def cendrine() -> DesiredPerson:
    identifiant = f"cend{uuid4().hex[:10]}"
    eus = DesiredStructure("216600726", "Commune d'Eus", None, (DesiredRole("mes-prets", "demande"),))
    return DesiredPerson(identifiant, None, f"{identifiant}@eus.example", "Cendrine", "Martin", True, (eus,))


def test_a_person_never_projected_has_no_user(reader: KeycloakGateway, cendrine: DesiredPerson) -> None:
    assert list(find_drift(reader, [cendrine])) == [Drift(cendrine.identifiant, Deviation.NO_USER)]


def test_a_projected_person_has_no_drift(
    realm: AppliedRealm, reader: KeycloakGateway, cendrine: DesiredPerson
) -> None:
    projected = project_person(realm.gateway, cendrine)

    assert list(find_drift(reader, [cendrine, replace(cendrine, keycloak_id=projected.keycloak_id)])) == []


@pytest.mark.attack(47)
def test_every_change_by_hand_is_found_and_made_good(
    realm: AppliedRealm, reader: KeycloakGateway, cendrine: DesiredPerson
) -> None:
    projected = project_person(realm.gateway, cendrine)
    elsewhere = realm.gateway.create_structure_group("200000123", "Communauté de communes")
    realm.gateway.join_group(projected.keycloak_id, elsewhere.id)
    realm.gateway.leave_group(projected.keycloak_id, projected.group_ids["216600726/mes-prets:demande"])
    realm.sync.put("users", projected.keycloak_id, body={"enabled": False})
    realm.gateway.create_structure_group("216600726", "Eus")

    drift = list(find_drift(reader, [cendrine]))

    assert drift == [
        Drift(cendrine.identifiant, Deviation.SHUT_OUT),
        Drift(cendrine.identifiant, Deviation.OTHER_LABEL, "216600726"),
        Drift(cendrine.identifiant, Deviation.GROUP_MISSING, "216600726/mes-prets:demande"),
        Drift(cendrine.identifiant, Deviation.GROUP_SURPLUS, "200000123"),
    ]
    assert [found.grants_too_much for found in drift] == [False, False, False, True]
    woken = replace(cendrine, may_enable=True)
    assert next(find_drift(reader, [woken])) == Drift(cendrine.identifiant, Deviation.STILL_SHUT_OUT)
    project_person(realm.gateway, woken)
    assert list(find_drift(reader, [cendrine])) == []


def test_a_person_who_should_be_disabled_comes_first(
    realm: AppliedRealm, reader: KeycloakGateway, cendrine: DesiredPerson
) -> None:
    project_person(realm.gateway, cendrine)

    (drift,) = find_drift(reader, [replace(cendrine, is_active=False)])

    assert drift == Drift(cendrine.identifiant, Deviation.STILL_ACTIVE)
    assert drift.grants_too_much
