"""The settings of one installation, read once from the environment (`BDT_…`).

With no environment named it is production, and what is unsafe there does not start. A default written here is
right in production and fit to be public; anything else has none.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from limits import RateLimitItem

from idp_extension.relying_party.client_key import BadKey, ClientKey
from onboarding_api.delivery.breakers import BreakerRule
from onboarding_api.delivery.bulkhead import THREADS, threads_from
from onboarding_api.limits.bounds import Per, amounts_from
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.ledger.breaker import LONGEST_PAUSE
from onboarding_api.model.ledger.delivery import Target
from policies.catalogue.loader import load_catalogue
from policies.catalogue.strict import StrictValidator

ESPACE_PREFIX = "BDT_ESPACE_URL_"
SHORTEST_SECRET = 32
FEWEST_SYMBOLS = 10
PRODUCTION = "production"

_URL = {"type": "string", "regex": r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?"}
_SECRET = {"type": "string", "empty": False, "required": True}
_TEXT = {"type": "string", "empty": False, "required": True}
_PATH = {"type": "string", "empty": False}
_PATHS = ("spool_directory", "portal_key", "sync_key", "reader_key", "public_keys")

_FORM: Mapping[str, Mapping[str, Any]] = {
    "environment": {"type": "string", "allowed": [PRODUCTION, "demo", "test"]},
    "database_url": {
        "type": "string",
        "regex": r"(sqlite:///|postgresql\+psycopg://).+",
        "required": True,
    },
    "public_url": {**_URL, "required": True},
    "portal_reach_url": _URL,
    "secret_key": _SECRET,
    "keycloak_url": {**_URL, "required": True},
    "keycloak_public_url": _URL,
    "keycloak_realm": {"type": "string", "regex": r"[a-z][a-z0-9-]*"},
    "portal_key": _PATH,
    "sync_key": _PATH,
    "reader_key": _PATH,
    "public_keys": _PATH,
    "master_administrators": {"type": "string", "empty": False},
    "code_keys": {
        "type": "string",
        "regex": r"[A-Za-z0-9_-]+:([0-9a-f]{2})+(,[A-Za-z0-9_-]+:([0-9a-f]{2})+)*",
        "required": True,
    },
    "smtp_host": _TEXT,
    "smtp_port": {"type": "integer", "coerce": "integer", "min": 1, "max": 65535, "required": True},
    "smtp_from": _TEXT,
    "smtp_user": {"type": "string", "empty": False},
    "smtp_password": {"type": "string", "empty": False},
    "smtp_starttls": {"type": "boolean", "coerce": "boolean"},
    "spool_directory": _TEXT,
    "contact_email": _TEXT,
    "contact_phone": _TEXT,
    "contact_hours": {"type": "string", "empty": False},
    "limits": {"type": "string", "empty": False},
    "worker_threads": {"type": "string", "regex": r"[a-z]+=[1-9][0-9]?(,[a-z]+=[1-9][0-9]?)*"},
    "breaker_failures": {"type": "integer", "coerce": "integer", "min": 1, "max": 100},
    "breaker_seconds": {"type": "integer", "coerce": "integer", "min": 1, "max": LONGEST_PAUSE.seconds},
    "trusted_proxies": {"type": "integer", "coerce": "integer", "min": 0, "max": 9},
    "watch": {"type": "boolean", "coerce": "boolean"},
    "plan_hour": {"type": "integer", "coerce": "integer", "min": 0, "max": 23},
}

VARIABLES: Mapping[str, bool] = MappingProxyType(
    {f"BDT_{name.upper()}": bool(rules.get("required")) for name, rules in _FORM.items()}
)
"""Every variable, and whether it is needed. Besides: a `BDT_ESPACE_URL_<ESPACE>` for each open espace."""


class BadSettings(Exception):
    """The environment cannot be read; the text names each variable and what is wrong, never its value."""


class UnsafeSettings(BadSettings):
    """The environment can be read, and would not be safe in production."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. `keycloak_url` is where this process reaches Keycloak, `keycloak_public_url` where
    browsers do and what tokens carry; the same unless told otherwise. `portal_reach_url` is where Keycloak
    reaches the portal, to tell of sessions that ended; `public_url` unless told otherwise. `trusted_proxies`
    counts the proxies in front whose `X-Forwarded-*` are believed. `limits` are the amounts that differ from
    `limits/bounds.py`, `worker_threads` what differs from `delivery/bulkhead.py`. The breaker of a target
    opens after `breaker_failures` without an answer, for `breaker_seconds` at first.
    `watch`: the worker watches what is changed at Keycloak by hand, and compares everything at `plan_hour`
    (UTC).
    `portal_key`, `sync_key`, `reader_key`: the file of a private key, for the process that acts by it alone;
    `public_keys`: the directory of what Keycloak is given. `master_administrators`: the user names, split by
    commas, of who may administer the server for good.
    """

    database_url: str = field(repr=False)
    public_url: str
    portal_reach_url: str
    secret_key: str = field(repr=False)
    keycloak_url: str
    keycloak_public_url: str
    code_keys: CodeKeys
    smtp_host: str
    smtp_port: int
    smtp_from: str
    spool_directory: Path
    contact_email: str
    contact_phone: str
    environment: str = PRODUCTION
    keycloak_realm: str = "bdt"
    contact_hours: str = "du lundi au vendredi, de 9 h à 18 h"
    smtp_user: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_starttls: bool = False
    trusted_proxies: int = 0
    limits: Mapping[tuple[str, Per], RateLimitItem] = field(default_factory=dict)
    worker_threads: Mapping[Target, int] = field(default_factory=lambda: THREADS)
    breaker_failures: int = BreakerRule().opens_after
    breaker_seconds: int = BreakerRule().pause.seconds
    watch: bool = True
    plan_hour: int = 2
    portal_key: Path | None = None
    sync_key: Path | None = None
    reader_key: Path | None = None
    public_keys: Path | None = None
    master_administrators: frozenset[str] = frozenset()
    espace_urls: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> NoReturn:
        """Tell which variable is missing; called for what this environment did not say."""
        if name in _FORM:
            raise BadSettings(f"BDT_{name.upper()} is not set")
        raise AttributeError(name)

    @property
    def issuer(self) -> str:
        """What the realm calls itself, in tokens and to be named in a client's proof."""
        return f"{self.keycloak_public_url}/realms/{self.keycloak_realm}"


def client_key(client_id: str, variable: str, file: Path | None) -> ClientKey:
    """The key by which this process acts as a client of the realm.

    Raises:
        BadSettings: it was not given one, or the file holds something else.
    """
    if file is None:
        raise BadSettings(f"{variable} is not set: the file of the private key of {client_id}")
    try:
        return ClientKey.in_file(client_id, file)
    except BadKey as error:
        raise BadSettings(f"{variable}: {error}") from None


def read_settings(*, whole: bool = True) -> Settings:
    """The settings of this process.

    Raises:
        BadSettings, UnsafeSettings: see `settings_from`.
    """
    return settings_from(os.environ, whole=whole)


def settings_from(environ: Mapping[str, str], *, whole: bool = True) -> Settings:
    """The settings that an environment makes. A command is content with those it uses: not `whole`, what is
    missing is told when it is asked for.

    Raises:
        BadSettings: a variable is missing or cannot be read.
        UnsafeSettings: in production, a URL without TLS, or a secret that is short or repeats itself.
    """
    form = [rule if whole else {**rule, "required": False} for rule in _FORM.values()]
    rules = dict(zip(VARIABLES, form, strict=True))
    # Compose hands an unset variable over as an empty one.
    read = _validated(rules, {name: environ[name] for name in VARIABLES if environ.get(name)})
    values = {name.removeprefix("BDT_").lower(): value for name, value in read.items()}
    if "code_keys" in values:
        values["code_keys"] = _code_keys(values["code_keys"])
    values["limits"] = _limits(values.get("limits"))
    values["worker_threads"] = _threads(values.get("worker_threads"))
    values["master_administrators"] = frozenset(values.get("master_administrators", "").split(",")) - {""}
    values |= {name: Path(values[name]) for name in _PATHS if name in values}
    for name, same in (("keycloak_public_url", "keycloak_url"), ("portal_reach_url", "public_url")):
        if same in values:
            values.setdefault(name, values[same])
    settings = _filled({**values, "espace_urls": _espace_urls(environ)})
    if settings.environment == PRODUCTION:
        _check_safe(settings)
    return settings


def _filled(values: Mapping[str, Any]) -> Settings:
    """As the constructor, but what is missing stays missing."""
    settings = object.__new__(Settings)
    for each in fields(Settings):
        if each.name in values:
            object.__setattr__(settings, each.name, values[each.name])
        elif each.default is not MISSING:
            object.__setattr__(settings, each.name, each.default)
        elif each.default_factory is not MISSING:
            object.__setattr__(settings, each.name, each.default_factory())
    return settings


def _validated(rules: Mapping[str, Any], given: Mapping[str, str]) -> Mapping[str, Any]:
    validator = StrictValidator(rules)
    if not validator.validate(given):
        raise BadSettings("; ".join(f"{name}: {faults[0]}" for name, faults in validator.errors.items()))
    read: Mapping[str, Any] = validator.document
    return read


def _code_keys(text: str) -> CodeKeys:
    pairs = [pair.partition(":") for pair in text.split(",")]
    if len({key_id for key_id, _, _ in pairs}) < len(pairs):
        raise BadSettings("BDT_CODE_KEYS: two keys have the same id")
    keys = {key_id: bytes.fromhex(key) for key_id, _, key in pairs}
    try:
        return CodeKeys(current=pairs[0][0], keys=keys)
    except ValueError as error:
        raise BadSettings(f"BDT_CODE_KEYS: {error}") from None


def _threads(text: str | None) -> Mapping[Target, int]:
    try:
        return threads_from(text) if text else THREADS
    except ValueError as error:
        raise BadSettings(f"BDT_WORKER_THREADS: {error}") from None


def _limits(text: str | None) -> Mapping[tuple[str, Per], RateLimitItem]:
    try:
        return amounts_from(text) if text else {}
    except ValueError as error:
        raise BadSettings(f"BDT_LIMITS: {error}") from None


def _espace_urls(environ: Mapping[str, str]) -> Mapping[str, str]:
    known = {f"{ESPACE_PREFIX}{key.upper().replace('-', '_')}": key for key in load_catalogue().espaces}
    given = {name: value for name, value in environ.items() if name.startswith(ESPACE_PREFIX)}
    _validated(dict.fromkeys(known, _URL), given)
    return MappingProxyType({known[name]: url for name, url in given.items()})


def _check_safe(settings: Settings) -> None:
    urls = {
        **_said(settings, "public_url", "keycloak_public_url"),
        **{f"{ESPACE_PREFIX}{key}": url for key, url in settings.espace_urls.items()},
    }
    keys = settings.code_keys.keys if _said(settings, "code_keys") else {}
    secrets = {
        **_said(settings, "secret_key"),
        **{f"BDT_CODE_KEYS {key_id}": key.hex() for key_id, key in keys.items()},
    }
    faults = [f"{name}: https is needed" for name, url in urls.items() if not url.startswith("https://")]
    faults += [
        f"{name}: at least {SHORTEST_SECRET} characters that do not repeat"
        for name, secret in secrets.items()
        if len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_SYMBOLS
    ]
    if len(set(secrets.values())) < len(secrets):
        faults.append("two secrets are the same")
    if settings.smtp_user and not settings.smtp_starttls:
        faults.append("BDT_SMTP_STARTTLS: a mail account's password does not travel without TLS")
    if faults:
        raise UnsafeSettings("; ".join(faults))


def _said(settings: Settings, *names: str) -> dict[str, Any]:
    """The variables among these that the environment said, by their names."""
    found = {}
    for name in names:
        try:
            found[f"BDT_{name.upper()}"] = getattr(settings, name)
        except BadSettings:
            continue
    return found
