"""What the gateway sends, and what it makes of each answer. Answers are played by `responses`."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from responses import matchers

from idp_extension.gateway import KeycloakGateway, NotAUUID, Refused, Unknown
from tests.builders.servers.played_keycloak import ADMIN, USER

GROUP = "22222222-2222-4222-8222-222222222222"
SUBGROUP = "33333333-3333-4333-8333-333333333333"
CLIENT = "44444444-4444-4444-8444-444444444444"
CENDRINE = {
    "id": USER,
    "username": "cend589",
    "email": "cend@eus.example",
    "firstName": "Cendrine",
    "lastName": "Martin",
    "enabled": True,
}
PROFILE: Any = {"email": "cend@eus.example", "prenom": "Cendrine", "nom": "Martin"}


def sent(keycloak: responses.RequestsMock) -> list[str]:
    """Method and path of each admin call."""
    calls = (call.request for call in keycloak.calls if "/admin/" in str(call.request.url))
    return [
        f"{request.method} {str(request.path_url).removeprefix('/admin/realms/bdt/')}" for request in calls
    ]


WITH_AN_ID: dict[str, Callable[[KeycloakGateway, str], object]] = {
    "get_user": lambda gateway, value: gateway.get_user(value),
    "update_user": lambda gateway, value: gateway.update_user(value, **PROFILE, is_active=True),
    "choose_password_link": lambda gateway, value: gateway.choose_password_link(value, "portail", 60),
    "groups_of_user": lambda gateway, value: gateway.groups_of_user(value),
    "subgroups": lambda gateway, value: gateway.subgroups(value),
    "create_subgroup": lambda gateway, value: gateway.create_subgroup(value, "mes-prets:demande"),
    "join_group, user": lambda gateway, value: gateway.join_group(value, GROUP),
    "join_group, group": lambda gateway, value: gateway.join_group(USER, value),
    "leave_group, user": lambda gateway, value: gateway.leave_group(value, GROUP),
    "leave_group, group": lambda gateway, value: gateway.leave_group(USER, value),
    "end_sessions": lambda gateway, value: gateway.end_sessions(value),
}


@pytest.mark.attack(33)
@pytest.mark.parametrize("name", WITH_AN_ID)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.sampled_from(["", "../../bdt", "..", f"{USER}/", f"{USER}?x", f"{USER}#", f"{USER}\n"])
    | st.text()
)
def test_nothing_but_a_uuid_reaches_the_network(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock, name: str, value: str
) -> None:
    with pytest.raises(NotAUUID):
        WITH_AN_ID[name](gateway, value)

    assert not keycloak.calls


@pytest.mark.attack(33)
def test_a_name_goes_into_the_query_never_into_the_path(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    query = {"username": "a/../b?c#d", "exact": "true", "briefRepresentation": "true"}
    keycloak.get(f"{ADMIN}/users", json=[], match=[matchers.query_param_matcher(query)])

    assert gateway.find_user("a/../b?c#d") is None


def test_a_user_that_the_server_only_nearly_names_is_not_taken(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.get(f"{ADMIN}/users", json=[CENDRINE | {"username": "cend5890"}])

    assert gateway.find_user("cend589") is None


def test_the_id_of_a_new_user_is_read_back_not_taken_from_location(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.post(f"{ADMIN}/users", status=201, headers={"Location": f"{ADMIN}/users/1111"})
    keycloak.get(f"{ADMIN}/users", json=[CENDRINE])

    assert gateway.create_user("cend589", **PROFILE) == str(UUID(USER))
    assert json.loads(keycloak.calls[1].request.body or "") == {
        "username": "cend589",
        "email": "cend@eus.example",
        "firstName": "Cendrine",
        "lastName": "Martin",
        "enabled": True,
    }


def test_a_user_that_exists_is_found_after_the_conflict(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.post(f"{ADMIN}/users", status=409, json={"errorMessage": "User exists with same username"})
    keycloak.get(f"{ADMIN}/users", json=[CENDRINE])

    assert gateway.create_user("cend589", **PROFILE) == USER


def test_a_conflict_with_somebody_else_is_told(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    keycloak.post(f"{ADMIN}/users", status=409, json={"errorMessage": "User exists with same email"})
    keycloak.get(f"{ADMIN}/users", json=[])

    with pytest.raises(Refused, match="same email"):
        gateway.create_user("cend589", **PROFILE)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_without_effect_is_unknown(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock, status: int
) -> None:
    """What an answer cut in its headers looks like through `requests`."""
    keycloak.post(f"{ADMIN}/users", status=status)
    keycloak.get(f"{ADMIN}/users", json=[])
    keycloak.post(f"{ADMIN}/groups", status=status)
    keycloak.get(f"{ADMIN}/groups", json=[])
    keycloak.post(f"{ADMIN}/groups/{GROUP}/children", status=status)
    keycloak.get(f"{ADMIN}/groups/{GROUP}/children", json=[])
    keycloak.put(f"{ADMIN}/users/{USER}/groups/{GROUP}", status=status)
    keycloak.delete(f"{ADMIN}/users/{USER}/groups/{SUBGROUP}", status=status)
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[{"id": SUBGROUP, "path": "/216600726"}])
    keycloak.put(f"{ADMIN}/users/{USER}", status=status)
    keycloak.get(f"{ADMIN}/users/{USER}", json=CENDRINE)
    keycloak.post(f"{ADMIN}/users/{USER}/logout", status=status)
    keycloak.get(f"{ADMIN}/users/{USER}/sessions", json=[{"id": "s"}])

    for write in (
        lambda: gateway.create_user("cend589", **PROFILE),
        lambda: gateway.create_structure_group("216600726", "Commune d'Eus"),
        lambda: gateway.create_subgroup(GROUP, "mes-prets:demande"),
        lambda: gateway.join_group(USER, GROUP),
        lambda: gateway.leave_group(USER, SUBGROUP),
        lambda: gateway.update_user(USER, **PROFILE, is_active=False),
        lambda: gateway.end_sessions(USER),
    ):
        with pytest.raises(Unknown):
            write()


def test_a_label_that_did_not_change_is_told(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    before = {"id": GROUP, "name": "216600726", "path": "/216600726", "attributes": {"label": ["Eus"]}}
    keycloak.post(f"{ADMIN}/groups", status=201)
    keycloak.get(f"{ADMIN}/groups", json=[before])
    keycloak.put(f"{ADMIN}/groups/{GROUP}", status=204)

    with pytest.raises(Unknown, match="not labelled"):
        gateway.create_structure_group("216600726", "Commune d'Eus")


def test_a_group_that_is_gone_is_left(gateway: KeycloakGateway, keycloak: responses.RequestsMock) -> None:
    keycloak.delete(f"{ADMIN}/users/{USER}/groups/{GROUP}", status=404)
    keycloak.get(f"{ADMIN}/users/{USER}/groups", json=[])

    gateway.leave_group(USER, GROUP)


def test_a_label_that_keycloak_would_cut_is_refused(gateway: KeycloakGateway) -> None:
    with pytest.raises(ValueError, match="longer than 255"):
        gateway.create_structure_group("216600726", "é" * 256)


def play_link(keycloak: responses.RequestsMock, answer: object) -> None:
    keycloak.post(
        f"{ADMIN}/bdt-welcome-link/{USER}",
        json=answer,
        match=[matchers.query_param_matcher({"client_id": "portail", "lifespan": "86400"})],
    )


def test_the_link_is_asked_for_the_portal(gateway: KeycloakGateway, keycloak: responses.RequestsMock) -> None:
    play_link(keycloak, {"link": "https://sso.example/realms/bdt/login-actions/action-token?key=k"})

    assert gateway.choose_password_link(USER, "portail", 86400).endswith("?key=k")
    assert len(sent(keycloak)) == 1


def test_an_answer_without_a_link_is_none(gateway: KeycloakGateway, keycloak: responses.RequestsMock) -> None:
    play_link(keycloak, {"error": "what stands before Keycloak says so"})

    with pytest.raises(Unknown):
        gateway.choose_password_link(USER, "portail", 86400)


def play_catalogue(keycloak: responses.RequestsMock) -> dict[str, Any]:
    role = {"id": "55555555-5555-4555-8555-555555555555", "name": "demande", "containerId": CLIENT}
    keycloak.get(f"{ADMIN}/clients", json=[{"id": CLIENT, "clientId": "mes-prets"}])
    keycloak.get(f"{ADMIN}/clients/{CLIENT}/roles", json=[role])
    return role


def test_the_ids_of_the_roles_are_asked_once(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    role = play_catalogue(keycloak)
    mapped = f"{ADMIN}/groups/{GROUP}/role-mappings/clients/{CLIENT}"
    keycloak.get(mapped, json=[])
    keycloak.post(mapped, status=204, match=[matchers.json_params_matcher([role])])
    keycloak.get(mapped, json=[role])

    assert gateway.map_client_role(GROUP, "mes-prets", "demande")
    assert not gateway.map_client_role(GROUP, "mes-prets", "demande")
    assert [call for call in sent(keycloak) if call.startswith("GET clients")] == [
        "GET clients?clientId=mes-prets",
        f"GET clients/{CLIENT}/roles",
    ]


def test_a_role_made_anew_is_looked_up_again(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    role = play_catalogue(keycloak)
    mapped = f"{ADMIN}/groups/{GROUP}/role-mappings/clients/{CLIENT}"
    keycloak.get(mapped, json=[])
    keycloak.post(mapped, status=404, json={"error": "Role not found"})

    with pytest.raises(Refused):
        gateway.map_client_role(GROUP, "mes-prets", "demande")

    keycloak.replace(responses.POST, mapped, status=204)
    keycloak.get(mapped, json=[])
    keycloak.get(mapped, json=[role])
    assert gateway.map_client_role(GROUP, "mes-prets", "demande")
    assert sent(keycloak).count(f"GET clients/{CLIENT}/roles") == 2


def test_a_role_that_another_delivery_maps_at_the_same_moment_is_mapped(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    role = play_catalogue(keycloak)
    mapped = f"{ADMIN}/groups/{GROUP}/role-mappings/clients/{CLIENT}"
    keycloak.get(mapped, json=[])
    keycloak.post(mapped, status=400, json={"errorMessage": "Duplicate resource error"})
    keycloak.get(mapped, json=[role])

    assert not gateway.map_client_role(GROUP, "mes-prets", "demande")


def test_a_role_that_nobody_mapped_meanwhile_is_refused(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    play_catalogue(keycloak)
    mapped = f"{ADMIN}/groups/{GROUP}/role-mappings/clients/{CLIENT}"
    keycloak.get(mapped, json=[])
    keycloak.post(mapped, status=400, json={"errorMessage": "unknown_error"})

    with pytest.raises(Refused):
        gateway.map_client_role(GROUP, "mes-prets", "demande")


def test_roles_are_not_forgotten_under_the_eyes_of_another_thread(
    gateway: KeycloakGateway, keycloak: responses.RequestsMock
) -> None:
    play_catalogue(keycloak)
    mapped = f"{ADMIN}/groups/{GROUP}/role-mappings/clients/{CLIENT}"
    keycloak.get(mapped, json=[])
    is_reading, seen = threading.Event(), list[str]()

    def read() -> None:
        with gateway._roles_lock:
            is_reading.set()
            time.sleep(0.02)
            seen.extend(gateway._roles)

    reader = threading.Thread(target=read)

    def refuse(_request: object) -> tuple[int, dict[str, str], str]:
        reader.start()
        is_reading.wait()
        return 404, {}, "{}"

    keycloak.add_callback(responses.POST, mapped, refuse)
    with pytest.raises(Refused):
        gateway.map_client_role(GROUP, "mes-prets", "demande")
    reader.join()
    assert seen


@pytest.mark.parametrize("client_id", ["realm-management", "account", "broker"])
def test_no_group_is_given_a_role_of_keycloak_itself(gateway: KeycloakGateway, client_id: str) -> None:
    with pytest.raises(ValueError, match="not a service of ours"):
        gateway.map_client_role(GROUP, client_id, "realm-admin")
