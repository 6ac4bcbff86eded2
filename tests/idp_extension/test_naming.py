"""Names of groups: what is ours, what is not, and what must never be made."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp_extension.naming import RESERVED_CLIENTS, GroupName, subgroup_name

SIRENS = st.integers(0, 999_999_999).map("{:09d}".format)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=20).map("x{}".format)


def test_a_structure_goes_by_its_siren() -> None:
    assert GroupName("216600726").key == "216600726"


def test_a_habilitation_goes_by_structure_client_and_role() -> None:
    name = GroupName("216600726", "mes-prets", "demande")

    assert name.key == "216600726/mes-prets:demande"
    assert subgroup_name("mes-prets", "demande") == "mes-prets:demande"


@settings(max_examples=30, deadline=None)
@given(SIRENS, WORDS, WORDS)
def test_what_is_named_is_read_back(siren: str, client_id: str, role: str) -> None:
    for name in (GroupName(siren), GroupName(siren, client_id, role)):
        assert GroupName.parse(f"/{name.key}") == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/pilotes",
        "/21660072",
        "/2166007261",
        "/٢١٦٦٠٠٧٢٦",
        "/216600726/",
        "/216600726/mes-prets",
        "/216600726/mes-prets:demande/x",
        "/216600726/mes-prets:demande:suivi",
        "/216600726/:demande",
        "/216600726/realm-management:realm-admin",
        "/216600726\n",
    ],
)
def test_other_groups_are_not_ours(path: str) -> None:
    assert GroupName.parse(path) is None


@pytest.mark.parametrize("client_id", sorted(RESERVED_CLIENTS))
def test_no_subgroup_may_hand_out_a_role_of_keycloak_itself(client_id: str) -> None:
    with pytest.raises(ValueError, match="not a service of ours"):
        subgroup_name(client_id, "realm-admin")


def test_half_a_service_has_no_name() -> None:
    with pytest.raises(ValueError, match="not a service of ours"):
        GroupName("216600726", client_id="mes-prets")
