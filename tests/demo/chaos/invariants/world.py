"""A small, sound world: an administrator by letter, a colleague whom she validates, a request that waits."""

from dataclasses import dataclass

from sqlalchemy import text

from demo.chaos.invariants.books import Books, read_books
from demo.chaos.invariants.realm import Realm
from demo.chaos.invariants.rights import effective
from onboarding_api.model.base import Database
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.request.accept_terms import AcceptTerms, accept_terms
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from tests.builders.portal import Portal, Someone

LOAN, DATAVIZ = "mes-prets:suivi", "dataviz-coeur-de-ville:acces"


@dataclass
class World:
    portal: Portal
    siren: str
    anne: Someone
    paul: Someone
    luc: Someone

    @property
    def url(self) -> str:
        return self.portal.database.engine.url.render_as_string(hide_password=False)

    def books(self) -> Books:
        return read_books(self.url)

    def plant(self, statement: str, **values: object) -> Books:
        """What the database says after somebody has been at it."""
        with self.portal.database.writing() as session:
            session.execute(text(statement), values)
        return self.books()

    def realm(self) -> Realm:
        """A Keycloak that is as it should be."""
        books = self.books()
        people = books.by("person")
        members: dict[str, set[str]] = {}
        for row in books.rows("membership"):
            members.setdefault(f"/{row['siren']}", set()).add(people[row["person_id"]]["identifiant"])
        for identifiant, siren, service in effective(books, self.portal.now):
            members.setdefault(f"/{siren}/{service}", set()).add(identifiant)
        return Realm(
            people={
                row["identifiant"]: {
                    "username": row["identifiant"],
                    "email": row["email"],
                    "firstName": row["prenom"],
                    "lastName": row["nom"],
                    "enabled": bool(row["is_active"]),
                }
                for row in people.values()
            }
            | {"service-account-bdt-sync": {"username": "service-account-bdt-sync", "enabled": True}},
            members={path: frozenset(names) for path, names in members.items()},
            roles={path: frozenset(path.split("/")[2:]) for path in members},
        )


def sound_world(database: Database) -> World:
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    anne, paul, luc = (
        portal.a_person(*name).attached_to(eus)
        for name in (("Anne", "Roca"), ("Paul", "Durand"), ("Luc", "Bosch"))
    )
    request_habilitations(portal.office, anne.actor, RequestHabilitations(eus, (LOAN, DATAVIZ), True))
    redeem_activation_code(portal.office, anne.actor, RedeemActivationCode(eus, portal.letter_arrives(eus)))
    accept_terms(portal.office, anne.actor, AcceptTerms(eus, "mes-prets", "2022-02"))
    portal.wait(minutes=1)
    for person in (paul, luc):
        request_habilitations(portal.office, person.actor, RequestHabilitations(eus, (DATAVIZ, LOAN)))
        portal.wait(minutes=1)
    for service in (DATAVIZ, LOAN):
        asked = DecideHabilitation(paul.habilitation(eus, service))
        validate_habilitation(portal.office, anne.actor, asked)
    portal.wait(minutes=1)
    gone = DecideHabilitation(paul.habilitation(eus, LOAN), "Parti.")
    deactivate_habilitation(portal.office, anne.actor, gone)
    portal.wait(minutes=1)
    return World(portal, eus, anne, paul, luc)
