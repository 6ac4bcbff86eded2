"""The people of a database whom a change concerns, as pages and lines tell them; others count them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One person, one structure, one thing that she may do from now on, or no more."""

    person: str
    structure: str
    what: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind; `is_whole`: there are no others."""

    caption: str
    rows: tuple[Row, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who gains and who loses.

    Attributes:
        moment: when they were counted.
        gaining, losing: how many people.
        gains_whole, loses_whole: there are no more than those; else at least those.
        tables: who, where, what.
        notes: what could not be counted, and why.
    """

    moment: str
    gaining: int
    losing: int
    gains_whole: bool
    loses_whole: bool
    tables: tuple[Table, ...]
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The same in text."""
        gaining, losing = ("" if whole else "au moins " for whole in (self.gains_whole, self.loses_whole))
        yield f"Dans la base, le {self.moment} :"
        yield f"  personnes qui gagnent un droit : {gaining}{self.gaining}"
        yield f"  personnes qui perdent un droit : {losing}{self.losing}"
        for table in self.tables:
            yield f"  {table.caption} :"
            yield from (f"    {row.person}, {row.structure} : {row.what}" for row in table.rows)
            if not table.is_whole:
                yield "    … et d’autres (--most en montre davantage)"
        yield from (f"  {note}" for note in self.notes)
