"""`bdt policy diff`, `gate`, `approve`, `replay`: what changes between two revisions, and who approved it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from policies.catalogue.faults import Fault
from policies.engine.revision import Policies
from policies.review.changes.approval import refusals, write_statement
from policies.review.changes.diff import Difference, compare
from policies.review.changes.gate import pass_gate
from policies.review.changes.replay import replay
from policies.review.changes.revisions import authors_of, open_revision
from policies.review.commands.asked import checked, second_opinion_option
from policies.review.commands.output import GITHUB, SARIF, Level, Outcome, finish, told_as
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
@told_as(SARIF, GITHUB)
@click.pass_context
def diff_command(
    ctx: click.Context, before: str, after: str, second_opinion: bool, page: Path | None
) -> None:
    """What two folders or git revisions mean differently; 1 when a door opens or something is shown no more.

    First in French, for everybody; then with the identifiers. What a statement in the approvals of the second
    one approves may open a door.
    """
    finish(ctx, tell_difference(before, after, second_opinion=second_opinion, page=page))


Count = Callable[[Policies, Policies, tuple[Told, ...]], People]
"""Who of a database gains and who loses by a change."""


def tell_difference(
    before: str,
    after: str,
    *,
    second_opinion: bool = False,
    page: Path | None = None,
    count: Count | None = None,
) -> Outcome:
    """Compare, and write the page of the difference."""
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
        notes = _notes(difference, new, refused)
    brief = (*summary(difference, told), *(people.lines() if people else ()), "")
    lines = (*brief, *difference.lines(), *(f"NOT APPROVED: {reason}" for reason in refused))
    is_fine = all(each.agrees for each in opinions) and not refused
    data = {
        "difference": difference,
        "not_approved": refused,
        "second_opinion": opinions,
        "people": people,
    }
    return Outcome((*lines, *map(str, opinions)), data, (), 0 if is_fine else 1, notes)


def _notes(difference: Difference, after: Policies, refused: Sequence[str]) -> list[tuple[Level, Fault]]:
    """What changed, at the rule that answers now: an error while nobody approved it."""
    opened = Level.ERROR if refused else Level.WARNING
    found = []
    for change in difference.changes:
        verb = "newly allowed" if change.newly_allowed else "newly denied"
        message = "; ".join((f"{verb}: {change.environment}", *change.case))
        level = opened if change.newly_allowed else Level.NOTE
        found.append((level, _at_rule(after, change.after.rules, message)))
    shown = [Fault(each.where, 0, each.name, f"shown no more: {each.how}") for each in difference.weaker]
    other = [Fault("", 0, "", f"not comparable: {line}") for line in difference.incomparable]
    limits = [Fault("catalogue/limits.yaml", 0, "", f"limit {line}") for line in difference.limits]
    return [*found, *((opened, each) for each in (*shown, *other, *limits))]


def _at_rule(policies: Policies, ids: Sequence[str], message: str) -> Fault:
    for rule in policies.rules:
        if rule.id in ids:
            return rule.fault(message)
    return Fault("", 0, " ".join(ids), message)


@click.command("gate")
@click.option("--base", help="What to compare with; else where the branch left main, or the last approved.")
@told_as(SARIF, GITHUB)
@click.pass_context
def gate_command(ctx: click.Context, base: str | None) -> None:
    """Stop what opens a door, or shows less, without the approval of somebody who may give it."""
    policies = checked(ctx)
    passage = pass_gate(policies, base)
    notes = _notes(passage.difference, policies, passage.refused) if passage.difference else []
    finish(ctx, Outcome(passage.lines(), {"passage": passage}, (), 1 if passage.refused else 0, notes))


@click.command("approve")
@click.argument("before")
@click.option("--by", required=True, help="Your name in approvals/approvers.")
@click.option("--says", required=True, help="Why the change is right.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="Your SSH key, which signs.")
@told_as()
@click.pass_context
def approve_command(ctx: click.Context, before: str, by: str, says: str, key: Path | None) -> None:
    """Approve the change from the revision BEFORE to the folder at hand: writes the statement to commit."""
    policies = checked(ctx)
    with open_revision(before) as old:
        path = write_statement(old, policies, policies.root / "approvals", by=by, says=says, key=key)
    finish(ctx, Outcome([f"written: {path.name}"], {"written": path.name}))


@click.command("replay")
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--with", "revision", required=True, help="Folder or git revision that decides again.")
@told_as()
@click.pass_context
def replay_command(ctx: click.Context, journal: Path, revision: str) -> None:
    """Journalled decisions that would change under another revision."""
    with open_revision(revision) as policies:
        replayed = replay(journal, policies)
    finish(ctx, Outcome(replayed.lines(), {"replay": replayed}, (), 1 if replayed.changes else 0))
