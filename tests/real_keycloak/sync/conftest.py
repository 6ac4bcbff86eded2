"""A realm of the sync's own: whole-country reads see the people of this directory alone."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.server import RunningServer
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, apply_realm


@pytest.fixture
def own(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """An empty realm for one test."""
    applied = apply_realm(keycloak_server, f"sync-{uuid4().hex[:6]}")
    yield applied
    applied.admin.delete()
    applied.close()


@pytest.fixture
def api(own: AppliedRealm) -> Iterator[KeepAliveAPI]:
    """What the sync speaks through."""
    found = KeepAliveAPI.speaking(own.url, own.name, KEYS["bdt-sync"])
    yield found
    found.close()
