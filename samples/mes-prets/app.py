"""« Mes prêts en ligne », a sample relying service: log-in by SSO, the roles of one structure, nothing else.

Run it with `gunicorn 'app:create_app()'`. Settings from the environment:
MES_PRETS_ISSUER (issuer URL), MES_PRETS_REACH_AT (where this process reaches it, when that differs),
MES_PRETS_KEY (file of its private key, by which Keycloak knows it), MES_PRETS_SECRET (seals its cookies),
MES_PRETS_URL (its own address), MES_PRETS_PORTAL (the portal's address).
"""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.relying_party.guard import StructureGuard
from idp_extension.relying_party.issuer import Issuer, IssuerUnavailable

CLIENT_ID = "mes-prets"
PAGES = {
    "demande": ("Demande de prêts", "Déposer une demande de prêt au nom de la structure."),
    "suivi": ("Suivi des dossiers", "Voir où en sont les dossiers déposés."),
    "encours": ("Encours", "Consulter le capital restant dû de chaque prêt."),
    "documents": ("Documents", "Retrouver les contrats et les échéanciers."),
}


def create_app() -> Flask:
    """The application, configured from the environment."""
    app = Flask(__name__)
    url = os.environ["MES_PRETS_URL"].rstrip("/")
    app.jinja_env.globals["portal"] = os.environ["MES_PRETS_PORTAL"].rstrip("/")
    issuer = Issuer(os.environ["MES_PRETS_ISSUER"], reach_at=os.environ.get("MES_PRETS_REACH_AT", ""))
    key = ClientKey.in_file(CLIENT_ID, Path(os.environ["MES_PRETS_KEY"]))
    client = OpenIDClient(issuer, CLIENT_ID, key, f"{url}/connexion/retour")
    secret = os.environ["MES_PRETS_SECRET"]
    guard = StructureGuard(
        app, client, secret=secret, session_cookie="__Host-mes-prets", home="/", public_url=url
    )
    _add_pages(app, guard)
    for status in (400, 403, 404):
        app.register_error_handler(status, _refused)
    app.register_error_handler(IssuerUnavailable, lambda _error: _refused(ServiceUnavailable()))
    app.after_request(_hardener(issuer.url))
    return app


def _add_pages(app: Flask, guard: StructureGuard) -> None:
    @app.get("/")
    def home() -> ResponseReturnValue:
        visit = guard.visit()
        if visit is None:  # for the structure in the address: log in for it, silently thanks to SSO
            return guard.send_to_log_in()
        return render_template("home.html", visit=visit, pages=PAGES, held=visit.roles(CLIENT_ID))

    @app.get("/jeton")
    def token() -> ResponseReturnValue:
        """What this service was told, for developers: the claims that decide."""
        visit = guard.visit()
        if visit is None:
            return guard.send_to_log_in()
        shown = ("aud", "azp", "structure", "resource_access")
        return {name: visit.tokens.access_claims.get(name) for name in shown}

    for role, (title, _) in PAGES.items():
        app.add_url_rule(f"/{role}", role, guard.requires(role)(_page(guard, title)))


def _refused(error: HTTPException) -> ResponseReturnValue:
    return render_template("refused.html", status=error.code), error.code or 500


def _page(guard: StructureGuard, title: str) -> Callable[[], ResponseReturnValue]:
    def page() -> ResponseReturnValue:
        return render_template("page.html", visit=guard.visit(), title=title)

    return page


def _hardener(issuer_url: str) -> Callable[[Response], Response]:
    # « Déconnexion » is a form whose redirects pass by Keycloak; browsers hold `form-action` against each.
    parts = urlsplit(issuer_url)
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )

    def harden(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer

    return harden
