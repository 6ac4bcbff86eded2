"""Becoming the first administrator: the two screens of CASE 2, the letter, the code (guide §13).

The wait for the letter is the heart of the journey: « Suivre ma demande » says where it is, what to tell the
legal representative, until when the code is good, and what to do when nothing comes.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.queries.claims import claim_view
from onboarding_api.usecases.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.redeem_activation_code import RedeemActivationCode, redeem_activation_code
from onboarding_api.usecases.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.web.forms import submit
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.house import house, now, reading
from onboarding_api.web.pages.services import labels
from onboarding_api.web.schemas.form import Reading
from onboarding_api.web.schemas.services import CHOICE, CODE, NEW_LETTER, REQUEST

blueprint = Blueprint("letter", __name__)
blueprint.before_request(require_visit)


def _screen(form: Reading) -> str:
    chosen = form.typed.get("services", ())
    return render_template("become_administrator.html", form=form, chosen=chosen, labels=labels(chosen))


@blueprint.get("/administrateur/devenir")
def become_administrator() -> ResponseReturnValue:
    """First screen (G-62 to G-64): nothing is recorded before « Accepter »."""
    form = CHOICE.read(request.args)
    if form.faults:
        return redirect(url_for("services.mine"))
    return _screen(Reading({"services": form.values["services"], "siren": visit().siren}))


@blueprint.post("/administrateur/devenir")
def accept_administration() -> ResponseReturnValue:
    """« Accepter »: the claim is open and the letter asked (G-66)."""

    def act(values: Mapping[str, Any]) -> str:
        command = RequestHabilitations(values["siren"], tuple(values["services"]), True)
        request_habilitations(house().office, visit().actor, command)
        return url_for("letter.asked")

    return submit(REQUEST, act, _screen)


@blueprint.get("/administrateur/courrier-demande")
def asked() -> ResponseReturnValue:
    """Second screen (G-67): only once the claim is in the database."""
    claim = _claim()
    if claim is None:
        return redirect(url_for("services.mine"))
    return render_template("letter_asked.html", claim=claim)


@blueprint.get("/courrier")
def follow() -> ResponseReturnValue:
    """« Suivre ma demande »."""
    return _follow(Reading())


@blueprint.post("/courrier/nouveau")
def ask_again() -> ResponseReturnValue:
    """« Je n'ai rien reçu »: another letter; the earlier code dies."""

    def act(values: Mapping[str, Any]) -> str:
        ask_new_letter(house().office, visit().actor, AskNewLetter(values["siren"]))
        flash("Un nouveau courrier est demandé. Le code du courrier précédent ne peut plus servir.")
        return url_for("letter.follow")

    return submit(NEW_LETTER, act, _follow)


@blueprint.get("/courrier/code")
def code() -> ResponseReturnValue:
    """« Saisir le code reçu par courrier » (GS-28)."""
    return _code(Reading())


@blueprint.post("/courrier/code")
def redeem() -> ResponseReturnValue:
    """The right code makes the administrator and grants what was asked, in one act (GS-30)."""

    def act(values: Mapping[str, Any]) -> str:
        command = RedeemActivationCode(values["siren"], values["code"])
        redeem_activation_code(house().office, visit().actor, command)
        flash("Votre code est accepté : vos services sont validés et vous administrez votre structure.")
        return url_for("dashboard.show")

    return submit(CODE, act, _code)


def _claim() -> Any:
    here = visit()
    with reading() as db:
        return claim_view(db, here.person.id, here.siren, now())


def _follow(form: Reading) -> str:
    return render_template("letter_follow.html", claim=_claim(), form=form)


def _code(form: Reading) -> str:
    return render_template("letter_code.html", claim=_claim(), form=form)
