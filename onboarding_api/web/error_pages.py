"""The pages of what goes wrong outside a form: they say what became of the data, and where to go."""

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from idp_extension.relying_party.client import LoginRefused
from idp_extension.relying_party.issuer import IssuerUnavailable
from onboarding_api.model.refusals import NotFound, Refusal
from onboarding_api.model.words.french_text import tied
from onboarding_api.web import kept_forms
from onboarding_api.web.errors import answer_to
from onboarding_api.web.pages.account import login

_PAGES = {
    400: (
        "Demande non reconnue",
        "Le formulaire était trop ancien ou venait d'un autre site. "
        "Rien n'a été modifié : revenez à la page et recommencez.",
    ),
    405: ("Action impossible", "Cette adresse ne s'ouvre pas de cette façon. Rien n'a été modifié."),
    413: ("Envoi trop volumineux", "Ce que vous avez envoyé est trop volumineux. Rien n'a été enregistré."),
    500: (
        "Un problème est survenu",
        "L'incident est de notre côté et il est enregistré. Ce que vous aviez déjà validé est conservé.",
    ),
}
NOT_FOUND = 404
_TITLES = {NOT_FOUND: "Page introuvable", 429: "Trop de demandes", 503: "Service momentanément occupé"}


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(IssuerUnavailable, keycloak_is_down)
    app.register_error_handler(LoginRefused, log_in_failed)
    app.register_error_handler(CSRFError, form_too_old)
    app.register_error_handler(SecurityError, foreign_host)
    app.register_error_handler(HTTPException, http_error)


def refused(refusal: Refusal) -> ResponseReturnValue:
    """A refusal that no form has shown."""
    status, sentence = answer_to(refusal)
    return _page(status, _TITLES.get(status, "Action impossible"), sentence)


def keycloak_is_down(_error: IssuerUnavailable) -> ResponseReturnValue:
    """Nobody can log in for the moment; nothing is lost."""
    return _page(
        503,
        "La connexion est momentanément indisponible",
        "Le service d'identification ne répond pas. Vos demandes et vos courriers en cours sont conservés : "
        "réessayez dans quelques minutes.",
    )


def log_in_failed(_error: LoginRefused) -> ResponseReturnValue:
    """The answer of the log-in is not believed; which check failed is not told."""
    return _page(
        400,
        "La connexion n'a pas abouti",
        "La réponse reçue ne correspond pas à une connexion commencée sur ce navigateur. Recommencez.",
    )


def form_too_old(_error: CSRFError) -> ResponseReturnValue:
    """No token, or another session's: the session ended, or another site sent the form.

    When it ended, what was typed goes through the new log-in; another site's form has no Origin of ours.
    """
    kept = kept_forms.typed_now() if request.headers.get("Origin") else None
    return login.leave_with_form(kept) if kept else _page(400, *_PAGES[400])


def foreign_host(_error: SecurityError) -> ResponseReturnValue:
    """No page: its links would have to be made from that host."""
    return Response("Cette adresse n'est pas celle du portail.", 400, mimetype="text/plain")


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Everything else, the unforeseen included."""
    if error.response is not None:
        return error.response
    original = getattr(error, "original_exception", None)
    if isinstance(error, InternalServerError) and isinstance(original, Refusal):
        # The session itself could not be written: outside any view, yet the same answer.
        return refused(original)
    if error.code == NOT_FOUND:
        return refused(NotFound())
    status = error.code or 500
    return _page(status, *_PAGES.get(status, _PAGES[500] if status >= 500 else _PAGES[400]))


def _page(status: int, title: str, sentence: str) -> ResponseReturnValue:
    if status == 500:
        g.setdefault("visit", None)  # what failed once is not asked again
    return render_template("error.html", heading=title, sentence=tied(sentence)), status
