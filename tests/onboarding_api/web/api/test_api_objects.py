"""One row for each operation: who may call it, and for whom its thing does not exist (security threat 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from onboarding_api.model.journal import JournalEntry
from onboarding_api.web.api.acts import OPERATIONS
from tests.onboarding_api.web.api.conftest import BY_NAME, Call, told
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import CODE, DEACTIVATED, ESTAVAR, EUS, GRANTED, PENDING

ADMINISTRATOR, MEMBER, CLAIMANT, UNATTACHED = "cend589", "paul123", "odil456", "jean789"
EVERYBODY = (ADMINISTRATOR, MEMBER, CLAIMANT, UNATTACHED)
NOBODYS = "99999999-9999-4999-8999-999999999999"
VALIDATE = {"decision": "validate"}


@dataclass(frozen=True)
class Row:
    """A call, who may make it, and who must get the 404 of a thing that does not exist."""

    path: str
    allowed: tuple[str, ...]
    strangers: tuple[str, ...] = ()
    absent: str | None = None
    """The same path for a thing that nobody has."""
    json: Mapping[str, Any] | None = None
    also: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())
    """Other things of the same owner."""


ROWS: Mapping[str, Row] = {
    "search_structures": Row("/structures?q=eus", EVERYBODY),
    "list_memberships": Row("/memberships", EVERYBODY),
    "create_membership": Row("/memberships", EVERYBODY, json={"siren": EUS}),
    "list_habilitations": Row(
        f"/memberships/{EUS}/habilitations",
        (ADMINISTRATOR, MEMBER),
        (CLAIMANT, UNATTACHED),
        "/memberships/219000108/habilitations",
    ),
    "request_services": Row(
        f"/memberships/{EUS}/habilitations",
        (ADMINISTRATOR, MEMBER),
        (CLAIMANT, UNATTACHED),
        "/memberships/219000108/habilitations",
        json={"services": ["mes-prets:documents"]},
    ),
    "redeem": Row(
        f"/memberships/{ESTAVAR}/activation-code",
        (CLAIMANT,),
        (ADMINISTRATOR, MEMBER, UNATTACHED),
        "/memberships/219000108/activation-code",
        json={"code": CODE},
    ),
    "list_waiting_requests": Row(
        f"/structures/{EUS}/requests",
        (ADMINISTRATOR,),
        (MEMBER, CLAIMANT, UNATTACHED),
        "/structures/219000108/requests",
    ),
    "decide": Row(
        f"/habilitations/{PENDING}/decision",
        (ADMINISTRATOR,),
        (MEMBER, CLAIMANT, UNATTACHED),
        f"/habilitations/{NOBODYS}/decision",
        json=VALIDATE,
        also=(
            (f"/habilitations/{PENDING}/decision", {"decision": "refuse", "motive": "Non."}),
            (f"/habilitations/{GRANTED}/decision", {"decision": "deactivate"}),
            (f"/habilitations/{DEACTIVATED}/decision", {"decision": "reactivate"}),
        ),
    ),
}
CALLS = [
    (name, path, json)
    for name, row in ROWS.items()
    for path, json in ((row.path, row.json), *row.also)
]  # fmt: skip


def test_every_operation_has_its_row() -> None:
    assert [operation.name for operation in OPERATIONS] == list(ROWS)


def test_an_operation_about_a_thing_names_its_strangers() -> None:
    owned = [ROWS[operation.name] for operation in OPERATIONS if "{" in operation.template]
    assert all(row.strangers and row.absent for row in owned)
    assert all({*row.allowed, *row.strangers} == set(EVERYBODY) for row in ROWS.values())


@pytest.mark.parametrize(("name", "path", "json"), CALLS)
def test_its_person_may(call: Call, name: str, path: str, json: Mapping[str, Any] | None) -> None:
    operation = BY_NAME[name]
    for person in ROWS[name].allowed:
        assert call(person, operation.method, path, json=json).status_code == operation.status


@pytest.mark.attack(1)
@pytest.mark.parametrize(
    ("person", "asked"), [(person, one) for one in CALLS for person in ROWS[one[0]].strangers]
)
def test_a_strangers_thing_is_like_a_thing_that_is_not(
    portal: Portal, call: Call, person: str, asked: tuple[str, str, Mapping[str, Any]]
) -> None:
    name, path, json = asked
    before = changes(portal)

    theirs = call(person, BY_NAME[name].method, path, json=json)
    nobodys = call(person, BY_NAME[name].method, ROWS[name].absent or "", json=json)

    assert told(theirs) == (404, "not_found")
    assert (nobodys.status_code, nobodys.data) == (404, theirs.data)
    assert changes(portal) == before


@pytest.mark.parametrize(("name", "path", "json"), CALLS)
def test_without_a_token_nothing_is_told(
    portal: Portal, call: Call, name: str, path: str, json: Mapping[str, Any] | None
) -> None:
    before = changes(portal)
    answer = call(None, BY_NAME[name].method, path, json=json)

    assert told(answer) == (401, "missing_authorization")
    assert answer.headers["WWW-Authenticate"].lower().startswith('bearer realm="bdt"')
    assert changes(portal) == before


@pytest.mark.parametrize(("name", "path", "json"), CALLS)
def test_the_cookie_of_the_portal_opens_nothing(
    portal: Portal, name: str, path: str, json: Mapping[str, Any] | None
) -> None:
    browser = portal.browser(ADMINISTRATOR)
    answer = browser.client.open(
        f"/api/v1{path}", method=BY_NAME[name].method, base_url="https://portail.example", json=json
    )
    assert answer.status_code == 401


def changes(portal: Portal) -> int:
    """What was written in the journal, refusals by the rules apart."""
    with portal.office.database.reading() as session:
        told = select(func.count()).select_from(JournalEntry).where(JournalEntry.event != "act_refused")
        return session.scalars(told).one()
