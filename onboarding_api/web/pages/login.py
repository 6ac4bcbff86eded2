"""Log in by Keycloak, come back, log out; and the pages of Keycloak that the portal leads to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from idp_extension.relying_party.client import Attempt, LoginRefused, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable
from onboarding_api.queries.people import person_by_keycloak
from onboarding_api.web.gate import current_visit
from onboarding_api.web.house import house, reading
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.session import current_session

blueprint = Blueprint("login", __name__)


@blueprint.get("/connexion")
def log_in() -> ResponseReturnValue:
    """Leave for Keycloak's log-in page; the attempt is bound to this browser's session."""
    return _leave(local_path(request.args.get("suite"), url_for("dashboard.show")))


@blueprint.get("/profil/mot-de-passe")
def change_password() -> ResponseReturnValue:
    """« Modifier le mot de passe » (G-41): Keycloak's own page, where the rule is shown (G-43 to G-45)."""
    return _leave(url_for("identity.show"), kc_action="UPDATE_PASSWORD")


@blueprint.get("/mot-de-passe-oublie")
def forgotten_password() -> ResponseReturnValue:
    """« Mot de passe oublié ? » (G-05): Keycloak sends the link."""
    client = house().identity
    query = urlencode({"client_id": client.client_id})
    return redirect(f"{client.issuer.url}/login-actions/reset-credentials?{query}")


@blueprint.get("/connexion/retour")
def come_back() -> ResponseReturnValue:
    """Check the answer of Keycloak and open the session, under a new number.

    Raises:
        LoginRefused: not the answer to an attempt of this browser.
        IssuerUnavailable: Keycloak does not answer.
    """
    attempt = session.pop("attempt", None)
    if attempt is None:
        if current_visit():
            return redirect(url_for("dashboard.show"))  # the back button, after a log-in that went well
        raise LoginRefused("state")
    tokens = house().identity.finish(Attempt(**attempt), request.args)
    values = _values_of(tokens)
    if values is None:
        return render_template("unknown_account.html"), 403
    suite = session.get("suite")
    current_session().log_in(values)
    generate_csrf()  # now, so that reading a page later needs no write
    return redirect(local_path(suite, url_for("dashboard.show")))


@blueprint.post("/deconnexion")
def log_out() -> ResponseReturnValue:
    """End the session here, then the one of Keycloak; here even when Keycloak is down (G-10)."""
    id_token = session.get("id_token")
    current_session().end()
    home = url_for("home.welcome")
    if id_token is None:
        return redirect(home, 303)
    try:
        there = house().identity.log_out_url(id_token, f"{house().settings.public_url}{home}")
    except IssuerUnavailable:
        there = home
    answer = redirect(there, 303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _leave(suite: str, **parameters: str) -> ResponseReturnValue:
    url, attempt = house().identity.begin(**parameters)
    session["attempt"] = attempt.as_values()
    session["suite"] = suite
    return redirect(url)


def _values_of(tokens: Tokens) -> Mapping[str, Any] | None:
    """What the session keeps; None when the account is none of ours or is closed."""
    sub, identifiant = str(tokens.id_claims["sub"]), str(tokens.id_claims.get("preferred_username", ""))
    with reading() as db:
        person = person_by_keycloak(db, sub, identifiant)
    if person is None or not person.is_active:
        return None
    return {
        "person_id": person.id,
        "keycloak_sid": tokens.id_claims.get("sid"),
        "sub": sub,
        "identifiant": identifiant,
        "acr": _level(tokens.id_claims.get("acr")),
        "id_token": tokens.id_token,
    }


def _level(acr: object) -> int:
    """The level of the log-in; Keycloak writes 0 when the password was typed earlier (SSO): still 1."""
    return max(1, int(acr)) if isinstance(acr, str) and acr.isdecimal() else 1
