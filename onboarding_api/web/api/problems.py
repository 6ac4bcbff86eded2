"""Problem answers (RFC 9457): `status`, a stable `code`, a French `title`; `rules` where the rules refuse."""

import json
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from onboarding_api.model.refusals import NotAllowed, Refusal
from onboarding_api.web.errors import answer_to

MEDIA_TYPE = "application/problem+json"

PROBLEM: dict[str, Any] = {
    "type": {"type": "string", "required": True, "allowed": ["about:blank"]},
    "status": {"type": "integer", "required": True, "min": 400, "max": 599},
    "code": {"type": "string", "required": True},
    "title": {"type": "string", "required": True},
    "rules": {"type": "list", "schema": {"type": "string"}},
    "faults": {
        "type": "list",
        "schema": {
            "type": "dict",
            "schema": {
                "field": {"type": "string", "required": True},
                "reason": {"type": "string", "required": True},
            },
        },
    },
}

HTTP_PROBLEMS = {
    400: ("bad_request", "La demande n'est pas reconnue. Rien n'a été modifié."),
    404: ("not_found", "Cette adresse n'existe pas."),
    405: ("method_not_allowed", "Cette adresse ne s'appelle pas de cette façon. Rien n'a été modifié."),
    413: ("too_large", "La demande est trop volumineuse. Rien n'a été modifié."),
    500: ("internal_error", "L'incident est de notre côté et il est enregistré."),
}
"""What HTTP itself refuses; another status takes the words of 400 or of 500."""


def problem(status: int, code: str, title: str, **more: Any) -> Response:
    """A problem answer."""
    body = {"type": "about:blank", "status": status, "code": code, "title": title, **more}
    answer = Response(json.dumps(body, ensure_ascii=False), status, mimetype=MEDIA_TYPE)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def bad_input(faults: list[dict[str, str]], status: int = 422) -> Response:
    """The problem of what came in, field by field."""
    return problem(status, "bad_input", "La demande contient des erreurs.", faults=faults)


def keycloak_is_down(_error: Exception) -> Response:
    """The keys could not be read: the token can be neither believed nor refused."""
    return problem(
        503, "identity_unavailable", "Le service d'identification ne répond pas. Réessayez plus tard."
    )


def refused(refusal: Refusal) -> Response:
    """The problem of a refusal: its own code, the sentence that the pages show too."""
    status, sentence = answer_to(refusal)
    more = {"rules": list(refusal.rules)} if isinstance(refusal, NotAllowed) else {}
    return problem(status, refusal.code, sentence, **more)


def http_problem(error: HTTPException) -> Response:
    """The problem of what Flask refuses by itself, with the headers that belong to it, as `Allow`."""
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    code, title = HTTP_PROBLEMS.get(status, HTTP_PROBLEMS[500 if status >= 500 else 400])
    answer = problem(status, code, title)
    for name, value in error.get_headers():
        answer.headers.setdefault(name, value)
    return answer
