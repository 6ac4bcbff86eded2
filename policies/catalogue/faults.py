"""What is wrong with a file that people write: where, what about, and what was expected."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault: `file` relative to the policies folder, `line` from 1 (0: the whole file)."""

    file: str
    line: int
    subject: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.subject}: {self.message}" if self.subject else f"{place}: {self.message}"


class BadSource(Exception):
    """A source that cannot be used; `faults` says why, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))
