"""A token carries its structure by itself: what another tab of the same browser does says nothing about it.

One person acts in the commune d'Eus (A: `demande`) in one tab and in the communauté de communes (B: `suivi`)
in another. Keycloak keeps one client session for both, and its notes are those of the last log-in.
"""

from typing import Any

import pytest
import requests

from idp_extension.server import RunningServer
from tests.real_keycloak.plain_realm import SECRET, PlainRealm
from tests.real_keycloak.visitor import PASSWORD, LoginRefused, Person, Tokens

pytestmark = pytest.mark.keycloak

A, B = "216600726", "200049211"
LOANS, OTHER = "mes-prets", "territoires-innovation"
ROLE = {A: "demande", B: "suivi"}
IN_A, IN_B = f"{A}/{LOANS}:demande", f"{B}/{LOANS}:suivi"


@pytest.fixture(scope="module")
def plain(keycloak_server: RunningServer) -> PlainRealm:
    realm = PlainRealm(keycloak_server, "tabs")
    realm.relying_client(LOANS, "demande", "suivi", directAccessGrantsEnabled=True)
    realm.relying_client(OTHER, "lecture", need="optional")
    for siren, role in ROLE.items():
        realm.structure(siren, f"Structure {siren}")
        realm.service(siren, f"{LOANS}:{role}")
        realm.service(siren, f"{OTHER}:lecture")
    return realm


def told(claims: dict[str, Any]) -> tuple[str, list[str]] | None:
    """Structure and roles that these claims tell; None when they tell of neither."""
    if "structure" not in claims:
        assert not claims.get("resource_access")
        return None
    roles = claims["structure"]["roles"]
    assert claims["resource_access"] == {LOANS: {"roles": roles}}
    return claims["structure"]["siren"], roles


def every_reader(tokens: Tokens) -> list[tuple[str, list[str]] | None]:
    return [told(claims) for claims in (tokens.access, tokens.id, tokens.userinfo, tokens.introspection)]


def only(siren: str) -> list[tuple[str, list[str]]]:
    return [(siren, [ROLE[siren]])] * 4


NOTHING = [None] * 4


def test_two_tabs_stay_each_in_its_structure(person: Person) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a = visitor.open(LOANS, structure=A)
    in_b = visitor.open(LOANS, structure=B)

    assert every_reader(in_a) == only(A)
    assert every_reader(in_b) == only(B)


def test_a_refresh_keeps_the_structure_through_all_tabs(person: Person) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a = visitor.open(LOANS, structure=A)
    in_b = visitor.open(LOANS, choose=B)

    for _ in range(3):
        in_a, in_b = in_a.refresh(), in_b.refresh()
        assert every_reader(in_a) == only(A)
        assert every_reader(in_b) == only(B)
    assert told(in_a.introspected(in_a.answer["refresh_token"])) == (A, ["demande"])


def test_codes_of_two_tabs_may_be_exchanged_in_any_order(person: Person) -> None:
    _, visitor = person(IN_A, IN_B)
    first, second = visitor.code(LOANS, structure=A), visitor.code(LOANS, structure=B)
    third = visitor.code(LOANS, structure=A)

    assert every_reader(second.exchange()) == only(B)
    assert every_reader(first.exchange()) == only(A)
    assert every_reader(third.exchange()) == only(A)


def test_offline_tokens_keep_theirs_too(person: Person) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a = visitor.open(LOANS, scope="openid offline_access", structure=A)
    in_b = visitor.open(LOANS, scope="openid offline_access", structure=B)

    for _ in range(2):
        in_a, in_b = in_a.refresh(), in_b.refresh()
        assert every_reader(in_a) == only(A)
        assert every_reader(in_b) == only(B)


def test_a_right_taken_back_is_gone_from_its_token_alone(plain: PlainRealm, person: Person) -> None:
    user, visitor = person(IN_A, IN_B)
    in_a, in_b = visitor.open(LOANS, structure=A), visitor.open(LOANS, structure=B)

    plain.leave(user, IN_A)

    assert told(in_a.userinfo) is None
    assert told(in_a.introspection) is None
    assert every_reader(in_a.refresh()) == NOTHING
    assert every_reader(in_b.refresh()) == only(B)

    plain.join(user, IN_A)

    assert every_reader(in_a.refresh()) == only(A), "it is given back where it was, and nowhere else"
    assert every_reader(in_b.refresh()) == only(B)


def test_a_right_taken_back_between_the_choice_and_the_token_is_not_in_it(
    plain: PlainRealm, person: Person
) -> None:
    user, visitor = person(IN_A, IN_B)
    code = visitor.code(LOANS, choose=A)

    plain.leave(user, IN_A)

    assert every_reader(code.exchange()) == NOTHING


@pytest.mark.parametrize("scope", ["openid structure:{}", "openid structure:{} structure:200049211"])
def test_a_structure_in_the_scope_of_a_request_is_refused(person: Person, scope: str) -> None:
    """How a code carries it inside is nobody's way to ask for it."""
    _, visitor = person(IN_A, IN_B)
    with pytest.raises(LoginRefused, match="invalid_scope"):
        visitor.open(LOANS, scope=scope.format(A), structure=A)


@pytest.mark.parametrize("narrowed", [{"scope": "openid"}, {"structure": B}])
def test_a_refresh_cannot_ask_for_another(person: Person, narrowed: dict[str, str]) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a = visitor.open(LOANS, structure=A)
    visitor.open(LOANS, structure=B)

    assert told(in_a.refresh(**narrowed).access) == (A, ["demande"])
    with pytest.raises(AssertionError, match="invalid_scope"):
        in_a.refresh(scope=f"openid structure:{B}")


def test_the_token_is_taken_from_where_userinfo_takes_it(plain: PlainRealm, person: Person) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a, in_b = visitor.open(LOANS, structure=A), visitor.open(LOANS, structure=B)
    at = f"{plain.url}/protocol/openid-connect/userinfo"
    tokens = {"in_a": in_a.answer["access_token"], "in_b": in_b.answer["access_token"]}

    posted = requests.post(at, data={"access_token": tokens["in_a"]}, timeout=20)
    both = requests.post(
        at,
        data={"access_token": tokens["in_a"]},
        headers={"Authorization": f"Bearer {tokens['in_b']}"},
        timeout=20,
    )
    beside = requests.post(
        at,
        data={"token": tokens["in_b"]},
        headers={"Authorization": f"Bearer {tokens['in_a']}"},
        timeout=20,
    )

    assert told(posted.json()) == (A, ["demande"])
    assert both.status_code == 400
    assert told(beside.json()) == (A, ["demande"])


def test_a_password_grant_gets_no_role(plain: PlainRealm, person: Person) -> None:
    _, visitor = person(IN_A)
    answer = requests.post(
        f"{plain.url}/protocol/openid-connect/token",
        data={
            "grant_type": "password",
            "scope": "openid",
            "username": visitor.username,
            "password": PASSWORD,
            "structure": A,
        },
        auth=(LOANS, SECRET),
        timeout=20,
    ).json()
    assert every_reader(Tokens(plain, LOANS, answer)) == NOTHING


def exchange(plain: PlainRealm, tokens: Tokens) -> requests.Response:
    return requests.post(
        f"{plain.url}/protocol/openid-connect/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": tokens.answer["access_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "structure": B,
        },
        auth=(LOANS, SECRET),
        timeout=20,
    )


def test_token_exchange_is_off_and_gives_no_role_where_a_client_has_it(
    plain: PlainRealm, person: Person
) -> None:
    _, visitor = person(IN_A, IN_B)
    in_a = visitor.open(LOANS, structure=A)
    refused = exchange(plain, in_a)
    assert refused.status_code == 400
    assert "structure" not in refused.text

    client = plain.call("GET", f"/admin/realms/{plain.name}/clients?clientId={LOANS}").json()[0]
    allowed = {**client["attributes"], "standard.token.exchange.enabled": "true"}
    path = f"/admin/realms/{plain.name}/clients/{client['id']}"
    plain.call("PUT", path, json={**client, "attributes": allowed})
    got = exchange(plain, in_a)
    plain.call("PUT", path, json=client)

    assert got.status_code == 200, got.text
    assert told(Tokens(plain, LOANS, got.json()).access) is None


def test_where_a_structure_is_optional_nobody_is_stopped(person: Person) -> None:
    _, nowhere = person()
    assert "structure" not in nowhere.open(OTHER).access

    _, once = person(f"{A}/{OTHER}:lecture")
    assert once.open(OTHER).access["structure"]["siren"] == A

    _, twice = person(f"{A}/{OTHER}:lecture", f"{B}/{OTHER}:lecture")
    assert twice.open(OTHER, choose=B).access["structure"]["siren"] == B
    with pytest.raises(LoginRefused, match="Pour quelle structure"):
        twice.open(OTHER)
    with pytest.raises(LoginRefused, match="Aucune habilitation"):
        twice.open(OTHER, structure="216600742")


@pytest.mark.parametrize("need", ["none", "", "Required", "yes"])
def test_a_client_that_does_not_say_it_needs_one_is_told_none(
    plain: PlainRealm, person: Person, need: str
) -> None:
    client_id = f"sans-{need or 'rien'}".lower()
    plain.relying_client(client_id, "lecture", need=need)
    plain.service(A, f"{client_id}:lecture")
    _, visitor = person(f"{A}/{client_id}:lecture")

    tokens = visitor.open(client_id, structure=A)

    assert "structure" not in tokens.access
    assert not tokens.access.get("resource_access")
