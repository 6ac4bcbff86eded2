"""One provider on loopback for the directory, honest again at the start of each test."""

from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.issuer import Issuer
from tests.builders.issuer import Person, Provider, a_key

SERVICE = "mes-prets"
SERVICE_URL = "https://prets.example"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="session")
def signing_key() -> RSAKey:
    return a_key()


@pytest.fixture
def provider(signing_key: RSAKey) -> Iterator[Provider]:
    started = Provider(key=signing_key, person=Person("sub-cend589", "cend589"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(provider: Provider, clock: Clock) -> Issuer:
    return Issuer(provider.issuer, monotonic=clock)


@pytest.fixture
def client(issuer: Issuer) -> OpenIDClient:
    return OpenIDClient(issuer, SERVICE, "secret", f"{SERVICE_URL}/connexion/retour", timeout=1.0)
