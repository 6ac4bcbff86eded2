"""The whole system, started once for the journeys, and people at their keyboards."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from demo.system import Ports, System
from idp_extension.server import BuiltServer
from tests.builders.keyboard import Keyboard
from tests.builders.servers.chromium import ARGUMENTS


@pytest.fixture(scope="session")
def system(keycloak_build: BuiltServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Keycloak, portal, worker, mailbox and the sample service, all real."""
    with System(tmp_path_factory.mktemp("system") / "demo", Ports.free(), lambda *_: None) as system:
        yield system


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def somebody(browser: Browser) -> Iterator[Callable[[], Keyboard]]:
    """Sit another person at a keyboard."""
    people: list[Keyboard] = []

    def sit() -> Keyboard:
        people.append(Keyboard(browser))
        return people[-1]

    yield sit
    for person in people:
        person.close()
