"""« J'ai reçu un courrier »: the legal representative, without account, may refuse a claim (GS-33)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import READING, REFERENCES
from onboarding_api.model.refusals import BadInput, NotFound
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from onboarding_api.web.forms import answer_form
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import parts
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.schemas.request import CLAIM_REFUSAL

blueprint = Blueprint("claim_refusal", __name__, url_prefix="/j-ai-recu-un-courrier")


class UnknownReference(BadInput):
    """No open claim has this reference; whether one ever had is not told."""

    code = "unknown_reference"


def _page(form: FilledForm) -> str:
    return render_template("first_administrator/claim_refusal.html", form=form)


@blueprint.get("")
@bounded(READING)
def explain() -> str:
    """What the letter is, what to do with it, and how to refuse."""
    return _page(FilledForm())


@blueprint.post("")
@bounded(REFERENCES)
def refuse() -> ResponseReturnValue:
    """Refuse by the reference of the letter: the code dies."""

    def submit(values: Mapping[str, Any]) -> str:
        try:
            refuse_claim(parts().office, RefuseClaim(values["reference"]))
        except NotFound:
            raise UnknownReference("reference", "unknown") from None
        return url_for("claim_refusal.thanks")

    return answer_form(CLAIM_REFUSAL, submit, _page)


@blueprint.get("/merci")
@bounded(READING)
def thanks() -> str:
    """The request is refused; nothing else is to be done."""
    return render_template("first_administrator/claim_refusal_thanks.html")
