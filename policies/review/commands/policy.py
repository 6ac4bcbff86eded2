"""`bdt policy …`: the commands of reviewers. Thin: each one calls a function and prints what it returns.

Exit codes: 0 all is well; 1 the answer is no (a fault, a refuted property, a newly allowed act);
2 the input cannot be read.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.revision import Policies, read_policies
from policies.language.model import render_schema, stale_files
from policies.language.typed import Unsupported
from policies.review.cases.case import golden_cases, run_cases
from policies.review.cases.confirmed import confirmed_cases
from policies.review.cases.questions import read_question
from policies.review.cases.scenarios import read_scenarios
from policies.review.cases.why import explain
from policies.review.changes.mutate import mutate, never_decisive, write_corpus
from policies.review.commands.access import what_can_command, who_can_command
from policies.review.commands.asked import all_agree, checked, root_of, second_opinion_option
from policies.review.commands.bench import bench_policy
from policies.review.commands.changes import approve_command, diff_command, gate_command, replay_command
from policies.review.pages.controls import as_markdown as controls_markdown
from policies.review.pages.controls import read_controls
from policies.review.pages.generated import render_pages
from policies.review.pages.matrix import as_csv, as_markdown, matrix
from policies.review.pages.report import matrix_html, report
from policies.review.proofs.check import check, format_files
from policies.review.proofs.prove import prove
from policies.review.proofs.second_opinion import (
    compare_properties,
    find_cedar,
    rules_never_error,
)
from policies.review.sequences.lifecycle import read_universes, walk


class _Group(click.Group):
    """Bad input ends every command in the same way: the faults, one a line, and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSource as bad:
            _print_faults(bad.faults)
            sys.exit(2)
        except (OSError, OverflowError, Unsupported) as error:
            # A file that cannot be written, a solver out of time (TimeoutError is an OSError), a walk that
            # does not end, a condition that was not put to the check first.
            click.echo(str(error), err=True)
            sys.exit(2)


def _print_faults(faults: tuple[Fault, ...] | list[Fault]) -> None:
    for fault in faults:
        click.echo(str(fault), err=True)


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
    checked = check(root_of(ctx))
    _print_faults(checked.faults)
    click.echo(checked.summary())
    sys.exit(2 if checked.faults else 0)


@policy.command("format")
@click.pass_context
def format_command(ctx: click.Context) -> None:
    """Format the Cedar files in place."""
    for name in format_files(root_of(ctx)):
        click.echo(f"formatted {name}")


@policy.command("generate")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; 2 when a file is stale.")
@click.pass_context
def generate_command(ctx: click.Context, is_check: bool) -> None:
    """Write what is generated: the schema, the matrix, CONTROLS.md."""
    root = root_of(ctx)
    schema = render_schema(root)
    if not is_check:
        _write(root, schema)
    pages = render_pages(read_policies(root))
    if is_check:
        stale = stale_files(root, {**schema, **pages})
        _print_faults(stale)
        sys.exit(2 if stale else 0)
    _write(root, pages)


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


@policy.command("matrix")
@click.option("--format", "form", type=click.Choice(["markdown", "html", "csv"]), default="markdown")
@click.pass_context
def matrix_command(ctx: click.Context, form: str) -> None:
    """Role, action, state: who may do what."""
    shapes = {"markdown": as_markdown, "html": matrix_html, "csv": as_csv}
    click.echo(shapes[form](matrix(read_policies(root_of(ctx)))), nl=False)


@policy.command("report")
@click.argument("page", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def report_command(ctx: click.Context, page: Path) -> None:
    """One printable HTML page for a committee: rules in French, proofs, matrix, requirements, coverage."""
    with page.open("w", encoding="utf-8") as out:
        out.write(report(read_policies(root_of(ctx))))


@policy.command("controls")
@click.pass_context
def controls_command(ctx: click.Context) -> None:
    """Each requirement with its rules, properties and scenarios; fails when one is not answered."""
    click.echo(controls_markdown(read_controls(read_policies(root_of(ctx)))), nl=False)


@policy.command("test")
@click.option("--coverage", is_flag=True, help="Also list the rules and conditions that never decide.")
@click.pass_context
def test_command(ctx: click.Context, coverage: bool) -> None:
    """Scenarios and golden cases."""
    policies = read_policies(root_of(ctx))
    scenarios, golden = read_scenarios(policies), golden_cases(root_of(ctx))
    services = confirmed_cases(policies)
    faults = run_cases(Engine(policies), (*scenarios, *services, *golden))
    _print_faults(faults)
    click.echo(
        f"{len(scenarios)} scenarios, {len(services)} of the services, {len(golden)} golden cases, "
        f"{len(faults)} wrong"
    )
    silent = never_decisive(policies, (*scenarios, *golden)) if coverage else []
    for mutant in silent:
        click.echo(f"never decides: {mutant.rule.file}:{mutant.rule.line}: {mutant}")
    if coverage:
        click.echo(f"{len(silent)} rules or conditions that never decide")
    sys.exit(1 if faults else 0)


@policy.command("prove")
@click.option("--lifecycle", is_flag=True, help="Walk every state that the product's life can reach.")
@second_opinion_option
@click.pass_context
def prove_command(ctx: click.Context, lifecycle: bool, second_opinion: bool) -> None:
    """Each property PROVED or REFUTED, for any number of people, structures and services."""
    policies = checked(ctx)
    if lifecycle:
        sys.exit(_walk_all(policies))
    if second_opinion:
        find_cedar()
    proof = prove(policies)
    for line in proof.lines():
        click.echo(line)
    opinions = [*compare_properties(policies, proof), *rules_never_error(policies)] if second_opinion else []
    sys.exit(0 if proof.holds and all_agree(opinions) else 1)


def _walk_all(policies: Policies) -> int:
    walks = [walk(policies, universe) for universe in read_universes(policies)]
    for line in (line for each in walks for line in each.lines()):
        click.echo(line)
    return 0 if all(each.holds for each in walks) else 1


@policy.command("explain")
@click.argument("place")
@click.pass_context
def explain_command(ctx: click.Context, place: str) -> None:
    """Take the decision at FILE:LINE apart (a scenario, a line of the journal)."""
    policies = read_policies(root_of(ctx))
    for line in explain(Engine(policies), read_question(policies, place)):
        click.echo(line)


policy.add_command(explain_command, "why-not")


@policy.command("mutate")
@click.option(
    "--write", is_flag=True, help="Write the golden corpus anew, for what the scenarios leave alive."
)
@click.option("--drop-changed", is_flag=True, help="Golden cases that answer otherwise now may go.")
@click.option("--at-least", type=float, default=99.0, show_default=True, help="Least score, in percent.")
@click.pass_context
def mutate_command(ctx: click.Context, *, write: bool, drop_changed: bool, at_least: float) -> None:
    """Every single-point slip of the rules: noticed by a case, or listed."""
    policies = read_policies(root_of(ctx))
    if write:
        click.echo(f"{write_corpus(policies, drops_changed=drop_changed)} golden cases written")
    mutation = mutate(policies)
    for line in mutation.lines():
        click.echo(line)
    sys.exit(0 if mutation.score * 100 >= at_least else 1)


@policy.command("bench")
@click.pass_context
def bench_command(ctx: click.Context) -> None:
    """What a decision costs, with the ratio to the same rules by hand in Python."""
    figures = list(bench_policy(read_policies(root_of(ctx))))
    for figure in figures:
        click.echo(str(figure))
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


for command in (diff_command, gate_command, approve_command, replay_command):
    policy.add_command(command)
policy.add_command(who_can_command)
policy.add_command(what_can_command)


if __name__ == "__main__":
    policy(prog_name="bdt policy")
