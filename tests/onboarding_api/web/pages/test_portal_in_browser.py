"""Each page and state in a real browser: axe, 320 px, text at 200 %, keyboard, no script, weight."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response
from sqlalchemy import select, update

from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import TRIES_IN_ALL, CodeTry, Letter
from tests.builders.issuer import Person
from tests.onboarding_api.web.page import words
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import ESTAVAR, EUS, GRANTED, PENDING

pytestmark = pytest.mark.browser

ANYBODY = (
    "/",
    "/inscription",
    "/inscription/merci",
    "/identifiant-oublie",
    "/identifiant-oublie/envoye",
    "/contact",
    "/accessibilite",
    "/mentions-legales",
    "/j-ai-recu-un-courrier",
    "/j-ai-recu-un-courrier/merci",
    "/connexion/retour",
    "/nulle-part",
)
UNATTACHED = ("/tableau-de-bord", "/structures", "/structures/ajouter")
ADMINISTRATOR = (
    "/tableau-de-bord",
    "/services",
    "/services/demande",
    "/services/demande?services=mes-prets:encours",
    "/structures",
    "/structures/ajouter?q=eus",
    "/structures/ajouter?q=zzzz",
    "/structures/ajouter?q=216600743",
    "/structures/ajouter/216600726",
    f"/structures/{EUS}",
    f"/structures/{EUS}/telephone",
    f"/structures/{EUS}/email",
    f"/structures/{EUS}/fonction?suite=/services",
    f"/structures/{EUS}/quitter",
    "/profil",
    "/profil/identite",
    "/demandes",
    f"/demandes/{PENDING}/refuser",
    f"/demandes/{GRANTED}/desactiver",
    "/espaces/mes-prets/conditions",
    "/espaces/territoires-innovation",
    "/courrier",
)
CLAIMANT = (
    "/tableau-de-bord",
    "/courrier",
    "/courrier/code",
    "/administrateur/courrier-demande",
    "/services",
)
VISITS = [
    *((None, path) for path in ANYBODY),
    *(("jean789", path) for path in UNATTACHED),
    *(("cend589", path) for path in ADMINISTRATOR),
    *(("odil456", path) for path in CLAIMANT),
]
WIDE, NARROW = 1280, 320
MOST_BYTES, MOST_REQUESTS = 100_000, 3


@pytest.fixture(scope="module")
def tabs(served: Portal, chrome: Browser) -> Iterator[dict[tuple[str | None, int], Page]]:
    """One tab for each person and width; people log in by the provider, in the tab."""
    opened = {}
    for identifiant in (None, "jean789", "cend589", "odil456"):
        for width in (WIDE, NARROW):
            # axe is put into the page by the driver, which our policy would refuse.
            context = chrome.new_context(
                viewport={"width": width, "height": 800},
                base_url=served.settings.public_url,
                bypass_csp=True,
                locale="fr-FR",
            )
            opened[identifiant, width] = context.new_page()
            if identifiant:
                log_in(opened[identifiant, width], served, identifiant)
    yield opened
    for page in opened.values():
        page.context.close()


def log_in(page: Page, served: Portal, identifiant: str) -> None:
    served.provider.person = Person(f"sub-{identifiant}", identifiant)
    page.goto("/connexion")
    assert page.url.endswith("/tableau-de-bord")


def keep_picture(page: Page, name: str) -> None:
    """Kept when a directory is named for it."""
    directory = os.environ.get("BDT_PICTURES")
    if directory:
        page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(("identifiant", "path"), VISITS)
def test_page_has_no_axe_violation_and_no_sideways_scroll(
    tabs: dict[tuple[str | None, int], Page], identifiant: str | None, path: str, width: int
) -> None:
    page = tabs[identifiant, width]
    page.goto(path)

    keep_picture(page, f"{identifiant or 'anybody'}{path.replace('/', '_').replace('?', '-')}-{width}")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/inscription", "/identifiant-oublie", "/j-ai-recu-un-courrier"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_refused_form_has_no_axe_violation(
    tabs: dict[tuple[str | None, int], Page], path: str, width: int
) -> None:
    page = tabs[None, width]
    page.goto(path)
    page.get_by_role("main").locator("form button").click()

    assert page.title().startswith("Erreur\u00a0: ")
    assert page.evaluate("document.activeElement.className") == "summary"
    assert Axe().run(page).response["violations"] == []
    keep_picture(page, f"refused{path.replace('/', '_')}-{width}")


@pytest.mark.parametrize(("identifiant", "path"), [("cend589", "/services"), ("odil456", "/courrier")])
def test_text_at_twice_its_size_stays_in_the_page(
    tabs: dict[tuple[str | None, int], Page], identifiant: str, path: str
) -> None:
    page = tabs[identifiant, WIDE]
    page.goto(path)
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE


@pytest.mark.parametrize("path", ["/", "/inscription"])
def test_page_is_light(served: Portal, chrome: Browser, path: str) -> None:
    answers: list[Response] = []
    with chrome.new_context(base_url=served.settings.public_url) as context:
        page = context.new_page()
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - a bound C method will not do
        page.goto(path, wait_until="networkidle")

        assert len(answers) <= MOST_REQUESTS
        assert all(answer.ok for answer in answers)
        assert sum(len(answer.body()) for answer in answers) <= MOST_BYTES


@pytest.mark.attack(41)
def test_visit_by_keyboard_without_script_under_the_real_policy(served: Portal, chrome: Browser) -> None:
    """Log in, walk by the skip link and Tab alone, log out through the provider: `form-action` lets it."""
    refused: list[str] = []
    with chrome.new_context(base_url=served.settings.public_url, java_script_enabled=False) as context:
        page = context.new_page()
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        log_in(page, served, "cend589")

        page.keyboard.press("Tab")
        assert focused(page) == "Aller au contenu"
        page.keyboard.press("Enter")
        tab_to(page, "Voir tous les services")
        page.keyboard.press("Enter")
        page.wait_for_url("**/services")
        tab_to(page, "Déconnexion")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{served.settings.public_url}/")
        assert (
            page.get_by_role("heading", level=1).inner_text() == "Vos services de la Banque des Territoires"
        )
    assert refused == []
    assert any("/logout?" in path for path in served.provider.requests)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_structures_are_switched_by_keyboard(served: Portal, chrome: Browser, width: int) -> None:
    context = chrome.new_context(
        base_url=served.settings.public_url, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    with context:
        page = context.new_page()
        log_in(page, served, "paul123")
        for siren in (EUS, ESTAVAR):
            page.goto(f"/structures/ajouter/{siren}")
            if page.get_by_role("button", name="Me rattacher").count():
                page.get_by_role("button", name="Me rattacher").click()

        page.goto("/services")
        tab_to(page, "Changer de structure")
        page.keyboard.press("Enter")
        keep_picture(page, f"switch-{width}")
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        choice = words(page.locator(".switch-choice").text_content() or "")
        tab_to(page, choice)
        page.keyboard.press("Enter")
        page.wait_for_url("**/tableau-de-bord")
        assert choice.startswith(page.locator(".place-name").inner_text().split("\n")[-1])


def focused(page: Page) -> str:
    return words(page.locator(":focus").text_content() or "")


def tab_to(page: Page, text: str, most: int = 40) -> None:
    """Press Tab until the focus is on this text."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() and focused(page) == text:
            return
    pytest.fail(f"Tab never reaches « {text} »")


def test_focus_is_seen(tabs: dict[tuple[str | None, int], Page]) -> None:
    page = tabs["cend589", WIDE]
    page.goto("/services")
    before = page.screenshot()
    for _ in range(12):
        page.keyboard.press("Tab")
        after = page.screenshot()
        assert after != before
        before = after


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_after_a_failed_letter_have_no_axe_violation(
    served: Portal, tabs: dict[tuple[str | None, int], Page], width: int
) -> None:
    """The code is dead of too many tries; then the claim is refused, and a second requester waits."""
    with served.office.database.writing() as db:
        letter = db.scalars(select(Letter)).one()
        person_id, tried_at = letter.claim.membership.person_id, served.clock.now - timedelta(hours=1)
        for _ in range(TRIES_IN_ALL):
            db.add(CodeTry(letter_id=letter.id, person_id=person_id, tried_at=tried_at, was_right=False))
    for path in ("/courrier", "/courrier/code"):
        check(tabs["odil456", width], path, "hors d'usage")

    member = tabs["jean789", width]
    member.goto(f"/structures/ajouter/{ESTAVAR}")
    if member.get_by_role("button", name="Me rattacher").count():
        member.get_by_role("button", name="Me rattacher").click()
        member.goto("/services/demande?services=dataviz-coeur-de-ville:acces")
        member.get_by_role("button", name="Accepter").click()
    with served.office.database.writing() as db:
        db.execute(update(Claim).values(state="refused"))
    check(member, "/services", "Personne ne peut encore valider votre demande")
    member.get_by_role("link", name="Demander à devenir administrateur").click()
    assert "Etant le premier utilisateur" in member.get_by_role("main").inner_text()
    with served.office.database.writing() as db:
        db.execute(update(Claim).values(state="open"))


def check(page: Page, path: str, text: str) -> None:
    page.goto(path)
    assert text in page.get_by_role("main").inner_text()
    assert Axe().run(page).response["violations"] == []
