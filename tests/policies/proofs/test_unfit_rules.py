"""Rules that cannot be committed prove nothing: commands say file, line and reason, never a traceback."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.review.commands.policy import policy
from tests.policies.conftest import Replace

COMMANDS = (
    ["check"],
    ["prove"],
    ["prove", "--lifecycle"],
)


def run(root: Path, *arguments: Any) -> Any:
    result = CliRunner().invoke(policy, ["--root", str(root), *arguments])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# File, text, what a slip makes of it, what is told. Each was a traceback, or « proved », once.
UNFIT = [
    (
        "rules/10*.cedar",
        "resource.user == principal && !resource.isActive",
        "resource.usr == principal && !resource.isActive",
        "did you mean user?",
    ),
    (
        "rules/10*.cedar",
        "resource has expiresAt &&\n  resource.expiresAt.durationSince",
        "resource.expiresAt.durationSince",
        "expiresAt",
    ),
    (
        "rules/93*.cedar",
        "resource.membership.user == principal",
        'principal == User::"alice"',
        "rules name codes of the catalogue only",
    ),
    ("rules/90*.cedar", "context.acr < context.limits.staff_acr", "context.acr + 1 < 3", "add is outside"),
    (
        "rules/96*.cedar",
        "context.limits.invitation_life",
        'duration("99999999999999999999d")',
        "rules/96-invitations.cedar:2: G-INVITATION-EXPIRED",
    ),
    ("rules/96*.cedar", "context.limits.invitation_life", 'duration("9999999999d")', "no length of time"),
    (
        "rules/93*.cedar",
        "resource.service.structureTypes.contains(resource.membership.structure.type)",
        "[[resource.service]].contains([resource.service])",
        "a set of sets",
    ),
    ("rules/40*.cedar", 'action == Action::"viewRecord"', 'action == Action::"viewRecrd"', "viewRecrd"),
    (
        "properties/safety.cedar",
        "resource.nominatedBy != principal",
        'resource.nominatedBy != User::"alice"',
        "rules name codes of the catalogue only",
    ),
    (
        "properties/liveness.cedar",
        "resource.claim.structure has vacantSince",
        "resource.claim.structure.vacantSince == context.now",
        "vacantSince",
    ),
]


@pytest.mark.parametrize(("pattern", "old", "new", "told"), UNFIT)
def test_what_the_check_refuses_is_neither_proved_nor_walked(
    replace_in: Replace, pattern: str, old: str, new: str, told: str
) -> None:
    root = replace_in(pattern, old, new)
    for command in COMMANDS:
        result = run(root, *command)
        assert result.exit_code == 2, command
        assert told in result.stderr, command
        assert "PROVED" not in result.output
        assert "HOLDS" not in result.output


NEW_ATTRIBUTES = [
    ("      isFrozen: Bool", "      isFrozen: Bool\n      isListed: Bool"),
    ("      isSuspended: Bool", "      isSuspended: Bool\n      isExternal: Bool"),
    ("      desk: Desk", "      desk: Desk\n      team: Desk"),
    ("      isUsed: Bool", "      isUsed: Bool\n      isCopied: Bool"),
    ("      invitedAt: datetime", "      invitedAt: datetime\n      seenAt: datetime"),
]


@pytest.mark.parametrize(("old", "new"), NEW_ATTRIBUTES)
def test_a_mandatory_attribute_that_no_fact_gives_is_a_finding(
    replace_in: Replace, old: str, new: str
) -> None:
    """The engine cannot decide without it: once that was taken for « not allowed » and held vacuously."""
    root = replace_in("model/entities.yaml", old, new)
    assert "stale" in run(root, "prove").stderr
    assert "stale" in run(root, "prove", "--lifecycle").stderr
    generated = run(root, "generate")
    assert generated.exit_code == 2
    assert "the engine could not decide" in generated.stderr


LIFELESS = [
    ("rules/10*.cedar", "&& !resource.isActive };", "&& context.acr > 1 };"),
    ("rules/20*.cedar", "{ resource.structure.admins == [principal] }", "{ context.acr > 1 }"),
    ("properties/lifecycle.yaml", 'states: "1200", transitions: "11', 'states: "1400", transitions: "11'),
    ("properties/lifecycle.yaml", "claimAdministration, redeemCode, cancelClaim, appoint", "appoint"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "old", "new"), LIFELESS)
def test_a_walk_that_comes_to_too_little_shows_nothing(
    replace_in: Replace, pattern: str, old: str, new: str
) -> None:
    root = replace_in(pattern, old, new)
    run(root, "format")
    result = run(root, "prove", "--lifecycle")
    assert result.exit_code == 1
    assert "VACUOUS" in result.output


def test_an_act_that_no_walk_knows_is_told(replace_in: Replace) -> None:
    root = replace_in("properties/lifecycle.yaml", "first-user:\n    people", "first-user:\n    people")
    path = root / "properties/lifecycle.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[attach, detach, req", "[atach, detach, req", 1)
    )
    result = run(root, "prove", "--lifecycle")
    assert result.exit_code == 2
    assert "atach: no such act in a walk" in result.stderr
