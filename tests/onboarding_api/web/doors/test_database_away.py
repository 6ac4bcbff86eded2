"""The database is away: every page says so in words, with Retry-After, and no log quotes what was asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.onboarding_api.web.portal import Portal


@pytest.fixture
def away(portal: Portal) -> Iterator[None]:
    place = portal.database_path.parent
    hidden = place.with_name(f"{place.name}-hidden")
    portal.office.database.engine.dispose()
    place.rename(hidden)
    yield
    portal.office.database.engine.dispose()
    hidden.rename(place)


@pytest.mark.attack(52)
@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("path", ["/tableau-de-bord", "/services", "/demandes", "/structures/ajouter?q=eus"])
def test_a_page_says_that_the_service_is_busy(
    portal: Portal, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = portal.browser("cend589").get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "momentanément" in answer.text
    assert "Traceback" not in caplog.text


@pytest.mark.attack(40)
def test_an_error_of_the_database_shows_no_value(portal: Portal) -> None:
    database = portal.office.database
    with pytest.raises(OperationalError) as error, database.reading() as session:
        session.execute(text("SELECT :secret FROM nowhere"), {"secret": "cendrine@eus.example"})
    assert "nowhere" in str(error.value)
    assert "cendrine" not in str(error.value)
