"""A person in the real Keycloak is brought to what the database says, from wherever she is."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from idp_extension.gateway import Group, KeycloakGateway, Unknown
from idp_extension.projection import (
    DesiredPerson,
    DesiredRole,
    DesiredStructure,
    Projected,
    project_person,
)
from tests.builders.servers.applied_realm import KEYS, AppliedRealm

pytestmark = pytest.mark.keycloak

DEMANDE = DesiredRole("mes-prets", "demande")
SUIVI = DesiredRole("mes-prets", "suivi")
ACCES = DesiredRole("dataviz-coeur-de-ville", "acces")


def eus(*roles: DesiredRole) -> DesiredStructure:
    return DesiredStructure("216600726", "Commune d'Eus", None, roles)


def a_person(*structures: DesiredStructure) -> DesiredPerson:
    identifiant = f"cend{uuid4().hex[:10]}"
    return DesiredPerson(
        identifiant, None, f"{identifiant}@Eus.example", "Cendrine", "Martin", True, structures
    )


def new_structure(*roles: DesiredRole) -> DesiredStructure:
    return DesiredStructure(f"{uuid4().int % 10**9:09d}", "Commune", None, roles)


def keys_of(realm: AppliedRealm, projected: Projected) -> set[str]:
    return {group.path.removeprefix("/") for group in realm.gateway.groups_of_user(projected.keycloak_id)}


def client_roles(realm: AppliedRealm, projected: Projected, client_id: str) -> set[str]:
    client = realm.sync.get("clients", clientId=client_id)[0]["id"]
    path = ("users", projected.keycloak_id, "role-mappings", "clients", client, "composite")
    return {role["name"] for role in realm.sync.get(*path)}


def with_ids(desired: DesiredPerson, projected: Projected) -> DesiredPerson:
    """The same wish, with the ids a caller keeps in its database."""
    ids = projected.group_ids

    def known(structure: DesiredStructure) -> DesiredStructure:
        roles = tuple(
            replace(role, group_id=ids[f"{structure.siren}/{role.client_id}:{role.role}"])
            for role in structure.roles
        )
        return replace(structure, group_id=ids[structure.siren], roles=roles)

    structures = tuple(known(structure) for structure in desired.structures)
    return replace(desired, keycloak_id=projected.keycloak_id, structures=structures)


@pytest.mark.invariant("I1", "I8")
def test_a_new_person_gets_her_groups_and_through_them_her_roles(realm: AppliedRealm) -> None:
    desired = a_person(eus(DEMANDE, SUIVI), new_structure())

    projected = project_person(realm.gateway, desired)

    assert keys_of(realm, projected) == set(projected.group_ids)
    assert set(projected.group_ids) == {
        "216600726",
        "216600726/mes-prets:demande",
        "216600726/mes-prets:suivi",
        desired.structures[1].siren,
    }
    assert client_roles(realm, projected, "mes-prets") == {"demande", "suivi"}
    assert not projected.revoked


@pytest.mark.invariant("I8")
def test_a_second_run_writes_nothing_with_or_without_the_ids(realm: AppliedRealm) -> None:
    desired = a_person(eus(DEMANDE), new_structure(ACCES))
    first = project_person(realm.gateway, desired)

    again = project_person(realm.gateway, desired)
    with_known_ids = project_person(realm.gateway, with_ids(desired, first))

    assert again == with_known_ids == replace(first, writes=0)


def test_what_is_no_longer_effective_is_taken_away_and_sessions_are_ended(realm: AppliedRealm) -> None:
    left = new_structure(ACCES)
    desired = a_person(eus(DEMANDE, SUIVI), left)
    first = project_person(realm.gateway, desired)
    less = replace(with_ids(desired, first), structures=(eus(DEMANDE),))

    projected = project_person(realm.gateway, less)

    assert projected.revoked
    assert projected.writes == 4  # sessions, suivi, acces, the structure left
    assert keys_of(realm, projected) == {"216600726", "216600726/mes-prets:demande"}
    assert client_roles(realm, projected, "dataviz-coeur-de-ville") == set()


def test_groups_that_are_not_ours_are_left_alone(realm: AppliedRealm) -> None:
    desired = a_person(eus())
    projected = project_person(realm.gateway, desired)
    realm.sync.post("groups", body={"name": f"pilotes-{desired.identifiant}"})
    other = realm.sync.get("groups", search=f"pilotes-{desired.identifiant}", exact="true")[0]["id"]
    realm.gateway.join_group(projected.keycloak_id, other)

    again = project_person(realm.gateway, replace(desired, structures=()))

    assert keys_of(realm, again) == {f"pilotes-{desired.identifiant}"}


def test_a_person_is_disabled_and_enabled_again(realm: AppliedRealm) -> None:
    desired = a_person(eus())
    project_person(realm.gateway, desired)

    disabled = project_person(realm.gateway, replace(desired, is_active=False))
    still = project_person(realm.gateway, replace(desired, is_active=False))
    enabled = project_person(realm.gateway, replace(desired, may_enable=True))

    assert (disabled.revoked, still.revoked, still.writes, enabled.revoked) == (True, False, 0, False)
    user = realm.gateway.get_user(enabled.keycloak_id)
    assert user is not None
    assert user.is_active


@pytest.mark.parametrize("change", [{}, {"nom": "Martin-Puig"}, {"structures": ()}])
def test_who_is_disabled_at_keycloak_is_never_enabled_by_a_projection(
    realm: AppliedRealm, change: dict[str, Any]
) -> None:
    desired = a_person(eus())
    first = project_person(realm.gateway, desired)
    realm.sync.put("users", first.keycloak_id, body={"enabled": False})

    found = project_person(realm.gateway, replace(desired, **change))

    user = realm.gateway.get_user(first.keycloak_id)
    assert user is not None
    assert (found.is_shut_out, user.is_active) == (True, False)
    assert keys_of(realm, found) <= replace(desired, **change).group_keys  # what was too much is gone


def test_an_account_disabled_between_the_look_and_the_write_stays_disabled(realm: AppliedRealm) -> None:
    desired = a_person(eus())
    first = project_person(realm.gateway, desired)

    class Meanwhile(KeycloakGateway):
        def groups_of_user(self, user_id: str) -> tuple[Group, ...]:  # after she was read, before any write
            realm.sync.put("users", user_id, body={"enabled": False})
            return super().groups_of_user(user_id)

    with Meanwhile(realm.url, realm.name, KEYS["bdt-sync"]) as gateway:
        project_person(gateway, replace(desired, nom="Martin-Puig"))

    user = realm.gateway.get_user(first.keycloak_id)
    assert user is not None
    assert (user.nom, user.is_active) == ("Martin-Puig", False)


def test_a_changed_name_and_address_are_written_once(realm: AppliedRealm) -> None:
    desired = a_person()
    project_person(realm.gateway, desired)
    married = replace(desired, nom="Martin-Puig", email=f"new-{desired.email}")

    assert project_person(realm.gateway, married).writes == 1
    assert project_person(realm.gateway, married).writes == 0


def test_a_structure_that_changed_its_name_is_labelled_once(realm: AppliedRealm) -> None:
    desired = a_person(new_structure(DEMANDE))
    first = project_person(realm.gateway, desired)
    renamed = replace(desired, structures=(replace(desired.structures[0], label="Commune nouvelle"),))

    assert project_person(realm.gateway, renamed) == replace(first, writes=1)
    assert project_person(realm.gateway, renamed) == replace(first, writes=0)
    group = realm.gateway.find_structure_group(desired.structures[0].siren)
    assert group is not None
    assert group.label == "Commune nouvelle"


def test_stale_ids_are_found_again_by_name(realm: AppliedRealm) -> None:
    desired = a_person(new_structure(DEMANDE))
    first = project_person(realm.gateway, desired)
    siren = desired.structures[0].siren
    realm.sync.delete("groups", first.group_ids[siren])
    realm.sync.delete("users", first.keycloak_id)

    second = project_person(realm.gateway, with_ids(desired, first))

    assert keys_of(realm, second) == {siren, f"{siren}/mes-prets:demande"}
    assert client_roles(realm, second, "mes-prets") == {"demande"}
    assert second.keycloak_id != first.keycloak_id
    assert not set(second.group_ids.values()) & set(first.group_ids.values())


class Interrupted(KeycloakGateway):
    """Loses the answer of one write after its effect, as a network that is cut at the worst moment."""

    def __init__(self, realm: AppliedRealm, writes_before: int) -> None:
        super().__init__(realm.url, realm.name, KEYS["bdt-sync"])
        left = iter([*[False] * writes_before, True])
        send = self._api._send

        def cut(method: str, path: str, params: dict[str, str], body: object = None) -> Any:
            answer = send(method, path, params, body)
            if method != "GET" and next(left, False):
                raise Unknown("the answer was lost")
            return answer

        self._api._send = cut  # type: ignore[method-assign]


# User, group, membership; then subgroup, role, membership for each of the two services.
@pytest.mark.parametrize("writes_before", range(9))
def test_an_interruption_after_any_write_is_made_good(realm: AppliedRealm, writes_before: int) -> None:
    desired = a_person(new_structure(DEMANDE, SUIVI))
    with Interrupted(realm, writes_before) as gateway, pytest.raises(Unknown):
        project_person(gateway, desired)

    projected = project_person(realm.gateway, desired)

    assert client_roles(realm, projected, "mes-prets") == {"demande", "suivi"}
    assert project_person(realm.gateway, desired).writes == 0


def test_sessions_are_ended_even_if_the_run_is_cut_while_revoking(realm: AppliedRealm) -> None:
    desired = a_person(new_structure(DEMANDE))
    project_person(realm.gateway, desired)
    nothing = replace(desired, structures=())

    with Interrupted(realm, 0) as gateway, pytest.raises(Unknown):  # cut right after the sessions were ended
        project_person(gateway, nothing)

    assert project_person(realm.gateway, nothing).revoked
