"""What the browser is told when the house says no: one table, refusal code -> HTTP status and sentence.

A page with a form shows the sentence beside it (`forms.py`); elsewhere it becomes a page
of its own (`error_pages.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, has_request_context

from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.refusals import Refusal
from onboarding_api.model.words.french_text import tied
from onboarding_api.web.schemas.sentences import SENTENCES
from onboarding_api.web.wording import at_in_words, counted

Sentence = str | Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a sentence that may depend on the refusal's own facts."""

    status: int
    sentence: Sentence


def _tries_left(refusal: Any) -> str:
    wrong = "Ce code n'est pas celui du courrier"
    if refusal.tries_left:
        left = f"Il vous reste {counted(refusal.tries_left, 'essai')}."
        return f"{wrong}. {left} Vérifiez chaque signe sur le courrier."
    if refusal.left_in_all and refusal.again_at:
        then = f"il vous restera {counted(refusal.left_in_all, 'essai')}"
        return f"{wrong}. Vous pourrez essayer de nouveau {at_in_words(refusal.again_at)} : {then}."
    return f"{wrong}, et c'était le dernier essai : il est hors d'usage. Demandez un nouveau courrier."


_DEAD = {
    "expired": f"Ce code a expiré : il était valable {counted(DAYS, 'jour')}."
    " Vous pouvez demander un nouveau courrier.",
    "used": "Ce code a déjà été utilisé.",
    "superseded": "Ce code a été remplacé : saisissez celui du dernier courrier.",
    "exhausted": "Ce code est hors d'usage après trop d'essais. Vous pouvez demander un nouveau courrier.",
}

ANSWERS: Mapping[str, Answer] = {
    "refused": Answer(409, "Cette action n'est pas possible."),
    "not_allowed": Answer(
        403, lambda no: " ".join(no.sentences) or "Vous n'avez pas le droit de faire cette action."
    ),
    "not_found": Answer(404, "Cette page n'existe pas, ou elle ne vous est pas ouverte."),
    "not_possible_now": Answer(
        409, "Cette action a déjà été faite, ou elle n'est plus possible. Rien n'a été modifié."
    ),
    "first_user_must_accept": Answer(
        409,
        "Vous êtes le premier utilisateur de cette structure : il faut d'abord accepter d'en devenir "
        "l'administrateur ou l'administratrice.",
    ),
    "no_postal_address": Answer(
        409,
        "L'adresse postale de cette structure n'est pas connue : aucun courrier ne peut lui être envoyé. "
        "Contactez-nous pour terminer votre demande.",
    ),
    "postcode_needed": Answer(
        409,
        "Cette commune a plusieurs codes postaux : indiquez celui de la mairie, où le courrier sera envoyé.",
    ),
    "claim_already_used": Answer(
        409,
        "Le code de ce courrier a déjà servi : cette page ne peut plus refuser la demande. "
        "Appelez-nous sans attendre, nos coordonnées sont sur la page « Contactez-nous ».",
    ),
    "unknown_reference": Answer(
        422, "Aucune demande en cours ne porte cette référence. Comparez-la avec le courrier."
    ),
    "bad_input": Answer(422, lambda no: SENTENCES.get(no.field, "Vérifiez ce que vous avez saisi.")),
    "structure_not_held": Answer(
        404,
        lambda refusal: (
            f"{refusal.absent.name}, {refusal.absent.territory} : cette commune n'est pas dans notre "
            "répertoire, qui n'a que les communes dont le numéro SIREN est connu. Contactez-nous."
        ),
    ),
    "siren_malformed": Answer(
        422, "Ce numéro SIREN contient une faute de frappe : vérifiez ses neuf chiffres sur vos documents."
    ),
    "siret_malformed": Answer(
        422,
        "Ce numéro SIRET contient une faute de frappe : vérifiez ses quatorze chiffres sur vos documents.",
    ),
    "code_mistyped": Answer(
        422,
        "Ce code contient une faute de frappe : comparez-le signe par signe avec le courrier. "
        "Cet essai n'est pas compté.",
    ),
    "code_malformed": Answer(
        422,
        "Un code a douze signes, des chiffres et des lettres, par groupes de quatre. "
        "Cet essai n'est pas compté.",
    ),
    "wrong_code": Answer(422, _tries_left),
    "code_dead": Answer(409, lambda no: _DEAD.get(no.reason, "Ce code ne peut plus être utilisé.")),
    "too_many_tries": Answer(
        429, lambda no: f"Trop d'essais. Vous pourrez essayer de nouveau {at_in_words(no.again_at)}."
    ),
    "letter_limit": Answer(
        409,
        lambda no: f"Un nouveau courrier pourra être demandé {at_in_words(no.again_at)}.",
    ),
    "too_much_asked": Answer(
        429,
        lambda no: (
            "Trop de demandes ont été faites en peu de temps, par vous ou depuis le réseau que vous "
            f"utilisez. Rien n'a été enregistré : vous pourrez recommencer {at_in_words(no.again_at)}."
        ),
    ),
    "limits_down": Answer(
        503,
        "Le service ne peut pas prendre cette demande pour le moment. Rien n'a été enregistré : "
        "patientez quelques minutes, puis recommencez.",
    ),
    "busy": Answer(
        503,
        "Le service est très sollicité en ce moment. Rien n'a été modifié : "
        "patientez quelques secondes, puis recommencez.",
    ),
}


def answer_to(refusal: Refusal) -> tuple[int, str]:
    """The status and the French sentence of a refusal, whatever it is.

    When it says from when to go on, the answer to this request will say so in `Retry-After`.
    """
    if has_request_context():
        g.again_at = getattr(refusal, "again_at", None)
    answer = ANSWERS.get(refusal.code, ANSWERS["refused"])
    sentence = answer.sentence if isinstance(answer.sentence, str) else answer.sentence(refusal)
    return answer.status, tied(sentence)
