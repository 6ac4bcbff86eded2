"""« Gérer mes structures »: find one, attach to it, leave it (guide §5 and §6)."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from onboarding_api.limits.bounds import ACT, ATTACHING, SEARCH
from onboarding_api.model.refusals import BadInput, NotFound
from onboarding_api.model.words.typed_text import trimmed
from onboarding_api.queries.structures import leaving
from onboarding_api.registry.search import StructureHit, search, structure_by_siren
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from onboarding_api.web.errors import answer_to
from onboarding_api.web.forms import INVALID, answer_form
from onboarding_api.web.gate import require_visit, visit
from onboarding_api.web.limits import bounded
from onboarding_api.web.local_paths import local_path
from onboarding_api.web.parts import now, parts, reading
from onboarding_api.web.schemas.form import FilledForm
from onboarding_api.web.schemas.structure import ATTACH, LEAVING

blueprint = Blueprint("structures", __name__, url_prefix="/structures")
blueprint.before_request(require_visit)

MOST_RESULTS = 20
NOTHING_TYPED = "Saisissez un nom, un code postal ou l'un des numéros de votre structure."


@blueprint.get("")
def mine() -> str:
    """The structures of the person, with « Ajouter une structure » and « Supprimer » (G-22)."""
    return render_template("structure/structures.html")


@blueprint.get("/ajouter")
@bounded(SEARCH)
def look_for() -> ResponseReturnValue:
    """One box: name, postcode, SIREN, SIRET, INSEE code or code tiers (GS-08)."""
    typed, suite = trimmed(request.args.get("q", "")), request.args.get("suite", "")
    form, status = FilledForm({"q": typed}), 200
    hits: tuple[StructureHit, ...] = ()
    if "q" in request.args and not typed:
        form, status = form.with_fault("q", NOTHING_TYPED), INVALID
    if typed:
        try:
            hits = _search(typed)
        except BadInput as refusal:
            form, status = form.with_fault("q", answer_to(refusal)[1]), INVALID
    return render_template("structure/structure_search.html", form=form, hits=hits, suite=suite), status


@blueprint.get("/ajouter/<siren:siren>")
def confirm(siren: str) -> str:
    """Is this the right one? Names do not identify a commune, so département and SIREN are shown."""
    return _confirmation(siren, FilledForm({"suite": request.args.get("suite", "")}))


@blueprint.post("/ajouter/<siren:siren>")
@bounded(ATTACHING)
def attach(siren: str) -> ResponseReturnValue:
    """Attach; the structure becomes the active one (G-21)."""

    def submit(values: Mapping[str, Any]) -> str:
        attach_structure(parts().office, visit().actor, AttachStructure(siren))
        session["siren"] = siren
        flash(f"Vous êtes rattaché(e) à la structure « {_hit(siren).name} ».")
        return local_path(values.get("suite"), url_for("dashboard.show"))

    return answer_form(ATTACH, submit, lambda form: _confirmation(siren, form))


@blueprint.get("/<siren:siren>/quitter")
def leave(siren: str) -> str:
    """What would be lost (GS-11)."""
    return _leaving(siren, FilledForm())


@blueprint.post("/<siren:siren>/quitter")
@bounded(ACT)
def detach(siren: str) -> ResponseReturnValue:
    """Leave the structure (G-23)."""

    def submit(values: Mapping[str, Any]) -> str:
        command = DetachStructure(siren, leaves_vacant="vacant" in values)
        name = _hit(siren).name
        detach_structure(parts().office, visit().actor, command)
        flash(f"Vous n'êtes plus rattaché(e) à la structure « {name} ».")
        return url_for("structures.mine")

    return answer_form(LEAVING, submit, lambda form: _leaving(siren, form))


def _search(typed: str) -> tuple[StructureHit, ...]:
    with reading() as db:
        return search(db, typed, limit=MOST_RESULTS)


def _confirmation(siren: str, form: FilledForm) -> str:
    hit = _hit(siren)
    is_mine = any(one.siren == siren for one in visit().structures)
    return render_template("structure/structure_confirm.html", hit=hit, form=form, is_mine=is_mine)


def _hit(siren: str) -> StructureHit:
    with reading() as db:
        hit = structure_by_siren(db, siren)
    if hit is None:
        raise NotFound
    return hit


def _leaving(siren: str, form: FilledForm) -> str:
    here = visit()
    structure = here.structure(siren)
    with reading() as db:
        left = leaving(db, here.person.id, siren, now())
    return render_template(
        "structure/structure_leave.html", structure=structure, lost=left.lost, is_last=left.is_last, form=form
    )
