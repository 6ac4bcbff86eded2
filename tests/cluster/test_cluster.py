"""Two nodes of Keycloak, two portals, three workers: the story walks while one of each is killed."""

import statistics
from pathlib import Path

import pytest

from demo.cluster.measure import measure_decisions
from demo.cluster.system import Cluster
from demo.cluster.walk import KILLED, walk
from demo.story import Story

pytestmark = [pytest.mark.keycloak, pytest.mark.postgresql, pytest.mark.slow]

DECISIONS = 20


def test_the_story_walks_while_one_of_each_is_killed_and_a_decision_reaches_both_nodes(
    tmp_path: Path,
) -> None:
    assert {part.partition(".")[0] for part in KILLED.values()} == {"keycloak", "portal", "worker"}
    told: list[str] = []
    with Cluster(tmp_path / "cluster", lambda *_: None) as system:
        story = Story(system)
        walk(system, story, told.append)
        decided = measure_decisions(system, story, DECISIONS)

    assert sum("/12 " in line for line in told) == 12
    assert statistics.quantiles(decided.seconds, n=20)[18] <= 1.0, decided.seconds
