"""A name goes through the form, the mail, the letter, the search and Keycloak alike, or stops at the form."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from onboarding_api.web.schemas.account import REGISTRATION
from tests.builders.names import LETTERS, NAMES, check_carried
from tests.builders.servers.applied_realm import AppliedRealm

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prenom=NAMES | LETTERS, nom=LETTERS, domain=st.sampled_from(["eus", "céret", "maßanfertigung", "œuvre"])
)
def test_form_mail_letter_search_and_keycloak_all_carry_or_all_refuse(
    realm: AppliedRealm, prenom: str, nom: str, domain: str
) -> None:
    typed = {"civilite": "Madame", "prenom": prenom, "nom": nom, "email": f"{uuid4().hex[:8]}@{domain}.fr"}
    read = REGISTRATION.read(MultiDict(typed)).values
    if not read:
        return
    check_carried(read["prenom"])
    check_carried(read["nom"])
    gateway = realm.gateway
    user_id = gateway.create_user(
        f"nom{uuid4().hex[:8]}", email=read["email"], prenom=read["prenom"], nom=read["nom"]
    )
    user = gateway.get_user(user_id)
    assert user is not None
    assert (user.prenom, user.nom, user.email) == (read["prenom"], read["nom"], read["email"])
