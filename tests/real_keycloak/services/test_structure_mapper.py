"""The token says the roles of the active structure, for the client it is made for, and no other role ever.

The commune d'Eus (A) gives `demande`, the communauté de communes (B) gives `suivi`, both in the loan space.
"""

from typing import Any

import pytest
import requests

from idp_extension.server import RunningServer, ServerError, check_provider, provider_version
from tests.real_keycloak.plain_realm import SECRET, PlainRealm
from tests.real_keycloak.visitor import PASSWORD, LoginRefused, Person, Tokens, Visitor

pytestmark = pytest.mark.keycloak

A, B, FOREIGN = "216600726", "200049211", "219000108"
LOANS, MAPS = "mes-prets", "dataviz-coeur-de-ville"

CHOOSER, NONE = "Pour quelle structure", "Aucune habilitation pour ce service"


@pytest.fixture(scope="module")
def plain(keycloak_server: RunningServer) -> PlainRealm:
    realm = PlainRealm(keycloak_server, "mapper")
    realm.relying_client(LOANS, "demande", "suivi", "encours", serviceAccountsEnabled=True)
    realm.relying_client(MAPS, "acces")
    realm.structure(A, "Commune d'Eus")
    realm.structure(B, "CC Conflent-Canigó")
    realm.structure(FOREIGN, "Commune d'Apt")
    realm.service(A, f"{LOANS}:demande")
    realm.service(A, f"{MAPS}:acces")
    realm.service(B, f"{LOANS}:suivi")
    realm.service(FOREIGN, f"{LOANS}:encours")
    return realm


IN_BOTH = (A, B, f"{A}/{LOANS}:demande", f"{A}/{MAPS}:acces", f"{B}/{LOANS}:suivi")


def every_reader(tokens: Tokens) -> list[dict[str, Any]]:
    return [tokens.access, tokens.id, tokens.userinfo, tokens.introspection]


def assert_no_role(tokens: Tokens) -> None:
    for claims in every_reader(tokens):
        assert "structure" not in claims
        assert not claims.get("resource_access")
        assert "realm_access" not in claims


@pytest.mark.parametrize(
    ("siren", "name", "role"), [(A, "Commune d'Eus", "demande"), (B, "CC Conflent-Canigó", "suivi")]
)
def test_each_structure_gives_its_own_roles_to_every_reader(
    person: Person, siren: str, name: str, role: str
) -> None:
    _, visitor = person(*IN_BOTH)

    for claims in every_reader(visitor.open(LOANS, structure=siren)):
        assert claims["structure"] == {"siren": siren, "name": name, "roles": [role]}
        assert claims["resource_access"] == {LOANS: {"roles": [role]}}
        assert "realm_access" not in claims


def test_two_roles_of_one_structure_come_together(plain: PlainRealm, person: Person) -> None:
    plain.structure("200023372", "CC Vallée de Chamonix")
    for role in ("suivi", "demande"):
        plain.service("200023372", f"{LOANS}:{role}")
    _, visitor = person(f"200023372/{LOANS}:suivi", f"200023372/{LOANS}:demande")

    tokens = visitor.open(LOANS, structure="200023372")

    assert tokens.access["structure"]["roles"] == ["demande", "suivi"]
    assert sorted(tokens.access["resource_access"][LOANS]["roles"]) == ["demande", "suivi"]


def test_absent_with_several_lets_her_choose(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    with pytest.raises(LoginRefused, match=CHOOSER):
        visitor.open(LOANS)
    for siren, role in ((A, "demande"), (B, "suivi")):
        for claims in every_reader(visitor.open(LOANS, choose=siren)):
            assert claims["structure"]["siren"] == siren
            assert claims["resource_access"] == {LOANS: {"roles": [role]}}


@pytest.mark.parametrize("parameters", [{}, {"structure": ""}], ids=["absent", "empty"])
def test_absent_with_one_gives_that_one(person: Person, parameters: dict[str, str]) -> None:
    _, visitor = person(*IN_BOTH)  # two structures, but one alone gives a role of the maps
    tokens = visitor.open(MAPS, **parameters)
    assert tokens.access["structure"] == {"siren": A, "name": "Commune d'Eus", "roles": ["acces"]}


def test_unknown_with_one_does_not_fall_back_on_it(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    with pytest.raises(LoginRefused, match=NONE):
        visitor.open(MAPS, structure="none")


def test_absent_with_none_says_why(person: Person) -> None:
    _, visitor = person(A)  # attached, with no habilitation
    with pytest.raises(LoginRefused, match=NONE):
        visitor.open(LOANS)


@pytest.mark.parametrize(
    "siren",
    [
        FOREIGN,
        "000000000",
        "none",
        f"{A} {B}",
        f"{A}*",
        "../" + A,
        f"{A}/{LOANS}:demande",
        f"structure:{A}",
        "９" * 9,
        "9" * 1900,
    ],
)
def test_foreign_unknown_or_malformed_is_refused_and_never_replaced(person: Person, siren: str) -> None:
    _, visitor = person(*IN_BOTH)
    with pytest.raises(LoginRefused, match=NONE):
        visitor.open(LOANS, structure=siren)


def test_control_signs_do_not_pass_keycloaks_door(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    with pytest.raises(LoginRefused, match="invalid query parameter"):
        visitor.open(LOANS, structure=f"\x00{A}")
    assert visitor.open(LOANS, structure=f"{A}\n").access["structure"]["siren"] == A, "blanks around are cut"


def test_the_structure_of_an_earlier_request_is_not_inherited(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    visitor.open(LOANS, structure=A)
    with pytest.raises(LoginRefused, match=CHOOSER):
        visitor.open(LOANS)


def test_prompt_none_switches_without_a_page(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    visitor.open(LOANS, structure=A)

    switched = visitor.open(LOANS, structure=B, prompt="none")

    assert switched.access["resource_access"] == {LOANS: {"roles": ["suivi"]}}
    for parameters in ({"structure": FOREIGN}, {}):
        with pytest.raises(LoginRefused, match="login_required"):
            visitor.open(LOANS, prompt="none", **parameters)


def test_prompt_none_without_a_session_asks_for_a_login(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    with pytest.raises(LoginRefused, match="login_required"):
        visitor.open(LOANS, structure=A, prompt="none")


@pytest.mark.attack(31)
@pytest.mark.invariant("I10")
def test_a_revoked_role_is_gone_at_the_next_refresh(plain: PlainRealm, person: Person) -> None:
    user, visitor = person(*IN_BOTH)
    tokens = visitor.open(LOANS, structure=A)
    assert tokens.refresh().access["structure"]["siren"] == A

    plain.leave(user, f"{A}/{LOANS}:demande")

    assert_no_role(tokens.refresh())
    assert not tokens.introspection.get("resource_access"), (
        "the old token, looked at again, has no role either"
    )


def test_an_offline_token_follows_the_groups_too(plain: PlainRealm, person: Person) -> None:
    user, visitor = person(*IN_BOTH)
    tokens = visitor.open(LOANS, scope="openid offline_access", structure=A)
    assert tokens.refresh().access["resource_access"] == {LOANS: {"roles": ["demande"]}}

    plain.leave(user, f"{A}/{LOANS}:demande")

    assert_no_role(tokens.refresh())


def test_roles_of_another_client_never_come_along(person: Person) -> None:
    _, visitor = person(*IN_BOTH)
    assert visitor.open(LOANS, structure=A).access["resource_access"].keys() == {LOANS}
    assert visitor.open(MAPS, structure=A).access["resource_access"].keys() == {MAPS}
    with pytest.raises(LoginRefused, match=NONE):
        visitor.open(MAPS, structure=B)


def test_a_role_given_beside_the_groups_is_taken_out(plain: PlainRealm, person: Person) -> None:
    user, visitor = person(*IN_BOTH)
    client = plain.call("GET", f"/admin/realms/{plain.name}/clients?clientId={LOANS}").json()[0]["id"]
    role = plain.call("GET", f"/admin/realms/{plain.name}/clients/{client}/roles/encours").json()
    path = f"/admin/realms/{plain.name}/users/{user}/role-mappings/clients/{client}"
    plain.call("POST", path, json=[role])

    tokens = visitor.open(LOANS, structure=A)

    assert tokens.access["resource_access"] == {LOANS: {"roles": ["demande"]}}


@pytest.mark.parametrize(
    ("siren", "name", "mapped"),
    [
        ("210100012", f"{LOANS}:suivi", ""),
        ("210100020", f"{LOANS}:suivi", f"{LOANS}:encours"),
        ("210100046", f"{LOANS}:rien", f"{LOANS}:encours"),
        ("210100053", "autre", f"{LOANS}:encours"),
        ("commune-d-eus", f"{LOANS}:demande", None),
    ],
    ids=["no mapping", "another mapping", "no such role", "no service name", "no SIREN"],
)
def test_a_group_counts_only_when_its_name_and_its_mapping_agree(
    plain: PlainRealm, person: Person, siren: str, name: str, mapped: str | None
) -> None:
    plain.structure(siren, "Une commune")
    plain.service(siren, name, mapped)
    _, visitor = person(f"{siren}/{name}")

    for parameters in ({"structure": siren}, {}):
        with pytest.raises(LoginRefused, match=NONE):
            visitor.open(LOANS, **parameters)


def test_a_service_account_gets_no_role(plain: PlainRealm) -> None:
    client = plain.call("GET", f"/admin/realms/{plain.name}/clients?clientId={LOANS}").json()[0]["id"]
    account = plain.call("GET", f"/admin/realms/{plain.name}/clients/{client}/service-account-user").json()
    plain.join(account["id"], f"{A}/{LOANS}:demande")

    answer = requests.post(
        f"{plain.url}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials", "structure": A},
        auth=(LOANS, SECRET),
        timeout=20,
    ).json()
    tokens = Tokens(plain, LOANS, answer)

    assert not tokens.access.get("resource_access")
    assert "structure" not in tokens.access


def test_without_the_mapper_keycloak_merges_the_roles(plain: PlainRealm, person: Person) -> None:
    """The leak this mapper closes: should Keycloak stop doing it, these tests would prove nothing."""
    plain.relying_client("sans-mapper", "lire", need="none", is_scoped=False)
    plain.service(A, "sans-mapper:lire")
    _, visitor = person(f"{A}/sans-mapper:lire")
    assert visitor.open("sans-mapper", structure=B).access["resource_access"]["sans-mapper"]["roles"] == [
        "lire"
    ]


def test_in_a_flow_without_our_step_there_is_no_role(keycloak_server: RunningServer) -> None:
    realm = PlainRealm(keycloak_server, "without-step", has_step=False)
    realm.relying_client(LOANS, "demande")
    realm.structure(A, A)
    realm.service(A, f"{LOANS}:demande")
    realm.join(realm.person("paul", PASSWORD), f"{A}/{LOANS}:demande")
    visitor = Visitor(realm, "paul", PASSWORD)

    assert_no_role(visitor.open(LOANS))
    assert_no_role(visitor.open(LOANS, structure=A))


def test_the_server_tells_that_our_provider_is_loaded_and_its_version(plain: PlainRealm) -> None:
    server_info = plain.call("GET", "/admin/serverinfo").json()
    check_provider(server_info, provider_version())
    with pytest.raises(ServerError, match=r"our provider in version .*, and 0\.9 was expected"):
        check_provider(server_info, "0.9")
