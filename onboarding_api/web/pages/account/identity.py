"""« Profil », tab « Identité et sécurité » (guide §9, G-35 to G-42)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT
from onboarding_api.usecases.account.edit_identity import EditIdentity, edit_identity
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import parts
from onboarding_api.web.schemas.account import IDENTITY
from onboarding_api.web.schemas.form import FilledForm

blueprint = Blueprint("identity", __name__, url_prefix="/profil")
blueprint.before_request(require_visit)


@blueprint.get("")
def show() -> str:
    """Identity, identifiant, and the way to the password."""
    return render_template("account/identity.html")


def _form(form: FilledForm) -> str:
    return render_template("account/identity_edit.html", form=form)


@blueprint.get("/identite")
def edit() -> str:
    """« Modifier l'identité » (G-39)."""
    person = visit().person
    return _form(FilledForm({"civilite": person.civilite, "prenom": person.prenom, "nom": person.nom}))


@blueprint.post("/identite")
@bounded(ACT)
def submit_identity() -> ResponseReturnValue:
    """Change civilité, prénom, nom."""

    def submit(values: Mapping[str, Any]) -> str:
        edit_identity(parts().office, visit().actor, EditIdentity(**values))
        flash("Votre identité est modifiée.")
        return url_for("identity.show")

    return answer_form(IDENTITY, submit, _form)
