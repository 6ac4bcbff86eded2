"""What is planted by hand in the real Keycloak is seen by both ways of reading, explained, and repaired."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from idp_extension.admin_api import AdminAPI, Refused
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure
from idp_extension.sync.applying.load import Loader
from idp_extension.sync.compare import compare_people, compare_structures
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import MEANINGS, Kind, Remedy
from idp_extension.sync.repair import repair_person, repair_stranger, repair_structure
from idp_extension.sync.snapshot import read_snapshot
from idp_extension.sync.state import ActualState, DesiredGroups
from idp_extension.sync.stock import read_all
from tests.builders.servers.applied_realm import AppliedRealm, service_account

pytestmark = pytest.mark.keycloak

DEMANDE, SUIVI = "mes-prets:demande", "mes-prets:suivi"
CATALOGUE = frozenset({DEMANDE, SUIVI, "dataviz-coeur-de-ville:acces"})
STRANGERS = {Kind.USER_FOREIGN, Kind.GROUP_FOREIGN, Kind.SERVICE_ACCOUNT_IN_GROUP}


@dataclass
class House:
    """What the database of a small country would want, and what Keycloak has of it."""

    realm: AppliedRealm
    api: KeepAliveAPI
    people: dict[str, DesiredPerson] = field(default_factory=dict)
    structures: dict[str, DesiredGroups] = field(default_factory=dict)

    def load(self, names: list[str]) -> None:
        """A structure and a person for each name, made as in a first load."""
        loader = Loader(self.api)
        loader.read_roles(CATALOGUE)
        for number, name in enumerate(names):
            siren = f"{100000000 + number}"
            wanted = DesiredGroups(siren, f"Commune de {name}", services=frozenset({DEMANDE}))
            ids = loader.make_structure(wanted).group_ids
            self.structures[name] = replace(
                wanted, group_id=ids[siren], service_ids={DEMANDE: ids[f"{siren}/{DEMANDE}"]}
            )
            place = DesiredStructure(siren, wanted.label, None, (DesiredRole("mes-prets", "demande"),))
            who = f"cend{number:03d}"
            person = DesiredPerson(who, None, f"{who}@Eus.example", "Cendrine", "d'Eus", True, (place,))
            self.people[name] = replace(person, keycloak_id=loader.make_person(person))

    def look(self, found: ActualState) -> list[Difference]:
        people, structures = self.people.values(), self.structures.values()
        default = f":default-roles-{self.realm.name}"
        return [
            *compare_structures(structures, found, CATALOGUE),
            *compare_people(people, found, default),
        ]

    def repair(self, found: list[Difference]) -> None:
        gateway = self.realm.gateway
        for name, structure in self.structures.items():
            made = repair_structure(gateway, structure, _of(found, structure.siren))
            top = made.group_ids.pop(structure.siren, structure.group_id)
            services = {key.partition("/")[2]: id_ for key, id_ in made.group_ids.items()}
            ids = {**structure.service_ids, **services}
            self.structures[name] = replace(structure, group_id=top, service_ids=ids)
        for each in found:
            if each.kind in STRANGERS:
                repair_stranger(gateway, each)
        for name, person in self.people.items():
            if hers := _of(found, person.identifiant):
                projected = repair_person(gateway, person, hers)
                self.people[name] = replace(
                    person, keycloak_id=projected.keycloak_id, is_active=not projected.is_shut_out
                )


def _of(found: list[Difference], subject: str) -> list[Difference]:
    return [each for each in found if each.subject == subject and each.kind not in STRANGERS]


Plant = Callable[[House, str, str, str], None]
"""Given the house, the id of a person, of her structure's group, and of its service's."""


def put(*segments: str, **body: Any) -> Plant:
    def plant(house: House, user: str, group: str, service: str) -> None:
        named = {"USER": user, "GROUP": group, "SERVICE": service}
        path = [named.get(each, each) for each in segments]
        house.realm.admin.put(*path, body=house.realm.admin.get(*path) | body)

    return plant


def map_role(holder: str, client_id: str, role: str) -> Plant:
    def plant(house: House, user: str, group: str, service: str) -> None:
        admin = house.realm.admin
        path, id_ = {"USER": ("users", user), "GROUP": ("groups", group), "SERVICE": ("groups", service)}[
            holder
        ]
        client = admin.get("clients", clientId=client_id)[0]["id"]
        found = admin.get("clients", client, "roles", role)
        admin.post(path, id_, "role-mappings", "clients", client, body=[found])

    return plant


def join(siren: str, *names: str) -> Plant:
    """Into a group that is made for it."""

    def plant(house: House, user: str, group: str, service: str) -> None:
        admin = house.realm.admin
        parent = group if siren == "own" else _made(admin, "groups", name=siren)
        for name in names:
            parent = _made(admin, "groups", parent, "children", name=name)
        admin.put("users", user, "groups", parent)

    return plant


def _made(admin: AdminAPI, *segments: str, name: str) -> str:
    admin.post(*segments, body={"name": name})
    if len(segments) > 1:
        return next(str(each["id"]) for each in admin.get(*segments) if each["name"] == name)
    return next(str(g["id"]) for g in admin.get("groups", search=name, exact="true") if g["name"] == name)


def account(name: str) -> dict[str, Any]:
    names = {"firstName": "Jean", "lastName": "Voleur"}
    return {"username": name, "email": f"{name}@x.example", "enabled": True} | names


def drop_default(house: House, user: str, group: str, service: str) -> None:
    (role,) = house.realm.admin.get("users", user, "role-mappings", "realm")
    house.realm.admin.delete("users", user, "role-mappings", "realm", body=[role])


def take_role_off(house: House, user: str, group: str, service: str) -> None:
    house.realm.gateway.drop_group_role(service, DEMANDE)


def link_identity(house: House, user: str, group: str, service: str) -> None:
    admin = house.realm.admin
    at = {"authorizationUrl": "https://x.example/a", "tokenUrl": "https://x.example/t"}
    config = at | {"clientId": "x", "clientSecret": "x"}
    body = {"alias": "ailleurs", "providerId": "oidc", "config": config}
    admin.post("identity-provider", "instances", body=body)
    linked = {"identityProvider": "ailleurs", "userId": "x", "userName": "x"}
    admin.post("users", user, "federated-identity", "ailleurs", body=linked)


def robot_in_group(house: House, user: str, group: str, service: str) -> None:
    admin = house.realm.admin
    client = admin.get("clients", clientId="bdt-reader")[0]["id"]
    robot = admin.get("clients", client, "service-account-user")["id"]
    admin.put("users", robot, "groups", group)


def leave(level: int) -> Plant:
    def plant(house: House, user: str, group: str, service: str) -> None:
        house.realm.gateway.leave_group(user, (group, service)[level])

    return plant


def replace_account(house: House, user: str, group: str, service: str) -> None:
    """Renames hers, and gives her name to a stranger."""
    admin = house.realm.admin
    name = admin.get("users", user)["username"]
    admin.put("users", user, body={"username": f"x{name}"})
    admin.post("users", body=account(name))


def replace_group(house: House, user: str, group: str, service: str) -> None:
    admin = house.realm.admin
    body = admin.get("groups", group)
    admin.put("groups", group, body={"name": "Eus"})
    admin.post("groups", body={"name": body["name"], "attributes": body["attributes"]})


def make_anew(house: House, user: str, group: str, service: str) -> None:
    admin = house.realm.admin
    body = admin.get("users", user)
    admin.delete("users", user)
    kept = {key: body[key] for key in ("username", "email", "firstName", "lastName", "enabled")}
    admin.post("users", body=kept | {"groups": [group["path"] for group in _groups(house, body)]})


def _groups(house: House, body: dict[str, Any]) -> list[dict[str, str]]:
    person = next(each for each in house.people.values() if each.identifiant == body["username"])
    return [{"path": f"/{key}"} for key in person.group_keys]


PLANTED: dict[Kind, Plant] = {
    Kind.GROUP_MISSING: lambda house, user, group, service: house.realm.admin.delete("groups", group),
    Kind.GROUP_RENAMED: put("groups", "GROUP", name="Prades"),
    Kind.GROUP_DOUBLED: replace_group,
    Kind.GROUP_FOREIGN: lambda house, user, group, service: house.realm.admin.post(
        "groups", body={"name": "pilotes"}
    ),
    Kind.GROUP_LABEL: put("groups", "GROUP", attributes={"label": ["Ailleurs"]}),
    Kind.GROUP_ATTRIBUTE_PLANTED: put("groups", "SERVICE", attributes={"code": ["1"]}),
    Kind.GROUP_ROLE_PLANTED: map_role("SERVICE", "mes-prets", "suivi"),
    Kind.GROUP_ADMINISTRATION_PLANTED: map_role("GROUP", "realm-management", "view-events"),
    Kind.SERVICE_GROUP_MISSING: lambda house, user, group, service: house.realm.admin.delete(
        "groups", service
    ),
    Kind.SERVICE_GROUP_RENAMED: put("groups", "SERVICE", name="mes-prets:x"),
    Kind.SERVICE_GROUP_FOREIGN: lambda house, user, group, service: house.realm.admin.post(
        "groups", group, "children", body={"name": "mes-prets:tout"}
    ),
    Kind.SERVICE_ROLE_TAKEN_OFF: take_role_off,
    Kind.USER_MISSING: lambda house, user, group, service: house.realm.admin.delete("users", user),
    Kind.USER_FOREIGN: lambda house, user, group, service: house.realm.admin.post(
        "users", body=account("intrus")
    ),
    Kind.USER_DOUBLED: replace_account,
    Kind.USER_ID: make_anew,
    Kind.USERNAME_CHANGED: put("users", "USER", username="autre"),
    Kind.EMAIL_CHANGED: put("users", "USER", email="voleur2@x.example", emailVerified=False),
    Kind.NAME_CHANGED: put("users", "USER", lastName="Dupont"),
    Kind.SHUT_OUT_BY_HAND: put("users", "USER", enabled=False),
    Kind.EMAIL_VERIFIED_BY_HAND: put("users", "USER", emailVerified=True),
    Kind.REQUIRED_ACTION_PLANTED: put("users", "USER", requiredActions=["CONFIGURE_TOTP"]),
    Kind.IDENTITY_LINKED: link_identity,
    Kind.USER_ROLE_PLANTED: map_role("USER", "mes-prets", "suivi"),
    Kind.USER_ADMINISTRATION_PLANTED: map_role("USER", "realm-management", "manage-users"),
    Kind.USER_ROLE_TAKEN_OFF: drop_default,
    Kind.MEMBERSHIP_MISSING: leave(0),
    Kind.SERVICE_MISSING: leave(1),
    Kind.MEMBERSHIP_PLANTED: join("999999999"),
    Kind.SERVICE_PLANTED: join("own", SUIVI),
    Kind.FOREIGN_GROUP_JOINED: join("888888888/mes-prets:demande"),
    Kind.SERVICE_ACCOUNT_IN_GROUP: robot_in_group,
}
BESIDE = {
    Kind.GROUP_ID,  # of a group made anew
    Kind.SERVICE_GROUP_ID,
    Kind.SERVICE_GROUP_MISSING,
    Kind.MEMBERSHIP_MISSING,
    Kind.SERVICE_MISSING,
    Kind.GROUP_FOREIGN,
    Kind.SERVICE_GROUP_FOREIGN,
    Kind.USERNAME_CHANGED,
    Kind.USER_DOUBLED,
    Kind.FOREIGN_GROUP_JOINED,
    Kind.SERVICE_PLANTED,
    Kind.USER_ID,
}
"""What one act by hand may also break."""


@pytest.mark.attack(47)
def test_thirty_changes_by_hand_are_found_by_both_readings_explained_and_repaired(
    own: AppliedRealm, api: KeepAliveAPI
) -> None:
    house = House(own, api)
    house.load([kind.name for kind in PLANTED])
    assert house.look(read_snapshot(api)) == []  # what the load made is what is wanted

    own.admin.put(body={"editUsernameAllowed": True})  # else a username can be changed by nobody
    for kind, plant in PLANTED.items():
        structure, person = house.structures[kind.name], house.people[kind.name]
        plant(house, str(person.keycloak_id), str(structure.group_id), structure.service_ids[DEMANDE])
    snapshot, stock = read_snapshot(api), read_all(own.sync)
    assert (set(snapshot.users), set(snapshot.groups)) == (set(stock.users), set(stock.groups))
    found = house.look(snapshot)

    kinds = {each.kind for each in found}
    assert kinds >= PLANTED.keys()
    assert kinds <= PLANTED.keys() | BESIDE
    assert all(MEANINGS[each.kind].words and "{" not in str(each) for each in found)

    house.repair(found)
    house.repair(house.look(read_snapshot(api)))  # a deleted group's people come back at the second look
    left = house.look(read_snapshot(api))

    assert [each for each in left if each.meaning.remedy is not Remedy.REPORT] == []
    assert {each.kind for each in left} == {
        kind for kind in PLANTED if MEANINGS[kind].remedy is Remedy.REPORT
    }


def test_the_snapshot_is_for_who_may_manage_users(own: AppliedRealm) -> None:
    reader = service_account(own.url, own.name, "bdt-reader")
    with pytest.raises(Refused) as refusal:
        reader.get("bdt-snapshot")
    reader.close()

    assert refusal.value.status == 403


def test_a_label_of_many_letters_and_a_name_with_a_slash_are_read_alike(
    own: AppliedRealm, api: KeepAliveAPI
) -> None:
    own.admin.post("groups", body={"name": "a/b", "attributes": {"label": ["CC « Œ » – l’Été"]}})
    name = f"x{uuid4().hex[:8]}"
    own.gateway.create_user(name, email=f"{name}@eus.example", prenom="Zoë", nom="D’Hondt")
    own.gateway.join_group(
        str(own.gateway.find_user(name).id),  # type: ignore[union-attr]
        str(own.admin.get("groups")[0]["id"]),
    )

    snapshot, stock = read_snapshot(api), read_all(own.sync)

    assert set(snapshot.users) == set(stock.users)
    assert snapshot.groups == stock.groups
    assert {path for user in snapshot.users for path in user.groups} == {"/a~/b"}
