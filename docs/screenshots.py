"""Make the pictures of the documentation: `python docs/screenshots.py [portal] [rules]` (`dev` requirements).

`portal` starts the whole system, walks the guide's story to the service, and takes what Madame Martin sees;
`rules` takes what reviewers of the rules see: the report, a difference, the playground.
"""

import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[1]))  # the browser's finder belongs to the tests

from demo.story import CENDRINE, PASSWORD, Story
from demo.system import Ports, System
from policies.engine.revision import load_policies
from policies.review.changes.diff import compare
from policies.review.pages.difference import Compared, difference_page
from policies.review.pages.report import report
from policies.review.play.served import Play
from policies.review.play.stage import Personas
from policies.review.words.sentences import tell
from tests.builders.servers.chromium import ARGUMENTS, find_chromium

IMAGES = Path(__file__).parent / "images"
PAGES = {"dashboard": "/tableau-de-bord"}
DROPPED = ("G-SELF-DECISION", "G-FOUR-EYES")
PLAYED = {
    "who": "bob",
    "act": "validateHabilitation",
    "what": "Habilitation::paul-demande",
    "f.Habilitation::paul-demande.state": "refused",
}


def portal(chromium: Browser) -> None:
    """The pages of people of structures."""
    with (
        tempfile.TemporaryDirectory() as directory,
        System(Path(directory) / "system", Ports.free(), lambda *_: None) as system,
    ):
        story = Story(system)
        for _title, act in story.steps[:10]:
            act()
        page = chromium.new_page(viewport={"width": 1100, "height": 760}, locale="fr-FR")
        page.goto(f"{system.portal_url}/connexion")
        page.fill("#username", story.identifiants[CENDRINE])
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/tableau-de-bord")
        for name, path in PAGES.items():
            page.goto(f"{system.portal_url}{path}")
            page.screenshot(path=IMAGES / f"{name}.png", full_page=True)


def rules(chromium: Browser) -> None:
    """The pages of reviewers, each down to the end of a paragraph."""
    before = load_policies()
    after = before.with_rules(tuple(rule for rule in before.rules if rule.id not in DROPPED))
    difference = compare(before, after)
    compared = Compared(("main", "HEAD"), before, after, difference, ("not approved",))
    page = chromium.new_page(viewport={"width": 1100, "height": 1000}, locale="fr-FR")
    page.set_content(report(before))
    _top(page, "report", 862)
    page.set_content(difference_page(compared, tell(before, after, difference)))
    _top(page, "difference", 918)

    play = Play(before, Personas(before), ())
    server = make_server("127.0.0.1", 0, play, threaded=True)
    play.hosts = frozenset({f"127.0.0.1:{server.port}"})
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto(f"http://127.0.0.1:{server.port}/?{urlencode(PLAYED)}")
    _top(page, "playground", 660)
    server.shutdown()
    server.server_close()


def _top(page: Page, name: str, height: int) -> None:
    page.screenshot(path=IMAGES / f"{name}.png", clip={"x": 0, "y": 0, "width": 1100, "height": height})


def main() -> None:
    """Write docs/images/*.png."""
    IMAGES.mkdir(exist_ok=True)
    makers = {"portal": portal, "rules": rules}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for name in sys.argv[1:] or makers:
            makers[name](chromium)
        chromium.close()


if __name__ == "__main__":
    main()
