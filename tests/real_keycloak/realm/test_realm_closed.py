"""The realm is a closed world: whatever somebody changes by hand is found, explained, and repaired."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

import pytest

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import (
    BOOTSTRAP,
    Finding,
    Plan,
    RealmState,
    apply,
    disable_bootstrap_account,
    lint_live,
    load_desired,
    plan,
    read_live,
    record_defaults,
    recorded_realm,
)
from idp_extension.realm.defaults import FILE
from idp_extension.realm.kinds import READ
from idp_extension.server import RunningServer
from tests.builders.servers.applied_realm import CONFIG, DATAVIZ, MES_PRETS, apply_realm
from tests.real_keycloak.realm.by_hand import ByHand
from tests.real_keycloak.realm.plantings import ALL, Planting

pytestmark = pytest.mark.keycloak


@pytest.fixture(scope="module")
def at_rest(keycloak_server: RunningServer) -> Iterator[tuple[AdminAPI, RealmState]]:
    """A realm whose own account sleeps, and an administrator of the server."""
    applied = apply_realm(keycloak_server, f"clos-{uuid4().hex[:6]}")
    keys = {name: key for name, key in applied.values.public_keys.items() if name != BOOTSTRAP}
    wanted = load_desired(CONFIG, replace(applied.values, public_keys=keys), [MES_PRETS, DATAVIZ])
    disable_bootstrap_account(applied.admin)
    applied.close()
    server = keycloak_server
    master = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, applied.name)
    with closing(master):
        yield master, wanted


class Counting(AdminAPI):
    """Notes what is asked."""

    def __init__(self, of: AdminAPI) -> None:
        super().__init__(of.realm, of._connection)
        self.asked: list[tuple[str, ...]] = []

    def get(self, *segments: str, **params: str) -> Any:
        self.asked.append(segments)
        return super().get(*segments, **params)


class Story:
    """All is planted, seen, and made good: first without `--prune`, then with it."""

    def __init__(self, master: AdminAPI, wanted: RealmState) -> None:
        self.realm = wanted.name
        self.before = self.differs(master, wanted)
        hand = ByHand(master)
        for planting in ALL:
            planting.plant(hand)
        self.found = self.differs(master, wanted)
        self.findings: tuple[Finding, ...] = lint_live(master, wanted)
        self.repaired = apply(master, wanted)
        self.left = self.differs(master, wanted)
        self.told: list[Plan] = []
        self.pruned = apply(master, wanted, prune=True, tell=self.told.append)
        self.after = self.differs(master, wanted)
        self.again = apply(master, wanted, prune=True)

    @staticmethod
    def differs(master: AdminAPI, wanted: RealmState) -> Plan:
        there = read_live(master)
        assert there is not None
        return plan(wanted, there)

    def places(self, planting: Planting) -> tuple[str, ...]:
        return tuple(place.format(realm=self.realm) for place in planting.places)


@pytest.fixture(scope="module")
def story(at_rest: tuple[AdminAPI, RealmState]) -> Story:
    return Story(*at_rest)


def paths(found: Plan) -> list[str]:
    return sorted(path for change in found.changes for path in change.paths)


def test_there_are_as_many_as_the_issue_asks_for() -> None:
    assert len({planting.what for planting in ALL}) == len(ALL) >= 39 + 20


def test_a_realm_at_rest_has_no_difference(story: Story) -> None:
    assert paths(story.before) == []


@pytest.mark.attack(47)
@pytest.mark.parametrize("planting", ALL, ids=lambda planting: planting.what)
def test_each_change_by_hand_is_found_and_explained(story: Story, planting: Planting) -> None:
    found = paths(story.found)
    for place in story.places(planting):
        assert any(fnmatchcase(path, place) for path in found), place
    place = story.places(planting)[0]
    assert planting.rule in {each.rule for each in story.findings if fnmatchcase(each.where, place)}


def test_nothing_else_is_found(story: Story) -> None:
    """So that each difference is due to one change."""
    known = [place for planting in ALL for place in story.places(planting)]
    assert [path for path in paths(story.found) if not any(fnmatchcase(path, each) for each in known)] == []


def test_without_prune_what_is_declared_is_repaired_and_nothing_taken_away(story: Story) -> None:
    assert paths(story.repaired) == paths(story.found.repairs)
    assert [change.action for change in story.left.changes if change.action != "remove"] == []
    kept = [planting for planting in ALL if planting.is_removal]
    left = paths(story.left)
    for planting in kept:
        assert any(fnmatchcase(path, place) for path in left for place in story.places(planting)), (
            planting.what
        )


def test_with_prune_each_removal_is_told_and_nothing_is_left(story: Story) -> None:
    assert [paths(told.removals) for told in story.told] == [paths(story.left.removals)]
    assert paths(story.pruned) == paths(story.left)
    assert paths(story.after) == []
    assert story.again.changes == ()


def test_no_secret_is_shown(story: Story) -> None:
    shown = repr(story.found) + repr(story.findings)
    assert "known-to-eve" not in shown
    assert "s3cret" not in shown
    assert "BEGIN PRIVATE KEY" not in shown


def test_the_defaults_are_what_a_fresh_server_makes(keycloak_server: RunningServer) -> None:
    server = keycloak_server
    with closing(
        AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, recorded_realm())
    ) as master:
        assert record_defaults(master) == (CONFIG / FILE).read_text("utf-8")


def test_structures_are_not_read_however_many_there_are(
    story: Story, at_rest: tuple[AdminAPI, RealmState]
) -> None:
    master, wanted = at_rest
    hand, before, after = ByHand(master), Counting(master), Counting(master)
    assert not plan(wanted, read_live(before) or RealmState(""))

    for number in range(20):
        structure = hand.group(f"21660{number:04d}")
        hand.map_role(("groups", structure, "role-mappings"), "mes-prets", "demande")

    assert not plan(wanted, read_live(after) or RealmState(""))
    assert after.asked == before.asked
    espace = hand.client_uuid("mes-prets")
    assert not any(
        path[:1] == ("groups",) or (espace in path and path[-1] == "groups") for path in after.asked
    )


# What the whole export of a realm has beside its settings, and the kind of object that we read it as.
PARTS = {
    "authenticationFlows": "login flow",
    "authenticatorConfig": "login flow",
    "clientPolicies": "client policies",
    "clientProfiles": "client policies",
    "clientScopeMappings": "scope roles",
    "clientScopes": "client scope",
    "clients": "client",
    "components": "component",
    "defaultDefaultClientScopes": "new client scopes",
    "defaultGroups": "default group",
    "defaultOptionalClientScopes": "new client scopes",
    "defaultRole": "composite",
    "identityProviderMappers": "identity provider",
    "identityProviders": "identity provider",
    "keycloakVersion": "realm",
    "localizationTexts": "text",
    "requiredActions": "required action",
    "roles": "role",
    "scopeMappings": "scope roles",
    "users": "account roles",
}


def test_no_part_of_a_realm_is_left_unread(at_rest: tuple[AdminAPI, RealmState]) -> None:
    """A version that brings a new part brings a new place to change by hand."""
    master, wanted = at_rest
    export = master.ask("partial-export", exportClients="true", exportGroupsAndRoles="false")

    assert set(PARTS.values()) <= set(READ)
    assert sorted(export.keys() - wanted.settings.keys() - PARTS.keys() - {"id"}) == []
