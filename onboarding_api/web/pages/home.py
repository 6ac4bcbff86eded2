"""What anybody may read: the home page, the legal pages, the state of the service."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from onboarding_api.web.gate import current_visit
from onboarding_api.web.parts import reading

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def welcome() -> ResponseReturnValue:
    """Log in, register, or « J'ai reçu un courrier »."""
    if current_visit():
        return redirect(url_for("dashboard.show"))
    return render_template("home.html")


@blueprint.get("/accessibilite")
def accessibility() -> str:
    """The accessibility statement (RGAA)."""
    return render_template("accessibility.html")


@blueprint.get("/mentions-legales")
def legal_notice() -> str:
    """Legal notice, and what is kept about people (RGPD)."""
    return render_template("legal_notice.html")


@blueprint.get("/contact")
def contact() -> str:
    """Whom to ask, before log-in too (GS-37)."""
    return render_template("contact.html")


@blueprint.get("/sante")
def health() -> ResponseReturnValue:
    """Whether the process answers and reads its database; for the load balancer.

    Keycloak and the mail server are not asked: the portal stays up without them.
    """
    with reading() as db:
        db.execute(text("SELECT 1"))
    return {"status": "ok"}
