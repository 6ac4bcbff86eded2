"""realm-config/ + catalogue + what Keycloak makes by itself -> the realm, a closed world: plan, apply, lint.

Both what we want and what is there are read whole into the same `RealmState`; a plan is the difference of the
two, in both directions; a lint is a list of rules over either.
"""

from idp_extension.realm.accounts import (
    BOOTSTRAP,
    MARK,
    NotOurs,
    awake,
    check_ours,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    is_ours,
)
from idp_extension.realm.apply import NoRealm, apply
from idp_extension.realm.defaults import load_defaults, record_defaults, recorded_realm, stale_defaults
from idp_extension.realm.desired import CatalogueClient, RealmValues, Role, load_desired
from idp_extension.realm.finding import Finding
from idp_extension.realm.lint import lint, lint_files, lint_live, lint_present
from idp_extension.realm.live import read_live
from idp_extension.realm.master import close_master, lint_master, locks_of
from idp_extension.realm.plan import Change, Difference, Plan, plan
from idp_extension.realm.rules.master_holders import MASTER
from idp_extension.realm.state import RealmState

__all__ = [
    "BOOTSTRAP",
    "MARK",
    "MASTER",
    "CatalogueClient",
    "Change",
    "Difference",
    "Finding",
    "NoRealm",
    "NotOurs",
    "Plan",
    "RealmState",
    "RealmValues",
    "Role",
    "apply",
    "awake",
    "check_ours",
    "close_master",
    "disable_bootstrap_account",
    "ensure_bootstrap_account",
    "is_ours",
    "lint",
    "lint_files",
    "lint_live",
    "lint_master",
    "lint_present",
    "load_defaults",
    "load_desired",
    "locks_of",
    "plan",
    "read_live",
    "record_defaults",
    "recorded_realm",
    "stale_defaults",
]
