"""Which worker runs which test, when the suite runs on several."""

from xdist.scheduler import LoadFileScheduling

SERVER_ROOMS = ("tests/real_keycloak/", "tests/journeys/", "tests/chaos/")


class ServersTogether(LoadFileScheduling):
    """A file stays on one worker, and so do all the tests of a room that starts a Keycloak.

    The marker `xdist_group` would say the same, but xdist 3.8 does not see it under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in SERVER_ROOMS if nodeid.startswith(room)), super()._split_scope(nodeid))
