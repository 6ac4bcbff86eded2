"""Each kind of difference is found, alone, and explained; what is as wanted is none."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure
from idp_extension.sync.compare import compare_people, compare_structures
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import MEANINGS, Kind, Remedy
from idp_extension.sync.state import ActualGroup, ActualState, ActualUser, DesiredGroups

EUS, PRADES = "216600726", "216601492"
DEMANDE, SUIVI = "mes-prets:demande", "mes-prets:suivi"
CATALOGUE = frozenset({DEMANDE, SUIVI})
DEFAULT = ":default-roles-bdt"

GROUPS = DesiredGroups(EUS, "Commune d'Eus", "g-eus", frozenset({DEMANDE}), {DEMANDE: "g-demande"})
SERVICE = ActualGroup("g-demande", DEMANDE, roles=(DEMANDE,))
GROUP = ActualGroup("g-eus", EUS, "Commune d'Eus", children=(SERVICE,))

CENDRINE = DesiredPerson(
    "cend589",
    "u-cendrine",
    "Cendrine@eus.example",
    "Cendrine",
    "Martin",
    True,
    (DesiredStructure(EUS, "Commune d'Eus", None, (DesiredRole("mes-prets", "demande"),)),),
)
ACCOUNT = ActualUser(
    "u-cendrine",
    "cend589",
    "cendrine@eus.example",
    "Cendrine",
    "Martin",
    is_email_verified=True,
    credentials=("password",),
    roles=(DEFAULT,),
    groups=(f"/{EUS}", f"/{EUS}/{DEMANDE}"),
)
STRANGER = ActualUser("u-x", "intrus", "intrus@x.example", roles=(DEFAULT,))


def of_groups(*groups: ActualGroup, wanted: DesiredGroups = GROUPS) -> list[Difference]:
    return list(compare_structures([wanted], ActualState(groups=groups), CATALOGUE))


def of_people(*users: ActualUser, wanted: DesiredPerson = CENDRINE) -> list[Difference]:
    return list(compare_people([wanted], ActualState(users=users), DEFAULT))


def with_service(**changes: object) -> ActualGroup:
    return replace(GROUP, children=(replace(SERVICE, **changes),))  # type: ignore[arg-type]


def with_account(**changes: object) -> list[Difference]:
    return of_people(replace(ACCOUNT, **changes))  # type: ignore[arg-type]


FOUND: dict[Kind, Callable[[], list[Difference]]] = {
    Kind.GROUP_RENAMED: lambda: of_groups(replace(GROUP, name="Eus")),
    Kind.GROUP_FOREIGN: lambda: of_groups(GROUP, ActualGroup("g-x", PRADES)),
    Kind.GROUP_LABEL: lambda: of_groups(replace(GROUP, label="Eus")),
    Kind.GROUP_ATTRIBUTE_PLANTED: lambda: of_groups(replace(GROUP, attributes=("code",))),
    Kind.GROUP_ROLE_PLANTED: lambda: of_groups(with_service(roles=(DEMANDE, SUIVI))),
    Kind.GROUP_ADMINISTRATION_PLANTED: lambda: of_groups(replace(GROUP, roles=("realm-management:x",))),
    Kind.GROUP_ID: lambda: of_groups(replace(GROUP, id="g-new")),
    Kind.SERVICE_GROUP_MISSING: lambda: of_groups(replace(GROUP, children=())),
    Kind.SERVICE_GROUP_RENAMED: lambda: of_groups(with_service(name="mes-prets:gestion")),
    Kind.SERVICE_GROUP_FOREIGN: lambda: of_groups(
        replace(GROUP, children=(SERVICE, ActualGroup("g-x", "mes-prets:tout")))
    ),
    Kind.SERVICE_ROLE_TAKEN_OFF: lambda: of_groups(with_service(roles=())),
    Kind.SERVICE_GROUP_ID: lambda: of_groups(with_service(id="g-new")),
    Kind.USER_MISSING: of_people,
    Kind.USER_FOREIGN: lambda: of_people(ACCOUNT, STRANGER),
    Kind.USER_ID: lambda: with_account(id="u-new"),
    Kind.USERNAME_CHANGED: lambda: with_account(identifiant="cend000"),
    Kind.EMAIL_CHANGED: lambda: with_account(email="voleur@x.example"),
    Kind.NAME_CHANGED: lambda: with_account(nom="Dupont"),
    Kind.STILL_ENABLED: lambda: of_people(ACCOUNT, wanted=replace(CENDRINE, is_active=False)),
    Kind.SHUT_OUT_BY_HAND: lambda: with_account(is_active=False, groups=()),
    Kind.STILL_SHUT_OUT: lambda: of_people(
        replace(ACCOUNT, is_active=False), wanted=replace(CENDRINE, may_enable=True)
    ),
    Kind.EMAIL_VERIFIED_BY_HAND: lambda: with_account(credentials=()),
    Kind.USER_ATTRIBUTE_PLANTED: lambda: with_account(attributes=("structure",)),
    Kind.REQUIRED_ACTION_PLANTED: lambda: with_account(required_actions=("CONFIGURE_TOTP", "VERIFY_EMAIL")),
    Kind.CREDENTIAL_PLANTED: lambda: with_account(credentials=("password", "webauthn")),
    Kind.IDENTITY_LINKED: lambda: with_account(identity_providers=("google",)),
    Kind.STORAGE_LINKED: lambda: with_account(storage="ldap"),
    Kind.USER_ROLE_PLANTED: lambda: with_account(roles=(DEFAULT, DEMANDE)),
    Kind.USER_ADMINISTRATION_PLANTED: lambda: with_account(roles=(DEFAULT, "realm-management:manage-users")),
    Kind.USER_ROLE_TAKEN_OFF: lambda: with_account(roles=()),
    Kind.MEMBERSHIP_MISSING: lambda: with_account(groups=(f"/{EUS}/{DEMANDE}",)),
    Kind.SERVICE_MISSING: lambda: with_account(groups=(f"/{EUS}",)),
    Kind.MEMBERSHIP_PLANTED: lambda: with_account(groups=(*ACCOUNT.groups, f"/{PRADES}")),
    Kind.SERVICE_PLANTED: lambda: with_account(groups=(*ACCOUNT.groups, f"/{EUS}/{SUIVI}")),
    Kind.FOREIGN_GROUP_JOINED: lambda: with_account(groups=(*ACCOUNT.groups, f"/{EUS}~/{SUIVI}")),
    Kind.SERVICE_ACCOUNT_IN_GROUP: lambda: of_people(
        ACCOUNT, replace(STRANGER, service_account_of="c-robot", groups=(f"/{EUS}",))
    ),
}
# These never come alone.
TOGETHER: dict[Kind, Callable[[], list[Difference]]] = {
    Kind.GROUP_MISSING: of_groups,
    Kind.GROUP_DOUBLED: lambda: of_groups(replace(GROUP, name="Eus"), replace(GROUP, id="g-2")),
    Kind.USER_DOUBLED: lambda: of_people(
        replace(ACCOUNT, identifiant="x"), replace(STRANGER, identifiant="cend589")
    ),
}


def test_what_is_as_wanted_is_no_difference() -> None:
    assert of_groups(GROUP) == []
    assert of_people(ACCOUNT) == []


def test_the_list_of_kinds_is_closed() -> None:
    assert MEANINGS.keys() == set(Kind) == FOUND.keys() | TOGETHER.keys()
    assert len(Kind) >= 25


@pytest.mark.parametrize("kind", FOUND)
def test_each_kind_is_found_and_explained(kind: Kind) -> None:
    found = FOUND[kind]()

    assert [each.kind for each in found] == [kind]
    assert "{" not in str(found[0])
    assert found[0].subject in str(found[0])


def test_a_structure_without_group_misses_its_services_too() -> None:
    kinds = [each.kind for each in TOGETHER[Kind.GROUP_MISSING]()]

    assert kinds == [Kind.GROUP_MISSING, Kind.SERVICE_GROUP_MISSING]
    assert of_groups(wanted=replace(GROUPS, has_people=False)) == []


def test_a_twin_of_a_renamed_group_is_told_with_the_id_of_the_right_one() -> None:
    ids = {each.kind: each.keycloak_id for each in TOGETHER[Kind.GROUP_DOUBLED]()}

    assert ids == {Kind.GROUP_DOUBLED: "g-eus", Kind.GROUP_ID: "g-2"}


def test_who_takes_the_name_of_a_renamed_account_does_not_become_her() -> None:
    kinds = {each.kind: each.keycloak_id for each in TOGETHER[Kind.USER_DOUBLED]()}

    assert kinds == {Kind.USERNAME_CHANGED: "u-cendrine", Kind.USER_DOUBLED: "u-x"}


def test_two_people_whose_names_were_exchanged_are_both_renamed_and_none_is_doubled() -> None:
    paul = replace(CENDRINE, identifiant="paul123", keycloak_id="u-paul")
    users = replace(ACCOUNT, identifiant="paul123"), replace(ACCOUNT, id="u-paul", identifiant="cend589")

    found = list(compare_people([CENDRINE, paul], ActualState(users=users), DEFAULT))

    assert [(each.kind, each.subject, each.found) for each in found] == [
        (Kind.USERNAME_CHANGED, "cend589", "paul123"),
        (Kind.USERNAME_CHANGED, "paul123", "cend589"),
    ]


def test_a_group_that_bears_another_structures_siren_is_that_structures() -> None:
    """Deleting it as a twin would take the other structure's people with it."""
    prades = DesiredGroups(PRADES, "Prades", "g-prades")
    groups = (
        replace(GROUP, name=PRADES, label="Prades", children=()),
        ActualGroup("g-prades", EUS, "Commune d'Eus"),
    )

    found = list(compare_structures([GROUPS, prades], ActualState(groups=groups), CATALOGUE))

    assert {each.kind for each in found} == {Kind.GROUP_ID, Kind.SERVICE_GROUP_MISSING}


def test_who_is_shut_out_by_hand_keeps_nothing_more_and_gets_nothing() -> None:
    found = of_people(replace(ACCOUNT, is_active=False, groups=(f"/{PRADES}",)))

    assert [each.kind for each in found] == [Kind.SHUT_OUT_BY_HAND, Kind.MEMBERSHIP_PLANTED]


def test_what_only_people_may_decide_is_never_repaired() -> None:
    left = {kind for kind, meaning in MEANINGS.items() if meaning.remedy is Remedy.REPORT}

    assert not any(MEANINGS[kind].removes for kind in left)
    assert Kind.REQUIRED_ACTION_PLANTED in left
