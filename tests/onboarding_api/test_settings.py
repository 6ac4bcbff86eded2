"""The environment: read strictly, safe in production or not started, and never quoted."""

import hashlib
from pathlib import Path

import pytest

from onboarding_api.bootstrap import build_mailer, build_office, build_sender
from onboarding_api.migrations import SchemaUnfit, migrate
from onboarding_api.settings import VARIABLES, BadSettings, UnsafeSettings, settings_from


def secret(name: str) -> str:
    """64 hexadecimal digits that look random and are the same in each worker of the suite."""
    return hashlib.sha256(name.encode()).hexdigest()


GOOD = {
    "BDT_DATABASE_URL": "sqlite:///:memory:",
    "BDT_PUBLIC_URL": "https://espace.example.fr",
    "BDT_SECRET_KEY": secret("session"),
    "BDT_KEYCLOAK_URL": "https://id.example.fr",
    "BDT_CODE_KEYS": f"k2:{secret('k2')},k1:{secret('k1')}",
    "BDT_SMTP_HOST": "mail.example.fr",
    "BDT_SMTP_PORT": "587",
    "BDT_SMTP_FROM": "ne-pas-repondre@example.fr",
    "BDT_SPOOL_DIRECTORY": "/var/spool/letters",
    "BDT_CONTACT_EMAIL": "aide@example.fr",
    "BDT_CONTACT_PHONE": "01 99 00 00 00",
    "BDT_ESPACE_URL_MES_PRETS": "https://prets.example.fr",
}


def test_a_good_environment_is_production() -> None:
    settings = settings_from({**GOOD, "PATH": "/bin", "BDT_BOOTSTRAP_CLIENT_SECRET": "another part's"})
    assert settings.environment == "production"
    assert settings.keycloak_public_url == settings.keycloak_url
    assert settings.espace_urls == {"mes-prets": "https://prets.example.fr"}
    assert (settings.smtp_port, settings.smtp_starttls, settings.trusted_proxies) == (587, False, 0)
    assert (settings.code_keys.current, set(settings.code_keys.keys)) == ("k2", {"k1", "k2"})


@pytest.mark.parametrize("name", [name for name, is_needed in VARIABLES.items() if is_needed])
def test_what_is_needed_is_asked_for_by_name(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        settings_from({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BDT_ENVIRONMENT", "staging"),
        ("BDT_DATABASE_URL", "mysql://db"),
        ("BDT_PUBLIC_URL", "https://espace.example.fr/"),
        ("BDT_PUBLIC_URL", "javascript:alert(1)"),
        ("BDT_SMTP_PORT", "0"),
        ("BDT_SMTP_PORT", "smtp"),
        ("BDT_SMTP_STARTTLS", "yes"),
        ("BDT_TRUSTED_PROXIES", "-1"),
        ("BDT_WORKER_THREADS", "pigeon=2"),
        ("BDT_WORKER_THREADS", "keycloak=1"),
        ("BDT_WORKER_THREADS", "mail=many"),
        ("BDT_BREAKER_FAILURES", "0"),
        ("BDT_BREAKER_SECONDS", "0"),
        ("BDT_SECRET_KEY", ""),
        ("BDT_CODE_KEYS", "k1"),
        ("BDT_CODE_KEYS", "k1:abc"),
        ("BDT_CODE_KEYS", "k1:abcd"),
        ("BDT_ESPACE_URL_MES_PRETS", "prets.example.fr"),
        ("BDT_ESPACE_URL_UNKNOWN", "https://prets.example.fr"),
        ("BDT_KEYCLOAK_REALM", "../master"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_quoted(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name) as fault:
        settings_from({**GOOD, name: value})
    assert GOOD["BDT_SECRET_KEY"] not in str(fault.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BDT_PUBLIC_URL", "http://espace.example.fr"),
        ("BDT_KEYCLOAK_URL", "http://id.example.fr"),
        ("BDT_ESPACE_URL_MES_PRETS", "http://prets.example.fr"),
        ("BDT_SECRET_KEY", "short"),
        ("BDT_SECRET_KEY", "a" * 64),
        pytest.param("BDT_SECRET_KEY", secret("k1"), id="shared"),
        ("BDT_CODE_KEYS", f"demo:{'00' * 32}"),
    ],
)
def test_what_is_unsafe_starts_in_demo_and_not_in_production(name: str, value: str) -> None:
    environ = {**GOOD, name: value}
    with pytest.raises(UnsafeSettings) as fault:
        settings_from(environ)
    assert value not in str(fault.value)
    assert settings_from({**environ, "BDT_ENVIRONMENT": "demo"}).environment == "demo"


def test_keycloak_may_be_reached_inside_when_browsers_reach_it_by_tls() -> None:
    inside = {"BDT_KEYCLOAK_URL": "http://keycloak:8080", "BDT_KEYCLOAK_PUBLIC_URL": "https://id.example.fr"}
    assert settings_from({**GOOD, **inside}).keycloak_url == "http://keycloak:8080"


@pytest.mark.attack(46)
def test_no_secret_shows_in_the_repr() -> None:
    shown = repr(settings_from(GOOD))
    for name in ("BDT_SECRET_KEY", "BDT_DATABASE_URL"):
        assert GOOD[name] not in shown
    assert GOOD["BDT_CODE_KEYS"][3:67] not in shown


def test_the_real_parts_are_made_of_the_settings(tmp_path: Path) -> None:
    settings = settings_from(GOOD | {"BDT_DATABASE_URL": f"sqlite:///{tmp_path}/bdt.db"})
    with pytest.raises(SchemaUnfit):
        build_office(settings)
    migrate(settings.database_url)
    office = build_office(settings)
    assert office.code_keys == settings.code_keys
    assert office.clock().tzinfo
    office.database.engine.dispose()
    assert build_mailer(settings).port == 587
    assert build_sender(settings).site_address == GOOD["BDT_PUBLIC_URL"]


def test_a_mail_password_does_not_travel_in_clear() -> None:
    account = {"BDT_SMTP_USER": "bdt", "BDT_SMTP_PASSWORD": "relay-password"}
    with pytest.raises(UnsafeSettings, match="BDT_SMTP_STARTTLS"):
        settings_from(GOOD | account)
    assert settings_from(GOOD | account | {"BDT_SMTP_STARTTLS": "true"}).smtp_user == "bdt"


def test_two_code_keys_of_one_id_are_refused() -> None:
    with pytest.raises(BadSettings, match="same id"):
        settings_from(GOOD | {"BDT_CODE_KEYS": f"k1:{secret('k1')},k1:{secret('k2')}"})


def test_an_empty_variable_is_an_absent_one() -> None:
    assert settings_from(GOOD | {"BDT_TRUSTED_PROXIES": ""}).trusted_proxies == 0
    with pytest.raises(BadSettings, match="BDT_SECRET_KEY"):
        settings_from(GOOD | {"BDT_SECRET_KEY": ""})


@pytest.mark.parametrize("name", [name for name, is_needed in VARIABLES.items() if is_needed])
def test_a_command_is_asked_for_the_one_setting_it_uses(name: str) -> None:
    field = name.removeprefix("BDT_").lower()
    alone = settings_from({name: GOOD[name]}, whole=False)

    assert getattr(alone, field)
    with pytest.raises(BadSettings, match=f"^{name} is not set$"):
        getattr(settings_from({}, whole=False), field)


def test_a_command_has_the_same_defaults_and_the_same_safety() -> None:
    nothing = settings_from({}, whole=False)
    assert (nothing.environment, nothing.keycloak_realm, nothing.espace_urls) == ("production", "bdt", {})
    with pytest.raises(AttributeError, match="no_setting"):
        nothing.no_setting  # noqa: B018
    for unsafe in ({"BDT_SECRET_KEY": "short"}, {"BDT_PUBLIC_URL": "http://portail.example"}):
        with pytest.raises(UnsafeSettings):
            settings_from(unsafe, whole=False)
    assert settings_from(GOOD, whole=False) == settings_from(GOOD)


def test_administrators_of_master_are_split_by_commas() -> None:
    assert settings_from(GOOD).master_administrators == frozenset()
    named = settings_from(GOOD | {"BDT_MASTER_ADMINISTRATORS": "jeanne,paul"})
    assert named.master_administrators == {"jeanne", "paul"}
