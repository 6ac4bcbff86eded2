"""Somebody in the realm of a module, which the module's own fixture `plain` makes."""

from itertools import count

import pytest

from tests.real_keycloak.plain_realm import PlainRealm
from tests.real_keycloak.visitor import PASSWORD, Person, Visitor

_numbers = count(100)


@pytest.fixture
def person(plain: PlainRealm) -> Person:
    """Make somebody who belongs to these groups."""

    def make(*groups: str) -> tuple[str, Visitor]:
        username = f"cend{next(_numbers)}"
        user = plain.person(username, PASSWORD)
        plain.join(user, *groups)
        return user, Visitor(plain, username, PASSWORD)

    return make
