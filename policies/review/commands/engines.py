"""`bdt policy engines`: the same random questions to our engine and to another one."""

import click

from policies.review.commands.asked import checked
from policies.review.commands.output import Outcome, finish, told_as
from policies.review.engines.cedar_go import compare_engines


@click.command("engines")
@click.option("--decisions", type=click.IntRange(1), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same questions for the same seed.")
@told_as()
@click.pass_context
def engines_command(ctx: click.Context, decisions: int, seed: int) -> None:
    """Random decisions by cedar-go too; 1 on any disagreement. Needs a Go toolchain."""
    comparison = compare_engines(checked(ctx), decisions, seed)
    ended = 1 if comparison.disagreements else 0
    finish(ctx, Outcome(comparison.lines(), {"comparison": comparison}, (), ended))
