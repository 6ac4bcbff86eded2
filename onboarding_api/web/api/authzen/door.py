"""The routes of a decision point, and the document by which other systems find ours."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp_extension.relying_party.issuer import IssuerUnavailable
from onboarding_api.limits.bounds import READING
from onboarding_api.model.refusals import BadInput, Refusal
from onboarding_api.web.api.authzen.house import House
from onboarding_api.web.api.authzen.messages import DecisionPoint
from onboarding_api.web.api.authzen.operations import Door
from onboarding_api.web.api.openapi import document
from onboarding_api.web.api.operations import add_to
from onboarding_api.web.api.problems import bad_input, http_problem, keycloak_is_down, refused
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import parts

AT = "/access/v1"
REQUEST_ID = "X-Request-ID"
SAYS = (
    "OpenID AuthZEN Authorization API 1.0 over the rules of the house. Facts come from its database: "
    "`properties` and `context` are accepted and not read."
)
OPERATIONS = Door(House()).operations()


def door(point: DecisionPoint, name: str, at: str) -> Blueprint:
    """The operations of a decision point at an address, with the answers that the standard wants."""
    made = Blueprint(name, __name__, url_prefix=at)
    for operation in Door(point).operations():
        add_to(made, operation)
    made.register_error_handler(
        BadInput, lambda no: bad_input([{"field": no.field, "reason": no.reason}], 400)
    )
    made.register_error_handler(Refusal, refused)
    made.register_error_handler(HTTPException, http_problem)
    made.register_error_handler(IssuerUnavailable, keycloak_is_down)
    made.after_request(_with_request_id)
    return made


def _bad_input(refusal: BadInput) -> Response:
    return bad_input([{"field": refusal.field, "reason": refusal.reason}], 400)


def _with_request_id(answer: Response) -> Response:
    """The caller's own name for his request comes back to him."""
    if REQUEST_ID in request.headers:
        answer.headers[REQUEST_ID] = request.headers[REQUEST_ID]
    return answer


blueprint = door(House(), "access", AT)
discovery = Blueprint("discovery", __name__)


@blueprint.get("/openapi.json")
@bounded(READING)
def describe() -> Response:
    """The OpenAPI document; open to all."""
    return jsonify(document(OPERATIONS, f"{parts().settings.public_url}{AT}", SAYS))


@discovery.get("/.well-known/authzen-configuration")
@bounded(READING)
def configuration() -> Response:
    """Where everything is; open to all."""
    here = parts().settings.public_url
    return jsonify(
        policy_decision_point=here,
        access_evaluation_endpoint=f"{here}{AT}/evaluation",
        access_evaluations_endpoint=f"{here}{AT}/evaluations",
        search_subject_endpoint=f"{here}{AT}/search/subject",
        search_resource_endpoint=f"{here}{AT}/search/resource",
        search_action_endpoint=f"{here}{AT}/search/action",
    )
