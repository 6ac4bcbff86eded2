"""Nobody is left without a word: what waits, what ended and how, whom it was about, and what can be done."""

import pytest
from sqlalchemy import update

from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.first_administrator.activation_code import new_code
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import TRIES_IN_ALL, TRIES_PER_WINDOW
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import EmailChange, Membership
from onboarding_api.notices.notice import Place, StructureNotice
from onboarding_api.notices.reading import NOTICES
from tests.onboarding_api.web.page import Page, text_of
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import CODE, ESTAVAR, EUS, GRANTED, NOON, PENDING, REFERENCE


def administer_estavar(portal: Portal) -> None:
    """Cendrine administers Estavar too, where somebody waits; she goes on working for Eus."""
    portal.browser("cend589").post(f"/structures/ajouter/{ESTAVAR}")
    portal.browser("jean789").post(f"/structures/ajouter/{ESTAVAR}")
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state="refused"))
        for row in db.query(Membership).filter_by(siren=ESTAVAR):
            if row.person.identifiant == "cend589":
                db.add(Administration(membership=row, origin=Origin.LETTER, since=NOON))
            if row.person.identifiant == "jean789":
                db.add(
                    Habilitation(
                        membership=row,
                        service="dataviz-coeur-de-ville:acces",
                        state=HabilitationState.PENDING,
                        requested_at=NOON,
                        changed_at=NOON,
                    )
                )
    portal.browser("cend589").post("/structure-active", {"siren": EUS})


def test_what_waits_elsewhere_is_told_and_one_click_away(portal: Portal) -> None:
    administer_estavar(portal)
    browser = portal.browser("cend589")

    assert "1 demande à traiter : Commune d'Estavar" in browser.read("/tableau-de-bord")
    queue = browser.get(f"/vers/{ESTAVAR}/demandes")

    assert queue.location == "/demandes"
    assert "Jean Testo" in browser.read("/demandes")


def test_queue_of_a_structure_that_one_does_not_administer_leads_to_those_that_one_does(
    portal: Portal,
) -> None:
    browser = portal.browser("cend589")
    browser.post(f"/structures/ajouter/{ESTAVAR}")

    page = browser.read("/demandes")

    assert "Vous n'administrez pas la structure « Commune d'Estavar »" in page
    assert "1 demande à traiter : Commune d'Eus" in page


@pytest.mark.parametrize("place", Place)
def test_link_of_a_mail_opens_its_page_in_its_structure_through_the_log_in(
    portal: Portal, place: Place
) -> None:
    path = f"/vers/{EUS}/{place}"
    browser = portal.browser()
    asked = browser.get(path)
    assert asked.location.startswith("/connexion?suite=")

    back = browser.log_in("cend589", suite=path)
    assert back.location == path
    page = browser.get(path, follow_redirects=True)

    assert page.status_code == 200
    assert page.request.path in {
        "/tableau-de-bord",
        "/services",
        "/demandes",
        "/courrier",
        f"/structures/{EUS}",
    }


def test_every_mail_about_a_structure_leads_to_a_page_of_it() -> None:
    about_structures = [notice for notice in NOTICES.values() if issubclass(notice, StructureNotice)]
    assert len(about_structures) > 10
    assert all(notice.place in Place for notice in about_structures)


def test_link_into_a_structure_of_others_leads_nowhere(portal: Portal) -> None:
    assert portal.browser("paul123").get(f"/vers/{ESTAVAR}/demandes").status_code == 404
    assert portal.browser("paul123").get(f"/vers/{EUS}/ailleurs").status_code == 404


@pytest.mark.parametrize(
    ("state", "said"),
    [("refused", "Votre représentant légal a refusé votre demande"), ("expired", "courrier a expiré")],
)
def test_end_of_a_claim_shows_on_each_page_with_the_next_step(portal: Portal, state: str, said: str) -> None:
    with portal.office.database.writing() as db:
        db.execute(update(Claim).values(state=state))
        db.execute(update(Habilitation).where(Habilitation.claim_id.is_not(None)).values(state=state))
    portal.clock.advance(days=3)
    browser = portal.browser("odil456")
    browser.log_in("odil456")

    board, code, follow = (browser.read(path) for path in ("/tableau-de-bord", "/courrier/code", "/courrier"))

    assert said in board
    assert "Voir ce que je peux faire" in board
    assert "Aucun code n'est attendu" not in code
    assert "Voir ce que je peux faire" in code
    if state == "refused":
        assert "Acheminement par la poste" not in follow
        assert "Faire une nouvelle demande" in follow
    else:
        assert "Demander un nouveau courrier" in follow


def test_end_of_thirty_days_shows_before_the_job_comes_by(portal: Portal) -> None:
    portal.clock.advance(days=40)
    browser = portal.browser("odil456")
    browser.log_in("odil456")

    assert "courrier a expiré" in browser.read("/tableau-de-bord")
    assert "Le code de votre courrier a expiré" in browser.read("/courrier/code")


def test_who_waits_sees_it_on_the_dashboard_with_the_reference(portal: Portal) -> None:
    board, services = (portal.browser("paul123").read(path) for path in ("/tableau-de-bord", "/services"))

    with portal.office.database.reading() as db:
        reference = db.get_one(Habilitation, PENDING).reference
    assert "Mes demandes en cours Suivi des dossiers" in board
    assert reference in board
    assert reference in services
    assert REFERENCE in portal.browser("odil456").read("/services")


def test_one_request_has_one_reference(portal: Portal) -> None:
    browser = portal.browser("paul123")
    asked = ["mes-prets:documents", "mes-prets:demande"]
    browser.post("/services/demande/confirmer", {"siren": EUS, "services": asked})

    with portal.office.database.reading() as db:
        rows = db.query(Habilitation).filter(Habilitation.service.in_(asked), Habilitation.state == "pending")
        references = {row.reference for row in rows}
        other = db.get_one(Habilitation, PENDING).reference

    assert len(references) == 1
    assert other not in references
    assert browser.read("/services").count(references.pop()) == 2


def test_last_try_is_told_to_be_the_last_only_when_it_is(portal: Portal) -> None:
    browser = portal.browser("odil456")
    told = []
    for number in range(1, TRIES_IN_ALL + 1):
        answer = browser.post("/courrier/code", {"siren": ESTAVAR, "code": new_code()})
        told.append(text_of(answer.text))
        if number == TRIES_PER_WINDOW:
            portal.clock.advance(minutes=16)
            browser.log_in("odil456")

    assert not any("dernier essai" in page for page in told[:-1])
    assert "Vous pourrez essayer de nouveau" in told[TRIES_PER_WINDOW - 1]
    assert "c'était le dernier essai" in told[-1]
    assert "Vous pourrez essayer de nouveau" not in told[-1]
    after = browser.read("/courrier/code")
    assert "essayer de nouveau" not in after
    assert "Demander un nouveau courrier" in after


def test_closed_door_tells_the_reasons_by_the_names_of_the_services(portal: Portal) -> None:
    page = portal.browser("paul123").read("/espaces/mes-prets")

    assert "« Suivi des dossiers » : Un administrateur de votre structure doit valider votre demande." in page


def test_access_in_preparation_opens_by_itself_and_gives_up_after_a_while(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/espaces/mes-prets/conditions", {"siren": EUS, "version": "2022-02", "accepte": "oui"})

    first = browser.get("/espaces/mes-prets")
    last = browser.get("/espaces/mes-prets?essai=10")

    assert first.headers["Refresh"] == "3; url=/espaces/mes-prets?essai=1"
    assert "s'ouvrira de lui-même" in text_of(first.text)
    assert "Refresh" not in last.headers
    assert "Refresh" not in browser.get("/espaces/mes-prets?essai=-1").headers
    assert "prend plus de temps" in text_of(last.text)


def test_empty_search_says_what_to_type(portal: Portal) -> None:
    answer = portal.browser("jean789").get("/structures/ajouter?q=+")

    assert answer.status_code == 422
    assert "Saisissez un nom, un code postal" in text_of(answer.text)
    assert portal.browser("jean789").get("/structures/ajouter").status_code == 200


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        (
            f"/demandes/{PENDING}/valider",
            {},
            "La demande de Monsieur Paul Durand (Suivi des dossiers) est validée",
        ),
        (f"/demandes/{PENDING}/refuser", {"motive": "Non"}, "La demande de Monsieur Paul Durand (Suivi"),
        (f"/demandes/{GRANTED}/desactiver", {}, "L'habilitation de Monsieur Paul Durand (Dataviz"),
        (f"/structures/ajouter/{ESTAVAR}", {}, "à la structure « Commune d'Estavar »"),
        (f"/structures/{EUS}/telephone", {"telephone": "0468960627"}, "dans la structure « Commune d'Eus »"),
    ],
)
def test_success_says_about_whom_and_what(portal: Portal, path: str, form: dict[str, str], said: str) -> None:
    browser = portal.browser("cend589")
    done = Page(browser.get(browser.post(path, form).location).text)

    (message,) = [one for one in done.elements if one.attributes.get("role") == "status"]
    assert said in " ".join(message.text.split())


def test_number_of_another_country_is_no_french_number(portal: Portal) -> None:
    browser = portal.browser("cend589")
    for foreign in ("+1 202 555 0143", "0044 20 7946 0958", "+49 30 901820"):
        answer = browser.post(f"/structures/{EUS}/telephone", {"telephone": foreign})
        assert answer.status_code == 422, foreign
    overseas = browser.post(f"/structures/{EUS}/telephone", {"telephone": "+687 25 28 00"})
    assert overseas.status_code == 303


def test_legal_page_promises_no_delay_that_nothing_keeps(portal: Portal) -> None:
    page = portal.browser().read("/mentions-legales")

    assert "six mois" not in page
    assert "journal des décisions trois" not in page


def test_request_is_given_up_by_who_made_it_and_by_nobody_else(portal: Portal) -> None:
    browser = portal.browser("paul123")
    assert "Annuler ma demande : Suivi des dossiers" in browser.read("/services")

    assert portal.browser("cend589").post(f"/services/{PENDING}/annuler").status_code == 404
    first, second = (browser.post(f"/services/{PENDING}/annuler") for _ in range(2))

    assert first.location == second.location == "/services"
    page = browser.read("/services")
    assert "Votre demande est annulée : Suivi des dossiers." in page
    assert portal.state_of(PENDING) == "cancelled"
    assert "Aucune demande n'attend votre décision" in portal.browser("cend589").read("/demandes")
    assert browser.post(f"/services/{GRANTED}/annuler").status_code == 403


def test_letter_is_stopped_with_what_was_asked_in_it(portal: Portal) -> None:
    browser = portal.browser("odil456")
    assert "Arrêter le courrier" in browser.read("/courrier")
    assert "Demande de prêts" in browser.read("/courrier/arreter")

    first, second = (browser.post("/courrier/arreter", {"siren": ESTAVAR}) for _ in range(2))

    assert first.location == second.location == "/services"
    assert "Aucun courrier n'est en cours" in browser.read("/courrier")
    refused = browser.post("/courrier/code", {"siren": ESTAVAR, "code": CODE})
    assert refused.status_code == 409
    assert "En attente du courrier" not in browser.read("/services")


def test_service_without_an_address_is_not_offered(portal: Portal) -> None:
    browser = portal.browser("cend589")
    page = Page(browser.get("/services").text)
    offered = {
        box.attributes["value"].partition(":")[0] for box in page.all("input") if "value" in box.attributes
    }

    assert "territoires-innovation" not in offered
    assert "dataviz-coeur-de-ville" in offered
    assert "n'a pas encore d'adresse sur ce site" in text_of(page.source)
    asked = browser.get("/services/demande?services=territoires-innovation:acces")
    assert asked.status_code == 422
    assert "ne peut pas être demandé" in text_of(asked.text)


def test_missing_fonction_is_said_once_with_its_button(portal: Portal) -> None:
    browser = portal.browser("jean789")
    browser.post(f"/structures/ajouter/{EUS}")

    page = browser.read("/services")

    assert page.count("fonction") == 2
    assert "Indiquer ma fonction" in page


def test_email_is_confirmed_by_the_link_of_its_mail(portal: Portal) -> None:
    browser = portal.browser("paul123")
    asked = browser.post(f"/structures/{EUS}/email", {"email": "Mairie@Eus.Example.fr"})
    page = browser.read(asked.location)
    assert "Un e-mail part à l'adresse mairie@eus.example.fr" in page
    assert "attend votre confirmation" in page
    with portal.office.database.reading() as db:
        link = f"/structures/{EUS}/email/{db.query(EmailChange).one().id}"

    assert "mairie@eus.example.fr deviendra votre adresse" in browser.read(link)
    assert "attend votre confirmation" in browser.read(f"/structures/{EUS}")  # reading changes nothing
    assert portal.browser("cend589").get(link).status_code == 404
    assert portal.browser().get(link).location.startswith("/connexion?suite=")
    done = browser.read(browser.post(link).location)

    assert "Votre adresse e-mail dans la structure « Commune d'Eus » est modifiée" in done
    assert "Adresse e-mail mairie@eus.example.fr" in done
    assert "Ce lien a déjà servi" in browser.read(link)


def test_queue_is_one_card_a_person_with_what_tells_an_impostor(portal: Portal) -> None:
    asked = ["mes-prets:documents", "mes-prets:demande"]
    portal.browser("paul123").post("/services/demande/confirmer", {"siren": EUS, "services": asked})
    portal.browser("paul123").post(f"/structures/{EUS}/telephone", {"telephone": "0468960627"})
    browser = portal.browser("cend589")

    page = Page(browser.get("/demandes").text)
    cards = [one.text for one in page.all("li") if "requester" in one.attributes.get("class", "").split()]

    assert len(cards) == 1
    by = ("paul.durand@example.fr", "04 68 96 06 27", "paul123", "Agent des services comptables")
    for shown in (*by, "Tout valider (3)"):
        assert shown in cards[0]
    (form,) = [one for one in page.all("form") if "/personne/" in one.attributes.get("action", "")]
    done = browser.read(browser.post(form.attributes["action"]).location)
    assert "Les demandes de Monsieur Paul Durand sont validées" in done
    assert "Aucune demande n'attend votre décision" in done
    assert "par Madame Cendrine Martin" in done
    assert portal.browser("odil456").post(form.attributes["action"]).status_code == 404


def test_confirmation_of_a_registration_shows_the_address_typed_to_this_browser_alone(portal: Portal) -> None:
    browser = portal.browser()
    form = {"civilite": "Madame", "prenom": "Zoé", "nom": "Roca", "email": "Zoe.Roca@Eus.example"}

    page = browser.read(browser.post("/inscription", form).location)

    assert "Un e-mail part à l'adresse zoe.roca@eus.example" in page
    assert "que vous avez indiquée" in portal.browser().read("/inscription/merci")
