"""What is sent so that an object becomes the wanted one, and what is read of it."""

from typing import Any

import pytest

from idp_extension.realm.kinds.there import exactly, plain
from idp_extension.realm.state import without_idle_redirect

FOUND = {
    "id": "c",
    "secret": "drawn",
    "clientId": "mes-prets",
    "description": "by hand",
    "webOrigins": ["*"],
    "attributes": {"pkce": "S256", "exchange": "true", "client.secret.creation.time": "1"},
    "access": {"view": True},
}
WANTED = {"clientId": "mes-prets", "webOrigins": [], "attributes": {"pkce": "S256"}}


def test_what_is_too_much_is_sent_empty_and_what_keycloak_drew_stays() -> None:
    assert exactly(FOUND, WANTED) == {
        "id": "c",
        "secret": "drawn",
        "access": {"view": True},
        "clientId": "mes-prets",
        "description": "",
        "webOrigins": [],
        "attributes": {"pkce": "S256", "exchange": ""},
    }


def test_what_is_of_this_object_alone_is_not_read() -> None:
    mapper = {"id": "m", "name": "audience", "config": {"id": "kept: it is no id of Keycloak's"}}
    assert plain({**FOUND, "protocolMappers": [mapper]}) == {
        "clientId": "mes-prets",
        "description": "by hand",
        "webOrigins": ["*"],
        "attributes": {"pkce": "S256", "exchange": "true"},
        "protocolMappers": [{"name": "audience", "config": {"id": "kept: it is no id of Keycloak's"}}],
    }


@pytest.mark.parametrize(
    ("client", "is_kept"),
    [
        ({"redirectUris": []}, False),
        ({}, False),
        ({"redirectUris": ["https://prets.example/retour"]}, True),
    ],
)
def test_a_redirect_to_where_nobody_comes_back_says_nothing(client: dict[str, Any], is_kept: bool) -> None:
    after = {"post.logout.redirect.uris": "+", "pkce": "S256"}
    kept = without_idle_redirect({**client, "attributes": after})["attributes"]
    assert kept == (after if is_kept else {"pkce": "S256"})
    elsewhere = {**client, "attributes": {"post.logout.redirect.uris": "https://evil.example"}}
    assert without_idle_redirect(elsewhere) == elsewhere
