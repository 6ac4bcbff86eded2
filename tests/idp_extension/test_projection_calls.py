"""What a projection costs when the caller knows the ids, and the order of what it sends."""

from typing import Any

import pytest
import responses
from responses import matchers

from idp_extension.gateway import KeycloakGateway, Refused
from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, project_person
from tests.builders.servers.played_keycloak import ADMIN, USER

STRUCTURE: dict[str, Any] = {
    "id": "22222222-2222-4222-8222-222222222222",
    "path": "/216600726",
    "attributes": {"label": ["Commune d'Eus"]},
}
DEMANDE = {"id": "33333333-3333-4333-8333-333333333333", "path": "/216600726/mes-prets:demande"}
LEFT = {"id": "44444444-4444-4444-8444-444444444444", "path": "/200000123"}
CENDRINE = DesiredPerson(
    identifiant="cend589",
    keycloak_id=USER,
    email="Cend@Eus.example",
    prenom="Cendrine",
    nom="Martin",
    is_active=True,
    structures=(
        DesiredStructure(
            "216600726",
            "Commune d'Eus",
            STRUCTURE["id"],
            (DesiredRole("mes-prets", "demande", DEMANDE["id"]),),
        ),
    ),
)


@pytest.fixture(autouse=True)
def cendrine_in_keycloak(keycloak: responses.RequestsMock) -> None:
    profile = {"id": USER, "username": "cend589", "email": "cend@eus.example"}
    names = {"firstName": "Cendrine", "lastName": "Martin", "enabled": True}
    keycloak.get(f"{ADMIN}/users/{USER}", json=profile | names)


def sent(keycloak: responses.RequestsMock) -> list[str]:
    """Method and path of each admin call, after the one for the token."""
    start = len("/admin/realms/bdt/")
    return [
        f"{call.request.method} {str(call.request.path_url)[start:]}" for call in list(keycloak.calls)[1:]
    ]


READS = [f"GET users/{USER}", f"GET users/{USER}/groups?briefRepresentation=false"]


def test_a_person_who_is_as_wanted_costs_two_reads(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE, DEMANDE])

    projected = project_person(gateway, CENDRINE)

    assert sent(keycloak) == READS
    assert projected.writes == 0
    assert projected.group_ids == {
        "216600726": STRUCTURE["id"],
        "216600726/mes-prets:demande": DEMANDE["id"],
    }


def test_a_role_whose_group_is_known_costs_one_write_and_its_reading_back(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE])
    keycloak.put(f"{ADMIN}/users/{USER}/groups/{DEMANDE['id']}", status=204)
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE, DEMANDE])

    assert project_person(gateway, CENDRINE).writes == 1
    assert sent(keycloak) == [*READS, f"PUT users/{USER}/groups/{DEMANDE['id']}", READS[1]]


def test_a_structure_that_changed_its_name_is_labelled_anew(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    before = STRUCTURE | {"name": "216600726", "attributes": {"label": ["Eus"]}}
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[before, DEMANDE])
    keycloak.get(f"{ADMIN}/groups", json=[before])
    keycloak.post(f"{ADMIN}/groups", status=409)
    keycloak.get(f"{ADMIN}/groups", json=[before])
    keycloak.put(
        f"{ADMIN}/groups/{STRUCTURE['id']}",
        status=204,
        match=[
            matchers.json_params_matcher({"name": "216600726", "attributes": {"label": ["Commune d'Eus"]}})
        ],
    )
    keycloak.get(f"{ADMIN}/groups", json=[STRUCTURE | {"name": "216600726"}])

    projected = project_person(gateway, CENDRINE)

    assert (projected.writes, projected.revoked) == (1, False)
    assert sent(keycloak).count(f"PUT groups/{STRUCTURE['id']}") == 1


def test_sessions_end_before_a_group_is_left_and_nothing_is_given_before(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE, LEFT])
    keycloak.post(f"{ADMIN}/users/{USER}/logout", status=204)
    keycloak.get(f"{ADMIN}/users/{USER}/sessions", json=[])
    keycloak.delete(f"{ADMIN}/users/{USER}/groups/{LEFT['id']}", status=204)
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE])
    keycloak.put(f"{ADMIN}/users/{USER}/groups/{DEMANDE['id']}", status=204)
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[STRUCTURE, DEMANDE])

    assert project_person(gateway, CENDRINE).revoked
    assert [call for call in sent(keycloak) if not call.startswith("GET")] == [
        f"POST users/{USER}/logout",
        f"DELETE users/{USER}/groups/{LEFT['id']}",
        f"PUT users/{USER}/groups/{DEMANDE['id']}",
    ]


def test_a_person_deleted_while_she_joins_is_refused_not_lost(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[])
    keycloak.put(f"{ADMIN}/users/{USER}/groups/{STRUCTURE['id']}", status=404)
    keycloak.get(f"{ADMIN}/groups", json=[STRUCTURE | {"name": "216600726"}])

    with pytest.raises(Refused, match="vanished") as refused:
        project_person(gateway, CENDRINE)

    assert not refused.value.is_permanent
