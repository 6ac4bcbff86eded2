"""Log in by Keycloak, come back, log out; and the pages of Keycloak that the portal leads to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from idp_extension.relying_party.client import LoginRefused, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable, level_of
from onboarding_api.limits.bounds import LOG_IN, LOG_OUT
from onboarding_api.queries.people import person_by_keycloak
from onboarding_api.web import kept_forms
from onboarding_api.web.gate import current_visit
from onboarding_api.web.keycloak_session import keycloak_sessions
from onboarding_api.web.limits import bounded
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.parts import parts, reading
from onboarding_api.web.session import current_session

blueprint = Blueprint("login", __name__)

LABELS = {
    "civilite": "Civilité",
    "prenom": "Prénom",
    "nom": "Nom",
    "email": "Adresse e-mail",
    "telephone": "Téléphone",
    "motive": "Motif",
    "code": "Code d'activation",
    "postcode": "Code postal",
}
"""What people type by hand; the rest of a form was chosen, and goes with it unseen."""

LONGEST_SUITE = 500
"""Signs of the address to come back to: it travels in a cookie, and browsers keep 4,096 bytes of one."""


@blueprint.get("/connexion")
@bounded(LOG_IN)
def log_in() -> ResponseReturnValue:
    """Leave for Keycloak's log-in page; the attempt is bound to this browser, and nothing is written."""
    return _leave(local_path(request.args.get("suite"), url_for("dashboard.show")))


@blueprint.get("/profil/mot-de-passe")
@bounded(LOG_IN)
def change_password() -> ResponseReturnValue:
    """« Modifier le mot de passe » (G-41): Keycloak's own page, where the rule is shown (G-43 to G-45).

    It asks « Votre mot de passe » first, however fresh the log-in is.
    """
    return _leave(url_for("identity.show"), kc_action="UPDATE_PASSWORD", prompt="login")


@blueprint.get("/mot-de-passe-oublie")
@bounded(LOG_IN)
def forgotten_password() -> ResponseReturnValue:
    """« Mot de passe oublié ? » (G-05): Keycloak sends the link.

    Raises:
        IssuerUnavailable: Keycloak does not answer.
    """
    client = parts().identity
    client.issuer.endpoints_now()
    query = urlencode({"client_id": client.client_id})
    return redirect(f"{client.issuer.url}/login-actions/reset-credentials?{query}")


@blueprint.get("/connexion/retour")
@bounded(LOG_IN)
def come_back() -> ResponseReturnValue:
    """Check the answer of Keycloak and open the session, under a new number.

    Raises:
        LoginRefused: not the answer to an attempt of this browser.
        IssuerUnavailable: Keycloak does not answer.
    """
    begun = parts().attempts.find(request.cookies, request.args.get("state", ""))
    if begun is None:
        if current_visit():
            return redirect(url_for("dashboard.show"))  # the back button, after a log-in that went well
        raise LoginRefused("state")
    tokens = parts().identity.finish(begun.attempt, request.args)
    values = _values_of(tokens)
    if values is None:
        current_session().log_in(
            keycloak_sessions().keep(tokens)
        )  # for the log-out, so that another may log in
        answer = make_response(render_template("account/unknown_account.html"), 403)
    else:
        current_session().log_in({**values, **keycloak_sessions().keep(tokens)})
        if request.args.get("kc_action_status") == "success":
            flash("Votre mot de passe est modifié. Vos sessions ouvertes ailleurs sont fermées.")
        generate_csrf()  # now, so that reading a page later needs no write
        suite = local_path(begun.remembered["suite"], url_for("dashboard.show"))
        is_kept = kept_forms.resume(begun.remembered.get("kept"))
        answer = make_response(redirect(url_for("login.resume") if is_kept else suite))
    parts().attempts.forget(answer, begun.cookie)
    return answer


@blueprint.post("/deconnexion")
@bounded(LOG_OUT)
def log_out() -> ResponseReturnValue:
    """End the session here, then the one of Keycloak; here even when Keycloak is down (G-10)."""
    id_token = keycloak_sessions().id_token()
    current_session().end()
    home = url_for("home.welcome")
    if id_token is None:
        return redirect(home, 303)
    try:
        there = parts().identity.log_out_url(id_token, f"{parts().settings.public_url}{home}")
    except IssuerUnavailable:
        there = home
    answer = redirect(there, 303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@blueprint.get("/reprendre")
@bounded(LOG_IN)
def resume() -> ResponseReturnValue:
    """What was typed when the session ended, to be sent by one more click."""
    kept = session.get(kept_forms.KEPT)
    if kept is None or current_visit() is None:
        return redirect(url_for("dashboard.show"))
    return render_template("account/resume.html", kept=kept, labels=LABELS)


def leave_with_form(kept: str) -> ResponseReturnValue:
    """To the log-in, with what was typed."""
    return _leave(url_for("dashboard.show"), kept=kept)


def _leave(suite: str, kept: str = "", **parameters: str) -> ResponseReturnValue:
    url, attempt = parts().identity.begin(**parameters)
    answer = redirect(url, 303 if kept else 302)
    remembered = suite if len(suite) <= LONGEST_SUITE else url_for("dashboard.show")
    parts().attempts.keep(answer, request.cookies, attempt, {"suite": remembered, "kept": kept})
    return answer


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
        "acr": level_of(tokens.id_claims),
    }
