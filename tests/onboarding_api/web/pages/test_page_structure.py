"""Each page, for each role: valid structure, labels, weight, nothing inline (RGAA guard, budgets)."""

import re
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import update

from onboarding_api import web
from onboarding_api.model.first_administrator.claim import Claim
from tests.onboarding_api.web.doors.test_route_rights import PEOPLE, ROUTES, methods, send
from tests.onboarding_api.web.page import Page, words
from tests.onboarding_api.web.portal import Portal

SITE = "Espace personnel, Banque des Territoires"
PAGE_BYTES, SHEET_BYTES, REQUESTS = 100_000, 30_000, 3
REFERENCES = ("for", "aria-labelledby", "aria-describedby")
GETS = [name for name, route in ROUTES.items() if not route.form and route.status == 200 and name != "static"]
SHEET = Path(web.__file__).parent / "static" / "portal.css"
STYLED = set(re.findall(r"\.([a-z][a-z-]*)", SHEET.read_text("utf-8")))
EMPTY_REFUSED = {
    "/inscription": ("civilite", "prenom", "nom", "email"),
    "/identifiant-oublie": ("email",),
    "/j-ai-recu-un-courrier": ("reference", "confirme"),
}


def page_of(portal: Portal, endpoint: str, role: str) -> Page | None:
    """The page, when this role gets one."""
    if methods(portal, endpoint) != ["GET"] or endpoint == "static":
        return None
    answer = send(portal, portal.browser(PEOPLE[role]), endpoint)
    return Page(answer.text) if answer.mimetype == "text/html" and not answer.location else None


@pytest.mark.parametrize(
    ("endpoint", "role"), list(product(GETS, ["anonymous", "administrator", "stranger"]))
)
def test_page_is_well_made(portal: Portal, endpoint: str, role: str) -> None:
    page = page_of(portal, endpoint, role)
    if page is not None:
        check(page)


def test_pages_of_a_first_user_are_well_made(portal: Portal) -> None:
    browser = portal.browser("odil456")
    for state in ("expired", "refused"):
        with portal.office.database.writing() as db:
            db.execute(update(Claim).values(state=state))
        for path in ("/administrateur/devenir?services=mes-prets:documents", "/courrier", "/courrier/code"):
            check(Page(browser.get(path).text))


def check(page: Page) -> None:
    assert page.faults == []
    assert words(page.one("title").text) == f"{words(page.one('h1').text)} – {SITE}"
    assert page.one("html").attributes["lang"] == "fr"
    assert {"header", "main", "footer"} <= {element.tag for element in page.elements}
    ids = [element.attributes["id"] for element in page.with_attribute("id")]
    assert len(ids) == len(set(ids))
    assert references(page) <= set(ids)
    assert unlabelled(page) == []
    assert page.with_attribute("style") == page.all("script") == page.all("style") == []
    assert classes(page) <= STYLED
    assert not re.search(r"\b(de|pour) Commune\b", page.one("body").text)
    assert not re.search(r"\w [?!;:»]|« \w|\d h \d", page.one("body").text)  # these spaces do not break
    assert len(page.source.encode()) <= PAGE_BYTES
    assert 1 + len(page.all("link")) + len(page.all("img")) <= REQUESTS
    assert all(
        "csrf_token" in page.source for form in page.all("form") if form.attributes.get("method") == "post"
    )


def classes(page: Page) -> set[str]:
    return {name for one in page.with_attribute("class") for name in one.attributes["class"].split()}


def references(page: Page) -> set[str]:
    """Every id that some element points to."""
    pointed = {
        name for key in REFERENCES for one in page.with_attribute(key) for name in one.attributes[key].split()
    }
    anchors = {a.attributes["href"][1:] for a in page.all("a") if a.attributes["href"].startswith("#")}
    return pointed | anchors


def unlabelled(page: Page) -> list[str]:
    """Fields without a label of their own, around them or by `for`."""
    labelled = {label.attributes.get("for") for label in page.all("label")}
    fields = [
        field
        for tag in ("input", "select", "textarea")
        for field in page.all(tag)
        if field.attributes.get("type") != "hidden" and "label" not in field.inside
    ]
    return [field.attributes["name"] for field in fields if field.attributes.get("id") not in labelled]


@pytest.mark.parametrize("path", EMPTY_REFUSED)
def test_empty_form_is_refused_in_words(portal: Portal, path: str) -> None:
    answer = portal.browser().post(path)
    page = Page(answer.text)

    assert answer.status_code == 422
    assert page.faults == []
    assert page.one("title").text.startswith("Erreur : ".replace(" :", "\u00a0:"))
    assert references(page) <= {element.attributes["id"] for element in page.with_attribute("id")}
    summary = [a.attributes["href"][1:] for a in page.all("a") if a.attributes["href"].startswith("#")]
    assert tuple(summary[1:]) == EMPTY_REFUSED[path]
    by_id = {element.attributes["id"]: element for element in page.with_attribute("id")}
    for name in EMPTY_REFUSED[path]:
        if by_id[name].attributes.get("type") != "radio":
            assert by_id[name].attributes["aria-invalid"] == "true"
            assert f"{name}-fault" in by_id[name].attributes["aria-describedby"].split()


@pytest.mark.parametrize(
    ("identifiant", "path"),
    [
        ("cend589", "/services/demande"),
        ("paul123", "/services/demande?services=mes-prets:admin"),
        ("jean789", "/structures/ajouter?q=216600743"),
    ],
)
def test_refused_question_is_a_well_made_page(portal: Portal, identifiant: str, path: str) -> None:
    answer = portal.browser(identifiant).get(path, follow_redirects=True)
    page = Page(answer.text)

    assert answer.status_code == 422
    assert references(page) <= {element.attributes["id"] for element in page.with_attribute("id")}
    assert len(page.all("h1")) == 1


def test_style_sheet_is_light_and_calls_nothing(portal: Portal) -> None:
    with portal.browser().get("/static/portal.css") as answer:
        sheet = answer.get_data(as_text=True)

    assert len(sheet.encode()) <= SHEET_BYTES
    assert not re.search(r"url\(|@import|marianne|dsfr", sheet, re.IGNORECASE)


def test_no_line_begins_with_a_high_sign(portal: Portal) -> None:
    home = portal.browser().get("/").text

    assert not re.search(r"\w [?!;:»]", Page(home).one("body").text)
