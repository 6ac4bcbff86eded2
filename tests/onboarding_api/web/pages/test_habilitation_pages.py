"""Services, the letter, decisions, terms: the second half of the guide; the worker is elsewhere."""

from datetime import date, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlalchemy import update

from onboarding_api.model.first_administrator.activation_code import new_code
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.french_dates import in_words
from tests.onboarding_api.web.page import Page, text_of, words
from tests.onboarding_api.web.portal import PUBLIC_URL, Browser, Portal
from tests.onboarding_api.web.world import CODE, DEACTIVATED, ESTAVAR, EUS, GRANTED, NOON, PENDING, REFERENCE

LAST_DAY = in_words(date(2026, 11, 21) + timedelta(days=DAYS))


def deliver_all(portal: Portal) -> None:
    """As if the worker had done its round."""
    with portal.office.database.writing() as db:
        db.execute(update(Delivery).values(state=DeliveryState.DONE))


def test_loan_service_without_fonction_asks_it_and_goes_on(portal: Portal) -> None:
    browser = portal.browser("jean789")
    browser.post(f"/structures/ajouter/{EUS}")
    asked = "/services/demande?services=mes-prets:suivi&services=mes-prets:encours"

    sent = browser.get(asked)
    assert sent.location.startswith(f"/structures/{EUS}/fonction?suite=")
    suite = unquote(sent.location.split("suite=")[1])
    back = browser.post(f"/structures/{EUS}/fonction", {"fonction": "elu", "suite": suite})

    assert back.location == asked
    dialog = browser.read(back.location)
    assert (
        "des services Suivi des dossiers, Encours, votre demande doit être validée par un administrateur"
        in dialog
    )


def test_case_1_waits_for_an_administrator(portal: Portal) -> None:
    browser = portal.browser("paul123")
    dialog = browser.read("/services/demande?services=mes-prets:documents")
    assert "Un email va être envoyé à l'administrateur" in dialog
    before = browser.read("/services")

    form = {"siren": EUS, "services": ["mes-prets:documents"]}
    first, second = (browser.post("/services/demande/confirmer", form) for _ in range(2))

    assert first.location == second.location == "/services"
    assert (
        browser.read("/services").count("En cours de validation")
        == before.count("En cours de validation") + 1
    )


def test_case_2_has_the_two_screens_of_the_guide(portal: Portal) -> None:
    browser = portal.browser("jean789")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="expired"))  # nobody's letter is on its way in Estavar
    browser.post(f"/structures/ajouter/{ESTAVAR}")

    first = browser.read("/services/demande?services=dataviz-coeur-de-ville:acces")
    assert "Etant le premier utilisateur à vous déclarer pour cet établissement" in first
    assert "Vérifiez auprès de votre représentant légal" in first
    answer = browser.post(
        "/administrateur/devenir", {"siren": ESTAVAR, "services": ["dataviz-coeur-de-ville:acces"]}
    )

    second = browser.read(answer.location)
    assert (
        "Un courrier postal va être envoyé à votre représentant légal contenant le code d'activation"
        in second
    )
    assert "Retour à l'espace personnel" in second
    assert "Courrier en préparation" in browser.read("/courrier")


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


@pytest.fixture
def in_two(portal: Portal) -> Browser:
    """Odile at work for Eus, where she is attached too; her claim is in Estavar."""
    browser = portal.browser("odil456")
    browser.post(f"/structures/ajouter/{EUS}")
    browser.post(f"/structures/{EUS}/fonction", {"fonction": "elu"})
    assert "Ma structure : Commune d'Eus" in browser.read("/services")
    return browser


def at_work(browser: Browser) -> str:
    page = browser.read("/contact")
    return page.split("Ma structure : ")[1].split(" Changer")[0]


@pytest.mark.attack(53)
def test_forms_name_their_own_structure_when_another_tab_switched(in_two: Browser, portal: Portal) -> None:
    other = {"siren": ESTAVAR}

    wrong = in_two.post("/courrier/code", {**other, "code": new_code()})
    refused = in_two.post("/administrateur/devenir", {**other, "services": ["mes-prets:admin"]})
    unticked = in_two.post("/espaces/mes-prets/conditions", {**other, "version": "2022-02"})

    assert REFERENCE in text_of(wrong.text)
    assert "Structure : Commune d'Estavar, SIREN 216 600 726" in text_of(refused.text)
    assert "pour la structure « Commune d'Estavar »" in text_of(unticked.text)
    assert at_work(in_two) == "Commune d'Eus"


def test_act_moves_to_the_structure_of_its_form(in_two: Browser) -> None:
    answer = in_two.post("/courrier/code", {"siren": ESTAVAR, "code": CODE})

    assert "dont vous êtes administrateur" in in_two.read(answer.location)
    assert at_work(in_two) == "Commune d'Estavar"


def test_screen_of_case_2_is_for_case_2_alone(portal: Portal) -> None:
    answer = portal.browser("paul123").get("/administrateur/devenir?services=mes-prets:documents")

    assert answer.location == "/services/demande?services=mes-prets:documents"


def test_request_that_nobody_can_decide_leads_to_the_claim(portal: Portal) -> None:
    browser = portal.browser("jean789")
    browser.post(f"/structures/ajouter/{ESTAVAR}")
    browser.post(
        "/services/demande/confirmer", {"siren": ESTAVAR, "services": ["dataviz-coeur-de-ville:acces"]}
    )
    assert "Demander à devenir administrateur" not in browser.read("/services")

    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="refused"))

    assert "Demander à devenir administrateur" in browser.read("/services")
    link = "/administrateur/devenir?services=dataviz-coeur-de-ville:acces"
    assert link in browser.get("/services").text
    assert "Etant le premier utilisateur" in browser.read(link)


def test_announcement_goes_into_a_mail_as_it_is_read(portal: Portal) -> None:
    page = Page(portal.browser("odil456").get("/courrier").text)
    (link,) = [a.attributes["href"] for a in page.all("a") if a.attributes["href"].startswith("mailto:?")]
    body = parse_qs(urlsplit(link).query)["body"][0]

    assert "notre structure (Commune d'Estavar)" in body
    assert f"valable jusqu'au {LAST_DAY}.\r\n" in body
    assert f"{PUBLIC_URL}/j-ai-recu-un-courrier" in body
    assert words(body) in text_of(page.source)


def test_follow_page_tells_where_the_letter_is(portal: Portal) -> None:
    page = portal.browser("odil456").read("/courrier")

    assert REFERENCE in page
    assert "Demande enregistrée le 20 novembre 2026 Courrier préparé le 21 novembre 2026" in page
    assert f"valable jusqu'au {LAST_DAY} inclus" in page
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

    page = portal.browser("odil456").read("/courrier")

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

    page = portal.browser("odil456").read("/courrier")

    assert told in page
    assert "Saisir le code" not in page


def test_another_letter_is_offered_only_when_it_may_be_asked(portal: Portal) -> None:
    browser = portal.browser("odil456")
    assert "Demander un nouveau courrier" in browser.read("/courrier")

    first = browser.post("/courrier/nouveau", {"siren": ESTAVAR})
    portal.clock.advance(seconds=10)
    again = browser.post("/courrier/nouveau", {"siren": ESTAVAR})

    assert first.location == "/courrier"
    assert again.status_code == 409
    assert "Un nouveau courrier pourra être demandé le 24 novembre 2026" in text_of(again.text)
    assert "Vous pouvez demander un nouveau courrier" not in text_of(again.text)


@pytest.mark.parametrize(
    "typed",
    [CODE, CODE.lower().replace("-", " "), f" {CODE.replace('0', 'o')} "],
    ids=["as printed", "spaced", "o for zero"],
)
def test_right_code_makes_the_administrator(portal: Portal, typed: str) -> None:
    browser = portal.browser("odil456")

    answer = browser.post("/courrier/code", {"siren": ESTAVAR, "code": typed})
    repeat = browser.post("/courrier/code", {"siren": ESTAVAR, "code": typed})  # a double click

    assert answer.location == repeat.location == "/tableau-de-bord"
    page = browser.read("/tableau-de-bord")
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


def test_tenth_wrong_code_kills_it_and_another_letter_is_offered(portal: Portal) -> None:
    browser = portal.browser("odil456")
    for tried in range(10):
        portal.clock.advance(minutes=4)
        last = browser.post("/courrier/code", {"siren": ESTAVAR, "code": new_code()})
        assert ("hors d'usage" in text_of(last.text)) is (tried == 9)

    assert "0 essai" not in text_of(last.text)
    assert 'name="code"' not in last.text
    assert 'name="code"' not in browser.get("/courrier/code").text
    page = browser.read("/courrier")
    assert "il faut un nouveau courrier" in page
    assert "Demander un nouveau courrier" in page
    assert "Vous avez le courrier ?" not in page
    browser.post("/courrier/nouveau", {"siren": ESTAVAR})
    assert "hors d'usage" not in browser.read("/courrier")


def test_expired_code_says_so(portal: Portal) -> None:
    with portal.office.database.writing() as db:
        db.execute(update(Letter).values(expires_at=portal.clock.now - timedelta(days=1)))

    answer = portal.browser("odil456").post("/courrier/code", {"siren": ESTAVAR, "code": CODE})

    assert answer.status_code == 409
    assert "Ce code a expiré" in text_of(answer.text)


def test_administrator_decides_in_her_queue(portal: Portal) -> None:
    browser = portal.browser("cend589")
    queue = browser.read("/demandes")
    assert "Monsieur Paul Durand Fonction Agent des services comptables" in queue
    assert "il y a 4 jours" in queue

    first, second = (browser.post(f"/demandes/{PENDING}/valider") for _ in range(2))
    assert first.location == second.location == "/demandes"
    assert portal.state_of(PENDING) == "granted"

    browser.post(f"/demandes/{PENDING}/desactiver", {"motive": "Départ."})
    assert portal.state_of(PENDING) == "deactivated"
    assert "Motif : Départ." in browser.read("/demandes")

    browser.post(f"/demandes/{DEACTIVATED}/reactiver")
    assert portal.state_of(DEACTIVATED) == "granted"


def test_refusal_wants_a_motive_and_the_requester_reads_it(portal: Portal) -> None:
    browser = portal.browser("cend589")

    without = browser.post(f"/demandes/{PENDING}/refuser", {"motive": "  "})
    assert without.status_code == 422
    assert "Indiquez le motif" in text_of(without.text)
    browser.post(f"/demandes/{PENDING}/refuser", {"motive": "Relève de la trésorerie <b>."})

    assert "Motif : Relève de la trésorerie <b>." in portal.browser("paul123").read("/services")


def test_decision_that_is_no_longer_possible_changes_nothing(portal: Portal) -> None:
    answer = portal.browser("cend589").post(f"/demandes/{GRANTED}/refuser", {"motive": "Trop tard."})

    assert answer.status_code == 409
    assert "Rien n'a été modifié" in text_of(answer.text)
    assert portal.state_of(GRANTED) == "granted"


def test_terms_come_before_the_first_entry(portal: Portal) -> None:
    browser = portal.browser("cend589")
    assert "Mes prêts en ligne" in browser.read("/tableau-de-bord")
    sent = browser.get("/espaces/mes-prets")
    assert sent.location == "/espaces/mes-prets/conditions"

    form = {"siren": EUS, "version": "2022-02"}
    assert browser.post(sent.location, form).status_code == 422
    assert browser.post(sent.location, {**form, "version": "1999-01", "accepte": "oui"}).status_code == 422
    first, second = (browser.post(sent.location, {**form, "accepte": "oui"}) for _ in range(2))
    assert first.location == second.location == "/espaces/mes-prets"

    assert "Votre accès est en préparation" in browser.read("/espaces/mes-prets")
    deliver_all(portal)
    assert browser.get("/espaces/mes-prets").location == f"https://prets.example/?structure={EUS}"


def test_espace_that_does_not_open_says_why(portal: Portal) -> None:
    page = portal.browser("paul123").read("/espaces/territoires-innovation")

    assert "Ce service ne peut pas s'ouvrir" in page
    assert portal.browser("paul123").get("/espaces/inconnu").status_code == 404


def test_legal_representative_refuses_by_the_reference(portal: Portal) -> None:
    browser = portal.browser()

    unknown = browser.post("/j-ai-recu-un-courrier", {"reference": "BDT-2222-2222", "confirme": "oui"})
    assert unknown.status_code == 422
    assert "Aucune demande en cours ne porte cette référence" in text_of(unknown.text)
    answer = browser.post("/j-ai-recu-un-courrier", {"reference": REFERENCE.lower(), "confirme": "oui"})

    assert "La demande est refusée" in browser.read(answer.location)
    assert "sécurité" not in browser.read(answer.location)
    late = portal.browser("odil456").post("/courrier/code", {"siren": ESTAVAR, "code": CODE})
    assert late.status_code == 409


def test_refusal_after_the_code_was_used_says_to_call(portal: Portal) -> None:
    portal.browser("odil456").post("/courrier/code", {"siren": ESTAVAR, "code": CODE})

    answer = portal.browser().post("/j-ai-recu-un-courrier", {"reference": REFERENCE, "confirme": "oui"})

    assert answer.status_code == 409
    assert "Appelez-nous sans attendre" in text_of(answer.text)


def test_the_page_shows_the_address_and_asks_the_postcode_it_does_not_know(portal: Portal) -> None:
    browser = portal.browser("jean789")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="expired", closed_at=NOON))
        db.execute(update(Structure).where(Structure.siren == ESTAVAR).values(postcodes=["66800", "66760"]))
    browser.post(f"/structures/ajouter/{ESTAVAR}")
    chosen = {"siren": ESTAVAR, "services": ["dataviz-coeur-de-ville:acces"]}

    page = browser.read("/administrateur/devenir?services=dataviz-coeur-de-ville:acces")
    assert "Code postal de la mairie" in page
    assert "66760" in page
    refused = browser.post("/administrateur/devenir", chosen)
    assert refused.status_code == 409
    assert "indiquez celui de la mairie" in text_of(refused.text)
    assert browser.post("/administrateur/devenir", {**chosen, "postcode": "75001"}).status_code == 422
    assert browser.post("/administrateur/devenir", {**chosen, "postcode": "66760"}).status_code == 303


def test_the_page_shows_where_the_letter_goes(portal: Portal) -> None:
    browser = portal.browser("jean789")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="expired", closed_at=NOON))
    browser.post(f"/structures/ajouter/{ESTAVAR}")
    page = browser.read("/administrateur/devenir?services=dataviz-coeur-de-ville:acces")
    assert "66800 ESTAVAR" in page
    assert "Code postal de la mairie" not in page
