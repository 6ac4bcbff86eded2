"""The letter to the legal representative: its facts, and its sentences, written once.

`pdf.py` lays them out. The activation code is not among them: it is given to the printer alone, so that no
page, log or `repr` can show it.
"""

from dataclasses import dataclass
from datetime import date

from onboarding_api.model.words.french_dates import in_words
from onboarding_api.model.words.french_text import quoted_list, tied
from onboarding_api.model.words.sender import Sender
from onboarding_api.model.words.typed_text import visible


@dataclass(frozen=True, slots=True)
class ActivationLetter:
    """What a letter tells. Days are those of the structure's zone.

    Args:
        reference: names the claim, « BDT-7K2M-9QXA »; it opens nothing.
        structure_name: « Commune d'Eus ».
        address_lines: from `letters.address`.
        requester_name: with the civilité, « Madame Cendrine Martin ».
        requester_identifiant: « cend589 ».
        requested_on: when the person asked.
        services: labels of what is asked, as the catalogue writes them.
        written_on: the date of the letter.
        last_day: the last day of the code (`validity.last_day`).
        sender: who writes.
    """

    reference: str
    structure_name: str
    address_lines: tuple[str, ...]
    requester_name: str
    requester_identifiant: str
    requested_on: date
    services: tuple[str, ...]
    written_on: date
    last_day: date
    sender: Sender


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of the letter, in their order on the page."""

    date: str
    reference: str
    subject: str
    greeting: str
    opening: str
    grants_title: str
    grants: tuple[str, ...]
    agree_title: str
    agree: str
    code_label: str
    valid_until: str
    symbols: str
    site: str
    warning: str
    refuse_title: str
    refuse: str
    contact: str
    closing: str
    signature: str


def wording(letter: ActivationLetter) -> Wording:
    """The sentences of this letter: vouvoiement, dates in full, short (user experience §7)."""
    sender, requester = letter.sender, visible(letter.requester_name)
    structure = f"« {visible(letter.structure_name)} »"
    return Wording(
        date=f"Le {in_words(letter.written_on)}",
        reference=_typeset(f"Référence : {letter.reference}"),
        subject=_typeset(f"Objet : code d'activation pour gérer les accès de la structure {structure}"),
        greeting="Madame, Monsieur,",
        opening=_typeset(
            f"Le {in_words(letter.requested_on)}, {requester} (identifiant {letter.requester_identifiant}) "
            f"a fait une demande pour la structure {structure}. "
            "La décision revient à la personne qui représente légalement cette structure."
        ),
        grants_title=_typeset(f"Si vous donnez votre accord, {requester} pourra :"),
        grants=(
            _typeset(
                "administrer les utilisateurs de la structure et leurs habilitations (leurs droits d'accès) ;"
            ),
            _typeset(f"utiliser {_services(letter.services)}."),
        ),
        agree_title=_typeset("Vous êtes d'accord"),
        agree=_typeset(f"Remettez ce code à {requester}. Il ne peut servir que depuis son compte."),
        code_label=_typeset("Code d'activation"),
        valid_until=_typeset(f"Valable jusqu'au {in_words(letter.last_day)} inclus"),
        symbols=_typeset("« 0 » est le chiffre zéro, « 1 » le chiffre un."),
        site=_typeset(f"Le code se saisit sur le site : {sender.site_address}"),
        warning=_typeset("Ne dites jamais ce code au téléphone. Personne de chez nous ne vous le demandera."),
        refuse_title=_typeset("Vous n'êtes pas d'accord, ou vous ne connaissez pas cette personne"),
        refuse=_typeset(
            "Ne transmettez pas ce code : sans lui, aucun accès n'est ouvert. Sur le site, en bas de page, "
            f"choisissez « J'ai reçu un courrier » et indiquez la référence {letter.reference}. "
            "Vous pouvez aussi nous appeler."
        ),
        contact=_typeset(
            f"Une question ? Téléphone : {sender.phone}, {sender.hours}. E-mail : {sender.email}"
        ),
        closing=_typeset("Nous vous prions d'agréer, Madame, Monsieur, nos salutations distinguées."),
        signature=f"Le service des habilitations, {sender.name}",
    )


def _services(labels: tuple[str, ...]) -> str:
    noun = "le service" if len(labels) == 1 else "les services"
    return f"{noun} {quoted_list([visible(label) for label in labels])}"


def _typeset(text: str) -> str:
    return tied(text).replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
