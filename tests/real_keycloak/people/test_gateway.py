"""What the gateway says, told by the real Keycloak."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from idp_extension.gateway import KeycloakGateway, NotSent, Refused
from idp_extension.relying_party.client_key import ClientKey
from tests.builders.oidc_login import LoginFailed, log_in, refresh
from tests.builders.servers.applied_realm import AppliedRealm

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"


@pytest.fixture
def gateway(realm: AppliedRealm) -> KeycloakGateway:
    return realm.gateway


def new_user(gateway: KeycloakGateway, **profile: object) -> str:
    identifiant = f"test{uuid4().hex[:12]}"
    wanted = {"email": f"{identifiant}@eus.example", "prenom": "Zoé", "nom": "D'Hondt-Le Goff"} | profile
    return gateway.create_user(identifiant, **wanted)  # type: ignore[arg-type]


def new_siren() -> str:
    return f"{uuid4().int % 10**9:09d}"


def test_a_wrong_secret_is_told_as_not_sent(realm: AppliedRealm) -> None:
    with (
        KeycloakGateway(realm.url, realm.name, ClientKey.fresh("bdt-sync")) as stranger,
        pytest.raises(NotSent),
    ):
        stranger.find_user("nobody")


def test_a_user_is_created_once_and_found_by_name_in_any_case(gateway: KeycloakGateway) -> None:
    user_id = gateway.create_user("cend589", email="Cend@Eus.example", prenom="Cendrine", nom="Martin")

    again = gateway.create_user("cend589", email="cend@eus.example", prenom="Cendrine", nom="Martin")

    found = gateway.find_user("CEND589")
    assert again == user_id
    assert found is not None
    assert (found.id, found.email, found.prenom, found.is_active) == (
        user_id,
        "cend@eus.example",
        "Cendrine",
        True,
    )


def test_the_email_of_somebody_else_is_a_conflict(gateway: KeycloakGateway) -> None:
    email = f"{uuid4().hex}@eus.example"
    new_user(gateway, email=email)

    with pytest.raises(Refused) as refused:
        new_user(gateway, email=email)

    assert refused.value.status == 409


def test_a_user_nobody_made_is_none(gateway: KeycloakGateway) -> None:
    assert gateway.find_user("nobody") is None
    assert gateway.get_user(str(uuid4())) is None


def test_an_update_keeps_what_it_does_not_say(gateway: KeycloakGateway) -> None:
    user_id = new_user(gateway)
    before = gateway.get_user(user_id)
    assert before is not None

    gateway.update_user(user_id, email=before.email, prenom="Zoë", nom="N’Diaye", is_active=False)

    after = gateway.get_user(user_id)
    assert after is not None
    assert (after.identifiant, after.prenom, after.nom, after.is_active) == (
        before.identifiant,
        "Zoë",
        "N’Diaye",
        False,
    )


def test_a_structure_group_is_made_once_even_by_sixteen_at_the_same_time(gateway: KeycloakGateway) -> None:
    siren = new_siren()

    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: gateway.create_structure_group(siren, "Commune d'Eus"), range(16)))

    assert gateway.find_structure_group(siren) == made[0]
    assert len({group.id for group in made}) == 1


def test_a_structure_is_not_found_by_a_part_of_its_siren(gateway: KeycloakGateway) -> None:
    gateway.create_structure_group("216600726", "Commune d'Eus")

    assert gateway.find_structure_group("166007261") is None


def test_the_label_is_an_attribute(realm: AppliedRealm) -> None:
    group = realm.gateway.create_structure_group(new_siren(), "CC « Pays d'Apt / Luberon »")

    assert realm.sync.get("groups", group.id)["attributes"] == {"label": ["CC « Pays d'Apt / Luberon »"]}


def test_a_structure_that_exists_gets_the_new_label_and_keeps_its_group(gateway: KeycloakGateway) -> None:
    siren = new_siren()
    before = gateway.create_structure_group(siren, "Commune d'Eus")

    renamed = gateway.create_structure_group(siren, "Commune d'Eus-le-Haut")

    assert (before.label, renamed.label) == ("Commune d'Eus", "Commune d'Eus-le-Haut")
    assert gateway.find_structure_group(siren) == renamed
    assert renamed.id == before.id


def test_more_than_ten_subgroups_are_all_listed(gateway: KeycloakGateway) -> None:
    group = gateway.create_structure_group(new_siren(), "Commune")
    names = [f"espace:role-{number}" for number in range(12)]

    for name in [*names, names[0]]:
        gateway.create_subgroup(group.id, name)

    assert sorted(gateway.subgroups(group.id)) == sorted(names)


def test_a_role_is_mapped_once_and_an_unknown_one_refused(gateway: KeycloakGateway) -> None:
    group = gateway.create_structure_group(new_siren(), "Commune")
    subgroup = gateway.create_subgroup(group.id, "mes-prets:demande")

    assert gateway.map_client_role(subgroup.id, "mes-prets", "demande")
    assert not gateway.map_client_role(subgroup.id, "mes-prets", "demande")
    for service in (("mes-prets", "inconnu"), ("inconnu", "demande")):
        with pytest.raises(Refused):
            gateway.map_client_role(subgroup.id, *service)


def test_deliveries_to_two_people_may_map_one_role_at_the_same_moment(gateway: KeycloakGateway) -> None:
    group = gateway.create_structure_group(new_siren(), "Commune")

    for role in ("demande", "suivi"):
        subgroup = gateway.create_subgroup(group.id, f"mes-prets:{role}")
        together = Barrier(4)

        def deliver(subgroup_id: str = subgroup.id, role: str = role, together: Barrier = together) -> bool:
            together.wait()
            return gateway.map_client_role(subgroup_id, "mes-prets", role)

        with ThreadPoolExecutor(4) as workers:
            done = [workers.submit(deliver) for _ in range(4)]
        assert any([delivery.result() for delivery in done])


def test_membership_comes_and_goes_and_may_be_repeated(gateway: KeycloakGateway) -> None:
    user_id = new_user(gateway)
    group = gateway.create_structure_group(new_siren(), "Commune")

    gateway.join_group(user_id, group.id)
    gateway.join_group(user_id, group.id)
    assert gateway.groups_of_user(user_id) == (group,)

    gateway.leave_group(user_id, group.id)
    gateway.leave_group(user_id, group.id)
    gateway.leave_group(user_id, str(uuid4()))
    assert gateway.groups_of_user(user_id) == ()


def test_more_than_a_hundred_groups_of_a_person_are_all_listed(gateway: KeycloakGateway) -> None:
    user_id = new_user(gateway)
    with ThreadPoolExecutor(8) as threads:
        groups = list(
            threads.map(lambda _: gateway.create_structure_group(new_siren(), "Commune"), range(105))
        )
        list(threads.map(lambda group: gateway.join_group(user_id, group.id), groups))

    assert set(gateway.groups_of_user(user_id)) == set(groups)


def test_joining_a_group_that_is_gone_is_not_found(gateway: KeycloakGateway) -> None:
    with pytest.raises(Refused) as refused:
        gateway.join_group(new_user(gateway), str(uuid4()))

    assert refused.value.status == 404
    assert not refused.value.is_permanent


@pytest.mark.attack(31)
def test_ended_sessions_do_not_refresh(realm: AppliedRealm) -> None:
    user_id = new_user(realm.gateway)
    realm.choose_password(user_id, PASSWORD)
    realm.let_in(user_id)
    user = realm.gateway.get_user(user_id)
    assert user is not None
    service: dict[str, Any] = {"base_url": realm.url, "realm": realm.name, "client_id": "mes-prets"}
    secret = realm.values.secrets["mes-prets"]
    tokens = log_in(
        **service,
        client_secret=secret,
        redirect_uri="http://127.0.0.1:8401/connexion/retour",
        username=user.email,
        password=PASSWORD,
    )

    realm.gateway.end_sessions(user_id)

    with pytest.raises(LoginFailed, match="invalid_grant"):
        refresh(**service, client_secret=secret, refresh_token=tokens["refresh_token"])
