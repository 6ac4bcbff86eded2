"""The sentences of the guide, walked through page by page; the worker and Keycloak's pages are elsewhere."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import event, select, update

from onboarding_api.model.activation_code import new_code
from onboarding_api.model.claim import Claim
from onboarding_api.model.delivery import Delivery, DeliveryState
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.letter import Letter, LetterState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from tests.onboarding_api.web.page import Page, text_of
from tests.onboarding_api.web.portal import (
    CODE,
    DEACTIVATED,
    ESTAVAR,
    EUS,
    GRANTED,
    PENDING,
    REFERENCE,
    Browser,
    Portal,
)

ZOE = {"civilite": "Madame", "prenom": "Zoé", "nom": "Durand", "email": "zoe.durand@example.fr"}


def read(browser: Browser, path: str) -> str:
    """The page as a person reads it, after the redirects within the portal."""
    answer = browser.get(path, follow_redirects=True)
    assert answer.status_code == 200
    return text_of(answer.text)


def state_of(portal: Portal, habilitation_id: str) -> str:
    with portal.office.database.reading() as db:
        return db.get_one(Habilitation, habilitation_id).state


def deliver_all(portal: Portal) -> None:
    """As if the worker had done its round."""
    with portal.office.database.writing() as db:
        db.execute(update(Delivery).values(state=DeliveryState.DONE))


def test_registration_answers_the_same_whether_known_or_not(portal: Portal) -> None:
    browser = portal.browser()

    first = browser.post("/inscription", ZOE)
    portal.clock.advance(minutes=1)
    second = browser.post("/inscription", ZOE)

    assert first.location == second.location == "/inscription/merci"
    assert "votre identifiant" in read(browser, "/inscription/merci")
    with portal.office.database.reading() as db:
        zoe = db.scalars(select(Person).where(Person.email == ZOE["email"])).one()
        rows = db.scalars(select(Delivery)).all()
        kinds = [row.kind for row in rows if row.args.get("person_id") == zoe.id]
    assert sorted(kinds) == ["keycloak.person", "keycloak.welcome", "mail"]


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
    page = read(portal.browser("jean789"), "/tableau-de-bord")

    assert "Bienvenue Monsieur Testo" in page
    assert "Ajouter une structure ○ À faire" in page


def test_structure_is_found_confirmed_and_attached(portal: Portal) -> None:
    browser = portal.browser("jean789")

    assert "Commune d'Eus" in read(browser, "/structures/ajouter?q=eus")
    confirmation = read(browser, f"/structures/ajouter/{EUS}")
    assert "Pyrénées-Orientales (66)" in confirmation
    assert "216 600 742" in confirmation
    assert "Code tiers 66074" in confirmation
    first, second = (browser.post(f"/structures/ajouter/{EUS}") for _ in range(2))  # a double click

    assert first.location == second.location == "/tableau-de-bord"
    assert "Ma structure : Commune d'Eus" in read(browser, "/tableau-de-bord")
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
        ("email", "Mairie@Eus.Example.fr", "mairie@eus.example.fr"),
        ("fonction", "maire", "Maire"),
    ],
)
def test_each_item_of_the_profile_is_changed_alone(portal: Portal, item: str, typed: str, shown: str) -> None:
    browser = portal.browser("paul123")

    answer = browser.post(f"/structures/{EUS}/{item}", {item: typed})

    assert answer.location == f"/structures/{EUS}"
    page = read(browser, answer.location)
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


def test_loan_service_without_fonction_asks_it_and_goes_on(portal: Portal) -> None:
    browser = portal.browser("jean789")
    browser.post(f"/structures/ajouter/{EUS}")
    asked = "/services/demande?services=mes-prets:suivi&services=mes-prets:encours"

    sent = browser.get(asked)
    assert sent.location.startswith(f"/structures/{EUS}/fonction?suite=")
    suite = unquote(sent.location.split("suite=")[1])
    back = browser.post(f"/structures/{EUS}/fonction", {"fonction": "elu", "suite": suite})

    assert back.location == asked
    dialog = read(browser, back.location)
    assert (
        "des services Suivi des dossiers, Encours, votre demande doit être validée par un administrateur"
        in dialog
    )


def test_case_1_waits_for_an_administrator(portal: Portal) -> None:
    browser = portal.browser("paul123")
    assert "Un email va être envoyé à l'administrateur" in read(
        browser, "/services/demande?services=mes-prets:documents"
    )
    before = read(browser, "/services")

    form = {"siren": EUS, "services": ["mes-prets:documents"]}
    first, second = (browser.post("/services/demande/confirmer", form) for _ in range(2))

    assert first.location == second.location == "/services"
    assert (
        read(browser, "/services").count("En cours de validation")
        == before.count("En cours de validation") + 1
    )


def test_case_2_has_the_two_screens_of_the_guide(portal: Portal) -> None:
    browser = portal.browser("jean789")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="expired"))  # nobody's letter is on its way in Estavar
    browser.post(f"/structures/ajouter/{ESTAVAR}")

    first = read(browser, "/services/demande?services=dataviz-coeur-de-ville:acces")
    assert "Etant le premier utilisateur à vous déclarer pour cet établissement" in first
    assert "Vérifiez auprès de votre représentant légal" in first
    answer = browser.post(
        "/administrateur/devenir", {"siren": ESTAVAR, "services": ["dataviz-coeur-de-ville:acces"]}
    )

    second = read(browser, answer.location)
    assert (
        "Un courrier postal va être envoyé à votre représentant légal contenant le code d'activation"
        in second
    )
    assert "Retour à l'espace personnel" in second
    assert "Courrier en préparation" in read(browser, "/courrier")


def test_first_user_who_does_not_accept_asks_nothing(portal: Portal) -> None:
    browser = portal.browser("jean789")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="expired"))
    browser.post(f"/structures/ajouter/{ESTAVAR}")

    answer = browser.post(
        "/services/demande/confirmer", {"siren": ESTAVAR, "services": ["dataviz-coeur-de-ville:acces"]}
    )

    assert answer.status_code == 409
    assert "il faut d'abord accepter" in text_of(answer.text)
    assert browser.get("/administrateur/courrier-demande").location == "/services"


def test_follow_page_tells_where_the_letter_is(portal: Portal) -> None:
    page = read(portal.browser("odil456"), "/courrier")

    assert REFERENCE in page
    assert "Demande enregistrée le 20 novembre 2026 Courrier préparé le 21 novembre 2026" in page
    assert "valable jusqu'au 21 décembre 2026 inclus" in page
    assert "Voici un texte à imprimer ou à envoyer" in page
    assert "Je n'ai rien reçu" in page
    assert CODE not in page


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (LetterState.ASKED, "Courrier en préparation"),
        (LetterState.POSTED, "Courrier préparé"),
        (LetterState.RETURNED, "Le courrier nous est revenu"),
        (LetterState.REJECTED, "Le courrier n'a pas pu être envoyé"),
    ],
)
def test_follow_page_says_each_state_of_the_letter(portal: Portal, state: LetterState, told: str) -> None:
    with portal.office.database.writing() as db:
        db.execute(update(Letter).values(state=state))

    page = read(portal.browser("odil456"), "/courrier")

    assert told in page
    assert ("Courrier préparé" in page) is (state == LetterState.POSTED)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("expired", "Le code a expiré"),
        ("refused", "Votre représentant légal a refusé"),
        ("redeemed", "vos services sont validés"),
        ("cancelled", "Aucun courrier n'est en cours"),
    ],
)
def test_follow_page_says_each_end_of_the_claim(portal: Portal, state: str, told: str) -> None:
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state=state))

    page = read(portal.browser("odil456"), "/courrier")

    assert told in page
    assert "Saisir le code" not in page


def test_another_letter_is_offered_only_when_it_may_be_asked(portal: Portal) -> None:
    browser = portal.browser("odil456")
    assert "Demander un nouveau courrier" in read(browser, "/courrier")

    first = browser.post("/courrier/nouveau", {"siren": ESTAVAR})
    portal.clock.advance(seconds=10)
    again = browser.post("/courrier/nouveau", {"siren": ESTAVAR})

    assert first.location == "/courrier"
    assert again.status_code == 409
    assert "Un nouveau courrier pourra être demandé le 24 novembre 2026" in text_of(again.text)
    assert "Vous pouvez demander un nouveau courrier" not in text_of(again.text)


@pytest.mark.parametrize("typed", [CODE, CODE.lower().replace("-", " "), f" {CODE.replace('0', 'o')} "])
def test_right_code_makes_the_administrator(portal: Portal, typed: str) -> None:
    browser = portal.browser("odil456")

    answer = browser.post("/courrier/code", {"siren": ESTAVAR, "code": typed})
    repeat = browser.post("/courrier/code", {"siren": ESTAVAR, "code": typed})  # a double click

    assert answer.location == repeat.location == "/tableau-de-bord"
    page = read(browser, "/tableau-de-bord")
    assert "Votre code est accepté" in page
    assert "dont vous êtes administrateur ou administratrice" in page
    assert "Demandes" in page


def test_wrong_code_tells_the_tries_left_and_a_typo_costs_none(portal: Portal) -> None:
    browser = portal.browser("odil456")

    typo = browser.post("/courrier/code", {"siren": ESTAVAR, "code": "XXXX-XXXX-XXXX"})
    short = browser.post("/courrier/code", {"siren": ESTAVAR, "code": "7K2M"})
    wrong = browser.post("/courrier/code", {"siren": ESTAVAR, "code": new_code()})

    assert [answer.status_code for answer in (typo, short, wrong)] == [422, 422, 422]
    assert "Cet essai n'est pas compté" in text_of(typo.text)
    assert "Un code a douze signes" in text_of(short.text)
    assert "Il vous reste 4 essais" in text_of(wrong.text)


def test_five_wrong_codes_close_the_door_for_a_while(portal: Portal) -> None:
    browser = portal.browser("odil456")
    for _ in range(5):
        browser.post("/courrier/code", {"siren": ESTAVAR, "code": new_code()})

    closed = browser.post("/courrier/code", {"siren": ESTAVAR, "code": CODE})
    assert closed.status_code == 429
    assert "Vous pourrez essayer de nouveau le 23 novembre 2026 à 13 h 15" in text_of(closed.text)

    portal.clock.advance(minutes=14)
    browser.get("/courrier")
    portal.clock.advance(minutes=2)
    assert browser.post("/courrier/code", {"siren": ESTAVAR, "code": CODE}).location == "/tableau-de-bord"


def test_expired_code_says_so(portal: Portal) -> None:
    with portal.office.database.writing() as db:
        db.execute(update(Letter).values(expires_at=portal.clock.now - timedelta(days=1)))

    answer = portal.browser("odil456").post("/courrier/code", {"siren": ESTAVAR, "code": CODE})

    assert answer.status_code == 409
    assert "Ce code a expiré" in text_of(answer.text)


def test_administrator_decides_in_her_queue(portal: Portal) -> None:
    browser = portal.browser("cend589")
    queue = read(browser, "/demandes")
    assert "Monsieur Paul Durand Suivi des dossiers · Agent des services comptables" in queue
    assert "il y a 4 jours" in queue

    first, second = (browser.post(f"/demandes/{PENDING}/valider") for _ in range(2))
    assert first.location == second.location == "/demandes"
    assert state_of(portal, PENDING) == "granted"

    browser.post(f"/demandes/{PENDING}/desactiver", {"motive": "Départ."})
    assert state_of(portal, PENDING) == "deactivated"
    assert "Motif : Départ." in read(browser, "/demandes")

    browser.post(f"/demandes/{DEACTIVATED}/reactiver")
    assert state_of(portal, DEACTIVATED) == "granted"


def test_refusal_wants_a_motive_and_the_requester_reads_it(portal: Portal) -> None:
    browser = portal.browser("cend589")

    without = browser.post(f"/demandes/{PENDING}/refuser", {"motive": "  "})
    assert without.status_code == 422
    assert "Indiquez le motif du refus" in text_of(without.text)
    browser.post(f"/demandes/{PENDING}/refuser", {"motive": "Relève de la trésorerie <b>."})

    assert "Motif : Relève de la trésorerie <b>." in read(portal.browser("paul123"), "/services")


def test_decision_that_is_no_longer_possible_changes_nothing(portal: Portal) -> None:
    answer = portal.browser("cend589").post(f"/demandes/{GRANTED}/refuser", {"motive": "Trop tard."})

    assert answer.status_code == 409
    assert "Rien n'a été modifié" in text_of(answer.text)
    assert state_of(portal, GRANTED) == "granted"


def test_terms_come_before_the_first_entry(portal: Portal) -> None:
    browser = portal.browser("cend589")
    assert "Mes prêts en ligne" in read(browser, "/tableau-de-bord")
    sent = browser.get("/espaces/mes-prets")
    assert sent.location == "/espaces/mes-prets/conditions"

    form = {"siren": EUS, "version": "2022-02"}
    assert browser.post(sent.location, form).status_code == 422
    assert browser.post(sent.location, {**form, "version": "1999-01", "accepte": "oui"}).status_code == 422
    first, second = (browser.post(sent.location, {**form, "accepte": "oui"}) for _ in range(2))
    assert first.location == second.location == "/espaces/mes-prets"

    assert "Votre accès est en préparation" in read(browser, "/espaces/mes-prets")
    deliver_all(portal)
    assert browser.get("/espaces/mes-prets").location == f"https://prets.example/?structure={EUS}"


def test_espace_that_does_not_open_says_why(portal: Portal) -> None:
    page = read(portal.browser("paul123"), "/espaces/territoires-innovation")

    assert "Ce service ne peut pas s'ouvrir" in page
    assert portal.browser("paul123").get("/espaces/inconnu").status_code == 404


def test_leaving_lists_what_is_lost(portal: Portal) -> None:
    browser = portal.browser("paul123")
    page = read(browser, f"/structures/{EUS}/quitter")
    assert "Suivi des dossiers … En cours de validation" in page
    assert "Dataviz Cœur de Ville ✓ Validée" in page

    assert browser.post(f"/structures/{EUS}/quitter").location == "/structures"
    assert "Vous n'êtes rattaché(e) à aucune structure" in read(browser, "/structures")
    assert state_of(portal, GRANTED) != "granted"


def test_last_administrator_cannot_leave(portal: Portal) -> None:
    answer = portal.browser("cend589").post(f"/structures/{EUS}/quitter")

    assert answer.status_code == 403
    assert "administrateur" in text_of(answer.text)
    assert "Commune d'Eus" in read(portal.browser("cend589"), "/structures")


def test_identity_is_changed(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/profil/identite", {"civilite": "Madame", "prenom": "Cendrine", "nom": "Martin-Roux"})

    assert "Bienvenue Madame Martin-Roux" in read(browser, "/tableau-de-bord")
    assert "Identifiant cend589" in read(browser, "/profil")


def test_legal_representative_refuses_by_the_reference(portal: Portal) -> None:
    browser = portal.browser()

    unknown = browser.post("/j-ai-recu-un-courrier", {"reference": "BDT-2222-2222", "confirme": "oui"})
    assert unknown.status_code == 422
    assert "Aucune demande en cours ne porte cette référence" in text_of(unknown.text)
    answer = browser.post("/j-ai-recu-un-courrier", {"reference": REFERENCE.lower(), "confirme": "oui"})

    assert "La demande est refusée" in read(browser, answer.location)
    late = portal.browser("odil456").post("/courrier/code", {"siren": ESTAVAR, "code": CODE})
    assert late.status_code == 409


def test_forgotten_identifiant_answers_the_same_in_every_case(portal: Portal) -> None:
    browser = portal.browser()

    answers = [
        browser.post("/identifiant-oublie", {"email": f"{who}@example.fr"})
        for who in ("cendrine.martin", "x")
    ]

    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1


def hurry(connection: sqlite3.Connection, _record: object) -> None:
    """No need to wait five seconds here."""
    connection.execute("PRAGMA busy_timeout = 20")


def test_busy_database_is_told_and_keeps_what_was_typed(portal: Portal) -> None:
    browser = portal.browser("paul123")
    token = browser.token()
    engine = portal.office.database.engine
    engine.dispose()
    event.listen(engine, "connect", hurry)
    with closing(sqlite3.connect(portal.database_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = browser.raw_post(
            f"/structures/{EUS}/telephone", {"csrf_token": token, "telephone": "0468960627"}
        )
        other.execute("ROLLBACK")
    event.remove(engine, "connect", hurry)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert 'value="0468960627"' in answer.text
    assert "Rien n'a été modifié" in text_of(answer.text)


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
