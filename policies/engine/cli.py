"""`bdt policy …`: the commands of reviewers. Thin: each one calls a function and prints what it returns.

Exit codes: 0 all is well; 1 the answer is no (a fault, a refuted property, a newly allowed act);
2 the input cannot be read.
"""

import sys
from pathlib import Path
from typing import Any

import click

from policies.engine.cases import golden_cases, run_cases
from policies.engine.catalogue import POLICIES
from policies.engine.check import check, format_files
from policies.engine.decide import Engine
from policies.engine.faults import BadSource, Fault
from policies.engine.model import render_schema
from policies.engine.revision import read_policies
from policies.engine.scenarios import read_scenarios

__all__ = ["policy"]


class _Group(click.Group):
    """Bad input ends every command in the same way: the faults, one a line, and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSource as bad:
            _print_faults(bad.faults)
            sys.exit(2)


def _print_faults(faults: tuple[Fault, ...] | list[Fault]) -> None:
    for fault in faults:
        click.echo(str(fault), err=True)


def _root(ctx: click.Context) -> Path:
    root: Path = ctx.obj
    return root


@click.group(cls=_Group, name="policy")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=POLICIES,
    help="Another policies folder than the product's own.",
)
@click.pass_context
def policy(ctx: click.Context, root: Path) -> None:
    """Read, test, prove and compare the rules."""
    ctx.obj = root.resolve()


@policy.command("check")
@click.pass_context
def check_command(ctx: click.Context) -> None:
    """Catalogue, schema, every statement, house rules, format, digest."""
    checked = check(_root(ctx))
    _print_faults(checked.faults)
    click.echo(checked.summary())
    sys.exit(2 if checked.faults else 0)


@policy.command("format")
@click.pass_context
def format_command(ctx: click.Context) -> None:
    """Format the Cedar files in place."""
    for name in format_files(_root(ctx)):
        click.echo(f"formatted {name}")


@policy.command("generate")
@click.pass_context
def generate_command(ctx: click.Context) -> None:
    """Render the schema from model/entities.yaml and the catalogue."""
    for name, text in render_schema(_root(ctx)).items():
        (_root(ctx) / name).write_text(text, encoding="utf-8")


@policy.command("test")
@click.option("--coverage", is_flag=True, help="Also list the rules and conditions that never decide.")
@click.pass_context
def test_command(ctx: click.Context, coverage: bool) -> None:
    """Scenarios and golden cases."""
    policies = read_policies(_root(ctx))
    scenarios, golden = read_scenarios(policies), golden_cases(_root(ctx))
    faults = run_cases(Engine(policies), (*scenarios, *golden))
    _print_faults(faults)
    click.echo(f"{len(scenarios)} scenarios, {len(golden)} golden cases, {len(faults)} wrong")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    policy(prog_name="bdt policy")
