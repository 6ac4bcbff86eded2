"""Becoming the first administrator: the two screens of CASE 2, the letter, the code (guide §13).

The wait for the letter is the heart of the journey: « Suivre ma demande » says where it is, what to tell the
legal representative, until when the code is good, and what to do when nothing comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT, CODES, LETTERS
from onboarding_api.model.first_administrator.claim import ClaimState
from onboarding_api.model.first_administrator.validity import DAYS
from onboarding_api.model.words.labels import service_labels
from onboarding_api.queries.claims import ClaimView, claim_view
from onboarding_api.queries.letters import letter_place
from onboarding_api.queries.services import RequestCase
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.first_administrator.give_up_claim import give_up_claim
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, structure_of, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.pages.request.services import case_of
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.schemas.request import ACCEPTANCE, CHOICE, CODE, NEW_LETTER, STOP
from onboarding_api.web.wording import counted, day_in_words

blueprint = Blueprint("letter", __name__)
blueprint.before_request(require_visit)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A text to print or to send."""

    text: str

    @property
    def mail_link(self) -> str:
        """Opens a mail with the text; its lines end as RFC 6068 §5 wants it."""
        subject = "Courrier de la Banque des Territoires à me remettre"
        fields = {"subject": subject, "body": self.text.replace("\n", "\r\n")}
        return f"mailto:?{urlencode(fields, quote_via=quote)}"


def _screen(form: FilledForm) -> str:
    chosen = form.typed.get("services", ())
    structure = structure_of(form)
    with reading() as db:
        place = letter_place(db, structure.siren)
    return render_template(
        "first_administrator/become_administrator.html",
        form=form,
        structure=structure,
        place=place,
        chosen=chosen,
        labels=service_labels(chosen),
    )


@blueprint.get("/administrateur/devenir")
def become_administrator() -> ResponseReturnValue:
    """First screen (G-62 to G-64), in this case alone: nothing is recorded before « Accepter »."""
    form = CHOICE.read(request.args)
    if form.faults:
        return redirect(url_for("services.mine"))
    chosen = form.values["services"]
    if case_of(visit().siren) != RequestCase.FIRST_USER:
        return redirect(url_for("services.choose", services=chosen))
    return _screen(FilledForm({"services": chosen}))


@blueprint.post("/administrateur/devenir")
@bounded(LETTERS)
def accept_administration() -> ResponseReturnValue:
    """« Accepter »: the claim is open and the letter asked (G-66)."""

    def submit(values: Mapping[str, Any]) -> str:
        postcode = values.get("postcode")
        command = RequestHabilitations(values["siren"], tuple(values["services"]), True, postcode)
        request_habilitations(parts().office, visit().actor, command)
        session["siren"] = values["siren"]
        return url_for("letter.asked")

    return answer_form(ACCEPTANCE, submit, _screen)


@blueprint.get("/administrateur/courrier-demande")
def asked() -> ResponseReturnValue:
    """Second screen (G-67): only once the claim is in the database."""
    claim = _claim(visit().siren)
    if claim is None:
        return redirect(url_for("services.mine"))
    return render_template("first_administrator/letter_asked.html", claim=claim)


@blueprint.get("/courrier")
def follow() -> ResponseReturnValue:
    """« Suivre ma demande »."""
    return _follow(FilledForm())


@blueprint.post("/courrier/nouveau")
@bounded(LETTERS)
def ask_again() -> ResponseReturnValue:
    """« Je n'ai rien reçu »: another letter; the earlier code dies."""

    def submit(values: Mapping[str, Any]) -> str:
        ask_new_letter(parts().office, visit().actor, AskNewLetter(values["siren"], values.get("postcode")))
        session["siren"] = values["siren"]
        flash("Un nouveau courrier est demandé. Le code du courrier précédent ne peut plus servir.")
        return url_for("letter.follow")

    return answer_form(NEW_LETTER, submit, _follow)


@blueprint.get("/courrier/arreter")
def ask_to_stop() -> ResponseReturnValue:
    """« Arrêter le courrier »: what it ends, before it is done."""
    claim = _claim(visit().siren)
    if claim is None or claim.state != ClaimState.OPEN:
        return redirect(url_for("letter.follow"))
    return _stop_page(FilledForm(), claim)


@blueprint.post("/courrier/arreter")
@bounded(ACT)
def stop() -> ResponseReturnValue:
    """The claim is given up; a letter that left opens nothing."""

    def submit(values: Mapping[str, Any]) -> str:
        give_up_claim(parts().office, visit().actor, values["siren"])
        name = visit().structure(values["siren"]).name
        flash(
            f"La demande pour la structure « {name} » est arrêtée. Le code du courrier ne peut plus servir."
        )
        return url_for("services.mine")

    return answer_form(STOP, submit, _stop)


@blueprint.get("/courrier/code")
def code() -> ResponseReturnValue:
    """« Saisir le code reçu par courrier » (GS-28)."""
    return _code(FilledForm())


@blueprint.post("/courrier/code")
@bounded(CODES)
def redeem() -> ResponseReturnValue:
    """The right code makes the administrator and grants what was asked, in one act (GS-30)."""

    def submit(values: Mapping[str, Any]) -> str:
        command = RedeemActivationCode(values["siren"], values["code"])
        redeem_activation_code(parts().office, visit().actor, command)
        session["siren"] = values["siren"]
        flash("Votre code est accepté : vos services sont validés et vous administrez votre structure.")
        return url_for("dashboard.show")

    return answer_form(CODE, submit, _code)


def _claim(siren: str) -> ClaimView | None:
    with reading() as db:
        return claim_view(db, visit().person.id, siren, now())


def _follow(form: FilledForm) -> str:
    structure = structure_of(form)
    claim = _claim(structure.siren)
    announcement = _announcement(claim, structure.name) if claim else None
    return render_template(
        "first_administrator/letter_follow.html",
        code_days=DAYS,
        claim=claim,
        structure=structure,
        announcement=announcement,
        form=form,
    )


def _stop(form: FilledForm) -> str:
    return _stop_page(form, _claim(structure_of(form).siren))


def _stop_page(form: FilledForm, claim: ClaimView | None) -> str:
    return render_template(
        "first_administrator/letter_stop.html",
        claim=claim,
        structure=structure_of(form),
        form=form,
    )


def _code(form: FilledForm) -> str:
    structure = structure_of(form)
    return render_template(
        "first_administrator/letter_code.html", claim=_claim(structure.siren), structure=structure, form=form
    )


def _announcement(claim: ClaimView, structure_name: str) -> Announcement:
    """What the claimant tells her legal representative, so that an unnamed letter is not lost."""
    person, last_day = visit().person, claim.letter.expires_on
    until = f"valable jusqu'au {day_in_words(last_day)}" if last_day else f"valable {counted(DAYS, 'jour')}"
    site = f"{parts().settings.public_url}{url_for('claim_refusal.explain')}"
    return Announcement(
        f"""Bonjour,

J'ai demandé à devenir administrateur ou administratrice des accès de notre structure ({structure_name}) \
aux services en ligne de la Banque des Territoires ({", ".join(claim.services)}).

Un courrier « À l'attention du représentant légal » va arriver à notre adresse. Il porte la référence \
{claim.reference} et un code d'activation, {until}.

Si vous êtes d'accord, remettez-moi ce courrier en main propre. Sinon, vous pouvez refuser la demande sur \
{site}.

{person.prenom} {person.nom}"""
    )
