"""From a posted form to a use case and back: faults and refusals are shown beside what was typed."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from onboarding_api.model.refusals import BadInput, NotFound, Refusal
from onboarding_api.web.errors import answer_to
from onboarding_api.web.limits import spend_here
from onboarding_api.web.schemas.form import FilledForm, Form

INVALID = 422


def answer_form(
    form: Form,
    submit: Callable[[Mapping[str, Any]], str],
    show: Callable[[FilledForm], str],
) -> ResponseReturnValue:
    """Read the form of this request and submit it.

    Args:
        form: what the request may contain.
        submit: does it, and gives the path of the page to go to (POST-redirect-GET, so that neither the back
            button nor a reload sends the form again).
        show: the page of the form with its faults.
    """
    found = form.read(request.form)
    if found.faults:
        return show(found), INVALID
    try:
        spend_here()
        return redirect(submit(found.values), 303)
    except NotFound:
        raise
    except Refusal as refusal:
        status, sentence = answer_to(refusal)
        return show(found.with_fault(_field_of(refusal, form), sentence)), status


def _field_of(refusal: Refusal, form: Form) -> str | None:
    """The field a refusal belongs to: its own, or the only one that a person fills in."""
    if isinstance(refusal, BadInput) and refusal.field in form.schema:
        return refusal.field
    if "postcode" in form.schema and refusal.code == "postcode_needed":
        return "postcode"
    return "code" if "code" in form.schema and refusal.code in {"wrong_code", "code_dead"} else None
