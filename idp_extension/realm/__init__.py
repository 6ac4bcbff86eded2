"""realm-config/ + catalogue -> the realm: plan, apply, lint.

Both what we want and what is there are read into the same `RealmState`; a plan is the difference of the two,
a lint is a list of rules over either.
"""

from idp_extension.realm.accounts import disable_bootstrap_account, ensure_bootstrap_account
from idp_extension.realm.apply import apply
from idp_extension.realm.desired import CatalogueClient, RealmValues, Role, load_desired
from idp_extension.realm.finding import Finding
from idp_extension.realm.lint import lint, lint_files, lint_live
from idp_extension.realm.live import read_live
from idp_extension.realm.master import MASTER, close_master, lint_master, locks_of
from idp_extension.realm.plan import Change, Difference, Plan, plan
from idp_extension.realm.state import RealmState

__all__ = [
    "MASTER",
    "CatalogueClient",
    "Change",
    "Difference",
    "Finding",
    "Plan",
    "RealmState",
    "RealmValues",
    "Role",
    "apply",
    "close_master",
    "disable_bootstrap_account",
    "ensure_bootstrap_account",
    "lint",
    "lint_files",
    "lint_live",
    "lint_master",
    "load_desired",
    "locks_of",
    "plan",
    "read_live",
]
