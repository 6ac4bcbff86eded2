"""Other systems that call the API in a person's name; every answer is held against what the document says."""

from collections.abc import Mapping
from typing import Any, Protocol

import pytest
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from onboarding_api.web.api.acts import OPERATIONS
from onboarding_api.web.api.authzen.door import OPERATIONS as OF_THE_STANDARD
from onboarding_api.web.api.openapi import object_schema
from onboarding_api.web.api.operations import Operation
from onboarding_api.web.api.problems import MEDIA_TYPE, PROBLEM
from tests.builders.issuer import Person
from tests.onboarding_api.web.portal import PUBLIC_URL, Portal

API = "/api/v1"
BY_NAME: Mapping[str, Operation] = {
    operation.name: operation for operation in (*OPERATIONS, *OF_THE_STANDARD)
}


class Call(Protocol):
    """Calls an address of the API. `identifiant` None: without a token; `headers` win over it."""

    def __call__(self, identifiant: str | None, method: str, path: str, **more: Any) -> TestResponse: ...


def token_of(portal: Portal, identifiant: str, typ: str = "at+jwt", **claims: Any) -> str:
    """An access token for the API."""
    portal.provider.person = Person(f"sub-{identifiant}", identifiant)
    return portal.provider.sign(
        {"aud": ["portail", "onboarding-api"], "scope": "openid onboarding-api", **claims}, typ
    )


@pytest.fixture
def call(portal: Portal) -> Call:
    def send(identifiant: str | None, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token_of(portal, identifiant)}"} if identifiant else {}
        headers |= more.pop("headers", {})
        client = portal.app.test_client()
        answer = client.open(f"{API}{path}", method=method, base_url=PUBLIC_URL, headers=headers, **more)
        check_answer(portal, method, f"{API}{path}", answer)
        return answer

    return send


def check_answer(portal: Portal, method: str, path: str, answer: TestResponse) -> None:
    """No server error but a told one; the body is what the document promises."""
    assert answer.status_code not in {500, 501}, answer.text
    assert "Set-Cookie" not in answer.headers
    if answer.status_code >= 400:
        assert answer.mimetype == MEDIA_TYPE
        assert not list(Draft202012Validator(object_schema(PROBLEM)).iter_errors(answer.json))
        assert (answer.json or {})["status"] == answer.status_code
        return
    try:
        endpoint, _ = portal.app.url_map.bind("").match(path.partition("?")[0], method)
    except HTTPException:
        return
    operation = BY_NAME.get(endpoint.rpartition(".")[2])
    if operation is None:
        return
    assert answer.status_code == operation.status
    if operation.gives is None:
        assert answer.data == b""
    else:
        assert answer.mimetype == "application/json"
        assert not list(Draft202012Validator(object_schema(operation.gives)).iter_errors(answer.json))


def told(answer: TestResponse) -> tuple[int, str]:
    """The status and the code of a problem."""
    return answer.status_code, (answer.json or {})["code"]


def faults(answer: TestResponse) -> list[str]:
    """The fields that a problem names."""
    return [fault["field"] for fault in (answer.json or {})["faults"]]
