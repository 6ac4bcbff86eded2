"""What an administrator of the server does for us, for a moment: apply the realm, and close `master`."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import click

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import (
    BOOTSTRAP,
    MASTER,
    Plan,
    apply,
    awake,
    check_ours,
    close_master,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    locks_of,
)
from idp_extension.relying_party.client_key import ClientKey
from onboarding_api.cli.realm.wanted import READER, public_keys, wanted_realm
from onboarding_api.settings import Settings


@dataclass(frozen=True, slots=True)
class ServerAdmin:
    """A temporary administrator of the server (realm `master`), as `kc.sh bootstrap-admin` makes one.

    `name` and `secret` are those of a user or, if `is_service`, of a client.
    """

    url: str
    name: str
    secret: str = field(repr=False)
    is_service: bool = False

    @contextmanager
    def speaking_of(self, realm: str) -> Iterator[AdminAPI]:
        """The admin API as this administrator, on a realm."""
        way = AdminAPI.as_master_service if self.is_service else AdminAPI.as_master_admin
        with closing(way(self.url, self.name, self.secret, realm)) as api:
            yield api


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did. `left` is what nobody declared and was not taken away; `is_new`: nobody is in it."""

    done: Plan
    left: Plan
    is_new: bool


def apply_realm(
    settings: Settings,
    admin: ServerAdmin,
    secrets: Mapping[str, str],
    *,
    prune: bool = False,
    adopt: bool = False,
    tell: Callable[[Plan], None] = lambda _: None,
) -> Applied:
    """Make the realm as the files say; its own administrator account is awake for that time only.

    `secrets` as for `wanted_realm`; `prune` also takes away what nobody declared; `adopt` makes a realm ours
    that does not carry our mark; `tell` is shown the whole plan first, and may refuse by raising.

    Raises:
        NotOurs: the realm is there, and is not ours.
        GatewayError: Keycloak refused or did not answer; the account sleeps all the same.
    """
    key, seen = ClientKey.fresh(BOOTSTRAP), list[Plan]()

    def look(todo: Plan) -> None:
        seen.append(todo)
        tell(todo)

    with admin.speaking_of(settings.keycloak_realm) as master:
        if not adopt:
            check_ours(master)
        try:
            is_new = ensure_bootstrap_account(master, key.public_jwks())
            wanted = awake(wanted_realm(settings, secrets), key.public_jwks())
            account = AdminAPI.as_service_account(
                admin.url, settings.keycloak_realm, key, issuer=settings.issuer
            )
            with closing(account) as api:
                done = apply(api, wanted, prune=prune, tell=look, porter=master)
        finally:
            disable_bootstrap_account(master)
    return Applied(done, Plan(()) if prune else seen[0].removals, is_new)


def make_master_fast(settings: Settings, admin: ServerAdmin) -> None:
    """Close `master` behind us; `admin`, if temporary, is gone then.

    Raises:
        GatewayError, BadSettings: a repeat goes on where this stopped.
    """
    wanted = wanted_realm(settings, {})
    with admin.speaking_of(MASTER) as master:
        own = admin.name if admin.is_service else ""
        close_master(master, locks_of(wanted), public_keys(settings)[READER], own)


def administrator(settings: Settings) -> ServerAdmin:
    """The administrator that the environment names, by the variables of Keycloak itself.

    Raises:
        click.UsageError: it names none.
    """
    if os.environ.get("KC_BOOTSTRAP_ADMIN_CLIENT_ID"):
        pair, is_service = ("KC_BOOTSTRAP_ADMIN_CLIENT_ID", "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"), True
    else:
        pair, is_service = ("KC_BOOTSTRAP_ADMIN_USERNAME", "KC_BOOTSTRAP_ADMIN_PASSWORD"), False
    name, secret = (_needed(variable) for variable in pair)
    return ServerAdmin(settings.keycloak_url, name, secret, is_service)


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.UsageError(f"{name} is not set")
    return value
