"""Python reads this at its start when its directory is on PYTHONPATH: a clock that is set wrong, and right.

BDT_CHAOS_AHEAD names a file with the seconds by which the clock is ahead; it is looked at all the time. Only
the wall clock moves; the monotonic one does not, as on a machine whose time is set.
"""

import os
import threading
import time
from pathlib import Path

import time_machine

LOOKS_EVERY_SECONDS = 0.2


def follow(file: Path) -> None:
    """Set the clock as the file says, for as long as the process lives."""
    set_by: float = 0
    ahead: time_machine.travel | None = None
    wait = threading.Event().wait
    while True:
        told = float(file.read_text() or 0) if file.exists() else 0
        if told != set_by:
            if ahead:
                ahead.stop()
            ahead = time_machine.travel(time.time() + told, tick=True) if told else None
            if ahead:
                ahead.start()
            set_by = told
        wait(LOOKS_EVERY_SECONDS)


threading.Thread(target=follow, args=[Path(os.environ["BDT_CHAOS_AHEAD"])], daemon=True).start()
