"""What several commands ask of the command line: the folder, the checked rules, a second opinion."""

from pathlib import Path

import click

from policies.catalogue.faults import BadSource
from policies.catalogue.loader import POLICIES
from policies.engine.revision import Policies
from policies.review.proofs.check import check

second_opinion_option = click.option(
    "--second-opinion", is_flag=True, help="Put every verdict to `cedar symcc` too; fail on any disagreement."
)


def root_of(ctx: click.Context) -> Path:
    """The policies folder that a command speaks of."""
    # Without our group above it (`bdt bench policy`) a command speaks of the product's own rules.
    root: Path = ctx.obj or POLICIES
    return root


def checked(ctx: click.Context) -> Policies:
    """The rules, once the check finds nothing: nothing is proved of rules that could not be committed."""
    found = check(root_of(ctx))
    if found.faults:
        raise BadSource(found.faults)
    return found.policies
