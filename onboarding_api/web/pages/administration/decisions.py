"""The administrator's queue: who asks for what, and the four decisions (GS-24 to GS-26)."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT
from onboarding_api.queries.requests import (
    Mark,
    Part,
    QueueRow,
    Sought,
    administrator_queue,
    queue_row,
    waiting_of,
)
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    reactivate_habilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.web.forms import INVALID, answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import EMPTY, FilledForm, Form
from onboarding_api.web.schemas.request import DEACTIVATION_MOTIVE, QUEUE, REFUSAL_MOTIVE
from policies.catalogue.loader import load_catalogue

blueprint = Blueprint("decisions", __name__, url_prefix="/demandes")
blueprint.before_request(require_visit)

Decide = Callable[..., object]


@blueprint.get("")
def queue() -> ResponseReturnValue:
    """Pending first, with age, requester, fonction, service; then what was decided; twenty at a time."""
    form = QUEUE.read(request.args)
    here = visit()
    if here.active and not here.active.is_administrator and here.administered:
        return render_template("administration/queue_elsewhere.html")
    return _queue(form), INVALID if form.faults else 200


@blueprint.post("/<uuid:habilitation_id>/valider")
@bounded(ACT)
def validate(habilitation_id: UUID) -> ResponseReturnValue:
    """« Valider », never one's own request."""
    return _decide(EMPTY, habilitation_id, validate_habilitation, _queue, "La demande de {} est validée.")


@blueprint.post("/personne/<uuid:membership_id>/valider")
@bounded(ACT)
def validate_all(membership_id: UUID) -> ResponseReturnValue:
    """« Tout valider »: what one person waits for, each as if it were clicked alone."""

    def submit(_values: Mapping[str, Any]) -> str:
        here = visit()
        with reading() as db:
            rows = waiting_of(db, here.person.id, str(membership_id), now())
        for row in rows:
            validate_habilitation(parts().office, here.actor, DecideHabilitation(row.habilitation_id))
        if rows:
            labels = ", ".join(row.service_label for row in rows)
            flash(f"Les demandes de {rows[0].requester} sont validées : {labels}.")
        return url_for("decisions.queue")

    return answer_form(EMPTY, submit, _queue)


@blueprint.get("/<uuid:habilitation_id>/refuser")
def ask_refusal_motive(habilitation_id: UUID) -> str:
    """Ask the motive: the requester will read it (GS-25)."""
    return _motive("administration/decision_refuse.html", habilitation_id)(FilledForm())


@blueprint.post("/<uuid:habilitation_id>/refuser")
@bounded(ACT)
def refuse(habilitation_id: UUID) -> ResponseReturnValue:
    """« Refuser », with a motive."""
    page = _motive("administration/decision_refuse.html", habilitation_id)
    return _decide(
        REFUSAL_MOTIVE, habilitation_id, refuse_habilitation, page, "La demande de {} est refusée."
    )


@blueprint.get("/<uuid:habilitation_id>/desactiver")
def ask_deactivation_motive(habilitation_id: UUID) -> str:
    """Confirm, with a motive if there is one."""
    return _motive("administration/decision_deactivate.html", habilitation_id)(FilledForm())


@blueprint.post("/<uuid:habilitation_id>/desactiver")
@bounded(ACT)
def deactivate(habilitation_id: UUID) -> ResponseReturnValue:
    """Take back an access that was validated."""
    page = _motive("administration/decision_deactivate.html", habilitation_id)
    said = "L'habilitation de {} est désactivée."
    return _decide(DEACTIVATION_MOTIVE, habilitation_id, deactivate_habilitation, page, said)


@blueprint.post("/<uuid:habilitation_id>/reactiver")
@bounded(ACT)
def reactivate(habilitation_id: UUID) -> ResponseReturnValue:
    """Give back an access that was taken back."""
    said = "L'habilitation de {} est de nouveau validée."
    return _decide(EMPTY, habilitation_id, reactivate_habilitation, _queue, said)


def _decide(
    form: Form, habilitation_id: UUID, decide: Decide, page: Callable[[FilledForm], str], said: str
) -> ResponseReturnValue:
    def submit(values: Mapping[str, Any]) -> str:
        command = DecideHabilitation(str(habilitation_id), values.get("motive") or None)
        decide(parts().office, visit().actor, command)
        row = _row(habilitation_id)
        flash(said.format(f"{row.requester} ({row.service_label})"))
        return url_for("decisions.queue")

    return answer_form(form, submit, page)


def _queue(form: FilledForm) -> str:
    here, values = visit(), form.values
    sought = Sought(
        name=values.get("q", ""),
        fonction=values.get("fonction", ""),
        service=values.get("service", ""),
        part=Part(values["liste"]) if values.get("liste") else None,
        after=_place(values.get("apres")),
        before=_place(values.get("avant")),
    )
    with reading() as db:
        found = administrator_queue(db, here.person.id, here.siren, now(), sought)
    catalogue = load_catalogue()
    return render_template(
        "administration/queue.html",
        queue=found,
        sought=sought,
        form=form,
        fonctions=[(each.code, each.label) for each in catalogue.fonctions.values()],
        services=[(each.key, each.label) for each in catalogue.services.values()],
    )


def _place(text: str | None) -> Mark | None:
    return Mark.read(text) if text else None


def _motive(template: str, habilitation_id: UUID) -> Callable[[FilledForm], str]:
    row = _row(habilitation_id)
    return lambda form: render_template(template, row=row, form=form)


def _row(habilitation_id: UUID) -> QueueRow:
    with reading() as db:
        return queue_row(db, visit().person.id, str(habilitation_id), now())
