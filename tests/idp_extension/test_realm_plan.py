"""The difference between two realms, as data."""

from dataclasses import replace
from typing import Any

import pytest

from idp_extension.realm import Change, Difference, RealmState, plan
from idp_extension.realm.state import Representation

MAPPER = {"name": "audience", "protocolMapper": "oidc-audience-mapper", "config": {"id.token.claim": "false"}}
FORM = {"provider": "auth-username-password-form", "requirement": "REQUIRED"}
STEP = {"provider": "bdt-structure-step", "requirement": "REQUIRED"}
WANTED = RealmState(
    name="bdt",
    settings={"accessTokenLifespan": 300, "smtpServer": {"host": "smtp.example", "password": "p"}},
    user_profile={"attributes": [{"name": "email", "permissions": {"view": ["admin", "user"]}}]},
    scopes={"structure": {"name": "structure", "protocolMappers": [MAPPER]}},
    new_client_scopes={"default": ["basic", "email"], "optional": []},
    clients={
        "mes-prets": {"clientId": "mes-prets", "redirectUris": ["https://a", "https://b"], "secret": "s"}
    },
    roles={"mes-prets": {"demande": "Demande de prêts"}},
    account_roles={"bdt-sync": {"account": ["manage-users"], "scope": ["manage-users"]}},
    flows={"bdt browser": {"steps": [FORM, STEP]}},
)


def client(**fields: Any) -> dict[str, Representation]:
    return {"mes-prets": {**WANTED.clients["mes-prets"], **fields}}


def test_a_realm_that_is_as_wanted_needs_nothing() -> None:
    assert not plan(WANTED, WANTED)


def test_without_a_realm_everything_is_to_be_created() -> None:
    todo = plan(WANTED, None)

    assert [str(change) for change in todo.changes if change.is_creation] == [
        "create login flow bdt browser",
        "create realm bdt",
        "create client scope structure",
        "create client mes-prets",
        "create role mes-prets:demande",
        "create account roles bdt-sync",
    ]


def test_what_keycloak_adds_by_itself_is_no_difference() -> None:
    present = replace(
        WANTED,
        settings={**WANTED.settings, "otpPolicyDigits": 6},
        clients=client(id="c", nodeReRegistrationTimeout=-1) | {"account": {"clientId": "account"}},
        roles={**WANTED.roles, "account": {"view-profile": ""}},
    )

    assert not plan(WANTED, present)


def test_what_keycloak_leaves_out_because_it_is_empty_is_no_difference() -> None:
    wanted = replace(WANTED, clients=client(baseUrl="", protocolMappers=[]))

    assert not plan(wanted, WANTED)


def test_lists_are_compared_without_their_order() -> None:
    assert not plan(WANTED, replace(WANTED, clients=client(redirectUris=["https://b", "https://a"])))


def test_a_redirect_added_by_hand_is_found() -> None:
    present = replace(WANTED, clients=client(redirectUris=["https://a", "https://b", "https://evil"]))

    (change,) = plan(WANTED, present).changes

    assert change == Change(
        "client",
        "mes-prets",
        is_creation=False,
        differences=(
            Difference(
                "redirectUris", ["https://a", "https://b", "https://evil"], ["https://a", "https://b"]
            ),
        ),
    )


def test_a_secret_is_compared_and_never_shown() -> None:
    todo = plan(WANTED, replace(WANTED, clients=client(secret="other-secret")))

    assert "'***' -> '***'" in str(todo.changes[0].differences[0])
    assert "other-secret" not in repr(todo)


def test_the_mail_password_that_keycloak_hides_is_no_difference() -> None:
    hidden = {"accessTokenLifespan": 300, "smtpServer": {"host": "smtp.example", "password": "**********"}}

    assert not plan(WANTED, replace(WANTED, settings=hidden))


def test_a_mapper_added_by_hand_is_found() -> None:
    groups = {"name": "groups", "protocolMapper": "oidc-group-membership-mapper"}
    present = replace(
        WANTED, scopes={"structure": {"name": "structure", "protocolMappers": [MAPPER, groups]}}
    )

    (change,) = plan(WANTED, present).changes

    assert [difference.field for difference in change.differences] == ["protocolMappers.groups"]


def test_a_mapper_taken_away_or_changed_is_found() -> None:
    for mappers in ([], [MAPPER | {"config": {"id.token.claim": "true"}}]):
        present = replace(WANTED, scopes={"structure": {"name": "structure", "protocolMappers": mappers}})

        assert [change.name for change in plan(WANTED, present).changes] == ["structure"]


def test_an_administration_role_given_by_hand_is_found() -> None:
    more = {"account": ["manage-users", "manage-realm"], "scope": ["manage-users"]}

    (change,) = plan(WANTED, replace(WANTED, account_roles={"bdt-sync": more})).changes

    assert (change.kind, [difference.field for difference in change.differences]) == (
        "account roles",
        ["account"],
    )


def test_a_label_that_changed_is_an_update_of_the_role() -> None:
    (change,) = plan(WANTED, replace(WANTED, roles={"mes-prets": {"demande": "Prêts"}})).changes

    assert str(change) == "update role mes-prets:demande"
    assert str(change.differences[0]) == "description: 'Prêts' -> 'Demande de prêts'"


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [FORM],
        [STEP, FORM],
        [FORM, STEP, FORM],
        [FORM | {"requirement": "ALTERNATIVE"}, STEP],
        [{"flow": "forms", "requirement": "REQUIRED", "steps": [FORM]}, STEP],
    ],
)
def test_a_login_flow_with_other_steps_or_another_order_is_found(steps: list[Representation]) -> None:
    (change,) = plan(WANTED, replace(WANTED, flows={"bdt browser": {"steps": steps}})).changes

    assert str(change) == "update login flow bdt browser"


def test_a_login_flow_of_somebody_else_is_left_alone() -> None:
    assert not plan(WANTED, replace(WANTED, flows={**WANTED.flows, "other": {"steps": [FORM]}}))
