"""`bdt policy gate`: what this revision opens is approved, or the build stops.

It is compared with the revision that is named; else with the one where this branch left `main`; on `main`
itself with the last approved one, found in the history by the digest that a statement names.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from policies.catalogue.faults import BadSource, Fault
from policies.engine.revision import Policies
from policies.review.changes.approval import approvers, meaning_digest, refusals, statements
from policies.review.changes.diff import Difference, compare
from policies.review.changes.revisions import authors_of, commits_of, git_line, open_revision

BASE = "BDT_POLICY_BASE"
MAINS = ("origin/main", "main")
FARTHEST = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate saw; `refused` says why it stays shut, empty: it opens."""

    base: str
    difference: Difference | None
    refused: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The result for people."""
        if self.difference is None:
            yield f"No change of meaning since {self.base}"
            return
        yield f"Compared with {self.base}:"
        yield from self.difference.lines()
        for reason in self.refused:
            yield f"NOT APPROVED: {reason}"
        if self.refused:
            yield f"Who may: bdt policy approve {self.base} --by NAME --key KEY --says WHY; commit the file"


def pass_gate(after: Policies, named: str | None) -> Passage:
    """Compare a revision with the one that counts, and ask for the approval of what it opens.

    Raises:
        BadSource: there is nothing to compare with, or one of the two is not fit to be compared.
    """
    with _base(after, named) as (name, before):
        if before is None or meaning_digest(before) == meaning_digest(after):
            return Passage(name, None, ())
        difference = compare(before, after)
        is_open = difference.needs_approval or approvers(before.root) != approvers(after.root)
        refused = refusals(before, after, authors_of(name)) if is_open else []
        return Passage(name, difference, tuple(refused))


@contextmanager
def _base(after: Policies, named: str | None) -> Iterator[tuple[str, Policies | None]]:
    name = named or os.environ.get(BASE) or _where_the_branch_left_main()
    if name:
        with open_revision(name) as before:
            yield name, before
        return
    known = {each.after for each in statements(after.root)}
    if meaning_digest(after) in known:
        yield "the last approved revision", None
        return
    name = next((commit for commit in commits_of("HEAD", FARTHEST) if _digest_of(commit) in known), "")
    if not name:
        told = f"no approved revision in the history at hand: fetch it whole, or name one in {BASE}"
        raise BadSource([Fault("gate", 0, "", told)])
    with open_revision(name) as before:
        yield name, before


def _digest_of(commit: str) -> str:
    """The digest of a commit's policies; empty when this program cannot read them."""
    try:
        with open_revision(commit) as policies:
            return meaning_digest(policies)
    except BadSource:
        return ""


def _where_the_branch_left_main() -> str:
    head = git_line("rev-parse", "--verify", "--quiet", "HEAD")
    bases = [base for main in MAINS if (base := git_line("merge-base", main, "HEAD"))]
    if not bases or head in bases:
        return ""
    # Of two that are not equally fresh, the later one.
    first, *others = bases
    return next((each for each in others if git_line("merge-base", first, each) == first), first)
