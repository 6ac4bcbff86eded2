"""Keycloak tells that a session has ended: the one of the portal ends with it (back-channel log-out)."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from idp_extension.relying_party.issuer import TokenRefused
from onboarding_api.limits.bounds import TOLD_BY_KEYCLOAK
from onboarding_api.web.limits import bounded
from onboarding_api.web.parts import parts
from onboarding_api.web.session import end_sessions

blueprint = Blueprint("keycloak_log_out", __name__)


@blueprint.post("/deconnexion/keycloak")
@bounded(TOLD_BY_KEYCLOAK)
def told_by_keycloak() -> ResponseReturnValue:
    """End the sessions that the logout token names; the token is the whole proof, no cookie plays a part.

    Raises:
        IssuerUnavailable: the keys of Keycloak could not be read.
        DatabaseBusy: the sessions could not be ended.
    """
    try:
        ended = parts().logout_tokens.read(request.form.get("logout_token", ""))
    except TokenRefused:
        return {"error": "invalid_request"}, 400
    end_sessions(parts().office.database, ended)
    return "", 200
