"""What stops an apply before it begins: too many removals, or a realm that is not this house's."""

from idp_extension.admin_api import AdminAPI
from idp_extension.sync.applying.plan_file import Plan

SYNC_CLIENT = "bdt-sync"
MARKER = "bdt.portal-url"
"""Attribute of our client: the address of the portal that the realm belongs to."""
ALWAYS_ALLOWED = 5
MOST_REMOVALS = 100
MOST_PER_CENT = 5


class NotOurs(Exception):
    """The realm does not say that it is this house's."""


class TooManyRemovals(Exception):
    """A database restored from an older backup looks like this, and so does a wrong one."""

    def __init__(self, removals: int, allowed: int) -> None:
        super().__init__(
            f"{removals} removals, {allowed} are done without asking: read the plan, then give --yes-remove"
            f" {removals}"
        )
        self.removals = removals


def check_marker(api: AdminAPI, house: str) -> None:
    """Refuse to write into a realm that is not ours.

    Raises:
        NotOurs: its marker is missing, or names another house.
    """
    clients = api.get("clients", clientId=SYNC_CLIENT)
    found = clients[0].get("attributes", {}).get(MARKER) if clients else None
    if found != house:
        raise NotOurs(
            f"realm {api.realm} belongs to {found or 'nobody'}, not to {house}: bdt realm apply marks it"
        )


def check_removals(plan: Plan, confirmed: int | None) -> None:
    """Refuse more removals than an ordinary day has, unless their exact number was confirmed.

    Raises:
        TooManyRemovals: there are more, or the number is another.
    """
    allowed = min(MOST_REMOVALS, max(ALWAYS_ALLOWED, plan.about.size * MOST_PER_CENT // 100))
    if confirmed is None and plan.removals > allowed:
        raise TooManyRemovals(plan.removals, allowed)
    if confirmed is not None and confirmed != plan.removals:
        raise TooManyRemovals(plan.removals, allowed)
