"""The closed world: what Keycloak makes by itself is recorded, what is dangerous is explained."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_extension.realm import (
    Change,
    Difference,
    Plan,
    RealmState,
    RealmValues,
    load_defaults,
    load_desired,
    plan,
    stale_defaults,
)
from idp_extension.realm.defaults import FILE
from idp_extension.realm.kinds import READ, REMOVE, WRITE
from idp_extension.realm.plan import Action
from idp_extension.realm.rules.dangers import DANGERS, danger_findings
from idp_extension.realm.rules.holders import holder_findings, roles_with_administration
from idp_extension.realm.state import KINDS, ONCE, role_name, role_parts
from idp_extension.server import KEYCLOAK_VERSION, server_version

CONFIG = Path(__file__).parents[2] / "realm-config"


@pytest.fixture(scope="module")
def wanted() -> RealmState:
    return load_desired(CONFIG, RealmValues("https://p", "h", 25, "f"))


def test_the_defaults_are_those_of_the_version_we_run() -> None:
    """It rises: `bdt realm record` on a server of the new one, then read what is different."""
    assert load_defaults(CONFIG, "bdt").version == KEYCLOAK_VERSION


def test_the_record_names_no_realm_and_is_read_line_by_line_in_review() -> None:
    text = (CONFIG / FILE).read_text("utf-8")
    assert "default-roles-<realm>" in text
    assert "recorded" not in text
    assert all(
        json.loads("{" + line.strip().removesuffix(",") + "}")
        for line in text.splitlines()
        if line[:1] == " "
    )
    assert load_defaults(CONFIG, "essai").realm.settings["realm"] == "essai"


def test_every_kind_is_read_and_either_written_or_never_wanted(wanted: RealmState) -> None:
    assert set(READ) == set(KINDS)
    for kind in KINDS:
        assert kind in WRITE or not wanted.objects(kind), kind
        assert kind in REMOVE or kind in ONCE, kind


def test_a_realm_as_wanted_has_nothing_dangerous(wanted: RealmState) -> None:
    assert not plan(wanted, wanted)
    assert [*holder_findings(wanted)] == []


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_no_two_roles_have_the_same_name(client: str, role: str, other_client: str, other: str) -> None:
    assert role_parts(role_name(role, client)) == (client, role)
    if (client, role) != (other_client, other):
        assert role_name(role, client) != role_name(other, other_client)


def test_a_role_that_brings_administration_along_administers() -> None:
    state = RealmState(
        "bdt",
        roles={"realm-management:realm-admin": {}, "pilote": {}, "chef": {}, "mes-prets:demande": {}},
        composites={
            "chef": {"roles": ["pilote"]},
            "pilote": {"roles": ["realm-management:realm-admin"]},
            "mes-prets:demande": {"roles": ["offline_access"]},
        },
        holders={
            "user eve": {"roles": ["chef"]},
            "group /pilotes": {"roles": ["pilote"]},
            "user zoe": {"roles": ["mes-prets:demande"]},
        },
    )
    assert roles_with_administration(state) == {"realm-management:realm-admin", "pilote", "chef"}
    assert [(found.rule, found.where) for found in holder_findings(state)] == [
        ("administration-holder", "eve"),
        ("administration-group", "/pilotes"),
    ]


@pytest.mark.parametrize("danger", DANGERS)
def test_every_line_of_the_dangers_is_reached(danger: tuple[str, str, str]) -> None:
    """One behind a wider one would explain nothing."""
    pattern, rule, why = danger
    path = pattern.lstrip("+-").replace("*", "x")
    kind, name, *rest = path.split("/", 2)
    action: Action = "create" if pattern[0] == "-" else "update" if rest else "remove"
    change = Change(kind, name, action, tuple(Difference(field, 1, 2) for field in rest))
    (found,) = danger_findings(Plan((change,)))
    assert (found.rule, found.message, found.where) == (rule, why, path)


def test_a_label_is_no_danger() -> None:
    label = Change("role", "mes-prets:demande", "update", (Difference("description", "a", "b"),))
    assert [*danger_findings(Plan((label,)))] == []


def test_the_version_of_a_server_is_told_by_our_provider() -> None:
    told = {"bdt-structure-mapper": {"operationalInfo": {"keycloak": "26.8.0"}}}
    newer = {"providers": {"protocol-mapper": {"providers": told}}}
    assert server_version(newer) == "26.8.0"
    assert server_version({}) == ""
    assert f"from Keycloak {KEYCLOAK_VERSION}, this is 26.8.0" in stale_defaults(CONFIG, newer)
    told["bdt-structure-mapper"]["operationalInfo"]["keycloak"] = KEYCLOAK_VERSION
    assert stale_defaults(CONFIG, newer) == ""
