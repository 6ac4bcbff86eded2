"""The story, walked while one of each is killed."""

import time
from collections.abc import Callable

from demo.cluster.system import Cluster
from demo.story import Story

KILLED = {3: "worker.1", 5: "portal.1", 7: "keycloak.1", 9: "worker.2", 10: "keycloak.1 again"}
"""Before which step what is killed; `again` starts it once more instead."""


def walk(system: Cluster, story: Story, tell: Callable[[str], None]) -> None:
    """The twelve steps, and what is killed between them.

    Raises:
        NotSeen, NotOnPage: a step did not hold.
    """
    for number, (title, act) in enumerate(story.steps, 1):
        if named := KILLED.get(number):
            part, _, again = named.partition(" ")
            (system.start_part if again else system.kill_part)(part)
            tell(f"   {'started again' if again else 'killed'}: {part}")
        began = time.monotonic()
        proof = act()
        tell(f"{number:2}/12 {title} ({time.monotonic() - began:.1f} s): {proof}")
    for part in ("worker.1", "worker.2", "portal.1"):
        system.start_part(part)
