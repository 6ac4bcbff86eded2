"""The guide's story, commune d'Eus, in twelve steps of real HTTP; each step returns its proof.

Nothing is looked up inside: pages are read as a person reads them, mails in the mailbox, the code in the
letter, rights in the token that a relying service received.
"""

from collections.abc import Callable

from demo.browser import Browser, NotOnPage
from demo.system import System
from demo.witness import Mailbox, NotSeen, Spool, code_in, roles_of, wait_for

EUS, FOREIGN, UNKNOWN = "216600742", "216600726", "123456782"
NOT_HIS = (UNKNOWN, "213100001")
SECOND_COMMUNE = "Estavar"
CENDRINE, PAUL = "cendrine.martin@eus.example", "paul.durand@eus.example"
PASSWORD = "Canigou-2784"  # noqa: S105 - of a person who exists for one run only
TOO_SIMPLE = "abcdefgh"


class Story:
    """Two people, two communes; `steps` in the order of the guide."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._mailbox = Mailbox(system.mailbox_url)
        self._spool = Spool(system.spool)
        self.cendrine, self.paul = Browser(), Browser()
        self.identifiants: dict[str, str] = {}

    @property
    def steps(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        """Title and act of each step."""
        return (
            ("Madame Martin s'inscrit", self.register),
            ("Elle choisit son mot de passe", self.choose_password),
            ("Elle se connecte", self.log_in),
            ("Elle se rattache à la commune d'Eus", self.attach),
            ("Elle complète son profil dans la structure", self.complete_profile),
            ("Elle demande deux services", self.request_services),
            ("Première de sa structure, elle accepte d'en devenir administratrice", self.claim),
            ("Elle saisit le code reçu par courrier", self.redeem),
            ("Elle accepte les conditions particulières", self.accept_terms),
            ("Elle entre dans « Mes prêts en ligne »", self.enter),
            ("Monsieur Durand demande, elle valide puis désactive", self.second_user),
            ("Un droit dans une commune ne vaut pas dans une autre", self.no_leak),
        )

    def register(self) -> str:
        """Guide G-02, GS-01..03: one mail with the identifiant, the same page the second time."""
        self._register(self.cendrine, "Madame", "Cendrine", "Martin", CENDRINE)
        first = self.cendrine.heading
        identifiant = self._identifiant(CENDRINE)
        self._register(self.cendrine, "Madame", "Cendrine", "Martin", CENDRINE)
        if self.cendrine.heading != first:
            raise NotSeen("the same page for a second registration")
        return f"identifiant {identifiant}, reçu par e-mail ; la seconde inscription montre la même page"

    def choose_password(self) -> str:
        """Guide G-43..G-45: the rule is shown before typing, a simple password gets a sentence."""
        return self._choose_password(self.cendrine, CENDRINE)

    def log_in(self) -> str:
        """Guide G-06..G-08, G-12."""
        self._log_in(self.cendrine, self.identifiants[CENDRINE])
        self.cendrine.expect("Bienvenue Madame Martin")
        return "« Bienvenue Madame Martin »"

    def attach(self) -> str:
        """Guide G-15, G-16, G-21: search, confirm, attached."""
        self._attach(self.cendrine, "Eus 66", "Commune d'Eus")
        return "« Commune d'Eus », SIREN 216 600 742, parmi 36 130 structures"

    def complete_profile(self) -> str:
        """Guide G-27..G-30, G-33: each item alone."""
        for item, label, value in (
            ("telephone", "Téléphone", "04 68 00 00 00"),
            ("email", "Adresse e-mail", "mairie@eus.example"),
        ):
            self.cendrine.visit(f"{self._portal}/structures/{EUS}/{item}")
            self.cendrine.fill(label, value)
            self.cendrine.press("Valider")
        self._give_fonction(self.cendrine, EUS, "Secrétaire")
        self.cendrine.expect("mairie@eus.example")
        return "téléphone, adresse e-mail et fonction"

    def request_services(self) -> str:
        """Guide G-47, G-50, G-51: the catalogue with a state for each."""
        self.cendrine.visit(f"{self._portal}/services")
        for service in ("Dataviz", "Demande de prêts", "Suivi des dossiers", "Encours", "Documents"):
            self.cendrine.expect(service)
        self.cendrine.tick("Demande de prêts")
        self.cendrine.tick("Suivi des dossiers")
        self.cendrine.press("Demander")
        self.cendrine.expect("Etant le premier utilisateur")
        return "« Demande de prêts » et « Suivi des dossiers » ; la page dit : premier utilisateur"

    def claim(self) -> str:
        """Guide G-62..G-72: the letter leaves, the page tells where it is."""
        self.cendrine.press("Accepter")
        self.cendrine.expect("Un courrier postal va être envoyé à votre représentant légal")
        letter = self._spool.wait_letter()
        self._code = code_in(letter)
        self._mailbox.wait(CENDRINE, "courrier")
        mails = "".join(mail["text"] + mail["html"] for mail in self._mailbox.messages(CENDRINE))
        if self._code in mails:
            raise NotSeen("a code that travels by post alone")
        self.cendrine.visit(f"{self._portal}/courrier")
        return "courrier au représentant légal, code absent de tous les e-mails"

    def redeem(self) -> str:
        """GS-29, GS-30: typed without hyphens, in small letters, o for zero."""
        self._redeem(self.cendrine, self._code.lower().replace("-", " ").replace("0", "o"))
        self._mailbox.wait(CENDRINE, "validée")
        return "administratrice ; ses deux demandes sont validées"

    def accept_terms(self) -> str:
        """Guide G-78: no role before; the right becomes effective once accepted."""
        before = self.token(self.cendrine, EUS)
        if before[1]:
            raise NotSeen("no role before the conditions are accepted")
        self._accept_terms(self.cendrine)
        roles = self._wait_roles(self.cendrine, EUS, ["demande", "suivi"])
        return f"aucun rôle avant, {roles} après"

    def enter(self) -> str:
        """Guide G-73, G-74: the button, without typing anything."""
        self.cendrine.visit(f"{self._portal}/tableau-de-bord")
        self.cendrine.follow("Mes prêts en ligne")
        self.cendrine.expect("Commune d'Eus")
        self.cendrine.expect("Suivi des dossiers")
        return f"{self.cendrine.url} montre la commune et les deux services"

    def second_user(self) -> str:
        """Guide CAS 1, G-54..G-60: asked, validated, entered, deactivated."""
        self.welcome_second_user()
        self.decide("Désactiver")
        self._mailbox.wait(PAUL, "désactivée")
        self._wait_roles(self.paul, EUS, [])
        return "validée, entré avec le rôle « suivi », puis désactivée : plus aucun rôle"

    def welcome_second_user(self) -> None:
        """Monsieur Durand registers, asks for « Suivi des dossiers », is validated and enters."""
        self._register(self.paul, "Monsieur", "Paul", "Durand", PAUL)
        self._identifiant(PAUL)
        self._choose_password(self.paul, PAUL)
        self._log_in(self.paul, self.identifiants[PAUL])
        self._attach(self.paul, EUS, "Commune d'Eus")
        self._give_fonction(self.paul, EUS, "financier")
        self._request(self.paul, "Suivi des dossiers")
        self.paul.expect("votre demande doit être validée par un administrateur")
        self.paul.press("Accepter")
        self._mailbox.wait(CENDRINE, "à valider")
        self.decide("Valider")
        self._mailbox.wait(PAUL, "validée")
        self._accept_terms(self.paul)
        self._wait_roles(self.paul, EUS, ["suivi"])

    def no_leak(self) -> str:
        """Design §4: the active structure's roles alone; none when it is absent, unknown or foreign."""
        self.decide("Réactiver")
        self._attach(self.paul, f"{SECOND_COMMUNE} 66", SECOND_COMMUNE)
        self._give_fonction(self.paul, FOREIGN, "Maire")
        self._request(self.paul, "Encours")
        self.paul.press("Accepter")
        self._redeem(self.paul, code_in(self._spool.wait_letter()))
        self._accept_terms(self.paul)
        seen = [
            self._wait_roles(self.paul, EUS, ["suivi"]),
            self._wait_roles(self.paul, FOREIGN, ["encours"]),
        ]
        for asked, page in (
            ("", "Pour quelle structure"),
            *((one, "Aucune habilitation") for one in NOT_HIS),
        ):
            siren, roles = self.token(self.paul, asked)
            if siren or roles:
                raise NotSeen(f"no role with structure={asked or 'absent'}, but {siren} {roles}")
            self.paul.expect(page)
        return (
            f"Eus {seen[0]}, {SECOND_COMMUNE} {seen[1]} ; structure absente : une page la demande ; "
            "inconnue ou étrangère : une page le dit, et rien"
        )

    @property
    def _portal(self) -> str:
        return self._system.portal_url

    def _register(self, browser: Browser, civilite: str, prenom: str, nom: str, email: str) -> None:
        browser.visit(f"{self._portal}/inscription")
        browser.tick(civilite)
        browser.fill("Prénom", prenom)
        browser.fill("Nom", nom)
        browser.fill("e-mail", email)
        browser.press("Créer mon compte")

    def _identifiant(self, email: str) -> str:
        mail = self._mailbox.wait(email, "identifiant")
        words = mail["text"].split()
        found = next(word.strip(".,:;") for word in words if word[:4].isalpha() and word[4:7].isdigit())
        self.identifiants[email] = found
        return str(found)

    def _choose_password(self, browser: Browser, email: str) -> str:
        link = next(link for link in self._mailbox.wait(email, "identifiant")["links"] if "/realms/" in link)
        browser.visit(link)
        if browser.page.find("input", {"type": "password"}) is None:
            browser.follow("Continuer")
        browser.expect("Combiner au moins 3 de ces 4 critères")
        for password in (TOO_SIMPLE, PASSWORD):
            browser.fill("Nouveau mot de passe", password)
            browser.fill("Confirmation", password)
            browser.press("Enregistrer le mot de passe")
            if password == TOO_SIMPLE:
                browser.expect("au moins 3")
        return f"« {TOO_SIMPLE} » refusé par une phrase ; mot de passe choisi dans Keycloak"

    def _log_in(self, browser: Browser, identifiant: str) -> None:
        browser.visit(f"{self._portal}/connexion")
        self._identify(browser, identifiant)
        if not browser.url.startswith(f"{self._portal}/tableau-de-bord"):
            raise NotOnPage(f"the dashboard; it is {browser.url}: {browser.heading}")

    @staticmethod
    def _identify(browser: Browser, identifiant: str) -> None:
        """Fill Keycloak's page, if it is there: a right taken back has ended the session."""
        if "/realms/" in browser.url and browser.page.find("input", {"name": "password"}):
            browser.fill("Identifiant", identifiant)
            browser.fill("Mot de passe", PASSWORD)
            browser.press("Me connecter")

    def _attach(self, browser: Browser, search: str, shown: str) -> None:
        browser.visit(f"{self._portal}/structures/ajouter")
        browser.fill("Nom, code postal", search)
        browser.press("Rechercher")
        browser.follow(shown)
        browser.press("Me rattacher")
        browser.visit(f"{self._portal}/tableau-de-bord")
        browser.expect(shown)

    def _give_fonction(self, browser: Browser, siren: str, fonction: str) -> None:
        browser.visit(f"{self._portal}/structures/{siren}/fonction")
        browser.fill("Fonction", fonction)
        browser.press("Valider")

    def _request(self, browser: Browser, service: str) -> None:
        browser.visit(f"{self._portal}/services")
        browser.tick(service)
        browser.press("Demander")

    def _redeem(self, browser: Browser, typed: str) -> None:
        browser.visit(f"{self._portal}/courrier/code")
        browser.fill("Code", typed)
        browser.press("Valider")
        browser.expect("administrat")

    def _accept_terms(self, browser: Browser) -> None:
        browser.visit(f"{self._portal}/espaces/mes-prets")
        browser.tick("conditions")
        browser.press("Accepter")

    def decide(self, act: str) -> None:
        """The administrator validates, deactivates or reactivates Monsieur Durand's habilitation."""
        self.cendrine.visit(f"{self._portal}/demandes")
        if act == "Désactiver":
            self.cendrine.follow(act, within="Durand")
            self.cendrine.fill("Motif", "A quitté le service")
            self.cendrine.press(act)
        else:
            self.cendrine.press(act, within="Durand")

    def token(self, browser: Browser, siren: str) -> tuple[str | None, list[str]]:
        """Active structure and roles in a fresh token of « Mes prêts en ligne ».

        Args:
            browser: of a person of the story.
            siren: the structure asked for; empty names none.
        """
        identifiant = self.identifiants[CENDRINE if browser is self.cendrine else PAUL]
        query = f"?structure={siren}" if siren else ""
        browser.visit(f"{self._system.mes_prets_url}/connexion{query}")
        self._identify(browser, identifiant)
        if (
            "/realms/" in browser.url
        ):  # the page that says she has no right there, or that asks for which structure
            return None, []
        browser.visit(f"{self._system.mes_prets_url}/jeton{query}")
        if "/realms/" in browser.url:  # the sessions were ended between the two pages
            return None, []
        return roles_of(browser.answer.text, "mes-prets")

    def _wait_roles(self, browser: Browser, siren: str, roles: list[str]) -> list[str]:
        def look() -> list[str] | None:
            active, held = self.token(browser, siren)
            return held if held == roles and active in {siren, None} else None

        return wait_for(f"roles {roles} for {siren} in a fresh token", look)
