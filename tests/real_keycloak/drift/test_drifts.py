"""Changes made by hand at Keycloak's console: each found by its event, said in words, answered."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from onboarding_api.model.service_group import ServiceGroup
from tests.real_keycloak.drift.house import DEMANDE, SUIVI, House

pytestmark = pytest.mark.keycloak

DATAVIZ = "dataviz-coeur-de-ville:acces"


def profile(house: House, **changed: object) -> None:
    account = house.console.get("users", house.account)
    house.console.put("users", house.account, body=account | changed)


def rename(house: House) -> None:
    """The realm forbids it: whoever does it allows it first."""
    house.console.put(body={"editUsernameAllowed": True})
    profile(house, username=f"vol{house.siren}")


def foreign_group(house: House) -> str:
    name = f"pirates-{house.siren}"
    house.console.post("groups", body={"name": name})
    return str(house.console.get("groups", search=name, exact="true")[0]["id"])


def join(house: House, group: str) -> None:
    house.console.put("users", house.account, "groups", group)


def in_service(house: House) -> None:
    """One that somebody else of her structure has."""
    group = house.realm.gateway.create_subgroup(house.group(), DATAVIZ).id
    house.realm.gateway.map_client_role(group, *DATAVIZ.split(":"))
    with house.database.writing() as session:
        session.add(ServiceGroup(siren=house.siren, service=DATAVIZ, kc_group_id=group))
    join(house, group)


def plant_role(house: House, *owner: str, service: str = SUIVI) -> None:
    client, role = house.role(service)
    house.console.post(*owner, "role-mappings", "clients", client, body=[role])


def take_role(house: House, *owner: str, service: str = SUIVI) -> None:
    client, role = house.role(service)
    house.console.delete(*owner, "role-mappings", "clients", client, body=[role])


def default_role(house: House) -> None:
    roles = house.console.get("users", house.account, "role-mappings", "realm")
    house.console.delete("users", house.account, "role-mappings", "realm", body=roles)


def neighbour(house: House) -> str:
    """The group of a structure she has nothing to do with."""
    return house.realm.gateway.create_structure_group(f"9{house.siren[1:]}", "Ailleurs").id


def children(house: House, name: str) -> None:
    house.console.post("groups", house.group(), "children", body={"name": name})


def password(house: House) -> None:
    new = {"type": "password", "temporary": False, "value": "Voleuse-1234"}
    house.console.put("users", house.account, "reset-password", body=new)


def credential(house: House) -> None:
    (held,) = house.console.get("users", house.account, "credentials")
    house.console.delete("users", house.account, "credentials", held["id"])


def intruder(house: House) -> None:
    name = f"intrus{house.siren}"
    body = {
        "username": name,
        "email": f"{name}@x.example",
        "firstName": "I",
        "lastName": "N",
        "enabled": True,
    }
    house.console.post("users", body=body)


@dataclass(frozen=True)
class Planted:
    """By hand, and what is to be made of it: kinds found, whether it is undone, whether sessions end."""

    by_hand: Callable[[House], object]
    kinds: frozenset[str]
    is_undone: bool = True
    ends_sessions: bool = False


def planted(
    by_hand: Callable[[House], object], *kinds: str, undone: bool = True, ends: bool = False
) -> Planted:
    return Planted(by_hand, frozenset(kinds), undone, ends)


DRIFTS = {
    "her e-mail": planted(
        lambda it: profile(it, email=f"voleuse-{it.siren}@x.example"), "email changed", ends=True
    ),
    "her identifiant": planted(rename, "username changed", "realm changed", ends=True),
    "her name": planted(lambda it: profile(it, lastName="Voleuse"), "name changed"),
    "disabled": planted(lambda it: profile(it, enabled=False), "shut out by hand", undone=False),
    "an action asked of her": planted(
        lambda it: profile(it, requiredActions=["UPDATE_PASSWORD"]), "required action planted", undone=False
    ),
    "in the group of another structure": planted(
        lambda it: join(it, neighbour(it)), "membership planted", ends=True
    ),
    "in a group of nobody": planted(
        lambda it: join(it, foreign_group(it)), "group foreign", "foreign group joined", ends=True
    ),
    "in a group of a service": planted(
        in_service,
        "service planted",
        ends=True,
    ),
    "out of a service": planted(
        lambda it: it.console.delete("users", it.account, "groups", it.group(DEMANDE)), "service missing"
    ),
    "out of her structure": planted(
        lambda it: it.console.delete("users", it.account, "groups", it.group()), "membership missing"
    ),
    "a role of her own": planted(
        lambda it: plant_role(it, "users", it.account), "user role planted", ends=True
    ),
    "administration of her own": planted(
        lambda it: plant_role(it, "users", it.account, service="realm-management:view-users"),
        "user administration planted",
        undone=False,
        ends=True,
    ),
    "without the default role": planted(default_role, "user role taken off", undone=False),
    "deleted": planted(lambda it: it.console.delete("users", it.account), "user missing"),
    "a password set": planted(password, "password set", ends=True),
    "her password removed": planted(credential, "credential removed", undone=True),
    "impersonated": planted(
        lambda it: it.console.post("users", it.account, "impersonation"), "impersonated", ends=True
    ),
    "sessions ended": planted(lambda it: it.console.post("users", it.account, "logout"), "sessions ended"),
    "a label": planted(
        lambda it: it.console.put(
            "groups", it.group(), body={"name": it.siren, "attributes": {"label": ["Commune du voleur"]}}
        ),
        "group label",
    ),
    "a structure renamed": planted(
        lambda it: it.console.put(
            "groups", it.group(), body={"name": "vole", "attributes": {"label": ["Commune d'Eus"]}}
        ),
        "group renamed",
    ),
    "a group with a role": planted(
        lambda it: plant_role(it, "groups", it.group()), "group role planted", ends=True
    ),
    "a service with the role of another": planted(
        lambda it: plant_role(it, "groups", it.group(DEMANDE)), "group role planted", ends=True
    ),
    "a group with administration": planted(
        lambda it: plant_role(it, "groups", it.group(), service="realm-management:view-users"),
        "group administration planted",
        undone=False,
        ends=True,
    ),
    "a service without its role": planted(
        lambda it: take_role(it, "groups", it.group(SUIVI)), "service role taken off"
    ),
    "a foreign group below": planted(lambda it: children(it, "pirates"), "service group foreign"),
    "a service's group deleted": planted(
        lambda it: it.console.delete("groups", it.group(DEMANDE)), "service group missing"
    ),
    "a structure's group deleted": planted(
        lambda it: it.console.delete("groups", it.group()), "group missing", "service group missing"
    ),
    "a service's group renamed": planted(
        lambda it: it.console.put("groups", it.group(SUIVI), body={"name": "mes-prets:tout"}),
        "service group renamed",
    ),
    "an attribute on a group": planted(
        lambda it: it.console.put(
            "groups",
            it.group(),
            body={"name": it.siren, "attributes": {"label": ["Commune d'Eus"], "x": ["y"]}},
        ),
        "group attribute planted",
    ),
    "somebody nobody knows": planted(
        intruder,
        "user foreign",
        undone=True,
    ),
    "the realm": planted(
        lambda it: it.console.put(body={"displayName": "Banque des Territoires"}), "realm changed"
    ),
}


def test_there_are_enough_of_them() -> None:
    assert len(DRIFTS) >= 25


@pytest.mark.parametrize("name", DRIFTS)
def test_a_change_by_hand(eus: House, name: str) -> None:
    drift = DRIFTS[name]
    assert eus.differences() == set()
    if drift.ends_sessions:
        eus.log_in()
        assert eus.sessions == 1

    drift.by_hand(eus)
    found = eus.watch()

    assert {row.kind for row in found} == drift.kinds
    assert all(row.words and row.by_user and row.by_address for row in found)
    if drift.ends_sessions:
        assert eus.sessions == 0
    remaining = eus.differences()
    assert remaining == (set() if drift.is_undone else remaining & drift.kinds)
    assert eus.watch() == [], "what was answered is not answered again"
