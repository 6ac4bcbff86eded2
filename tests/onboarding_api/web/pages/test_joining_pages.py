"""Registration, structures, profile and identity: the first half of the guide, page by page."""

import pytest
from sqlalchemy import select, update

from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from tests.onboarding_api.web.page import Page, text_of
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import EUS, GRANTED

ZOE = {"civilite": "Madame", "prenom": "Zoé", "nom": "Durand", "email": "zoe.durand@example.fr"}


@pytest.mark.attack(18)
def test_registration_answers_the_same_whether_known_or_not(portal: Portal) -> None:
    browser = portal.browser()

    first = browser.post("/inscription", ZOE)
    portal.register_those_who_asked()
    portal.clock.advance(minutes=11)
    second = browser.post("/inscription", ZOE)
    portal.register_those_who_asked()

    assert first.location == second.location == "/inscription/merci"
    assert "votre identifiant" in browser.read("/inscription/merci")
    with portal.office.database.reading() as db:
        zoe = db.scalars(select(Person).where(Person.email == ZOE["email"])).one()
        rows = db.scalars(select(Delivery)).all()
        kinds = [row.kind for row in rows if row.args.get("person_id") == zoe.id]
        typed = [row.args for row in rows if row.kind == "person.register"]
    assert sorted(kinds) == ["keycloak.person", "mail", "mail.welcome"]
    assert typed == [{}, {}]  # what was typed is forgotten when the row is over


def test_wrong_registration_shows_what_to_correct_and_keeps_the_rest(portal: Portal) -> None:
    answer = portal.browser().post("/inscription", {**ZOE, "email": "zoe.durand"})
    page = Page(answer.text)

    assert answer.status_code == 422
    assert "Saisissez une adresse e-mail complète" in text_of(answer.text)
    values = {field.attributes["name"]: field.attributes.get("value") for field in page.all("input")}
    assert (values["prenom"], values["email"]) == ("Zoé", "zoe.durand")
    with portal.office.database.reading() as db:
        assert db.scalars(select(Person).where(Person.prenom == "Zoé")).all() == []


def test_dashboard_without_structure_leads_to_adding_one(portal: Portal) -> None:
    page = portal.browser("jean789").read("/tableau-de-bord")

    assert "Bienvenue Monsieur Testo" in page
    assert "Ajouter une structure ○ À faire" in page


def test_structure_is_found_confirmed_and_attached(portal: Portal) -> None:
    browser = portal.browser("jean789")

    assert "Commune d'Eus" in browser.read("/structures/ajouter?q=eus")
    confirmation = browser.read(f"/structures/ajouter/{EUS}")
    assert "Pyrénées-Orientales (66)" in confirmation
    assert "216 600 742" in confirmation
    assert "Code tiers 66074" in confirmation
    first, second = (browser.post(f"/structures/ajouter/{EUS}") for _ in range(2))  # a double click

    assert first.location == second.location == "/tableau-de-bord"
    assert "Ma structure : Commune d'Eus" in browser.read("/tableau-de-bord")
    with portal.office.database.reading() as db:
        jean = db.scalars(select(Membership).join(Membership.person).where(Person.identifiant == "jean789"))
        assert len(jean.all()) == 1


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ("216600743", 422, "Ce numéro SIREN contient une faute de frappe"),
        ("21660074200013", 422, "Ce numéro SIRET contient une faute de frappe"),
        ("zzzzzz", 200, "Aucune structure trouvée"),
        ("<script>alert(1)</script>", 200, "Aucune structure trouvée"),
    ],
)
def test_search_tells_what_is_wrong(portal: Portal, typed: str, status: int, told: str) -> None:
    answer = portal.browser("jean789").get("/structures/ajouter", query_string={"q": typed})

    assert answer.status_code == status
    assert told in text_of(answer.text)
    assert "<script" not in answer.text


def test_unknown_structure_cannot_be_attached(portal: Portal) -> None:
    browser = portal.browser("jean789")

    assert browser.get("/structures/ajouter/999999999").status_code == 404
    assert browser.post("/structures/ajouter/200000172").status_code == 404


@pytest.mark.parametrize(
    ("item", "typed", "shown"),
    [
        ("telephone", "04 68 96 06 27", "04 68 96 06 27"),
        ("telephone", "0262 12 34 56", "0262 12 34 56"),
        ("fonction", "maire", "Maire"),
    ],
)
def test_each_item_of_the_profile_is_changed_alone(portal: Portal, item: str, typed: str, shown: str) -> None:
    browser = portal.browser("paul123")

    answer = browser.post(f"/structures/{EUS}/{item}", {item: typed})

    assert answer.location == f"/structures/{EUS}"
    page = browser.read(answer.location)
    assert shown in page
    assert "est modifié" in page


@pytest.mark.parametrize(
    ("item", "typed", "told"),
    [
        ("telephone", "000708091011", "Saisissez un numéro de téléphone français"),
        ("telephone", "", "Saisissez un numéro de téléphone français"),
        ("email", "mairie", "Saisissez une adresse e-mail complète"),
        ("fonction", "pharaon", "Choisissez votre fonction dans la liste"),
    ],
)
def test_wrong_item_of_the_profile_is_explained(portal: Portal, item: str, typed: str, told: str) -> None:
    answer = portal.browser("paul123").post(f"/structures/{EUS}/{item}", {item: typed})

    assert answer.status_code == 422
    assert told in text_of(answer.text)


def test_leaving_lists_what_is_lost(portal: Portal) -> None:
    browser = portal.browser("paul123")
    page = browser.read(f"/structures/{EUS}/quitter")
    assert "Suivi des dossiers … En cours de validation" in page
    assert "Dataviz Cœur de Ville ✓ Validée" in page

    assert browser.post(f"/structures/{EUS}/quitter").location == "/structures"
    assert "Vous n'êtes rattaché(e) à aucune structure" in browser.read("/structures")
    assert portal.state_of(GRANTED) != "granted"


def test_last_administrator_cannot_leave(portal: Portal) -> None:
    answer = portal.browser("cend589").post(f"/structures/{EUS}/quitter")

    assert answer.status_code == 403
    assert "administrateur" in text_of(answer.text)
    assert "déclarez le poste vacant" in text_of(answer.text)
    assert "Commune d'Eus" in portal.browser("cend589").read("/structures")


def test_last_administrator_declares_the_post_vacant_where_the_refusal_says_so(portal: Portal) -> None:
    browser = portal.browser("cend589")
    assert "Je déclare vacant le poste d'administrateur" in browser.read(f"/structures/{EUS}/quitter")
    assert browser.post(f"/structures/{EUS}/quitter", {"vacant": "oui"}).location == "/structures"
    assert "Vous n'êtes rattaché(e) à aucune structure" in browser.read("/structures")
    paul = portal.browser("paul123")
    assert "Je déclare vacant" not in paul.read(f"/structures/{EUS}/quitter")
    assert paul.post(f"/structures/{EUS}/quitter", {"vacant": "oui"}).status_code == 403


def test_identity_is_changed(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/profil/identite", {"civilite": "Madame", "prenom": "Cendrine", "nom": "Martin-Roux"})

    assert "Bienvenue Madame Martin-Roux" in browser.read("/tableau-de-bord")
    assert "Identifiant cend589" in browser.read("/profil")


@pytest.mark.attack(18)
def test_forgotten_identifiant_answers_the_same_in_every_case(portal: Portal) -> None:
    browser = portal.browser()

    answers = [
        browser.post("/identifiant-oublie", {"email": f"{who}@example.fr"})
        for who in ("cendrine.martin", "x")
    ]

    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1


@pytest.mark.attack(52)
def test_busy_database_is_told_and_keeps_what_was_typed(portal: Portal) -> None:
    browser = portal.browser("paul123")
    token = browser.token()
    with portal.busy_database():
        answer = browser.raw_post(
            f"/structures/{EUS}/telephone", {"csrf_token": token, "telephone": "0468960627"}
        )

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert 'value="0468960627"' in answer.text
    assert "Rien n'a été modifié" in text_of(answer.text)


@pytest.mark.attack(41)
@pytest.mark.parametrize(
    "nom", ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "{{ 7 * 7 }}"]
)
def test_what_people_type_is_never_markup(portal: Portal, nom: str) -> None:
    browser = portal.browser("cend589")
    with portal.office.database.writing() as db:
        db.execute(update(Person).values(nom=nom))
        db.execute(update(Habilitation).values(motive=nom))

    for path in ("/tableau-de-bord", "/profil", "/profil/identite", "/demandes", "/services", "/courrier"):
        page = Page(browser.get(path).text)
        assert page.all("script") == page.all("img") == []
        assert "49" not in page.one("h1").text
