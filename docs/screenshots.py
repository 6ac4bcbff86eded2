"""Make the pictures of the documentation: `python docs/screenshots.py` (needs the `dev` requirements).

Starts the whole system, walks the guide's story up to the service, and photographs what Madame Martin sees.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))  # the browser's finder belongs to the tests

from demo.story import CENDRINE, PASSWORD, Story
from demo.system import Ports, System
from tests.builders.servers.chromium import ARGUMENTS, find_chromium

IMAGES = Path(__file__).parent / "images"
PAGES = {"dashboard": "/tableau-de-bord"}


def main() -> None:
    """Write docs/images/*.png."""
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        System(Path(directory) / "system", Ports.free(), lambda *_: None) as system,
        sync_playwright() as playwright,
    ):
        story = Story(system)
        for _title, act in story.steps[:10]:
            act()
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1100, "height": 760}, locale="fr-FR")
        page.goto(f"{system.portal_url}/connexion")
        page.fill("#username", story.identifiants[CENDRINE])
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/tableau-de-bord")
        for name, path in PAGES.items():
            page.goto(f"{system.portal_url}{path}")
            page.screenshot(path=IMAGES / f"{name}.png", full_page=True)
        chromium.close()


if __name__ == "__main__":
    main()
