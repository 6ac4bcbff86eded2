"""What left the house: I6 each mail once or twice under one name, I7 one letter a row, with its code."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.chaos.invariants.books import Books, Row
from demo.witness import code_in, letter_text

ON_PAPER = frozenset({"handed_over", "submitted", "printed", "posted"})


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """A letter in the spool: the key of its row, whether its two files agree, and the code on paper."""

    key: str
    is_whole: bool
    code: str


def read_spool(directory: Path) -> tuple[PrintedLetter, ...]:
    """The letters that lie there or were taken."""
    found = []
    for place in (directory, directory / "sent"):
        for sidecar in sorted(place.glob("*.json")):
            print_ = sidecar.with_suffix(".pdf")
            told = json.loads(sidecar.read_bytes())
            is_whole = print_.exists() and hashlib.sha256(print_.read_bytes()).hexdigest() == told["sha256"]
            found.append(
                PrintedLetter(sidecar.stem, is_whole, code_in(letter_text(print_)) if is_whole else "")
            )
    return tuple(found)


def mails_left_once_or_twice(books: Books, mails: Iterable[Row]) -> Iterator[str]:
    """I6: no mail that no row asked for, one name a row, and no more copies than times it was tried."""
    sent = Counter(_name_in(mail) for mail in mails if _is_ours(mail))
    rows = {_name_of(row): row for row in books.rows("delivery")}
    for name, copies in sorted(sent.items()):
        row = rows.get(name)
        if row is None:
            yield f"I6: a mail {name} left, and no row of the ledger asked for it"
        elif copies > row["attempts"]:
            yield f"I6: {row['unique_key']} left {copies} times in {row['attempts']} tries"


def everybody_was_welcomed(books: Books, mails: Iterable[Row]) -> Iterator[str]:
    """I6 for the mail that Keycloak writes: who registered got it, no more often than it was tried."""
    links = Counter(mail["to"] for mail in mails if any("/login-actions/" in link for link in mail["links"]))
    people = books.by("person")
    tried: Counter[str] = Counter()
    for row in books.rows("delivery"):
        if row["kind"] == "mail.welcome":
            tried[row["args"]["person_id"]] += row["attempts"]
            if row["state"] == "done" and not links[people[row["args"]["person_id"]]["email"]]:
                yield f"I6: {row['unique_key']} is done, and no mail arrived"
    for person_id, tries in sorted(tried.items()):
        if (copies := links[people[person_id]["email"]]) > tries:
            yield f"I6: {people[person_id]['identifiant']} was welcomed {copies} times in {tries} tries"


def one_letter_a_row(
    books: Books, letters: Iterable[PrintedLetter], keys: Mapping[str, bytes]
) -> Iterator[str]:
    """I7: a row has one print, a print has its row, and the code on paper is the one that opens.

    Args:
        books: the database.
        letters: the spool.
        keys: of the fingerprints, by id.
    """
    letters = tuple(letters)
    rows = books.by("letter")
    for key, copies in sorted(Counter(letter.key for letter in letters).items()):
        if copies > 1:
            yield f"I7: letter {key} lies there {copies} times"
        if key not in rows:
            yield f"I7: letter {key} has no row"
    for letter in letters:
        row = rows.get(letter.key)
        if row is not None and row["state"] in ON_PAPER and not _opens(letter, row, keys):
            yield f"I7: the print of letter {letter.key} is not the one that its row knows"
    on_paper = {letter.key for letter in letters}
    for key, row in sorted(rows.items()):
        if row["state"] in ON_PAPER and key not in on_paper:
            yield f"I7: letter {key} is {row['state']} and was never printed"


def _opens(letter: PrintedLetter, row: Row, keys: Mapping[str, bytes]) -> bool:
    if not letter.is_whole or row["code_key_id"] not in keys:
        return False
    text = f"activation code\0{row['claim_id']}\0{letter.code}"
    digest = hmac.new(keys[row["code_key_id"]], text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(digest, row["code_fingerprint"] or "")


def _is_ours(mail: Row) -> bool:
    """Mails of Keycloak bear names of its own making."""
    name = _name_in(mail)
    return len(name) == 40 and set(name) <= set("0123456789abcdef")


def _name_in(mail: Row) -> str:
    return str(mail["message_id"].strip("<>").partition("@")[0])


def _name_of(row: Row) -> str:
    return hashlib.sha256(row["unique_key"].encode()).hexdigest()[:40]
