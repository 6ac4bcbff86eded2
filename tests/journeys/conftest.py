"""The whole system, started once for the journeys, and people at their keyboards."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from demo.system import Ports, System
from idp_extension.server import BuiltServer
from tests.builders.keyboard import Keyboard


@pytest.fixture(scope="session")
def system(keycloak_build: BuiltServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Keycloak, portal, worker, mailbox and the sample service, all real."""
    with System(tmp_path_factory.mktemp("system") / "demo", Ports.free(), lambda *_: None) as system:
        yield system


@pytest.fixture
def somebody(chrome: Browser) -> Iterator[Callable[[], Keyboard]]:
    """Sit another person at a keyboard."""
    people: list[Keyboard] = []

    def sit() -> Keyboard:
        people.append(Keyboard(chrome))
        return people[-1]

    yield sit
    for person in people:
        person.close()
