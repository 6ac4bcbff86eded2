"""A portal with its clock in hand: people and structures in business words, acts as they are clicked.

portal = Portal(database)
eus = portal.a_structure("Eus")
maire = portal.a_person("Anne", "Roca").attached_to(eus, fonction="maire").administrator_of(eus)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, func, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from stdnum import luhn

from onboarding_api.acts.act import Office
from onboarding_api.acts.actor import Actor
from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys, fingerprint, new_code
from onboarding_api.model.first_administrator.claim import open_claim
from onboarding_api.model.first_administrator.letter import last_letter
from onboarding_api.model.first_administrator.validity import expires_at
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.membership import Membership, open_membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import Structure, StructureKind
from onboarding_api.model.terms import TermsAcceptance
from onboarding_api.model.words.typed_text import folded
from onboarding_api.usecases.first_administrator.expire_claim import expire_claim
from onboarding_api.usecases.first_administrator.note_letter_handed_over import note_letter_handed_over

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EUS = "216600742"


def _do_not_wait_for_the_disk(connection: DBAPIConnection, _record: object) -> None:
    connection.cursor().execute("PRAGMA synchronous=OFF")


class Portal:
    """The office of the tests, on an empty database with every table."""

    def __init__(self, database: Database, now: datetime = MONDAY) -> None:
        self.database = database
        self.now = now
        self.code_keys = CodeKeys("test", {"test": b"k" * 32})
        self.office = Office(database, lambda: self.now, self.code_keys)
        self._count = 0
        if database.engine.dialect.name == "sqlite":
            # No test pulls the plug: waiting for the disk after each act is most of its time.
            event.listen(database.engine, "connect", _do_not_wait_for_the_disk)

    def wait(self, **duration: float) -> None:
        """Time passes, as `wait(days=30)`."""
        self.now += timedelta(**duration)

    def reading(self) -> Session:
        """A session to look with; a context manager that changes nothing."""
        return Session(self.database.engine)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for what the builders write."""
        with self.database.writing() as session:
            yield session

    def a_structure(self, name: str, kind: str = "commune", departement: str = "66") -> str:
        """A structure; Eus has its real SIREN, others a well-formed one. Its SIREN is returned."""
        self._count += 1
        body = f"21{departement[:2]}{self._count:04d}"
        siren = EUS if name == "Eus" else body + luhn.calc_check_digit(body)
        is_commune = kind == StructureKind.COMMUNE
        with self.writing() as session:
            session.add(
                Structure(
                    siren=siren,
                    kind=kind,
                    name=f"Commune d'{name}" if is_commune else name,
                    bare_name=name,
                    insee=f"{departement[:2]}{self._count:03d}" if is_commune else None,
                    departement=departement,
                    departement_name="Pyrénées-Orientales",
                    postcodes=[f"{departement[:2]}500"],
                )
            )
        return siren

    def a_person(self, prenom: str, nom: str) -> "Someone":
        """A registered person, known to Keycloak."""
        self._count += 1
        with self.writing() as session:
            person = Person(
                civilite=Civilite.MADAME,
                prenom=prenom,
                nom=nom,
                identifiant=f"{prenom[:4].lower()}{self._count:03d}",
                email=f"{folded(prenom)}.{folded(nom)}@example.fr",
                registered_at=self.now,
            )
            session.add(person)
            session.flush()
            return Someone(self, person.id)

    def letter_arrives(self, siren: str) -> str:
        """What the worker does with the letter that was asked; the code that it printed."""
        with self.writing() as session:
            claim = open_claim(session, siren)
            assert claim
            letter = last_letter(session, claim.id)
            assert letter
            code = new_code()
            letter.code_key_id, letter.code_fingerprint = fingerprint(code, claim.id, self.code_keys)
            letter.issued_at = self.now
            letter.expires_at = expires_at(self.now, claim.membership.structure.timezone)
            note_letter_handed_over(self.office, session, letter.id)
        return code

    def claims_expire(self) -> int:
        """What the worker does with the timers that are due; how many claims it closed."""
        due = (row for row in self.deliveries("timer.claim_expiry") if row.due <= self.now)
        return sum(expire_claim(self.office, row.args["claim_id"]) for row in due)

    def events(self) -> list[str]:
        """What the journal tells, in order."""
        with self.reading() as session:
            return list(session.scalars(select(JournalEntry.event).order_by(JournalEntry.seq)))

    def mails(self) -> list[tuple[str, str]]:
        """(notice, prénom of the recipient) of every mail that waits, in order."""
        with self.reading() as session:
            rows = session.scalars(
                select(Delivery).where(Delivery.kind == "mail").order_by(Delivery.sequence)
            )
            return [
                (row.args["notice"], session.get_one(Person, row.args["person_id"]).prenom) for row in rows
            ]

    def deliveries(self, kind: str) -> list[Delivery]:
        """The rows of one kind, in order."""
        with self.reading() as session:
            return list(
                session.scalars(select(Delivery).where(Delivery.kind == kind).order_by(Delivery.sequence))
            )

    def count(self, table: type) -> int:
        """How many rows a table has."""
        with self.reading() as session:
            return session.scalars(select(func.count()).select_from(table)).one()


@dataclass(frozen=True)
class Someone:
    """A person of the portal; each method writes rows and gives the same person back."""

    portal: Portal
    id: str

    @property
    def actor(self) -> Actor:
        """The person as she acts, logged in by password."""
        return Actor(self.id)

    def attached_to(self, siren: str, fonction: str | None = "directeur-financier") -> "Someone":
        """Attached to the structure, with a fonction unless told otherwise."""
        with self.portal.writing() as session:
            session.add(
                Membership(person_id=self.id, siren=siren, fonction=fonction, attached_at=self.portal.now)
            )
        return self

    def administrator_of(self, siren: str) -> "Someone":
        """Its administrator; she must be attached."""
        with self.portal.writing() as session:
            session.add(
                Administration(
                    membership_id=self._membership(session, siren).id,
                    origin=Origin.LETTER,
                    since=self.portal.now,
                )
            )
        return self

    def holding(self, siren: str, *services: str, state: str = "granted") -> "Someone":
        """With habilitations in a state."""
        with self.portal.writing() as session:
            for service in services:
                session.add(
                    Habilitation(
                        membership_id=self._membership(session, siren).id,
                        service=service,
                        state=HabilitationState(state),
                        requested_at=self.portal.now,
                        changed_at=self.portal.now,
                    )
                )
        return self

    def accepting_terms(self, siren: str, espace: str, version: str) -> "Someone":
        """Having accepted conditions particulières."""
        with self.portal.writing() as session:
            session.add(
                TermsAcceptance(
                    membership_id=self._membership(session, siren).id,
                    espace=espace,
                    version=version,
                    text_sha256="0" * 64,
                    accepted_at=self.portal.now,
                )
            )
        return self

    def states(self, siren: str) -> dict[str, str]:
        """The state of each service asked for in the structure, the latest request of each."""
        with self.portal.reading() as session:
            rows = session.execute(
                select(Habilitation.service, Habilitation.state)
                .join(Habilitation.membership)
                .where(Membership.person_id == self.id, Membership.siren == siren)
                .order_by(Habilitation.requested_at)
            )
            return {service: str(state) for service, state in rows}

    def habilitation(self, siren: str, service: str) -> str:
        """The id of her latest request for a service."""
        with self.portal.reading() as session:
            return session.scalars(
                select(Habilitation.id)
                .join(Habilitation.membership)
                .where(
                    Membership.person_id == self.id,
                    Membership.siren == siren,
                    Habilitation.service == service,
                )
                .order_by(Habilitation.requested_at.desc())
                .limit(1)
            ).one()

    def administers(self, siren: str) -> bool:
        """Whether she is an administrator of the structure now."""
        with self.portal.reading() as session:
            running = (
                select(Administration.id)
                .join(Administration.membership)
                .where(
                    Membership.person_id == self.id,
                    Membership.siren == siren,
                    Administration.ended_at.is_(None),
                )
            )
            return session.scalars(running).first() is not None

    def _membership(self, session: Session, siren: str) -> Membership:
        membership = open_membership(session, self.id, siren)
        assert membership, "attach the person first"
        return membership
