"""Looks at one account, person, group or structure afresh, and says how it differs from what is decided."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from idp_extension.admin_api import AdminAPI
from idp_extension.naming import GroupName
from idp_extension.sync.difference import Difference
from idp_extension.sync.look import look_at_person, look_at_structure
from idp_extension.sync.of_person import compare_stranger
from idp_extension.sync.of_structure import compare_foreign_group
from idp_extension.sync.state import DesiredGroups
from idp_extension.sync.stock import read_group_named, read_user
from onboarding_api.acts.act import Office
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from policies.catalogue.loader import load_catalogue


@dataclass(frozen=True, slots=True)
class Found:
    """Something that nobody here decided.

    `subject` goes into the books: an id here where there is one. `account` is Keycloak's id of whom it is
    about, `person_id` and `wanted` are of what is to be repaired; none of both, and it is nobody's.
    """

    kind: str
    subject: str
    words: str
    account: str = ""
    person_id: str = ""
    wanted: DesiredGroups | None = field(default=None, compare=False)
    difference: Difference | None = None


class Looking:
    """Reads only.

    Args:
        office: whose database is the truth.
        api: Keycloak, as an account that may view users and groups.
    """

    def __init__(self, office: Office, api: AdminAPI) -> None:
        self._database, self._api = office.database, api
        self._house = DatabaseHouse(office)
        self._catalogue = frozenset(load_catalogue().services)

    def person_of(self, account: str) -> str | None:
        """Whose account it is: by the id that we keep, else by the name it bears."""
        with self._database.reading() as session:
            found = session.scalar(select(Person.id).where(Person.keycloak_id == account))
        if found:
            return found
        user = self._api.find("users", account)
        if user is None:
            return None
        with self._database.reading() as session:
            return session.scalar(select(Person.id).where(Person.identifiant == user["username"]))

    def at_account(self, account: str) -> Iterator[Found]:
        """Somebody's account, or nobody's."""
        if person_id := self.person_of(account):
            yield from self.at_person(person_id)
        elif user := read_user(self._api, account):
            for each in compare_stranger(user):
                yield Found(each.kind, user.id, str(each), account=user.id, difference=each)

    def at_person(self, person_id: str) -> Iterator[Found]:
        """A person's account, from the person's side."""
        with self._database.reading() as session:
            identifiant = session.scalar(select(Person.identifiant).where(Person.id == person_id))
        if identifiant is None:
            return
        for each in look_at_person(self._house, self._api, identifiant):
            account = each.keycloak_id
            yield Found(each.kind, person_id, str(each), account, person_id=person_id, difference=each)

    def at_group(self, group: str) -> Iterator[Found]:
        """A group of a structure, known here or by its name; or one of nobody's."""
        if siren := self._structure_of(group):
            yield from self.at_structure(siren)
        body = self._api.find("groups", group)
        if body is None:
            return
        top = body["path"].removeprefix("/").split("/")[0]
        if GroupName.parse(f"/{top}") is not None:
            if top != siren:
                yield from self.at_structure(top)
        elif (found := read_group_named(self._api, top)) and not self._structure_of(found.id):
            yield from _of_groups(compare_foreign_group(found), None)

    def at_structure(self, siren: str) -> Iterator[Found]:
        """The groups of a structure."""
        wanted = next(self._house.structures([siren]), None)
        yield from _of_groups(look_at_structure(self._house, self._api, siren, self._catalogue), wanted)

    def _structure_of(self, group: str) -> str | None:
        with self._database.reading() as session:
            of_service = select(ServiceGroup.siren).where(ServiceGroup.kc_group_id == group)
            is_it = or_(Structure.kc_group_id == group, Structure.siren.in_(of_service))
            return session.scalar(select(Structure.siren).where(is_it))


def _of_groups(differences: Iterable[Difference], wanted: DesiredGroups | None) -> Iterator[Found]:
    for each in differences:
        yield Found(each.kind, each.subject[:255], str(each), wanted=wanted, difference=each)
