"""« Tableau de bord »: what to do next, what can be opened (G-09 to G-15, G-73 to G-77)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT
from onboarding_api.queries.dashboard import dashboard
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.schemas.structure import ACTIVE_STRUCTURE
from onboarding_api.web.session import current_session

blueprint = Blueprint("dashboard", __name__)
blueprint.before_request(require_visit)


def _page(form: FilledForm) -> str:
    here = visit()
    with reading() as db:
        board = dashboard(db, here.person.id, here.active, now())
    return render_template(
        "dashboard.html", board=board, form=form, open_espaces=parts().settings.espace_urls
    )


@blueprint.get("/tableau-de-bord")
def show() -> str:
    """The first page after log-in."""
    return _page(FilledForm())


@blueprint.post("/structure-active")
@bounded(ACT)
def switch_structure() -> ResponseReturnValue:
    """Work for another of one's structures (GS-12).

    Raises:
        NotFound: not attached to it.
    """

    def submit(values: Mapping[str, Any]) -> str:
        current_session().switch_to(visit().structure(values["siren"]).siren)
        return local_path(values.get("suite"), url_for("dashboard.show"))

    return answer_form(ACTIVE_STRUCTURE, submit, _page)
