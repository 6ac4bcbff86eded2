"""`bdt policy diff`, `gate`, `approve`, `replay`: what changes between two revisions, and who approved it."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from policies.engine.revision import Policies
from policies.review.changes.approval import refusals, write_statement
from policies.review.changes.diff import compare
from policies.review.changes.gate import pass_gate
from policies.review.changes.replay import replay
from policies.review.changes.revisions import authors_of, open_revision
from policies.review.commands.asked import all_agree, checked, second_opinion_option
from policies.review.pages.difference import Compared, difference_page
from policies.review.proofs.second_opinion import compare_revisions
from policies.review.words.people import People
from policies.review.words.sentences import Told, summary, tell


@click.command("diff")
@click.argument("before")
@click.argument("after")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it as a page in French, to be printed: one sheet in brief, then the detail.",
)
@second_opinion_option
def diff_command(before: str, after: str, second_opinion: bool, page: Path | None) -> None:
    """What two folders or git revisions mean differently; 1 when a door opens or something is shown no more.

    First in French, for everybody; then with the identifiers. What a statement in the approvals of the second
    one approves may open a door.
    """
    sys.exit(tell_difference(before, after, second_opinion=second_opinion, page=page))


Count = Callable[[Policies, Policies, tuple[Told, ...]], People]
"""Who of a database gains and who loses by a change."""


def tell_difference(
    before: str,
    after: str,
    *,
    second_opinion: bool = False,
    page: Path | None = None,
    count: Count | None = None,
) -> int:
    """Print a difference, write its page; the exit code."""
    with open_revision(before) as old, open_revision(after) as new:
        difference = compare(old, new)
        newly_allowed = {change.environment for change in difference.changes if change.newly_allowed}
        opinions = list(compare_revisions(old, new, newly_allowed)) if second_opinion else []
        refused = refusals(old, new, authors_of(before)) if difference.needs_approval else []
        told = tell(old, new, difference)
        people = count(old, new, told) if count else None
        if page:
            compared = Compared((before, after), old, new, difference, tuple(refused))
            minute = datetime.now(UTC).replace(second=0, microsecond=0)
            page.write_text(difference_page(compared, told, minute, people), encoding="utf-8")
    brief = (*summary(difference, told), *(people.lines() if people else ()), "")
    for line in (*brief, *difference.lines(), *(f"NOT APPROVED: {reason}" for reason in refused)):
        click.echo(line)
    return 0 if all_agree(opinions) and not refused else 1


@click.command("gate")
@click.option("--base", help="What to compare with; else where the branch left main, or the last approved.")
@click.pass_context
def gate_command(ctx: click.Context, base: str | None) -> None:
    """Stop what opens a door, or shows less, without the approval of somebody who may give it."""
    passage = pass_gate(checked(ctx), base)
    for line in passage.lines():
        click.echo(line)
    sys.exit(1 if passage.refused else 0)


@click.command("approve")
@click.argument("before")
@click.option("--by", required=True, help="Your name in approvals/approvers.")
@click.option("--says", required=True, help="Why the change is right.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Your SSH key, which signs.")
@click.pass_context
def approve_command(ctx: click.Context, before: str, by: str, says: str, key: Path | None) -> None:
    """Approve the change from the revision BEFORE to the folder at hand: writes the statement to commit."""
    policies = checked(ctx)
    with open_revision(before) as old:
        path = write_statement(old, policies, policies.root / "approvals", by=by, says=says, key=key)
    click.echo(f"written: {path.name}")


@click.command("replay")
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--with", "revision", required=True, help="Folder or git revision that decides again.")
def replay_command(journal: Path, revision: str) -> None:
    """Journalled decisions that would change under another revision."""
    with open_revision(revision) as policies:
        replayed = replay(journal, policies)
    for line in replayed.lines():
        click.echo(line)
    sys.exit(1 if replayed.changes else 0)
