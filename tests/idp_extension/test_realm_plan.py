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
    roles={"mes-prets:demande": {"description": "Demande de prêts"}},
    composites={"mes-prets:demande": {"roles": []}},
    scope_roles={"client mes-prets": {"roles": []}},
    account_roles={"bdt-sync": {"roles": ["realm-management:manage-users"], "groups": []}},
    flows={"bdt browser": {"steps": [FORM, STEP]}},
)


def client(**fields: Any) -> dict[str, Representation]:
    return {"mes-prets": {**WANTED.clients["mes-prets"], **fields}}


def test_a_realm_that_is_as_wanted_needs_nothing() -> None:
    assert not plan(WANTED, WANTED)


def test_in_an_empty_realm_everything_is_to_be_created() -> None:
    todo = plan(WANTED, RealmState("bdt"))

    assert [str(change) for change in todo.changes if change.action == "create"] == [
        "create login flow bdt browser",
        "create client scope structure",
        "create client mes-prets",
        "create role mes-prets:demande",
        "create account roles bdt-sync",
    ]


# What nobody said, beside what is wanted, and where it is told.
PLANTED: list[tuple[str, Any, str]] = [
    ("settings", {**WANTED.settings, "adminTheme": "x"}, "update realm bdt: realm/bdt/adminTheme"),
    (
        "settings",
        {**WANTED.settings, "attributes": {"frontendUrl": "https://evil"}},
        "update realm bdt: realm/bdt/attributes/frontendUrl",
    ),
    (
        "clients",
        client(attributes={"jwt.credential.certificate": "MII"}),
        "update client mes-prets: client/mes-prets/attributes/jwt.credential.certificate",
    ),
    ("clients", {**client(), "evil": {"clientId": "evil"}}, "remove client evil: client/evil"),
    (
        "clients",
        client(serviceAccountsEnabled=True),
        "update client mes-prets: client/mes-prets/serviceAccountsEnabled",
    ),
    ("roles", {**WANTED.roles, "pilote": {}}, "remove role pilote: role/pilote"),
    (
        "composites",
        {"mes-prets:demande": {"roles": ["realm-management:realm-admin"]}},
        "update composite mes-prets:demande: composite/mes-prets:demande/roles",
    ),
    ("composites", {"x": {"roles": ["y"]}}, "remove composite x: composite/x"),
    (
        "scope_roles",
        {"client mes-prets": {"roles": ["pilote"]}},
        "update scope roles client mes-prets: scope roles/client mes-prets/roles",
    ),
    (
        "account_roles",
        {"bdt-sync": {"roles": ["realm-management:manage-users"], "groups": ["/pilotes"]}},
        "update account roles bdt-sync: account roles/bdt-sync/groups",
    ),
    (
        "components",
        {"KeyProvider/rsa/evil": {}},
        "remove component KeyProvider/rsa/evil: component/KeyProvider/rsa/evil",
    ),
    ("holders", {"user eve": {"roles": ["x"]}}, "remove holder user eve: holder/user eve"),
    ("flows", {**WANTED.flows, "other": {"steps": [FORM]}}, "remove login flow other: login flow/other"),
    ("user_profile", {**WANTED.user_profile, "unmanagedAttributePolicy": "ENABLED"},
     "update user profile bdt: user profile/bdt/unmanagedAttributePolicy"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "there", "told"), PLANTED)
def test_what_nobody_said_is_a_difference_and_has_a_path(field: str, there: Any, told: str) -> None:
    (change,) = plan(WANTED, replace(WANTED, **{field: there})).changes

    assert [f"{change}: {path}" for path in change.paths] == [told]


def test_only_whole_objects_are_removals_and_they_come_last() -> None:
    present = replace(
        WANTED,
        settings={},
        clients={**client(secret="x"), "evil": {}},
        holders={"user eve": {"roles": ["x"]}},
    )
    todo = plan(WANTED, present)

    assert [change.action for change in todo.changes] == ["update", "update", "remove", "remove"]
    assert [change.name for change in todo.removals.changes] == ["user eve", "evil"]
    assert (*todo.repairs.changes, *todo.removals.changes) == todo.changes


def test_a_removal_shows_what_goes_and_no_secret() -> None:
    evil = {"config": {"clientSecret": ["s3cret"], "url": "https://evil"}, "bindCredential": "s3cret"}
    (change,) = plan(WANTED, replace(WANTED, identity_providers={"evil": evil})).changes

    assert "https://evil" in change.lines[0]
    assert "s3cret" not in repr(change)


def test_a_secret_that_keycloak_drew_is_no_difference() -> None:
    wanted = replace(WANTED, clients={"portail": {"clientAuthenticatorType": "client-jwt"}})
    drawn = replace(wanted, clients={"portail": {"clientAuthenticatorType": "client-jwt", "secret": "drawn"}})

    assert not plan(wanted, drawn)


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
        action="update",
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

    assert [difference.field for difference in change.differences] == ["protocolMappers/groups"]


def test_a_mapper_taken_away_or_changed_is_found() -> None:
    for mappers in ([], [MAPPER | {"config": {"id.token.claim": "true"}}]):
        present = replace(WANTED, scopes={"structure": {"name": "structure", "protocolMappers": mappers}})

        assert [change.name for change in plan(WANTED, present).changes] == ["structure"]


def test_an_administration_role_given_by_hand_is_found() -> None:
    more = {"roles": ["realm-management:manage-users", "realm-management:manage-realm"], "groups": []}

    (change,) = plan(WANTED, replace(WANTED, account_roles={"bdt-sync": more})).changes

    assert (change.kind, [difference.field for difference in change.differences]) == (
        "account roles",
        ["roles"],
    )


def test_a_label_that_changed_is_an_update_of_the_role() -> None:
    (change,) = plan(WANTED, replace(WANTED, roles={"mes-prets:demande": {"description": "Prêts"}})).changes

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
