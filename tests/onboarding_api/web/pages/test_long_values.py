"""The longest names and addresses there are, on a telephone: nothing sticks out, and the head stays small."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from tests.onboarding_api.web.pages.test_portal_in_browser import VISITS, keep_picture, log_in
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import ESTAVAR

pytestmark = pytest.mark.browser

LONGEST = "Communauté d'agglomération de la Région de Château-Thierry"
EMAIL = "secretariat-general-des-finances-et-de-la-commande-publique@agglo-region-chateau-thierry.example.fr"
NARROW, TALLEST_HEAD = 320, 120


@pytest.fixture(scope="module")
def long_values(served: Portal) -> None:
    with served.office.database.writing() as db:
        db.execute(update(Structure).values(name=LONGEST))
        db.execute(update(Membership).values(email=EMAIL))
        db.execute(update(Person).where(Person.identifiant == "cend589").values(email=EMAIL))
        db.execute(update(Person).values(nom="de La Rochefoucauld-Montmorency"))


@pytest.fixture(scope="module")
def people(served: Portal, chrome: Browser, long_values: None) -> Iterator[dict[str | None, Page]]:
    """One narrow tab a person; Cendrine is in two structures, so that she can change."""
    opened = {}
    for identifiant in (None, "jean789", "cend589", "odil456"):
        context = chrome.new_context(
            viewport={"width": NARROW, "height": 640}, base_url=served.settings.public_url, locale="fr-FR"
        )
        opened[identifiant] = context.new_page()
        if identifiant:
            log_in(opened[identifiant], served, identifiant)
    page = opened["cend589"]
    page.goto(f"/structures/ajouter/{ESTAVAR}")
    page.get_by_role("button", name="Me rattacher").click()
    page.goto("/vers/216600742/demandes")
    yield opened
    for page in opened.values():
        page.context.close()


def test_nothing_sticks_out_and_the_head_is_small_on_any_page(people: dict[str | None, Page]) -> None:
    wrong = []
    for identifiant, path in VISITS:
        page = people[identifiant]
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        head = page.locator("header.top").bounding_box()
        assert head
        if width > NARROW or head["height"] > TALLEST_HEAD:
            wrong.append((identifiant, path, width, head["height"]))
        name = f"{identifiant or 'anybody'}{path.replace('/', '_').replace('?', '-')}"
        keep_picture(page, f"long-{name}")
    assert wrong == []
