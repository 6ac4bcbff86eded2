"""What the browser is told when the house says no: one table, refusal code -> HTTP status and sentence.

A page with a form shows the sentence beside it (`forms.py`); elsewhere it becomes a page of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from idp_extension.relying_party.client import LoginRefused
from idp_extension.relying_party.issuer import IssuerUnavailable
from onboarding_api.model.refusals import Refusal
from onboarding_api.web.wording import at_in_words, typeset

Sentence = str | Callable[[Any], str]


@dataclass(frozen=True)
class Answer:
    """A status, and a sentence that may depend on the refusal's own facts."""

    status: int
    sentence: Sentence


def _tries_left(refusal: Any) -> str:
    left = {0: "Vous n'avez plus d'essai pour le moment", 1: "Il vous reste 1 essai"}.get(
        refusal.tries_left, f"Il vous reste {refusal.tries_left} essais"
    )
    return f"Ce code n'est pas celui du courrier. {left}. Vérifiez chaque signe sur le courrier."


_DEAD = {
    "expired": "Ce code a expiré : il était valable 30 jours. Vous pouvez demander un nouveau courrier.",
    "used": "Ce code a déjà été utilisé.",
    "superseded": "Ce code a été remplacé : saisissez celui du dernier courrier.",
    "exhausted": "Ce code est hors d'usage après trop d'essais. Vous pouvez demander un nouveau courrier.",
}

_FIELDS = {
    "email": "Saisissez une adresse e-mail complète, par exemple nom@commune.fr.",
    "telephone": "Saisissez un numéro de téléphone français, par exemple 04 68 96 06 27 ou 0262 12 34 56.",
    "fonction": "Choisissez votre fonction dans la liste.",
    "motive": "Indiquez le motif : la personne le lira.",
    "siren": "Ce numéro SIREN n'est pas celui d'une structure connue.",
    "services": "Choisissez au moins un service de la liste.",
    "version": "Ces conditions ont changé : relisez la version affichée.",
    "reference": "Saisissez la référence imprimée sur le courrier, par exemple BDT-7K2M-9QXA.",
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
    "unknown_reference": Answer(
        422, "Aucune demande en cours ne porte cette référence. Comparez-la avec le courrier."
    ),
    "bad_input": Answer(422, lambda no: _FIELDS.get(no.field, "Vérifiez ce que vous avez saisi.")),
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
        lambda no: (
            f"Un nouveau courrier pourra être demandé {at_in_words(no.again_at)}. "
            "Le dernier code reste valable."
        ),
    ),
    "busy": Answer(
        503,
        "Le service est très sollicité en ce moment. Rien n'a été modifié : "
        "patientez quelques secondes, puis recommencez.",
    ),
}

_PAGES = {
    400: (
        "Demande non reconnue",
        "Le formulaire était trop ancien ou venait d'un autre site. "
        "Rien n'a été modifié : revenez à la page et recommencez.",
    ),
    404: ("Page introuvable", "Cette page n'existe pas, ou elle ne vous est pas ouverte."),
    405: ("Action impossible", "Cette adresse ne s'ouvre pas de cette façon. Rien n'a été modifié."),
    413: ("Envoi trop volumineux", "Ce que vous avez envoyé est trop volumineux. Rien n'a été enregistré."),
    500: (
        "Un problème est survenu",
        "L'incident est de notre côté et il est enregistré. Ce que vous aviez déjà validé est conservé.",
    ),
}


def answer_to(refusal: Refusal) -> tuple[int, str]:
    """The status and the French sentence of a refusal, whatever it is."""
    answer = ANSWERS.get(refusal.code, ANSWERS["refused"])
    sentence = answer.sentence if isinstance(answer.sentence, str) else answer.sentence(refusal)
    return answer.status, typeset(sentence)


def error_page(status: int, title: str, sentence: str) -> ResponseReturnValue:
    """A page that says what became of the data, and where to go."""
    if status >= 500:
        g.setdefault("visit", None)  # what failed once is not asked again
    return render_template("error.html", heading=title, sentence=typeset(sentence)), status


def install(app: Flask) -> None:
    """Register the handlers."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> ResponseReturnValue:
        status, sentence = answer_to(refusal)
        titles = {404: "Page introuvable", 503: "Service momentanément occupé"}
        return error_page(status, titles.get(status, "Action impossible"), sentence)

    @app.errorhandler(IssuerUnavailable)
    def keycloak_is_down(_error: IssuerUnavailable) -> ResponseReturnValue:
        return error_page(
            503,
            "La connexion est momentanément indisponible",
            "Le service d'identification ne répond pas. Vos demandes et vos courriers en cours sont "
            "conservés : réessayez dans quelques minutes.",
        )

    @app.errorhandler(LoginRefused)
    def log_in_failed(_error: LoginRefused) -> ResponseReturnValue:
        return error_page(
            400,
            "La connexion n'a pas abouti",
            "La réponse reçue ne correspond pas à une connexion commencée sur ce navigateur. Recommencez.",
        )

    @app.errorhandler(CSRFError)
    def form_too_old(_error: CSRFError) -> ResponseReturnValue:
        return error_page(400, *_PAGES[400])

    @app.errorhandler(SecurityError)
    def foreign_host(_error: SecurityError) -> ResponseReturnValue:
        # No page: its links would have to be made from that host.
        return Response("Cette adresse n'est pas celle du portail.", 400, mimetype="text/plain")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None:
            return error.response
        original = getattr(error, "original_exception", None)
        if isinstance(error, InternalServerError) and isinstance(original, Refusal):
            # The session itself could not be read or written: outside any view, yet the same answer.
            return refused(original)
        status = error.code or 500
        return error_page(status, *_PAGES.get(status, _PAGES[500] if status >= 500 else _PAGES[400]))
