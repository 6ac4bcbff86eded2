"""A house with one person, her realm, a watch over it, and an administrator at the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select

from idp_extension.admin_api import AdminAPI
from idp_extension.keep_alive import KeepAliveAPI
from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets.person import PersonProjection, PersonRepair
from onboarding_api.delivery.watch.answering import Answering
from onboarding_api.delivery.watch.looking import Looking
from onboarding_api.delivery.watch.policy import load_policy
from onboarding_api.delivery.watch.watching import Means, Watching
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.habilitation import Habilitation, Move
from onboarding_api.model.ledger.delivery import DeliveryClass
from onboarding_api.model.ledger.kinds import PERSON, REPAIR
from onboarding_api.model.person import Person
from onboarding_api.model.projection.drift import Drift
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from tests.builders.deliveries import lease_all, put
from tests.builders.eus import Eus, found_eus
from tests.builders.oidc_login import log_in
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, proof_of

CODE_KEYS = CodeKeys(current="test", keys={"test": b"k" * 32})
PASSWORD = "Canigou-2784"
DEMANDE, SUIVI = "mes-prets:demande", "mes-prets:suivi"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class House:
    """`console` is an administrator of the server, as he types; `sync` what the house may do."""

    database: Database
    realm: AppliedRealm
    console: AdminAPI
    means: Means
    watching: Watching
    looking: Looking
    eus: Eus
    siren: str

    @property
    def person(self) -> Person:
        with self.database.reading() as session:
            return session.get_one(Person, self.eus.person_id)

    @property
    def account(self) -> str:
        return str(self.person.keycloak_id)

    def group(self, service: str = "") -> str:
        """Keycloak's id of her structure's group, or of a service's below it."""
        top = self.console.get("groups", search=self.siren, exact="true")[0]["id"]
        return top if not service else self.realm.gateway.subgroups(top)[service].id

    def role(self, service: str) -> tuple[str, dict[str, Any]]:
        client, _, role = service.partition(":")
        uuid = self.console.get("clients", clientId=client)[0]["id"]
        return uuid, self.console.get("clients", uuid, "roles", role)

    def log_in(self) -> None:
        """She sits at « Mes prêts »."""
        log_in(
            base_url=self.realm.url,
            realm=self.realm.name,
            client_id="mes-prets",
            client_secret=proof_of("mes-prets"),
            redirect_uri="http://127.0.0.1:8401/connexion/retour",
            username=self.person.identifiant,
            password=PASSWORD,
            structure=self.siren,
        )

    @property
    def sessions(self) -> int:
        return len(self.console.find("users", self.account, "sessions") or ())

    def watch(self) -> list[Drift]:
        """One turn of the watch, and what it asks for carried out; what was new in the books."""
        with self.database.reading() as session:
            before = set(session.scalars(select(Drift.id)))
        assert self.watching.turn()
        self.deliver()
        with self.database.reading() as session:
            return [row for row in session.scalars(select(Drift)) if row.id not in before]

    def deliver(self) -> None:
        """Let a worker finish what waits."""
        ledger, office = Ledger(self.database, now), Office(self.database, now, CODE_KEYS)
        delivers = {
            PERSON.name: PersonProjection(office, self.realm.gateway),
            REPAIR.name: PersonRepair(office, self.realm.gateway, load_policy()),
        }
        while leases := lease_all(ledger):
            for lease in leases:
                delivers[lease.kind](ledger, lease)

    def differences(self) -> set[str]:
        """What is different now, of her and of her structure."""
        found = [*self.looking.at_person(self.eus.person_id), *self.looking.at_structure(self.siren)]
        return {each.kind for each in found}


@contextmanager
def house(database: Database, realm: AppliedRealm, console: AdminAPI) -> Iterator[House]:
    """Her services are granted, her password is chosen, the watch has begun."""
    siren = f"{uuid4().int % 10**9:09d}"
    eus = _granted(database, siren)
    office = Office(database, now, CODE_KEYS)
    looking = Looking(office, realm.sync)
    answering = Answering(Ledger(database, now), realm.gateway, load_policy())
    api = KeepAliveAPI.speaking(realm.url, realm.name, KEYS["bdt-sync"])
    means = Means(office, realm.values.portal_url, api, looking, answering)
    watching = Watching(means)
    found = House(database, realm, console, means, watching, looking, eus, siren)
    put(
        database, PERSON, lane=eus.person_id, args={"person_id": eus.person_id}, of_class=DeliveryClass.GIVING
    )
    found.deliver()
    realm.choose_password(found.account, PASSWORD)
    assert watching.turn()
    with database.writing() as session:  # what befell those before her, whom this house does not know
        session.execute(delete(Drift))
    yield found
    console.put(body={"editUsernameAllowed": False})
    realm.sync.delete("users", found.account)
    for group in console.get("groups", max="100"):
        realm.sync.delete("groups", group["id"])


def _granted(database: Database, siren: str) -> Eus:
    eus = found_eus(database, now(), siren)
    with database.writing() as session:
        person = session.get_one(Person, eus.person_id)
        person.identifiant = f"cend{uuid4().hex[:8]}"
        person.email = f"{person.identifiant}@eus.example"
        session.get_one(Structure, siren)
        for habilitation in session.scalars(select(Habilitation)):
            habilitation.move(Move.GRANT, now())
        session.add(
            TermsAcceptance(
                membership_id=eus.membership_id,
                espace="mes-prets",
                version="2022-02",
                text_sha256="0" * 64,
                accepted_at=now(),
            )
        )
    return eus
