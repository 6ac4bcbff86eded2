"""A gateway whose Keycloak is played by the test."""

from collections.abc import Iterator

import pytest
import responses

from idp_extension.gateway import KeycloakGateway
from idp_extension.relying_party.client_key import ClientKey
from tests.builders.servers.played_keycloak import BASE, played_keycloak


@pytest.fixture
def keycloak() -> Iterator[responses.RequestsMock]:
    """The Keycloak that `gateway` speaks to."""
    with played_keycloak() as server:
        yield server


@pytest.fixture
def gateway(keycloak: responses.RequestsMock) -> Iterator[KeycloakGateway]:
    """A gateway without a token yet."""
    with KeycloakGateway(BASE, "bdt", ClientKey.fresh("bdt-sync")) as gateway:
        yield gateway
