"""The profile in a structure: telephone, e-mail and fonction, each changed alone (guide §7, G-26 to G-34)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.parts import parts
from onboarding_api.web.schemas.form import FilledForm, Form
from onboarding_api.web.schemas.structure import EMAIL, FONCTION, TELEPHONE
from onboarding_api.web.wording import telephone_in_groups
from policies.catalogue.loader import load_catalogue

blueprint = Blueprint("membership", __name__, url_prefix="/structures/<siren:siren>")
blueprint.before_request(require_visit)


@blueprint.get("")
def show(siren: str) -> str:
    """The person's page in the structure, behind the button with its name (G-26)."""
    return render_template("structure/membership.html", structure=visit().structure(siren))


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
@bounded(ACT)
def edit_email(siren: str) -> ResponseReturnValue:
    """Change the e-mail alone."""
    page = _page("structure/membership_email.html", siren)
    return _edit(EMAIL, siren, "email", page, "Votre adresse e-mail est modifiée")


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
