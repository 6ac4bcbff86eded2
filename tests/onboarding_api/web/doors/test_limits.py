"""What strangers can cause is bounded, whatever they try, and the answer tells them nothing about anybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from onboarding_api.limits.bounds import BOUNDS, READING, Per
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.person import Person
from onboarding_api.web.limits import UndeclaredRoute, bound_of, bounded, check_routes, mailbox_of, network_of
from tests.builders.issuer import Provider
from tests.onboarding_api.web.page import text_of
from tests.onboarding_api.web.portal import HOST, PUBLIC_URL, Browser, Portal, build_portal
from tests.onboarding_api.web.world import EUS, GRANTED, REFERENCE

FORGOTTEN = "/identifiant-oublie"
ZOE = {"civilite": "Madame", "prenom": "Zoé", "nom": "Petit", "email": "zoe@example.fr"}
ENOUGH = "Trop de demandes ont été faites en peu de temps"


def addresses(count: int) -> Iterator[str]:
    """Callers from networks of their own."""
    return (f"198.51.{number // 250}.{number % 250 + 1}" for number in range(count))


def rows(portal: Portal, *kinds: str) -> int:
    """How many deliveries of these kinds there are."""
    with portal.office.database.reading() as session:
        return session.scalar(select(func.count()).where(Delivery.kind.in_(kinds))) or 0


def people(portal: Portal) -> int:
    with portal.office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


def seconds_to_wait(answer: TestResponse) -> int:
    assert answer.status_code == 429
    return int(answer.headers["Retry-After"])


def test_every_route_that_strangers_reach_or_that_writes_has_a_bound(portal: Portal) -> None:
    views = portal.app.view_functions
    posts = [r.endpoint for r in portal.app.url_map.iter_rules() if "POST" in (r.methods or ())]
    assert len(posts) > 20
    assert [name for name in posts if bound_of(views[name]) in (None, READING)] == []
    check_routes(portal.app)


@pytest.mark.parametrize(("path", "method"), [("/ouvert", "GET"), ("/demandes/tout-valider", "POST")])
def test_a_route_without_a_bound_does_not_start(
    world: Path, provider: Provider, tmp_path: Path, path: str, method: str
) -> None:
    fresh = build_portal(tmp_path / "fresh.db", provider)
    fresh.app.add_url_rule(path, "decisions.new" if method == "POST" else "new", lambda: "", methods=[method])
    with pytest.raises(UndeclaredRoute, match="new"):
        check_routes(fresh.app)
    bounded(READING)(fresh.app.view_functions["decisions.new" if method == "POST" else "new"])
    check_routes(fresh.app)


def test_a_victim_gets_three_mails_an_hour_from_five_hundred_networks(portal: Portal) -> None:
    for address in addresses(500):
        browser = portal.browser(address=address)
        answer = browser.post(FORGOTTEN, {"email": "Cendrine.Martin+x@example.fr"})
        assert (answer.status_code, answer.location) == (303, f"{FORGOTTEN}/envoye")
        portal.clock.advance(seconds=7)
    assert rows(portal, "mail.recall") <= 3


def test_variants_of_one_mailbox_are_one_receiver(portal: Portal) -> None:
    for number, address in enumerate(addresses(60)):
        form = {**ZOE, "email": f"Victime+{number}@example.fr"}
        assert portal.browser(address=address).post("/inscription", form).status_code == 303
    assert rows(portal, "person.register") == 3


def test_five_hundred_registrations_of_one_browser_are_ten(portal: Portal) -> None:
    browser, before = portal.browser(), people(portal)
    token = browser.token()
    answers = [
        browser.raw_post("/inscription", {**ZOE, "email": f"v{number}@example.fr", "csrf_token": token})
        for number in range(60)
    ]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 50
    portal.register_those_who_asked()
    assert people(portal) - before == 10
    page = text_of(answers[-1].text)
    assert ENOUGH in page
    assert 'value="Zoé"' in answers[-1].text  # nothing typed is lost
    assert 3000 < seconds_to_wait(answers[-1]) <= 3600


def test_a_network_is_bounded_whatever_browsers_it_opens(portal: Portal) -> None:
    answers = [
        portal.browser(address="192.0.2.7").post(FORGOTTEN, {"email": f"v{number}@example.fr"}).status_code
        for number in range(40)
    ]
    assert answers == [303] * 30 + [429] * 10
    elsewhere = portal.browser(address="192.0.2.8").post(FORGOTTEN, {"email": "v@example.fr"})
    assert elsewhere.status_code == 303


def test_a_limit_ends_when_it_says(portal: Portal) -> None:
    browser = portal.browser()
    while (answer := browser.post(FORGOTTEN, {"email": "v@example.fr"})).status_code == 303:
        pass
    portal.clock.advance(seconds=seconds_to_wait(answer) - 1)
    assert browser.post(FORGOTTEN, {"email": "v@example.fr"}).status_code == 429
    portal.clock.advance(seconds=1)
    assert browser.post(FORGOTTEN, {"email": "v@example.fr"}).status_code == 303


@pytest.mark.attack(18)
@pytest.mark.parametrize("path", [FORGOTTEN, "/inscription"])
def test_known_and_unknown_addresses_get_the_same_answers_before_and_after_the_limit(
    portal: Portal, path: str
) -> None:
    def answers(email: str) -> list[tuple[int, str | None]]:
        found: list[tuple[int, str | None]] = []
        for address in addresses(8):
            form = {"email": email} if path == FORGOTTEN else {**ZOE, "email": email}
            answer = portal.browser(address=address).post(path, form)
            found.append((answer.status_code, answer.location))
        return found

    assert answers("cendrine.martin@example.fr") == answers("nobody@example.fr")


@pytest.mark.attack(5, 6)
def test_references_cannot_be_tried_by_the_hundred(portal: Portal) -> None:
    browser = portal.browser()
    form = {"confirme": "oui", "csrf_token": browser.token()}

    def refuse(reference: str) -> int:
        return browser.raw_post("/j-ai-recu-un-courrier", {**form, "reference": reference}).status_code

    tried = [
        refuse(f"BDT-2222-{number + 2222}")
        for number in range(100)
        if not {"0", "1"} & set(str(number + 2222))
    ]
    assert tried[:10] == [422] * 10
    assert set(tried[10:]) == {429}
    assert refuse(REFERENCE) == 429


def test_a_fault_of_typing_costs_nothing(portal: Portal) -> None:
    browser = portal.browser()
    for _ in range(30):
        assert browser.post(FORGOTTEN, {"email": "nobody"}).status_code == 422
    assert browser.post(FORGOTTEN, {"email": "nobody@example.fr"}).status_code == 303


def test_leaving_and_joining_again_is_bounded(portal: Portal) -> None:
    """Each new stay could ask again, and the administrators get a mail each time."""
    browser = portal.browser("jean789")
    answers = []
    for _ in range(4):
        answers.append(browser.post(f"/structures/ajouter/{EUS}").status_code)
        browser.post(f"/structures/{EUS}/quitter")
    assert answers == [303, 303, 303, 429]


def test_pages_are_bounded_by_network_and_the_health_check_is_apart(portal: Portal) -> None:
    limit = READING.items[Per.NETWORK].amount
    browser = portal.browser(address="192.0.2.9")
    statuses = {browser.get("/contact").status_code for _ in range(limit)}
    assert statuses == {200}
    refused = browser.get("/contact")
    assert 1 <= seconds_to_wait(refused) <= 60
    assert ENOUGH in text_of(refused.text)
    assert browser.get("/sante").status_code == 200
    assert portal.browser(address="192.0.2.10").get("/contact").status_code == 200


def test_one_house_of_ipv6_is_one_caller() -> None:
    house = {network_of(f"2001:db8:1:2:{a:x}::{b:x}") for a in range(100) for b in range(100)}
    assert house == {"2001:db8:1:2::/64"}
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert {network_of(None), network_of(""), network_of("x")} == {"unknown"}


def test_many_addresses_of_one_house_have_one_bucket(portal: Portal) -> None:
    browsers = [portal.browser(address=f"2001:db8:1:2::{number:x}") for number in range(40)]
    answers = [browser.post(FORGOTTEN, {"email": "v@example.fr"}).status_code for browser in browsers]
    assert answers == [303] * 30 + [429] * 10


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("victime+1@example.fr", "victime@example.fr"),
        ("Victime+1+2@Example.fr", "victime@example.fr"),
        ("+x@example.fr", "+x@example.fr"),
        ("victime@example.fr", "victime@example.fr"),
    ],
)
def test_mailboxes(email: str, mailbox: str) -> None:
    assert mailbox_of(email) == mailbox


@pytest.mark.attack(58)
def test_a_forged_proxy_header_changes_nothing(portal: Portal) -> None:
    browser = portal.browser()
    answers = [
        browser.post(FORGOTTEN, {"email": "v@example.fr"}, headers={"X-Forwarded-For": address}).status_code
        for address in addresses(20)
    ]
    assert answers == [303] * 10 + [429] * 10


@pytest.mark.attack(58)
def test_behind_a_proxy_that_is_counted_the_last_hop_is_believed_and_no_other(
    world: Path, provider: Provider, tmp_path: Path
) -> None:
    path = tmp_path / "portal.db"
    path.write_bytes(world.read_bytes())
    behind = build_portal(path, provider, BDT_TRUSTED_PROXIES="1", BDT_LIMITS="recall.network=2/hour")

    def ask(forwarded: str) -> int:
        browser = Browser(behind)
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
        return browser.post(FORGOTTEN, {"email": "v@example.fr"}, headers=headers).status_code

    try:
        assert [ask(f"{forged}, 192.0.2.1") for forged in addresses(3)] == [303, 303, 429]
        assert ask("192.0.2.1, 192.0.2.2") == 303
    finally:
        behind.office.database.engine.dispose()


def test_without_the_counters_pages_are_read_and_nothing_is_sent(portal: Portal) -> None:
    with portal.office.database.writing() as session:
        session.execute(text("DROP TABLE limit_window"))
    before = sent(portal)

    recalled = portal.browser().post(FORGOTTEN, {"email": "cendrine.martin@example.fr"})
    registered = portal.browser().post("/inscription", ZOE)

    assert (recalled.status_code, registered.status_code) == (503, 503)
    assert recalled.headers["Retry-After"]
    assert "Rien n'a été enregistré" in text_of(recalled.text)
    assert sent(portal) == before
    assert portal.browser().get("/inscription").status_code == 200
    assert portal.browser("cend589").get("/demandes").status_code == 200
    assert REGISTRY.get_sample_value("bdt_limit_store_down_total", {"bound": "recall", "went_on": "False"})


def sent(portal: Portal) -> int:
    with portal.office.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_rights_are_taken_away_while_the_counters_are_down(portal: Portal) -> None:
    with portal.office.database.writing() as session:
        session.execute(text("DROP TABLE limit_window"))
    answer = portal.browser("cend589").post(f"/demandes/{GRANTED}/desactiver", {"motive": ""})
    assert answer.status_code == 303
    assert portal.state_of(GRANTED) == "deactivated"


def test_the_bounds_are_all_used(portal: Portal) -> None:
    used = {bound.name for view in portal.app.view_functions.values() if (bound := bound_of(view))}
    assert set(BOUNDS) - used == {"visiting", "registration_mail", "recall_mail"} | {
        *("logout_token", "paper", "paper_day")
    }


def test_amounts_are_those_of_the_installation(world: Path, provider: Provider, tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    path.write_bytes(world.read_bytes())
    strict = build_portal(path, provider, PUBLIC_URL, BDT_LIMITS="recall.browser=2/hour")
    browser = Browser(strict)
    try:
        answers = [browser.post(FORGOTTEN, {"email": "v@example.fr"}).status_code for _ in range(3)]
        assert answers == [303, 303, 429]
    finally:
        strict.office.database.engine.dispose()
