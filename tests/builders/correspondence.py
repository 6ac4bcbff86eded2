"""Who writes, and the letter of the guide's own example: the commune d'Eus."""

from datetime import date

from onboarding_api.letters.activation_letter import ActivationLetter
from onboarding_api.letters.address import address_lines
from onboarding_api.model.words.sender import Sender

SENDER = Sender(
    name="Banque des Territoires",
    address_lines=("Service des habilitations", "1 rue de l'Exemple", "75000 Paris"),
    site_address="https://habilitations.example",
    phone="01 99 00 12 34",
    hours="du lundi au vendredi, de 9 h à 18 h",
    email="aide@habilitations.example",
)

LETTER_TO_EUS = ActivationLetter(
    reference="BDT-7K2M-9QXA",
    structure_name="Commune d'Eus",
    address_lines=address_lines("Commune d'Eus", "commune", "66500", "Eus"),
    requester_name="Madame Cendrine Martin",
    requester_identifiant="cend589",
    requested_on=date(2026, 11, 20),
    services=("Demande de prêts", "Suivi des dossiers"),
    written_on=date(2026, 11, 23),
    last_day=date(2026, 12, 23),
    sender=SENDER,
)
