"""For other systems, with bearer access tokens: `/api/v1`, the use cases of the portal, and `authzen`."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp_extension.relying_party.issuer import IssuerUnavailable
from onboarding_api.limits.bounds import READING
from onboarding_api.model.refusals import Refusal
from onboarding_api.web.api.acts import OPERATIONS
from onboarding_api.web.api.authzen import door
from onboarding_api.web.api.openapi import document
from onboarding_api.web.api.operations import add_to
from onboarding_api.web.api.problems import http_problem, keycloak_is_down, refused
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import parts

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
BLUEPRINTS = (blueprint, door.blueprint, door.discovery)
for _operation in OPERATIONS:
    add_to(blueprint, _operation)
blueprint.register_error_handler(Refusal, refused)
blueprint.register_error_handler(HTTPException, http_problem)
blueprint.register_error_handler(IssuerUnavailable, keycloak_is_down)


@blueprint.get("/openapi.json")
@bounded(READING)
def describe() -> Response:
    """The OpenAPI document; open to all."""
    return jsonify(document(OPERATIONS, f"{parts().settings.public_url}/api/v1"))


@blueprint.before_app_request
def answer_what_has_no_route() -> Response | None:
    """Under these paths what has no route is a problem too: no route means no blueprint to say so."""
    error = request.routing_exception
    if isinstance(error, HTTPException) and request.path.startswith(("/api/", "/access/")):
        return http_problem(error)
    return None
