"""A person who lives through bad weather: does what the guide says, and what fails she does again."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from demo.browser import Browser, NotOnPage
from demo.system import System
from demo.witness import Mailbox, NotSeen, code_in, letter_text, roles_of

PASSWORD = "Canigou-2784"  # noqa: S105 - of people who exist for one run only
LOANS = ("Demande de prêts", "Suivi des dossiers", "Encours", "Documents")
UNDER_WAY = ("En cours de validation", "En attente du courrier", "Validée")
BREATH_SECONDS = 0.4
PATIENCE_SECONDS = 15.0
PRENOMS = ("Anne", "Paul", "Odile", "Luc", "Zoé", "Marc", "Rose", "Jean", "Inès", "Yves", "Léa", "Noël")


HINDRANCES = (NotOnPage, NotSeen, requests.RequestException, OSError, LookupError, StopIteration, ValueError)
"""What bad weather may do to a step; anything else is a fault of ours."""


@dataclass(slots=True)
class Town:
    """A commune and who lives there; the first one becomes its administrator."""

    siren: str
    name: str
    is_administered: threading.Event = field(default_factory=threading.Event)


class Resident:
    """One person; `run` in a thread of its own until `stop` is set.

    Args:
        system: where she lives.
        town: hers.
        number: tells her from the others; the first of a town is even and becomes its administrator.
        seed: of what she decides.
    """

    def __init__(self, system: System, town: Town, number: int, *, is_first: bool, seed: int) -> None:
        self.town, self.is_first = town, is_first
        self.email = f"resident{number}@chaos.example"
        self.prenom, self.nom = PRENOMS[number % len(PRENOMS)], f"Hab{'abcdefghijklmnopqrstuvwxyz'[number]}"
        self.identifiant = ""
        self.is_settled = False
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.codes: list[str] = []
        self.browser = Browser(address=f"192.0.2.{number + 1}")
        self._system, self._mailbox = system, Mailbox(system.mailbox_url)
        self._dice = random.Random(seed * 100 + number)  # noqa: S311 - no secret

    def run(self, stop: threading.Event) -> None:
        """Settle in the order of the guide, then work."""
        begin = (self.register, self.find_identifiant, self.choose_password, self.attach, self.request)
        steps = (*begin, self.redeem if self.is_first else self.wait_for_right, self.accept_terms)
        for step in steps:
            while not self.attempt(step) and not stop.is_set():
                time.sleep(BREATH_SECONDS)
        self.is_settled = not stop.is_set()
        work = (self.decide, self.look) if self.is_first else (self.ask_more, self.look, self.enter)
        while not stop.is_set():
            self.attempt(self._dice.choice(work))
            time.sleep(BREATH_SECONDS)

    def attempt(self, step: Callable[[], None]) -> bool:
        """Whether it could be done now; whatever was in the way is counted by its kind."""
        try:
            step()
        except HINDRANCES as error:
            self.failed[f"{step.__name__}: {type(error).__name__} {str(error)[:60]}"] += 1
            return False
        self.done[step.__name__] += 1
        return True

    def register(self) -> None:
        """Fill the form; a mail is on its way or will be."""
        self._visit("/inscription")
        self.browser.tick("Madame")
        self.browser.fill("Prénom", self.prenom)
        self.browser.fill("Nom", self.nom)
        self.browser.fill("e-mail", self.email)
        self.browser.press("Créer mon compte")
        self._expect_answer()

    def find_identifiant(self) -> None:
        """Read it in the mail."""
        words = self._welcome()["text"].split()
        self.identifiant = next(
            word.strip(".,:;") for word in words if word[:4].isalpha() and word[4:7].isdigit()
        )

    def choose_password(self) -> None:
        """By the link of the mail; a link that has served is no hindrance."""
        link = next(link for link in self._welcome()["links"] if "/realms/" in link)
        self.browser.visit(link)
        if self.browser.page.find("input", {"type": "password"}) is None:
            self.browser.follow("Continuer")
        self.browser.fill("Nouveau mot de passe", PASSWORD)
        self.browser.fill("Confirmation", PASSWORD)
        self.browser.press("Enregistrer le mot de passe")
        self._expect_answer()

    def attach(self) -> None:
        """Find the commune, come to it, say what one does there."""
        self._visit("/tableau-de-bord")
        if not self.browser.says(self.town.name):
            self._visit(f"/structures/ajouter/{self.town.siren}")
            self.browser.press("Me rattacher")
            self._expect_answer()
        self._visit(f"/structures/{self.town.siren}/fonction")
        self.browser.fill("Fonction", "Maire" if self.is_first else "financier")
        self.browser.press("Valider")
        self._expect_answer()

    def request(self) -> None:
        """Two services of the loans; the first of the town has to accept to administer it."""
        if not self.is_first and not self.town.is_administered.is_set():
            raise NotOnPage("an administrator of the town")
        self._visit("/services")
        if any(self.browser.says(state) for state in UNDER_WAY):
            return
        for service in LOANS[:2]:
            self.browser.tick(service)
        self.browser.press("Demander")
        self._expect_answer()
        self.browser.press("Accepter")
        self._expect_answer()

    def redeem(self) -> None:
        """Open the letters that came to the town hall; type the newest code."""
        letters = sorted(self._system.spool.glob("*.pdf"), key=lambda path: path.stat().st_mtime)
        mine = [text for path in letters if self.identifiant in (text := letter_text(path))]
        code = code_in(mine[-1])
        self.codes.append(code)
        self._visit("/courrier/code")
        self.browser.fill("Code", code)
        self.browser.press("Valider")
        self._expect_answer()
        self._visit("/demandes")
        self.town.is_administered.set()

    def wait_for_right(self) -> None:
        """The administrator has to validate."""
        self._visit("/services")
        self.browser.expect("Validée")

    def accept_terms(self) -> None:
        """Once; afterwards the page does not ask any more."""
        self._visit("/espaces/mes-prets")
        if self.browser.page.find("input", {"type": "checkbox"}) is None:
            return
        self.browser.tick("conditions")
        self.browser.press("Accepter")
        self._expect_answer()

    def decide(self) -> None:
        """Validate, else now and then take a right or give it back."""
        self._visit("/demandes")
        for act in ("Valider", "Réactiver"):
            if self._dice.random() < (1.0 if act == "Valider" else 0.5) and self.browser.says(act):
                self.browser.press(act)
                return self._expect_answer()
        self.browser.follow("Désactiver")
        self.browser.fill("Motif", "Le temps qu'il fait")
        self.browser.press("Désactiver")
        return self._expect_answer()

    def ask_more(self) -> None:
        """One more service, where one is left."""
        self._visit("/services")
        self.browser.tick(self._dice.choice(LOANS))
        self.browser.press("Demander")
        self._expect_answer()
        self.browser.press("Accepter")
        self._expect_answer()

    def look(self) -> None:
        """Read the dashboard."""
        self._visit("/tableau-de-bord")

    def enter(self) -> None:
        """Use the right, if there is one."""
        self.token("mes-prets")

    def token(self, client: str) -> list[str]:
        """The roles of a fresh token of the sample service, for her town."""
        url = self._system.mes_prets_url
        self.browser.visit(f"{url}/connexion?structure={self.town.siren}")
        self._identify()
        if "/realms/" in self.browser.url:  # the page that says that she has no right there
            return []
        self.browser.visit(f"{url}/jeton?structure={self.town.siren}")
        self._identify()
        if "/realms/" in self.browser.url:
            return []
        siren, roles = roles_of(self.browser.answer.text, client)
        if siren not in (self.town.siren, None):
            raise NotOnPage(f"a token for {self.town.siren}, not {siren}")
        return roles

    def waiting_requests(self) -> int:
        """How many requests the dashboard says she has to decide on."""
        self._visit("/tableau-de-bord")
        heading = self.browser.page.find(id="decide")
        return int(heading.get_text().split()[0]) if heading else 0

    def _visit(self, path: str) -> None:
        self.browser.visit(f"{self._system.portal_url}{path}")
        self._identify()
        self._expect_answer()

    def _identify(self) -> None:
        if "/realms/" in self.browser.url and self.browser.page.find("input", {"name": "password"}):
            self.browser.fill("Identifiant", self.identifiant)
            self.browser.fill("Mot de passe", PASSWORD)
            self.browser.press("Me connecter")

    def _expect_answer(self) -> None:
        if not self.browser.answer.ok:
            raise NotOnPage(f"{self.browser.answer.status_code} on {self.browser.url}")

    def _welcome(self) -> dict[str, Any]:
        mails = self._mailbox.messages(self.email)
        return next(mail for mail in reversed(mails) if "identifiant" in mail["subject"])
