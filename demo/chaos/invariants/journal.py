"""The journal against the tables: I4 who decided, I5 the chain and its changes, I12 the graph of states."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from demo.chaos.invariants.books import Books, Row

DECIDED = frozenset(
    {"habilitation_granted", "habilitation_refused", "habilitation_deactivated", "habilitation_reactivated"}
)
NO_CHANGE = frozenset({"act_refused", "habilitation_handed_over"})
GRAPH = frozenset(
    {
        (None, "pending"),
        (None, "awaiting_letter"),
        ("pending", "granted"),
        ("pending", "refused"),
        ("pending", "cancelled"),
        ("pending", "awaiting_letter"),
        ("awaiting_letter", "granted"),
        ("awaiting_letter", "refused"),
        ("awaiting_letter", "expired"),
        ("awaiting_letter", "cancelled"),
        ("granted", "deactivated"),
        ("granted", "expired"),
        ("granted", "cancelled"),
        ("deactivated", "granted"),
    }
)


def decisions_are_by_administrators(books: Books) -> Iterator[str]:
    """I4: no decision by a non-administrator or the requester; giving one's own right up is none."""
    memberships = books.by("membership")
    habilitations = books.by("habilitation")
    for entry in _in_order(books):
        if entry["event"] not in DECIDED or entry["decision"].get("action") == "redeemCode":
            continue
        membership = memberships[habilitations[_id_of(entry)]["membership_id"]]
        is_own = entry["actor_id"] == membership["person_id"]
        if is_own and entry["event"] == "habilitation_deactivated":
            continue
        if is_own:
            yield f"I4: {entry['event']} at {entry['seq']} is by its requester"
        if not _administered(books, entry["actor_id"], membership["siren"], entry["at"]):
            yield f"I4: {entry['event']} at {entry['seq']} is by no administrator"


def journal_is_whole(books: Books) -> Iterator[str]:
    """I5: the chain is whole, and tells each change of state once, and none that did not happen."""
    yield from _chain(books)
    told: dict[str, str | None] = {}
    for entry in _changes(books):
        subject = _id_of(entry)
        before, after = entry["details"]["before"], entry["details"]["after"]
        if told.get(subject) != before:
            yield f"I5: at {entry['seq']} {subject} was {told.get(subject)}, not {before}"
        told[subject] = after
    present = {row["id"]: row["state"] for row in books.rows("habilitation")}
    for subject in sorted(present.keys() | told.keys()):
        if present.get(subject) != told.get(subject):
            yield f"I5: {subject} is {present.get(subject)}, the journal says {told.get(subject)}"


def states_move_along_the_graph(books: Books) -> Iterator[str]:
    """I12: no move that the graph does not have."""
    for entry in _changes(books):
        move = (entry["details"]["before"], entry["details"]["after"])
        if move not in GRAPH:
            yield f"I12: at {entry['seq']} {move[0]} became {move[1]}"


def _chain(books: Books) -> Iterator[str]:
    previous, seq = "0" * 64, 0
    for entry in _in_order(books):
        seq += 1
        if entry["seq"] != seq:
            yield f"I5: row {seq} of the journal is missing"
            return
        if entry["previous_hash"] != previous or entry["hash"] != _hash(entry):
            yield f"I5: row {seq} of the journal was changed"
            return
        previous = entry["hash"]
    heads = [(head["seq"], head["hash"]) for head in books.rows("journal_head")]
    if heads != ([(seq, previous)] if seq else heads[:0]):
        yield f"I5: the head of the journal is not row {seq}"


def _hash(entry: Row) -> str:
    facts: dict[str, Any] = {
        "seq": entry["seq"],
        "at": entry["at"].isoformat(),
        "event": entry["event"],
        "actor": entry["actor_id"],
        "siren": entry["siren"],
        "subject": entry["subject"],
        "details": entry["details"],
        "decision": entry["decision"],
        "previous": entry["previous_hash"],
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _administered(books: Books, person_id: str, siren: str, at: datetime) -> bool:
    memberships = books.by("membership")
    return any(
        memberships[term["membership_id"]]["person_id"] == person_id
        and memberships[term["membership_id"]]["siren"] == siren
        and term["since"] <= at
        and (term["ended_at"] is None or at <= term["ended_at"])
        for term in books.rows("administration")
    )


def _changes(books: Books) -> Iterator[Row]:
    return (
        entry
        for entry in _in_order(books)
        if entry["subject"].startswith("habilitation:") and entry["event"] not in NO_CHANGE
    )


def _in_order(books: Books) -> list[Row]:
    return sorted(books.rows("journal"), key=lambda entry: int(entry["seq"]))


def _id_of(entry: Row) -> str:
    return str(entry["subject"].partition(":")[2])
