"""Who calls the API: a bearer access token of our Keycloak, for this API, of a person we know.

Authlib's protector reads the header and shapes the refusals (RFC 6750); the token is verified by the one
issuer of the house: signature, algorithm list, `iss`, `aud`, `exp` and `typ: at+jwt` (RFC 9068).
"""

from typing import Any, NoReturn

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6750 import BearerTokenValidator, InvalidTokenError
from flask import abort, g

from idp_extension.relying_party.issuer import Claims, TokenRefused, level_of
from onboarding_api.acts.actor import Actor
from onboarding_api.queries.people import person_by_keycloak
from onboarding_api.web.api.problems import problem
from onboarding_api.web.limits import Caller
from onboarding_api.web.parts import parts, reading

AUDIENCE = "onboarding-api"
REALM = "bdt"
ACCESS_TOKEN = frozenset({"at+jwt"})


class _Validator(BearerTokenValidator):  # type: ignore[misc]
    def authenticate_token(self, token_string: str) -> Claims:
        try:
            return parts().identity.issuer.verify(token_string, audience=AUDIENCE, types=ACCESS_TOKEN)
        except TokenRefused:
            raise InvalidTokenError(realm=self.realm) from None

    def validate_token(self, token: Claims, scopes: Any, request: Any) -> None:
        if self.scope_insufficient(str(token.get("scope", "")), scopes):
            raise InvalidTokenError(realm=self.realm)


_protector = ResourceProtector()
_protector.register_token_validator(_Validator(realm=REALM))


def calling_person() -> Actor:
    """The person whose token this request bears.

    Aborts with a 401 problem when there is no token, it is refused, or nobody of ours has it.
    """
    try:
        claims = _protector.acquire_token([AUDIENCE])
    except OAuth2Error as error:
        _refuse(error)
    with reading() as session:
        person = person_by_keycloak(session, str(claims["sub"]), str(claims.get("preferred_username", "")))
    if person is None or not person.is_active:
        _refuse(InvalidTokenError(realm=REALM))
    g.caller = Caller(str(claims["sub"]), str(claims.get("azp", "")))
    return Actor(person.id, level_of(claims))


def _refuse(error: OAuth2Error) -> NoReturn:
    answer = problem(error.status_code, error.error, "Un jeton d'accès valable est nécessaire.")
    answer.headers["WWW-Authenticate"] = dict(error.get_headers())["WWW-Authenticate"]
    abort(answer)
