"""What people and services see: I10 tokens, I13 counters; what nobody may see: I11; what lasts: I14."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from demo.chaos.invariants.books import Books, Row
from demo.chaos.invariants.realm import Realm
from demo.chaos.invariants.rights import effective

RESTLESS = frozenset({"web_session"})
"""Tables that reading a page may change."""
SHORTEST_SECRET = 8


def tokens_tell_what_is_effective(
    books: Books, tokens: Mapping[tuple[str, str, str], Iterable[str]], now: datetime
) -> Iterator[str]:
    """I10: what was taken is absent from the next token, what is given is there.

    Args:
        books: the database.
        tokens: the roles in a fresh token, by identifiant, SIREN and client.
        now: the moment of the tokens.
    """
    held = effective(books, now)
    for (identifiant, siren, client), roles in sorted(tokens.items()):
        wanted = {
            service.partition(":")[2]
            for name, where, service in held
            if (name, where) == (identifiant, siren) and service.startswith(f"{client}:")
        }
        if set(roles) != wanted:
            yield f"I10: the token of {identifiant} for {siren} says {sorted(roles)}, not {sorted(wanted)}"


def no_secret_is_seen(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> Iterator[str]:
    """I11: none of the secrets stands in a dump, a log or a mail.

    Args:
        secrets: by a name that may be shown.
        places: what was written, by the name of the place.
    """
    for name, secret in sorted(secrets.items()):
        if len(secret) < SHORTEST_SECRET:
            yield f"I11: {name} is too short to be looked for"
            continue
        for place, content in sorted(places.items()):
            if secret.encode() in content:
                yield f"I11: {name} stands in {place}"


def counters_are_the_counts(books: Books, shown: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """I13: an administrator's dashboard counts the requests that wait for her.

    Args:
        books: the database.
        shown: what the page says, by identifiant and SIREN.
    """
    memberships, people = books.by("membership"), books.by("person")
    for (identifiant, siren), number in sorted(shown.items()):
        waiting = [
            row
            for row in books.rows("habilitation")
            if row["state"] == "pending"
            and memberships[row["membership_id"]]["siren"] == siren
            and people[memberships[row["membership_id"]]["person_id"]]["identifiant"] != identifiant
        ]
        if number != len(waiting):
            yield f"I13: the dashboard of {identifiant} counts {number} in {siren}, not {len(waiting)}"


def restart_changes_nothing(before: tuple[Books, Realm], after: tuple[Books, Realm]) -> Iterator[str]:
    """I14: the same rows and the same realm."""
    for table in sorted((before[0].tables.keys() | after[0].tables.keys()) - RESTLESS):
        if _sorted(before[0].rows(table)) != _sorted(after[0].rows(table)):
            yield f"I14: the table {table} changed"
    for part in ("people", "members", "roles", "labels", "direct"):
        if getattr(before[1], part) != getattr(after[1], part):
            yield f"I14: Keycloak's {part} changed"


def _sorted(rows: Iterable[Row]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)
