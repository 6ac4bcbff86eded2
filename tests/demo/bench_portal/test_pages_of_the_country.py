"""No page reads a table that grows with the country from end to end, nor asks more as the country grows."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import text

from demo.bench_portal.measure import MOST_BYTES, MOST_STATEMENTS, visits
from demo.bench_portal.portal import PortalUnderLoad
from demo.bench_portal.routes import UndeclaredRoute, check_declared
from demo.bench_portal.visitors import Kind
from demo.bench_portal.watch import Statement, scans, watching
from onboarding_api.model.base import Database
from onboarding_api.queries.requests import ROWS_A_PAGE
from tests.builders.country import Countries
from tests.onboarding_api.web.page import text_of

pytestmark = pytest.mark.slow

Seen = dict[tuple[Kind, str], tuple[int, int, list[Statement]]]


def walk(database: Database, url: str) -> Seen:
    """Status, bytes and statements of every visit."""
    portal = PortalUnderLoad(database, url)
    seen: Seen = {}
    for _endpoint, visitor, address in visits(portal):
        with watching(database.engine) as statements:
            answer = portal.get(visitor, address)
        shape = address.replace(visitor.siren or " ", "S").replace(visitor.pending or " ", "P")
        shape = shape.replace(visitor.granted or " ", "G")
        seen[visitor.kind, shape] = answer.status_code, len(answer.data), list(statements)
    portal.close()
    return seen


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def urls(request: pytest.FixtureRequest, countries: Countries) -> tuple[str, str]:
    """The country at a hundredth and at a tenth."""
    if request.param == "sqlite":
        return countries.sqlite(0.01), countries.sqlite(0.1)
    server = request.getfixturevalue("postgresql_server")
    return countries.postgresql(server, 0.01), countries.postgresql(server, 0.1)


@pytest.fixture(scope="module")
def tenth(urls: tuple[str, str]) -> Iterator[Database]:
    database = Database(urls[1])
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def seen(urls: tuple[str, str], tenth: Database) -> Seen:
    return walk(tenth, urls[1])


def test_every_page_answers(seen: Seen) -> None:
    odd = {visit: status for visit, (status, _, _) in seen.items() if status not in (200, 302, 303, 404)}
    assert {address for _, address in odd} <= {"/connexion/retour"}
    allowed = {
        "/courrier", "/courrier/code", "/courrier/arreter", "/administrateur/courrier-demande",
    }  # fmt: skip
    assert {address for (_, address), (status, _, _) in seen.items() if status == 404} <= allowed


def test_no_plan_scans_a_table_that_grows_with_the_country(seen: Seen, tenth: Database) -> None:
    asked = {statement.sql: statement for _, _, statements in seen.values() for statement in statements}
    assert len(asked) > 25
    found = {}
    with tenth.reading() as session:
        for statement in asked.values():
            if tables := scans(session.connection(), statement):
                found[statement.sql] = tables
    assert found == {}


def test_the_reading_of_plans_sees_a_scan(tenth: Database) -> None:
    asks = (
        "SELECT * FROM habilitation WHERE motive = 'x'",
        "SELECT m.id FROM membership AS m WHERE m.fonction = 'maire'",
        "SELECT count(*) FROM person",
    )
    with tenth.reading() as session:
        connection = session.connection()
        seen = [scans(connection, Statement(sql, ())) for sql in asks]
        by_key = Statement("SELECT * FROM person WHERE id = 'x'", ())
        assert scans(connection, by_key) == []
        session.execute(text("SELECT 1"))
    assert seen == [["habilitation"], ["membership"], ["person"]]


def test_no_page_asks_more_than_twelve_statements_nor_weighs_more_than_100_kb(seen: Seen) -> None:
    costs = {visit: (len(statements), size) for visit, (_, size, statements) in seen.items()}
    assert {visit: cost for visit, cost in costs.items() if cost[0] > MOST_STATEMENTS} == {}
    assert {visit: cost for visit, cost in costs.items() if cost[1] > MOST_BYTES} == {}


def test_statements_do_not_grow_with_the_country(seen: Seen, urls: tuple[str, str]) -> None:
    small = Database(urls[0])
    few = walk(small, urls[0])
    small.engine.dispose()
    assert few.keys() == seen.keys()
    grown = {
        visit: (len(few[visit][2]), len(seen[visit][2]))
        for visit in seen
        # Another requester may stand elsewhere in her story, which may cost a statement; rows may not.
        if len(seen[visit][2]) > len(few[visit][2]) + 1
    }
    assert grown == {}


def test_the_queue_of_the_largest_structure_is_shown_a_page_at_a_time(
    urls: tuple[str, str], tenth: Database
) -> None:
    """Every request of the queue is seen once, from the first page to the last, and back again."""
    portal = PortalUnderLoad(tenth, urls[1])
    visitor = portal.visitors[Kind.ADMINISTRATOR_OF_LARGEST]
    address, pages = "/demandes?liste=pending", []
    while address:
        page = portal.get(visitor, address).text
        pages.append(page)
        address = _link(page, "next")
    rows = [name for page in pages for name in _requests(page)]
    assert len(rows) == len(set(rows)) == 100
    assert len(pages) == 100 // ROWS_A_PAGE
    assert "Suivants" not in text_of(pages[-1])
    back = _requests(portal.get(visitor, _link(pages[-1], "prev")).text)
    assert back == _requests(pages[-2])
    portal.close()


def test_a_name_is_found_without_its_accents(urls: tuple[str, str], tenth: Database) -> None:
    portal = PortalUnderLoad(tenth, urls[1])
    visitor = portal.visitors[Kind.ADMINISTRATOR_OF_LARGEST]
    page = text_of(portal.get(visitor, "/demandes?q=elise&fonction=&service=&liste=").text)
    portal.close()
    assert "Élise" in page
    assert "Aucune demande à traiter ne correspond" in page or "Demande du" in page


def test_a_new_route_that_nobody_visits_fails(urls: tuple[str, str], tenth: Database) -> None:
    portal = PortalUnderLoad(tenth, urls[1])
    portal.close()
    check_declared(portal.app.url_map)
    app = Flask("another")
    app.add_url_rule("/nouvelle", "new.page", lambda: "")
    with pytest.raises(UndeclaredRoute, match=r"new\.page"):
        check_declared(app.url_map)


def _link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return unescape(found.group(1)) if found else ""


def _requests(page: str) -> list[str]:
    return re.findall(r"/demandes/([0-9a-f-]{36})/valider", page)
