"""What the files of realm-config/ say once the values of an installation are in."""

import re
import time
import unicodedata
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp_extension.realm import (
    CatalogueClient,
    RealmState,
    RealmValues,
    Role,
    awake,
    is_ours,
    load_desired,
)

CONFIG = Path(__file__).parents[2] / "realm-config"
SECRETS = {"mes-prets": "s1", "bdt-sync": "s2", "account": "never"}
ESPACE = CatalogueClient(
    "mes-prets",
    "Mes prêts: « en ligne »",
    (Role("demande", "Demande de prêts"),),
    ("https://prets.example/connexion/retour",),
    "https://prets.example/",
)


def desired(**values: object) -> RealmState:
    given_values = {
        "portal_url": "https://portail.example/",
        "smtp_host": "smtp.example",
        "smtp_port": 25,
        "smtp_from": "bdt@example.org",
        "secrets": SECRETS,
    } | values
    return load_desired(CONFIG, RealmValues(**given_values), [ESPACE])  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def realm() -> RealmState:
    return desired()


def test_no_placeholder_is_left(realm: RealmState) -> None:
    """Of ours: Keycloak has its own, for the names of what it makes."""
    asked = {
        name for file in CONFIG.glob("*.yaml") for name in re.findall(r"\$\{(\w+)\}", file.read_text("utf-8"))
    }
    told = str(asdict(realm))

    assert "portal_url" in asked
    asked.remove("client_id")  # Keycloak has one too
    assert [name for name in asked if f"${{{name}}}" in told] == []
    assert "<realm>" not in told


def test_the_portal_comes_back_to_one_address(realm: RealmState) -> None:
    portal = realm.clients["portail"]

    assert portal["redirectUris"] == ["https://portail.example/connexion/retour"]
    assert (
        portal["attributes"]["post.logout.redirect.uris"] == portal["baseUrl"] == "https://portail.example/"
    )


def test_the_login_pages_of_every_espace_know_the_portal(realm: RealmState) -> None:
    assert realm.settings["attributes"]["bdt.portal-url"] == "https://portail.example"


def test_an_espace_is_a_client_with_its_services_as_roles(realm: RealmState) -> None:
    espace = realm.clients["mes-prets"]

    assert espace["name"] == "Mes prêts: « en ligne »"
    assert espace["redirectUris"] == ["https://prets.example/connexion/retour"]
    assert {name: role for name, role in realm.roles.items() if name.startswith("mes-prets:")} == {
        "mes-prets:demande": {"description": "Demande de prêts"}
    }


def test_only_an_espace_gets_the_scope_of_the_active_structure(realm: RealmState) -> None:
    holders = [
        name
        for name, client in realm.clients.items()
        if "structure" in str(client.get("defaultClientScopes"))
    ]

    assert holders == ["mes-prets"]


def test_secrets_come_from_the_values_and_show_in_no_representation() -> None:
    values = RealmValues("https://p", "h", 25, "f", SECRETS, smtp_password="mail-secret")

    assert desired().clients["mes-prets"]["secret"] == "s1"
    assert "secret" not in desired().clients["portail"]
    assert "secret" not in desired().clients["account"]
    assert "'s1'" not in repr(values)
    assert "'s1'" not in repr(desired())
    assert "mail-secret" not in repr(values)


def test_mail_logs_in_only_when_there_is_a_user() -> None:
    assert desired().settings["smtpServer"]["auth"] == "false"

    server = desired(smtp_user="u", smtp_password="p", smtp_starttls=True).settings["smtpServer"]
    assert (server["auth"], server["user"], server["password"], server["starttls"]) == (
        "true",
        "u",
        "p",
        "true",
    )


def test_the_roles_of_the_service_accounts_are_the_least(realm: RealmState) -> None:
    held = {
        name: [role.removeprefix("realm-management:") for role in account["roles"]]
        for name, account in realm.account_roles.items()
    }
    everybody = "default-roles-bdt"
    assert held == {
        "bdt-sync": [everybody, "manage-users", "view-clients", "view-events"],
        "bdt-bootstrap": [everybody, "realm-admin"],
        "bdt-reader": [everybody, "view-authorization", "view-clients", "view-events",
                       "view-identity-providers", "view-realm", "view-users"],
    }  # fmt: skip
    for name in held:
        assert sorted(realm.scope_roles[f"client {name}"]["roles"]) == realm.account_roles[name]["roles"][1:]


def test_the_account_that_applies_sleeps_and_has_no_key(realm: RealmState) -> None:
    asleep = realm.clients["bdt-bootstrap"]

    assert asleep["enabled"] is False
    assert "jwks.string" not in asleep["attributes"]
    woken = awake(realm, "a key").clients["bdt-bootstrap"]
    assert (woken["enabled"], woken["attributes"]["jwks.string"]) == (True, "a key")


def test_the_realm_carries_our_mark(realm: RealmState) -> None:
    assert is_ours(realm.settings)
    assert not any(map(is_ours, [{}, None, [], {"attributes": None}, {"attributes": {"bdt.managed-by": ""}}]))


def test_a_role_that_is_no_word_is_refused() -> None:
    values = RealmValues("https://p", "h", 25, "f", {})

    with pytest.raises(ValueError, match="not a service of ours"):
        load_desired(CONFIG, values, [CatalogueClient("mes-prets", "x", (Role("a/b", "x"),), (), "")])


def password_pattern() -> re.Pattern[str]:
    """The pattern in Python's dialect, which has no Unicode properties: letters stand for their class."""
    policy = desired().settings["passwordPolicy"]
    pattern = policy.partition("regexPattern(")[2].partition(") and passwordHistory")[0]
    for java, python in (
        (r"[^\p{L}\p{N}]", "o"),
        (r"\p{Ll}", "l"),
        (r"\p{Lu}", "u"),
        (r"\p{Nd}", "d"),
    ):
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def classes(password: str) -> str:
    """Each character as the letter of its class: lower, upper, digit, x for another letter or number, o."""
    kinds = {"Ll": "l", "Lu": "u", "Nd": "d", "Lt": "x", "Lm": "x", "Lo": "x", "Nl": "x", "No": "x"}
    return "".join(kinds.get(unicodedata.category(character), "o") for character in password)


PATTERN = password_pattern()


@pytest.mark.parametrize(
    ("password", "is_accepted"),
    [
        ("Abcdefg1", True),
        ("éÉ123456", True),
        ("abcdefg!1", True),
        ("abcdefgh", False),
        ("abcdefg1", False),
        ("Ab1!", False),
        ("Abcdef1", False),
    ],
)
def test_the_password_rule_of_the_guide(password: str, is_accepted: bool) -> None:
    assert bool(PATTERN.fullmatch(classes(password))) is is_accepted


@settings(max_examples=40, deadline=None)
@given(st.text("lLuUdD1é!x ", max_size=12).map(classes))
def test_the_password_rule_counts_three_of_four_classes(kinds: str) -> None:
    expected = len(kinds) >= 8 and len(set(kinds) & set("ludo")) >= 3

    assert bool(PATTERN.fullmatch(kinds)) is expected


def test_the_password_rule_can_be_split_by_keycloak() -> None:
    """Its parser splits on " and ": none may be inside the pattern."""
    rules = desired().settings["passwordPolicy"].split(" and ")

    assert [rule.partition("(")[0] for rule in rules] == [
        "length",
        "maxLength",
        "regexPattern",
        "passwordHistory",
        "notUsername",
        "notEmail",
    ]
    assert len(rules[2]) == len("regexPattern()") + 177


@pytest.mark.attack(44)
@pytest.mark.parametrize("kinds", ["l", "lu", "lud", "x", "lx", "lldd"])
def test_a_long_password_costs_the_rule_no_more_than_its_length(kinds: str) -> None:
    """Backtracking would square the time: sixteen times the length, 256 times as long."""

    def seconds(length: int) -> float:
        text = (kinds * length)[:length] + "\n"  # what the rule refuses is tried in every way

        def once() -> float:
            began = time.process_time()
            PATTERN.fullmatch(text)
            return time.process_time() - began

        return min(once() for _ in range(5))

    assert seconds(160_000) < 16 * 5 * max(seconds(10_000), 1e-4)
    assert "maxLength(128)" in desired().settings["passwordPolicy"]
