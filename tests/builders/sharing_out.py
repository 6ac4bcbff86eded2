"""Which worker runs which test, when the suite runs on several."""

import pytest
from xdist.scheduler import LoadFileScheduling

SERVER_ROOMS = ("tests/real_keycloak/", "tests/chaos/", "tests/journeys/")


def longest_first(items: list[pytest.Item]) -> None:
    """Put the rooms that start a Keycloak in front: few tests that last, so none is left for the end."""
    rank = {room: number for number, room in enumerate(SERVER_ROOMS)}
    items.sort(key=lambda item: rank.get(_room_of(item.nodeid) or "", len(rank)))


class ServersTogether(LoadFileScheduling):
    """A file stays on one worker, and so do all the tests of a room that starts a Keycloak.

    The marker `xdist_group` would say the same, but xdist 3.8 does not see it under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _room_of(nodeid) or super()._split_scope(nodeid)


def _room_of(nodeid: str) -> str | None:
    return next((room for room in SERVER_ROOMS if nodeid.startswith(room)), None)
