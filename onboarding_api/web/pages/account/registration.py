"""« Créer mon compte » and « Identifiant oublié ? »: the same answer whether the address is known or not."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp_extension.relying_party.seal import Seal
from onboarding_api.limits.bounds import READING, RECALL_MAIL, RECALLS, REGISTRATION_MAIL, REGISTRATIONS
from onboarding_api.usecases.account.ask_registration import ask_registration
from onboarding_api.usecases.account.recall_identifiant import RecallIdentifiant, recall_identifiant
from onboarding_api.usecases.account.register_person import RegisterPerson
from onboarding_api.web.forms import answer_form
from onboarding_api.web.limits import bounded, may_be_mailed
from onboarding_api.web.parts import parts
from onboarding_api.web.schemas.account import FORGOTTEN_IDENTIFIANT, REGISTRATION
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.session import COOKIE

blueprint = Blueprint("registration", __name__)

TYPED_COOKIE, TYPED_SECONDS = f"{COOKIE}_inscription", 600
"""The address typed, for the next page: kept by the browser, so that nothing is written for a stranger."""
_GUARDED: Mapping[str, Any] = {"secure": True, "httponly": True, "samesite": "Lax", "path": "/"}


def _form(form: FilledForm) -> str:
    return render_template("account/registration.html", form=form)


@blueprint.get("/inscription")
@bounded(READING)
def register() -> str:
    """Civilité, prénom, nom, e-mail (GS-01)."""
    return _form(FilledForm())


@blueprint.post("/inscription")
@bounded(REGISTRATIONS)
def submit_registration() -> ResponseReturnValue:
    """Register; one mail leaves in every case (security threat 18)."""

    def submit(values: Mapping[str, Any]) -> str:
        if may_be_mailed(REGISTRATION_MAIL, values["email"]):
            ask_registration(parts().office, RegisterPerson(**values))
        return url_for("registration.thanks")

    answer = make_response(answer_form(REGISTRATION, submit, _form))
    if answer.location:
        typed = REGISTRATION.read(request.form).values["email"]
        answer.set_cookie(TYPED_COOKIE, _seal().close({"email": typed}), max_age=TYPED_SECONDS, **_GUARDED)
    return answer


@blueprint.get("/inscription/merci")
@bounded(READING)
def thanks() -> str:
    """What comes next: a mail with the identifiant and the link to choose a password."""
    typed = _seal().open(request.cookies.get(TYPED_COOKIE, ""))
    return render_template("account/registration_thanks.html", email=typed["email"] if typed else None)


def _seal() -> Seal:
    return Seal(parts().settings.secret_key, "address typed in a registration")


def _forgotten(form: FilledForm) -> str:
    return render_template("account/forgotten_identifiant.html", form=form)


@blueprint.get("/identifiant-oublie")
@bounded(READING)
def forgotten_identifiant() -> str:
    """Ask the e-mail (G-04, GS-04)."""
    return _forgotten(FilledForm())


@blueprint.post("/identifiant-oublie")
@bounded(RECALLS)
def submit_forgotten_identifiant() -> ResponseReturnValue:
    """Send the mail that lists the identifiants, if there are any."""

    def submit(values: Mapping[str, Any]) -> str:
        if may_be_mailed(RECALL_MAIL, values["email"]):
            recall_identifiant(parts().office, RecallIdentifiant(**values))
        return url_for("registration.identifiant_sent")

    return answer_form(FORGOTTEN_IDENTIFIANT, submit, _forgotten)


@blueprint.get("/identifiant-oublie/envoye")
@bounded(READING)
def identifiant_sent() -> str:
    """The same page in every case."""
    return render_template("account/identifiant_sent.html")
