"""What anybody may read: the home page, the legal pages, the state of the service."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from onboarding_api.limits.bounds import HEALTH, READING
from onboarding_api.web.gate import current_visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import reading
from policies.engine.decide import ALARMS

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@bounded(READING)
def welcome() -> ResponseReturnValue:
    """Log in, register, or « J'ai reçu un courrier »."""
    if current_visit():
        return redirect(url_for("dashboard.show"))
    return render_template("home.html")


@blueprint.get("/accessibilite")
@bounded(READING)
def accessibility() -> str:
    """The accessibility statement (RGAA)."""
    return render_template("accessibility.html")


@blueprint.get("/mentions-legales")
@bounded(READING)
def legal_notice() -> str:
    """Legal notice, and what is kept about people (RGPD)."""
    return render_template("legal_notice.html")


@blueprint.get("/contact")
@bounded(READING)
def contact() -> str:
    """Whom to ask, before log-in too (GS-37)."""
    return render_template("contact.html")


@blueprint.get("/sante")
@bounded(HEALTH)
def health() -> ResponseReturnValue:
    """Whether the process answers and reads its database; for the load balancer.

    Keycloak and the mail server are not asked: the portal stays up without them. `policy_alarms` counts what
    this process refused because the rules could not answer: anything but 0 is for an operator.
    """
    with reading() as db:
        db.execute(text("SELECT 1"))
    return {"status": "ok", "policy_alarms": sum(ALARMS.counts().values())}
