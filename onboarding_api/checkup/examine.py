"""Looks at every part at once; one that says nothing by the deadline is said to say nothing."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from idp_extension.server import ServerError
from onboarding_api.delivery.errors import told
from onboarding_api.migrations import SchemaUnfit
from onboarding_api.settings import BadSettings

DEADLINE_SECONDS = 8.0
"""Longer than any time-out of a part, so that its own sentence is told where it has one."""
_TELLING = (BadSettings, SchemaUnfit, ServerError)
"""Errors whose text is written for operators, and names no person."""


class Health(IntEnum):
    """How a part is: `POOR` works and needs somebody, `ILL` does not do what it is for."""

    WELL = 0
    POOR = 1
    ILL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part says of itself; `figures` go to monitoring, by their name there."""

    health: Health
    words: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examined:
    """A part after the look at it."""

    part: str
    finding: Finding
    seconds: float


Look = Callable[[], Finding]


def examine(looks: Mapping[str, Look], deadline: float = DEADLINE_SECONDS) -> tuple[Examined, ...]:
    """Look at each part in a thread of its own; in the order given, after `deadline` seconds at most."""
    began = time.monotonic()
    examinations = [_Examination(part, look) for part, look in looks.items()]
    return tuple(each.ended(max(0.0, began + deadline - time.monotonic())) for each in examinations)


def worst(examined: tuple[Examined, ...]) -> Health:
    """How the house is."""
    return max((each.finding.health for each in examined), default=Health.WELL)


class _Examination:
    """One look under way. Its thread dies with the process: a dead neighbour may never let it go."""

    def __init__(self, part: str, look: Look) -> None:
        self._part, self._look = part, look
        self._began, self._seconds = time.monotonic(), 0.0
        self._finding: Finding | None = None
        self._thread = threading.Thread(target=self._run, name=f"checkup-{part}", daemon=True)
        self._thread.start()

    def ended(self, patience: float) -> Examined:
        """What was found, or that nobody answered."""
        self._thread.join(patience)
        if self._finding is None:
            waited = time.monotonic() - self._began
            return Examined(self._part, Finding(Health.ILL, f"no answer after {waited:.0f} s"), waited)
        return Examined(self._part, self._finding, self._seconds)

    def _run(self) -> None:
        try:
            found = self._look()
        except Exception as error:  # whatever a part meets, the others are told
            words = str(error) if isinstance(error, _TELLING) else told(error)
            found = Finding(Health.ILL, words)
        self._seconds = time.monotonic() - self._began
        self._finding = found
