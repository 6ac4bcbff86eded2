"""The guide's story in a real browser: keyboard only, JavaScript off, axe on each page it passes.

Pages of the guide: inscription, connexion, rattachement, profil, services, demande d'habilitation (CAS 1
and 2), code, conditions particulières, accès à l'espace prêt.
"""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from demo.story import EUS, PASSWORD, TOO_SIMPLE
from demo.system import System
from demo.witness import Mailbox, Spool, code_in
from tests.builders.keyboard import Keyboard

pytestmark = [pytest.mark.keycloak, pytest.mark.browser]

CENDRINE, PAUL = "cendrine@eus.example", "paul@eus.example"


class Journey:
    """What people of the story do at their keyboards."""

    def __init__(self, system: System) -> None:
        self.portal, self.mes_prets = system.portal_url, system.mes_prets_url
        self.mailbox = Mailbox(system.mailbox_url)
        self.spool = Spool(system.spool)

    def register(self, person: Keyboard, civilite: str, prenom: str, nom: str, email: str) -> None:
        person.visit(self.portal)
        person.follow("Créer mon compte")
        person.tick(civilite)
        person.type("Prénom", prenom)
        person.type("Nom", nom)
        person.type("Adresse e-mail", email)
        person.press("Créer mon compte")

    def choose_password(self, person: Keyboard, email: str) -> None:
        mail = self.mailbox.wait(email, "identifiant")
        person.visit(next(link for link in mail["links"] if "/realms/" in link))
        person.follow("Continuer")
        person.expect("Combiner au moins 3 de ces 4 critères")
        for password in (TOO_SIMPLE, PASSWORD):
            person.type("Nouveau mot de passe", password)
            person.type("Confirmation du mot de passe", password)
            person.press("Enregistrer le mot de passe")
            if password == TOO_SIMPLE:
                person.expect("Ce mot de passe est trop simple")

    def log_in(self, person: Keyboard, login: str) -> None:
        person.visit(f"{self.portal}/connexion")
        if "/realms/" in person.page.url:
            person.type("Identifiant", login)
            person.type("Mot de passe", PASSWORD)
            person.press("Me connecter")

    def attach(self, person: Keyboard, search: str, shown: str) -> None:
        person.follow("Ajouter une structure")
        person.type("Nom, code postal", search)
        person.press("Rechercher")
        person.follow(shown)
        person.press("Me rattacher à cette structure")

    def complete_profile(self, person: Keyboard, fonction: str) -> None:
        person.visit(f"{self.portal}/structures/{EUS}")
        person.follow("Modifier mon numéro de téléphone")
        person.type("Téléphone", "04 68 96 06 27")
        person.press("Valider")
        person.follow("Modifier mon adresse e-mail")
        person.type("e-mail", "mairie@eus.example")
        person.press("Valider")
        person.follow("Modifier ma fonction")
        person.choose("Fonction", fonction)
        person.press("Valider")

    def request(self, person: Keyboard, *services: str) -> None:
        person.visit(f"{self.portal}/tableau-de-bord")
        person.follow("Voir tous les services")
        for service in services:
            person.tick(service)
        person.press("Demander l'habilitation")

    def accept_terms(self, person: Keyboard) -> None:
        person.visit(f"{self.portal}/espaces/mes-prets")
        person.tick("J'accepte les conditions particulières")
        person.press("Accepter")

    def enter(self, person: Keyboard) -> None:
        """The button of the dashboard; while the right is being opened, she tries again."""
        for _ in range(20):
            person.visit(f"{self.portal}/tableau-de-bord")
            person.follow("Mes prêts en ligne")
            if person.page.url.startswith(self.mes_prets):
                return
            person.page.wait_for_timeout(300)
        raise AssertionError(f"the service did not open: {person.page.url}")

    def first_user(self, person: Keyboard) -> None:
        """Steps 1 to 10: from the registration to the service, by the letter."""
        self.register(person, "Madame", "Cendrine", "Martin", CENDRINE)
        self.choose_password(person, CENDRINE)
        self.log_in(person, CENDRINE)
        person.expect("Bienvenue Madame Martin")
        self.attach(person, "Eus 66", "Commune d'Eus")
        self.complete_profile(person, "Secrétaire")
        self.request(person, "Demande de prêts", "Suivi des dossiers")
        person.expect("Etant le premier utilisateur à vous déclarer pour cet établissement")
        person.press("Accepter")
        person.expect("Un courrier postal va être envoyé à votre représentant légal")
        code = code_in(self.spool.wait_letter())
        person.visit(f"{self.portal}/courrier")
        person.follow("Saisir le code")
        person.type("Code d'activation", code.lower().replace("-", ""))
        person.press("Valider")
        self.accept_terms(person)
        self.enter(person)
        person.expect("Commune d'Eus")
        person.expect("Demande de prêts")

    def second_user(self, person: Keyboard, administrator: Keyboard) -> None:
        """Step 11: a colleague asks, the administrator validates, then deactivates."""
        self.register(person, "Monsieur", "Paul", "Durand", PAUL)
        self.choose_password(person, PAUL)
        self.log_in(person, PAUL)
        self.attach(person, "66500 Eus", "Commune d'Eus")
        self.complete_profile(person, "Directeur financier")
        self.request(person, "Suivi des dossiers")
        person.expect("votre demande doit être validée par un administrateur de votre établissement")
        person.press("Accepter")
        self.mailbox.wait(CENDRINE, "à valider")
        administrator.visit(f"{self.portal}/demandes")
        administrator.press("Valider", near="Durand")
        self.mailbox.wait(PAUL, "validée")
        self.accept_terms(person)
        self.enter(person)
        person.expect("Suivi des dossiers")
        administrator.visit(f"{self.portal}/demandes")
        administrator.follow("Désactiver", near="Durand")
        administrator.press("Désactiver l'habilitation")
        self.mailbox.wait(PAUL, "désactivée")


def test_a_commune_from_registration_to_a_service(system: System, somebody: Callable[[], Keyboard]) -> None:
    journey = Journey(system)
    cendrine, paul = somebody(), somebody()

    journey.first_user(cendrine)
    journey.second_user(paul, cendrine)

    assert cendrine.violations + paul.violations == []
    assert len(set(cendrine.audited + paul.audited)) > 20
    assert differences(system) == "0 differences, 0 removals\n"


def differences(system: System) -> str:
    """What an operator sees who compares Keycloak with the database: nothing, once all is delivered."""
    command = [sys.executable, "-m", "onboarding_api.cli", "sync", "plan"]
    for _ in range(20):
        told = subprocess.run(
            command, env=system.environment_of("worker"), capture_output=True, text=True, check=False
        ).stdout
        if told.startswith("0 "):
            break
        time.sleep(0.5)
    return told
