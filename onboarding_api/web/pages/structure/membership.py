"""The profile in a structure: telephone, e-mail and fonction, each changed alone (guide §7, G-26 to G-34)."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT, EMAIL_CHANGES
from onboarding_api.model.words.contact import shown_address
from onboarding_api.queries.people import email_waiting, email_waiting_by_link
from onboarding_api.usecases.structure.change_email import (
    AskEmailChange,
    ask_email_change,
    confirm_email_change,
)
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import EMPTY, FilledForm, Form
from onboarding_api.web.schemas.structure import EMAIL, FONCTION, TELEPHONE
from onboarding_api.web.wording import telephone_in_groups
from policies.catalogue.loader import load_catalogue

blueprint = Blueprint("membership", __name__, url_prefix="/structures/<siren:siren>")
blueprint.before_request(require_visit)


@blueprint.get("")
def show(siren: str) -> str:
    """The person's page in the structure, behind the button with its name (G-26)."""
    structure = visit().structure(siren)
    with reading() as db:
        waiting = email_waiting(db, structure.membership_id, now())
    return render_template("structure/membership.html", structure=structure, waiting=waiting)


@blueprint.get("/telephone")
def telephone(siren: str) -> str:
    """« Modifier mon numéro de téléphone » (G-30)."""
    return _page("structure/membership_telephone.html", siren)(_filled(siren, "telephone"))


@blueprint.post("/telephone")
@bounded(ACT)
def edit_telephone(siren: str) -> ResponseReturnValue:
    """Change the telephone alone."""
    page = _page("structure/membership_telephone.html", siren)
    return _edit(TELEPHONE, siren, "telephone", page, "Votre numéro de téléphone est modifié")


@blueprint.get("/email")
def email(siren: str) -> str:
    """« Modifier mon adresse e-mail » (GS-13): the professional one, for this structure."""
    return _page("structure/membership_email.html", siren)(_filled(siren, "email"))


@blueprint.post("/email")
@bounded(EMAIL_CHANGES)
def edit_email(siren: str) -> ResponseReturnValue:
    """Send a link to the address typed; it changes when the link is followed."""

    def submit(values: Mapping[str, Any]) -> str:
        email = values["email"]
        if ask_email_change(parts().office, visit().actor, AskEmailChange(siren, email)):
            flash(f"Un e-mail part à l'adresse {shown_address(email)} : suivez son lien pour la confirmer.")
        return local_path(values.get("suite"), url_for("membership.show", siren=siren))

    return answer_form(EMAIL, submit, _page("structure/membership_email.html", siren))


@blueprint.get("/email/<uuid:change_id>")
def read_change(siren: str, change_id: UUID) -> str:
    """The link of the mail; a program that follows it changes nothing."""
    return _confirmation(siren, change_id)(FilledForm())


@blueprint.post("/email/<uuid:change_id>")
@bounded(ACT)
def confirm_change(siren: str, change_id: UUID) -> ResponseReturnValue:
    """Confirm the new address."""

    def submit(_values: Mapping[str, Any]) -> str:
        confirm_email_change(parts().office, visit().actor, siren, str(change_id))
        name = visit().structure(siren).name
        flash(f"Votre adresse e-mail dans la structure « {name} » est modifiée.")
        return url_for("membership.show", siren=siren)

    return answer_form(EMPTY, submit, _confirmation(siren, change_id))


@blueprint.get("/fonction")
def fonction(siren: str) -> str:
    """« Modifier ma fonction », from the drop-down list (G-28)."""
    return _page("structure/membership_fonction.html", siren)(_filled(siren, "fonction"))


@blueprint.post("/fonction")
@bounded(ACT)
def edit_fonction(siren: str) -> ResponseReturnValue:
    """Change the fonction alone; obligatory for the loan services (G-33)."""
    page = _page("structure/membership_fonction.html", siren)
    return _edit(FONCTION, siren, "fonction", page, "Votre fonction est modifiée")


def _confirmation(siren: str, change_id: UUID) -> Callable[[FilledForm], str]:
    structure = visit().structure(siren)
    with reading() as db:
        email = email_waiting_by_link(db, structure.membership_id, str(change_id), now())

    def show_form(form: FilledForm) -> str:
        return render_template(
            "structure/membership_email_confirm.html", structure=structure, form=form, email=email
        )

    return show_form


def _filled(siren: str, item: str) -> FilledForm:
    now_there = getattr(visit().structure(siren), item) or ""
    shown = telephone_in_groups(now_there) if item == "telephone" else now_there
    return FilledForm({item: shown, "suite": request.args.get("suite", "")})


def _page(template: str, siren: str) -> Callable[[FilledForm], str]:
    structure = visit().structure(siren)

    def show_form(form: FilledForm) -> str:
        fonctions = load_catalogue().fonctions.values()
        return render_template(template, structure=structure, form=form, fonctions=fonctions)

    return show_form


def _edit(
    form: Form, siren: str, item: str, page: Callable[[FilledForm], str], said: str
) -> ResponseReturnValue:
    def submit(values: Mapping[str, Any]) -> str:
        edit_profile(parts().office, visit().actor, EditProfile(siren, **{item: values[item]}))
        flash(f"{said} dans la structure « {visit().structure(siren).name} ».")
        return local_path(values.get("suite"), url_for("membership.show", siren=siren))

    return answer_form(form, submit, page)
