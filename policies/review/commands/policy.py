"""`bdt policy …`: the commands of reviewers. Thin: each one calls a function and prints what it returns.

Exit codes: 0 all is well; 1 the answer is no (a fault, a refuted property, a newly allowed act);
2 the input cannot be read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.journal import journal_record
from policies.engine.revision import read_policies
from policies.language.model import render_schema, stale_files
from policies.language.typed import Unsupported
from policies.review.cases.case import golden_cases, run_cases
from policies.review.cases.confirmed import confirmed_cases, unconfirmed_codes
from policies.review.cases.questions import read_question
from policies.review.cases.scenarios import read_scenarios
from policies.review.cases.why import explain
from policies.review.changes.mutate import mutate, never_decisive, write_corpus
from policies.review.changes.needed import needs
from policies.review.commands.access import what_can_command, who_can_command
from policies.review.commands.asked import checked, root_of, second_opinion_option
from policies.review.commands.bench import bench_policy
from policies.review.commands.changes import approve_command, diff_command, gate_command, replay_command
from policies.review.commands.engines import engines_command
from policies.review.commands.output import GITHUB, SARIF, Level, Outcome, finish, told_as
from policies.review.commands.play import play_command
from policies.review.pages.controls import as_markdown as controls_markdown
from policies.review.pages.controls import read_controls
from policies.review.pages.generated import render_pages
from policies.review.pages.matrix import as_csv, as_markdown, matrix
from policies.review.pages.report import matrix_html, report
from policies.review.proofs.check import check, format_files
from policies.review.proofs.prove import Verdict, prove
from policies.review.proofs.second_opinion import (
    compare_bounds,
    compare_properties,
    find_cedar,
    rules_never_error,
)
from policies.review.sequences.lifecycle import read_universes, walk


class _Group(click.Group):
    """Bad input ends every command in the same way: the faults, in the form asked for, and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadSource as bad:
            finish(ctx, Outcome(findings=bad.faults, exit_code=2))
        except (OSError, OverflowError, Unsupported) as error:
            # A file that cannot be written, a solver out of time (TimeoutError is an OSError), a walk that
            # does not end, a condition that was not put to the check first.
            finish(ctx, Outcome(findings=[Fault("", 0, "", str(error))], exit_code=2))


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
@told_as(SARIF, GITHUB)
@click.pass_context
def check_command(ctx: click.Context) -> None:
    """Catalogue, schema, every statement, house rules, format, digest."""
    found = check(root_of(ctx))
    data = {
        "rules": len(found.policies.rules),
        "properties": found.properties,
        "environments": len(found.policies.model.environments),
        "digest": found.policies.digest,
    }
    finish(ctx, Outcome([found.summary()], data, found.faults, 2 if found.faults else 0))


@policy.command("format")
@told_as()
@click.pass_context
def format_command(ctx: click.Context) -> None:
    """Format the Cedar files in place."""
    names = format_files(root_of(ctx))
    finish(ctx, Outcome([f"formatted {name}" for name in names], {"formatted": names}))


@policy.command("generate")
@click.option("--check", "is_check", is_flag=True, help="Write nothing; 2 when a file is stale.")
@told_as()
@click.pass_context
def generate_command(ctx: click.Context, is_check: bool) -> None:
    """Write what is generated: the schema, the matrix, CONTROLS.md."""
    root = root_of(ctx)
    schema = render_schema(root)
    if not is_check:
        _write(root, schema)
    pages = render_pages(read_policies(root))
    files = {**schema, **pages}
    if is_check:
        stale = stale_files(root, files)
        finish(ctx, Outcome((), {"files": sorted(files)}, stale, 2 if stale else 0))
    _write(root, pages)
    finish(ctx, Outcome((), {"files": sorted(files)}))


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")


@policy.command("matrix")
@click.option("--format", "shape", type=click.Choice(["markdown", "html", "csv"]), default="markdown")
@told_as(own_format=True)
@click.pass_context
def matrix_command(ctx: click.Context, shape: str) -> None:
    """Role, action, state: who may do what."""
    cells = matrix(read_policies(root_of(ctx)))
    shapes = {"markdown": as_markdown, "html": matrix_html, "csv": as_csv}
    finish(ctx, Outcome(shapes[shape](cells).splitlines(), {"cells": cells}))


@policy.command("report")
@click.argument("page", type=click.Path(dir_okay=False, path_type=Path))
@told_as()
@click.pass_context
def report_command(ctx: click.Context, page: Path) -> None:
    """One printable HTML page for a committee: rules in French, proofs, matrix, requirements, coverage."""
    with page.open("w", encoding="utf-8") as out:
        out.write(report(read_policies(root_of(ctx))))
    finish(ctx, Outcome((), {"page": page}))


@policy.command("controls")
@told_as()
@click.pass_context
def controls_command(ctx: click.Context) -> None:
    """Each requirement with its rules, properties and scenarios; fails when one is not answered."""
    controls = read_controls(read_policies(root_of(ctx)))
    finish(ctx, Outcome(controls_markdown(controls).splitlines(), {"controls": controls}))


@policy.command("test")
@click.option("--coverage", is_flag=True, help="Also the rules and conditions that never decide.")
@click.option(
    "--silent-at-most", type=click.IntRange(0), default=0, show_default=True, help="More of them end with 1."
)
@told_as(GITHUB)
@click.pass_context
def test_command(ctx: click.Context, coverage: bool, silent_at_most: int) -> None:
    """Scenarios and golden cases."""
    policies = read_policies(root_of(ctx))
    scenarios, golden = read_scenarios(policies), golden_cases(root_of(ctx))
    services = confirmed_cases(policies)
    faults = [*unconfirmed_codes(policies), *run_cases(Engine(policies), (*scenarios, *services, *golden))]
    silent = never_decisive(policies, (*scenarios, *golden)) if coverage else []
    counts = {"scenarios": len(scenarios), "services": len(services), "golden": len(golden)}
    lines = [
        f"{len(scenarios)} scenarios, {len(services)} of the services, {len(golden)} golden cases, "
        f"{len(faults)} wrong",
        *(f"never decides: {mutant.rule.file}:{mutant.rule.line}: {mutant}" for mutant in silent),
        *([f"{len(silent)} rules or conditions that never decide"] if coverage else []),
    ]
    unused = [each.rule.fault(f"never decides: {each.change}") for each in silent]
    data = {**counts, "wrong": len(faults), "never_decide": unused}
    is_red = bool(faults) or len(silent) > silent_at_most
    level = Level.ERROR if len(silent) > silent_at_most else Level.WARNING
    finish(ctx, Outcome(lines, data, faults, int(is_red), [(level, each) for each in unused]))


@policy.command("prove")
@click.option("--lifecycle", is_flag=True, help="Walk every state that the product's life can reach.")
@second_opinion_option
@told_as(GITHUB)
@click.pass_context
def prove_command(ctx: click.Context, lifecycle: bool, second_opinion: bool) -> None:
    """Each property PROVED or REFUTED, for any number of people, structures and services."""
    policies = checked(ctx)
    if lifecycle:
        walks = [walk(policies, universe) for universe in read_universes(policies)]
        lines = [line for each in walks for line in each.lines()]
        finish(ctx, Outcome(lines, {"walks": walks}, (), 0 if all(each.holds for each in walks) else 1))
    if second_opinion:
        find_cedar()
    proof = prove(policies)
    asked = (
        compare_properties(policies, proof),
        compare_bounds(policies, proof),
        rules_never_error(policies),
    )
    opinions = [each for opinions in asked for each in opinions] if second_opinion else []
    holds = proof.holds and all(each.agrees for each in opinions)
    data = {
        "properties": list(map(_verdict, proof.verdicts)),
        "bounds": list(map(_verdict, proof.bounds)),
        "too_wide": proof.wide,
        "redundant": proof.redundant,
        "dead": proof.dead,
        "second_opinion": opinions,
    }
    notes = [
        (Level.ERROR, each.property.fault(f"{each.outcome}: {each.property.note('says')}"))
        for each in (*proof.verdicts, *proof.bounds)
        if each.outcome != "PROVED"
    ]
    finish(ctx, Outcome((*proof.lines(), *map(str, opinions)), data, (), 0 if holds else 1, notes))


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "property": verdict.property,
        "outcome": verdict.outcome,
        "environments": verdict.environments,
        "case": verdict.story if verdict.outcome == "REFUTED" else (),
    }


@policy.command("explain")
@click.argument("place")
@told_as()
@click.pass_context
def explain_command(ctx: click.Context, place: str) -> None:
    """Take the decision at FILE:LINE apart (a scenario, a line of the journal)."""
    policies = read_policies(root_of(ctx))
    engine, request = Engine(policies), read_question(policies, place)
    data = {"decision": journal_record(request, engine.decide(request))}
    finish(ctx, Outcome(explain(engine, request), data))


policy.add_command(explain_command, "why-not")


@policy.command("mutate")
@click.option(
    "--write", is_flag=True, help="Write the golden corpus anew, for what the scenarios leave alive."
)
@click.option("--drop-changed", is_flag=True, help="Golden cases that answer otherwise now may go.")
@click.option("--properties", is_flag=True, help="Instead: what each part of each property alone catches.")
@click.option("--at-least", type=float, default=99.0, show_default=True, help="Least score, in percent.")
@told_as()
@click.pass_context
def mutate_command(
    ctx: click.Context, *, write: bool, drop_changed: bool, properties: bool, at_least: float
) -> None:
    """Every slip in a rule, a group or a service: noticed by a case, or listed."""
    policies = read_policies(root_of(ctx))
    if properties:
        found = needs(policies)
        finish(ctx, Outcome(map(str, found), {"needs": [each.told() for each in found]}))
    written = write_corpus(policies, drops_changed=drop_changed) if write else None
    mutation = mutate(policies)
    first = [] if written is None else [f"{written} golden cases written"]
    kinds = ("killed", "refuted", "survivors", "equivalent", "rejected")
    data = {
        "score": mutation.score,
        "pairs": mutation.pairs,
        "mutants": {kind: len(getattr(mutation, kind)) for kind in kinds},
        "survivors": [each.fault for each in mutation.survivors],
        "golden_cases_written": written,
    }
    is_good = min(mutation.score, mutation.pairs) * 100 >= at_least
    finish(ctx, Outcome((*first, *mutation.lines()), data, (), 0 if is_good else 1))


@policy.command("bench")
@told_as()
@click.pass_context
def bench_command(ctx: click.Context) -> None:
    """What a decision costs, with the ratio to the same rules by hand in Python."""
    figures = list(bench_policy(read_policies(root_of(ctx))))
    holds = all(figure.holds for figure in figures)
    finish(ctx, Outcome(map(str, figures), {"figures": figures}, (), 0 if holds else 1))


for command in (diff_command, gate_command, approve_command, replay_command, engines_command):
    policy.add_command(command)
policy.add_command(who_can_command)
policy.add_command(what_can_command)
policy.add_command(play_command)


if __name__ == "__main__":
    policy(prog_name="bdt policy")
