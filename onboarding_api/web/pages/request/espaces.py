"""The buttons of the dashboard: enter an espace, and its conditions particulières (guide §14)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT
from onboarding_api.model.refusals import NotFound
from onboarding_api.queries.access import entry
from onboarding_api.queries.terms import terms_to_accept
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.web.forms import answer_form
from onboarding_api.web.gate import require_visit, structure_of, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.schemas.request import TERMS
from policies.catalogue.loader import load_catalogue

blueprint = Blueprint("espaces", __name__, url_prefix="/espaces/<espace>")
blueprint.before_request(require_visit)

RETRY_SECONDS, MOST_RETRIES = 3, 10


@blueprint.get("")
def enter(espace: str) -> ResponseReturnValue:
    """Open the relying service, or say what is still missing (« Why can't I open this? »)."""
    label = _label(espace)
    here, urls = visit(), parts().settings.espace_urls
    with reading() as db:
        found = entry(db, here.person.id, here.siren, espace, now(), open_espaces=urls)
    if found.state == "ready":
        return redirect(f"{urls[espace]}/?structure={here.siren}")
    if found.state == "terms":
        return redirect(url_for("espaces.terms", espace=espace))
    if found.state == "preparing":
        return _preparing(espace, label)
    return render_template("request/espace_refused.html", label=label, sentences=found.sentences)


def _preparing(espace: str, label: str) -> ResponseReturnValue:
    """The page asks again by itself, a few times: who reads it to the end is there before her service."""
    tries = request.args.get("essai", "0")
    done = int(tries) if tries.isdecimal() and len(tries) < 3 else MOST_RETRIES
    page = make_response(
        render_template(
            "request/espace_preparing.html", espace=espace, label=label, waits=done < MOST_RETRIES
        )
    )
    if done < MOST_RETRIES:
        again = url_for("espaces.enter", espace=espace, essai=done + 1)
        page.headers["Refresh"] = f"{RETRY_SECONDS}; url={again}"
    return page


@blueprint.get("/conditions")
def terms(espace: str) -> str:
    """The full text, a box and a button (G-78, GS-35)."""
    return _terms(espace, FilledForm())


@blueprint.post("/conditions")
@bounded(ACT)
def accept(espace: str) -> ResponseReturnValue:
    """Keep the proof of this version, then enter."""
    _label(espace)

    def submit(values: Mapping[str, Any]) -> str:
        command = AcceptTerms(values["siren"], espace, values["version"])
        accept_terms(parts().office, visit().actor, command)
        session["siren"] = values["siren"]
        return url_for("espaces.enter", espace=espace)

    return answer_form(TERMS, submit, lambda form: _terms(espace, form))


def _terms(espace: str, form: FilledForm) -> str:
    _label(espace)
    structure = structure_of(form)
    with reading() as db:
        found = terms_to_accept(db, visit().person.id, structure.siren, espace)
    return render_template("request/terms.html", terms=found, structure=structure, form=form)


def _label(espace: str) -> str:
    known = load_catalogue().espaces.get(espace)
    if known is None:
        raise NotFound
    return known.label
