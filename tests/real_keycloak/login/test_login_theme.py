"""The pages and mails that Keycloak shows: the guide's words, readable by all, without a script."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from idp_extension.server import RunningServer, free_port
from tests.real_keycloak.plain_realm import PlainRealm

pytestmark = [pytest.mark.keycloak, pytest.mark.browser]

OLD, NEW = "Abcdefg1", "Nouveau-2026"
RULES = [
    "Ne pas réutiliser un ancien mot de passe",
    "Minimum 8 caractères",
    "Combiner au moins 3 de ces 4 critères : majuscules, minuscules, nombres, caractères spéciaux",
]
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


class Mailbox:
    """What came by SMTP."""

    def __init__(self) -> None:
        self.port = free_port()
        self._mails: Queue[EmailMessage] = Queue()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self._mails.put(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def next(self) -> EmailMessage:
        return self._mails.get(timeout=20)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    yield mailbox
    controller.stop()


@pytest.fixture(scope="module")
def plain(keycloak_server: RunningServer, mailbox: Mailbox) -> PlainRealm:
    smtp = {"host": "127.0.0.1", "port": str(mailbox.port), "from": "ne-pas-repondre@bdt.example"}
    listeners = ["jboss-logging", "email"]  # as realm-config/realm.yaml has them
    realm = PlainRealm(
        keycloak_server, f"theme-{uuid4().hex[:6]}", smtpServer=smtp, eventsListeners=listeners
    )
    realm.relying_client("mes-prets", "demande", need="none")
    return realm


@pytest.fixture(params=[1100, 320], ids=["wide", "320 px"])
def page(chrome: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chrome.new_context(viewport={"width": request.param, "height": 800}, locale="fr-FR")
    yield context.new_page()
    context.close()


@pytest.fixture
def page_without_script(chrome: Browser) -> Iterator[Page]:
    context = chrome.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def login_url(realm: PlainRealm, client_id: str = "mes-prets") -> str:
    return (
        f"{realm.url}/protocol/openid-connect/auth?client_id={client_id}&response_type=code&scope=openid"
        f"&redirect_uri=http://127.0.0.1/{client_id}&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Identifiant").fill(username)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="Me connecter").click()


def choose(page: Page, password: str, again: str | None = None) -> None:
    page.get_by_label("Nouveau mot de passe").fill(password)
    page.get_by_label("Confirmation du mot de passe").fill(password if again is None else again)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()


def assert_readable(page: Page) -> None:
    """No axe violation, one h1 that the title repeats, no sideways scroll."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_login_page_has_the_words_of_the_guide(plain: PlainRealm, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(login_url(plain))

    assert page.title() == "Connexion à l'espace personnel"
    assert page.get_by_role("heading", level=1).inner_text() == "Identifiez-vous"
    assert page.get_by_label("Identifiant").get_attribute("autocomplete") == "username"
    assert page.get_by_label("Mot de passe").get_attribute("autocomplete") == "current-password"
    forgotten = page.get_by_role("link", name="Identifiant oublié ?")
    assert forgotten.get_attribute("href") == "http://127.0.0.1:8400/identifiant-oublie"
    assert page.get_by_role("link", name="Mot de passe oublié ?").is_visible()
    assert page.get_by_role("button", name="Me connecter").is_visible()
    assert_readable(page)
    assert len(asked) <= 3
    assert all(url.startswith(plain.server.url) for url in asked), "nothing comes from elsewhere"


@pytest.mark.attack(18)
def test_a_wrong_password_and_an_unknown_identifier_read_the_same(plain: PlainRealm, page: Page) -> None:
    known = f"cend{uuid4().hex[:6]}"
    plain.person(known, OLD)
    said = []
    for username in (known, "nobody999"):
        page.goto(login_url(plain))
        log_in(page, username, "wrong")
        said.append(page.locator(".error").inner_text())
        assert page.title().startswith("Erreur :")
        assert page.get_by_label("Identifiant").get_attribute("aria-invalid") == "true"
        assert_readable(page)
    assert said[0] == said[1]
    assert said[0].startswith("Identifiant ou mot de passe incorrect.")


def test_the_rule_is_shown_before_typing_and_a_poor_password_gets_a_sentence(
    plain: PlainRealm, page: Page
) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, requiredActions=["UPDATE_PASSWORD"])
    page.goto(login_url(plain))
    log_in(page, username, OLD)

    assert page.get_by_role("heading", level=1).inner_text() == "Choisissez votre mot de passe"
    assert page.locator(".rules li").all_inner_texts() == RULES
    assert_readable(page)

    for password, again, sentence in [
        ("abcdefgh", None, "Ce mot de passe est trop simple : combinez au moins 3 de ces 4 critères"),
        ("Ab1!", None, "Ce mot de passe est trop court : il faut au moins 8 caractères."),
        (NEW, "Autre-2026", "Les deux mots de passe saisis sont différents."),
    ]:
        choose(page, password, again)
        refusal = page.locator(".error")
        assert refusal.inner_text().startswith(sentence)
        field = page.locator("[aria-invalid=true]")
        assert (refusal.get_attribute("id") or "") in (field.get_attribute("aria-describedby") or "")
        assert page.locator(".rules li").all_inner_texts() == RULES
        assert_readable(page)


def test_rules_are_ticked_while_typing(plain: PlainRealm, page: Page) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, requiredActions=["UPDATE_PASSWORD"])
    page.goto(login_url(plain))
    log_in(page, username, OLD)
    held = page.locator(".rules li.held")

    page.get_by_label("Nouveau mot de passe").fill("abcdefgh")
    assert [text.split("\n")[0] for text in held.all_inner_texts()] == [RULES[1]]
    page.get_by_label("Nouveau mot de passe").fill("éÉ1")
    assert [text.split("\n")[0] for text in held.all_inner_texts()] == [RULES[2]]
    page.get_by_role("button", name="Afficher le mot de passe").click()
    assert page.get_by_label("Nouveau mot de passe").get_attribute("type") == "text"
    assert_readable(page)


def test_the_registration_mail_opens_the_account(
    plain: PlainRealm, mailbox: Mailbox, page_without_script: Page
) -> None:
    page, username = page_without_script, f"cend{uuid4().hex[:6]}"
    user = plain.person(username)
    plain.call(
        "PUT",
        f"/admin/realms/{plain.name}/users/{user}/execute-actions-email",
        params={"client_id": "mes-prets", "redirect_uri": "http://127.0.0.1/mes-prets", "lifespan": "3600"},
        json=["UPDATE_PASSWORD", "VERIFY_EMAIL"],
    )
    mail = mailbox.next()

    assert mail["Subject"] == "Votre identifiant pour l'espace personnel Banque des Territoires"
    link = assert_bodies_say(
        mail, username, "vient d'être inscrite", "Il vous reste à choisir votre mot de passe", "1 heure"
    )
    page.goto(link)
    assert page.get_by_role("heading", level=1).inner_text() == "Bienvenue dans votre espace personnel"
    page.get_by_role("link", name="Continuer").click()
    choose(page, "abcdefgh")
    assert page.locator(".error").is_visible()
    choose(page, NEW)
    assert page.get_by_role("link", name="Aller à l'espace personnel").is_visible()
    assert mailbox.next()["Subject"] == "Votre mot de passe a été modifié"
    page.goto(link)
    assert_used_link(page)

    page.goto(f"{plain.url}/protocol/openid-connect/logout")
    page.get_by_role("button", name="Déconnexion").click()
    page.goto(login_url(plain))
    with page.expect_request(lambda request: "code=" in request.url):
        log_in(page, username, NEW)


def test_the_reset_mail_gives_the_identifier_and_a_link(
    plain: PlainRealm, mailbox: Mailbox, page: Page
) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD)
    page.goto(login_url(plain))
    page.get_by_role("link", name="Mot de passe oublié ?").click()
    assert_readable(page)
    page.get_by_label("Identifiant ou adresse e-mail").fill(f"{username}@example.test")
    page.get_by_role("button", name="Recevoir le lien").click()
    assert "Si un compte correspond à votre saisie" in page.get_by_role("main").inner_text()
    assert_readable(page)

    mail = mailbox.next()
    assert mail["Subject"] == "Votre nouveau mot de passe pour l'espace personnel Banque des Territoires"
    link = assert_bodies_say(mail, username, "a été demandé", "vos demandes en cours sont conservées")
    page.goto(link.split("&", maxsplit=1)[0][:-9])  # cut short by a mail program
    assert "copiez son lien en entier" in page.get_by_role("main").inner_text()
    assert_readable(page)
    page.goto(link)
    assert page.get_by_role("heading", level=1).inner_text() == "Choisissez votre mot de passe"
    choose(page, NEW)
    changed = mailbox.next()
    assert changed["Subject"] == "Votre mot de passe a été modifié"
    bodies = [body.get_content() for kind in ("plain", "html") if (body := changed.get_body((kind,)))]
    assert len(bodies) == 2
    assert all("sont fermées" in body and NEW not in body for body in bodies)
    another = page.context.new_page()  # the first is on its way back to the service
    another.goto(link)
    assert_used_link(another)
    assert_readable(another)


def assert_used_link(page: Page) -> None:
    """It says so, and offers a new password to somebody who has none."""
    said = page.get_by_role("main").inner_text()
    assert "Ce lien a déjà servi" in said
    assert "Mot de passe oublié ?" in said


def assert_bodies_say(mail: EmailMessage, username: str, *sentences: str) -> str:
    """Text and HTML say the same, in French, with no password and nothing from elsewhere; gives the link."""
    bodies = [mail.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (body.get_content() for body in bodies if body is not None)
    for content in (text, html.replace("&#39;", "'")):
        assert "Bonjour Cendrine Martin," in content
        for expected in (username, *sentences):
            assert expected in content, expected
    assert 'lang="fr"' in html
    assert OLD not in text
    link = re.search(r"http\S+action-token\S+", text)
    assert link is not None
    assert set(re.findall(r"https?://[^/\"<]+", text + html)) == {re.match(r"https?://[^/]+", link[0])[0]}  # type: ignore[index]
    return link[0]


def test_a_login_that_cannot_go_on_says_so_in_words(plain: PlainRealm, page: Page) -> None:
    page.goto(login_url(plain, "inconnu"))
    assert page.get_by_role("heading", level=1).inner_text() == "Cette page ne peut pas s'ouvrir"
    assert page.get_by_role("alert").inner_text() == "Le service demandé est inconnu."
    assert "Votre compte et vos demandes ne sont pas touchés." in page.get_by_role("main").inner_text()
    back = page.get_by_role("link", name="Aller à l'espace personnel")
    assert back.get_attribute("href") == "http://127.0.0.1:8400"
    assert_readable(page)


def test_the_logout_page_asks_and_says_it_is_done(plain: PlainRealm, page: Page) -> None:
    page.goto(f"{plain.url}/protocol/openid-connect/logout")
    assert page.get_by_role("heading", level=1).inner_text() == "Déconnexion"
    assert_readable(page)
    page.get_by_role("button", name="Déconnexion").click()
    assert "Vous êtes déconnecté." in page.get_by_role("main").inner_text()
    assert_readable(page)


# One password on two keyboards: an accent as one sign, or as a letter and an accent.
COMPOSED, DECOMPOSED = "\u00c9l\u00e9phant-27", "E\u0301le\u0301phant-27"


@pytest.mark.parametrize("has_script", [True, False])
@pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_password_is_the_same_on_every_keyboard(
    plain: PlainRealm, chrome: Browser, has_script: bool, chosen: str, typed: str
) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, requiredActions=["UPDATE_PASSWORD"])
    first = chrome.new_context(java_script_enabled=has_script)
    page = first.new_page()
    page.goto(login_url(plain))
    log_in(page, username, OLD)
    with page.expect_request(lambda request: "code=" in request.url):
        choose(page, chosen)
    first.close()

    second = chrome.new_context(java_script_enabled=has_script)
    page = second.new_page()
    page.goto(login_url(plain))
    with page.expect_request(lambda request: "code=" in request.url):
        log_in(page, username, typed)
    second.close()


@pytest.mark.parametrize("password", ["😀😀😀aA1", "😀😀😀😀aA1", "e\u0301E\u0301e\u03011E\u0301", "aA1!😀"])
def test_a_short_password_is_told_that_it_is_short_by_one_count(
    plain: PlainRealm, page: Page, password: str
) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, requiredActions=["UPDATE_PASSWORD"])
    page.goto(login_url(plain))
    log_in(page, username, OLD)
    page.get_by_label("Nouveau mot de passe").fill(password)
    held = [text.split("\n")[0] for text in page.locator(".rules li.held").all_inner_texts()]
    assert held == [RULES[2]]
    choose(page, password)
    assert (
        page.locator(".error").inner_text()
        == "Ce mot de passe est trop court : il faut au moins 8 caractères."
    )


@pytest.mark.parametrize("password", ["😀😀😀😀😀aA1", "éÉ1éÉ1éÉ", "\u00e9\u0301Abcdefg1"])
def test_eight_signs_are_eight_signs(plain: PlainRealm, page: Page, password: str) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, requiredActions=["UPDATE_PASSWORD"])
    page.goto(login_url(plain))
    log_in(page, username, OLD)
    with page.expect_request(lambda request: "code=" in request.url):
        choose(page, password)


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "\u00a0"), ("\t", ""), ("\u200b", "\u200b"), ("\ufeff", ""), ("\u202a", "\u202c"), (" ", "\u3000")],
)
def test_an_identifiant_is_taken_as_a_clipboard_brings_it(
    plain: PlainRealm, page: Page, before: str, after: str
) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD)
    page.goto(login_url(plain))
    with page.expect_request(lambda request: "code=" in request.url):
        log_in(page, f"{before}{username}{after}", OLD)


def test_an_address_is_taken_as_people_write_it(plain: PlainRealm, page: Page) -> None:
    username = f"cend{uuid4().hex[:6]}"
    plain.person(username, OLD, email=f"{username}@xn--maanfertigung-cdb.example")
    page.goto(login_url(plain))
    with page.expect_request(lambda request: "code=" in request.url):
        log_in(page, f"{username}@maßanfertigung.example\u00a0", OLD)
