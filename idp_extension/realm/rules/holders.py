"""Who administers the realm: nobody but the accounts of services does, by whatever way a role came to him."""

from collections.abc import Iterator

from idp_extension.realm.finding import Finding
from idp_extension.realm.state import ADMINISTRATION, RealmState, role_parts


def holder_findings(state: RealmState) -> Iterator[Finding]:
    """The people and groups that hold an administration role, by itself or inside another."""
    administering = roles_with_administration(state)
    for holder, held in state.holders.items():
        if not administering.isdisjoint(held["roles"]):
            kind, _, name = holder.partition(" ")
            if kind == "group":
                message = "its members hold an administration role (CVE-2026-94000)"
                yield Finding("administration-group", name, message)
            else:
                yield Finding("administration-holder", name, "this person administers the realm")


def roles_with_administration(state: RealmState) -> frozenset[str]:
    """The roles of administration, and those that bring one along."""
    found = {name for name in state.roles if role_parts(name)[0] == ADMINISTRATION}
    while more := {
        name
        for name, made_of in state.composites.items()
        if name not in found and not found.isdisjoint(made_of["roles"])
    }:
        found |= more
    return frozenset(found)
