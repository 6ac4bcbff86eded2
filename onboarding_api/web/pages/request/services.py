"""« Mes services »: see them, ask for them (guide §10 to §13).

Choosing changes nothing, so the choice travels in the address: the dialog page can be reloaded, left by
the back button, or come back to after the fonction was given (GS-18).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT, REQUESTS
from onboarding_api.model.habilitation import HabilitationState
from onboarding_api.model.words.labels import service_labels
from onboarding_api.queries.services import RequestCase, my_services, request_case, requested_service
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.request.withdraw_request import withdraw_request
from onboarding_api.web.forms import INVALID, answer_form
from onboarding_api.web.gate import require_visit, structure_of, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import EMPTY, FilledForm
from onboarding_api.web.schemas.request import CHOICE, REQUEST
from policies.catalogue.loader import load_catalogue

blueprint = Blueprint("services", __name__)
blueprint.before_request(require_visit)

NOT_HERE = "L'un de ces services n'a pas encore d'adresse sur ce site : il ne peut pas être demandé."


@blueprint.get("/services")
def mine() -> str:
    """Open, ask and follow in one place (G-47)."""
    return _mine(FilledForm())


@blueprint.get("/services/demande")
def choose() -> ResponseReturnValue:
    """The dialog « Demande d'habilitation » of the case at hand, for the services chosen (G-52, G-53)."""
    form = CHOICE.read(request.args)
    chosen = form.values.get("services", ())
    if any(load_catalogue().services[key].espace not in parts().settings.espace_urls for key in chosen):
        form = form.with_fault("services", NOT_HERE)
    if form.faults:
        return _mine(form), INVALID
    if _needs_fonction(chosen):
        back = f"{request.path}?{request.query_string.decode()}".replace("%3A", ":")
        return redirect(url_for("membership.fonction", siren=visit().siren, suite=back))
    case = case_of(visit().siren)
    if case == RequestCase.FIRST_USER:
        return redirect(url_for("letter.become_administrator", services=chosen))
    return _dialog(FilledForm({"services": chosen}), case)


@blueprint.post("/services/demande/confirmer")
@bounded(REQUESTS)
def confirm() -> ResponseReturnValue:
    """« Accepter »: the request is recorded, an administrator decides (G-57)."""

    def submit(values: Mapping[str, Any]) -> str:
        command = RequestHabilitations(values["siren"], tuple(values["services"]), False)
        request_habilitations(parts().office, visit().actor, command)
        session["siren"] = values["siren"]
        flash("Votre demande est enregistrée. Vous serez informé(e) par e-mail de son état.")
        return url_for("services.mine")

    return answer_form(REQUEST, submit, _dialog)


@blueprint.post("/services/<uuid:habilitation_id>/annuler")
@bounded(ACT)
def withdraw(habilitation_id: UUID) -> ResponseReturnValue:
    """« Annuler ma demande », while it waits for an administrator."""

    def submit(_values: Mapping[str, Any]) -> str:
        withdraw_request(parts().office, visit().actor, str(habilitation_id))
        flash(f"Votre demande est annulée : {_asked_label(str(habilitation_id))}.")
        return url_for("services.mine")

    return answer_form(EMPTY, submit, _mine)


def _asked_label(habilitation_id: str) -> str:
    with reading() as db:
        return service_labels((requested_service(db, habilitation_id),))[0]


def _mine(form: FilledForm) -> str:
    here = visit()
    with reading() as db:
        services = my_services(db, here.person.id, here.siren, now())
    may_request = any(service.may_request for service in services)
    # They waited for an administrator, and there is none: nobody would ever decide.
    pending = [service.key for service in services if service.state == HabilitationState.PENDING]
    stranded = pending if services.case == RequestCase.FIRST_USER else []
    return render_template(
        "request/services.html",
        espaces=services.espaces,
        form=form,
        may_request=may_request,
        stranded=stranded,
        open_espaces=parts().settings.espace_urls,
        lacking_fonction=service_labels({each.key for each in services if each.missing == ("fonction",)}),
    )


def _dialog(form: FilledForm, case: RequestCase | None = None) -> str:
    chosen = form.typed.get("services", ())
    structure = structure_of(form)
    return render_template(
        "request/request_dialog.html",
        form=form,
        structure=structure,
        chosen=chosen,
        labels=service_labels(chosen),
        case=case or case_of(structure.siren),
    )


def case_of(siren: str) -> RequestCase:
    """Which case a request in this structure would be now."""
    with reading() as db:
        return request_case(db, visit().person.id, siren, now())


def _needs_fonction(chosen: list[str]) -> bool:
    services = load_catalogue().services
    here = visit()
    return any(services[key].requires_fonction for key in chosen) and not here.structure(here.siren).fonction
