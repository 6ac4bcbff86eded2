"""Who can, what can: the rules in SQL answer on the product's own tables, row by row, as the engine does."""

import os
import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from onboarding_api.access.who_can import (
    UnknownQuestion,
    allowed_in_sql,
    questions_on_rows,
    what_can,
    who_can,
)
from onboarding_api.facts.question import questions
from onboarding_api.facts.rows import ABSENT, KINDS
from onboarding_api.model.administration import Administration, Origin, Rank
from onboarding_api.model.base import Base, Database, new_id
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from policies.catalogue.loader import load_catalogue
from policies.engine.decide import default_engine
from policies.engine.request import EntityRef
from policies.engine.revision import Policies, load_policies
from tests.builders.portal import MONDAY, Portal, Someone

LOAN, OPEN_TO_ALL = "mes-prets:demande", "dataviz-coeur-de-ville:acces"
NIGHTLY = "BDT_WHO_CAN_DECISIONS"
DAY, INSTANT = timedelta(days=1), timedelta(milliseconds=1)
AGES = (timedelta(), INSTANT, DAY, 20 * DAY, 31 * DAY, 31 * DAY + timedelta(hours=1), 40 * DAY)


class Directory:
    """Random people, places and papers: every state, every limit, every column that may be NULL."""

    def __init__(self, portal: Portal, seed: int, memberships: int) -> None:
        self._draw = random.Random(seed)
        self._portal = portal
        places = [portal.a_structure(f"Lieu {n}", self._draw.choice(("commune", "epci"))) for n in range(5)]
        # Where nobody administers anything, claims and letters are what the rules look at.
        self._without_administrator = places[:2]
        people = [portal.a_person(f"Prénom{n}", f"Nom{n}").id for n in range(8)]
        with portal.writing() as session:
            for person in session.scalars(select(Person)):
                person.is_active = self._often()
            for structure in session.scalars(select(Structure)):
                structure.is_active = self._often()
            for _ in range(memberships):
                self._membership(session, self._draw.choice(people), self._draw.choice(places))
            session.flush()
            for siren in places:
                self._claims(session, siren)

    def _often(self) -> bool:
        return self._draw.random() < 0.9

    def _membership(self, session: Session, person_id: str, siren: str) -> None:
        runs = Membership.person_id == person_id, Membership.siren == siren, Membership.state == "attached"
        is_second = session.scalars(select(Membership).where(*runs)).first()
        membership = Membership(
            id=new_id(),
            person_id=person_id,
            siren=siren,
            state=MembershipState.LEFT if is_second or not self._often() else MembershipState.ATTACHED,
            fonction=self._draw.choice(("maire", "elu", "", None)),
            attached_at=self._portal.now,
        )
        session.add(membership)
        session.flush()
        session.add_all(
            (*self._terms(membership), *self._acceptances(membership), *self._habilitations(membership))
        )

    def _terms(self, membership: Membership) -> Iterator[Administration]:
        if membership.siren in self._without_administrator:
            return
        for _ in range(self._draw.choice((0, 1, 1))):
            rank, ended = self._draw.choice(list(Rank)), None if self._often() else self._portal.now
            yield Administration(
                membership_id=membership.id,
                origin=Origin.LETTER,
                rank=rank,
                since=self._portal.now,
                ended_at=ended,
            )

    def _acceptances(self, membership: Membership) -> Iterator[TermsAcceptance]:
        for version in self._draw.sample(("2022-02", "2021-01"), self._draw.randrange(3)):
            yield TermsAcceptance(
                membership_id=membership.id,
                espace=self._draw.choice(("mes-prets", "dataviz-coeur-de-ville")),
                version=version,
                text_sha256="0" * 64,
                accepted_at=self._portal.now,
            )

    def _habilitations(self, membership: Membership) -> Iterator[Habilitation]:
        services = self._draw.sample(sorted(load_catalogue().services), self._draw.randrange(4))
        for service in services:
            ends = self._draw.choice((None, *(sign * age for age in (*AGES, 30 * DAY) for sign in (1, -1))))
            yield Habilitation(
                membership_id=membership.id,
                service=service,
                state=self._draw.choice(list(HabilitationState)),
                requested_at=self._portal.now,
                changed_at=self._portal.now,
                expires_at=None if ends is None else self._portal.now + ends,
            )

    def _claims(self, session: Session, siren: str) -> None:
        memberships = session.scalars(select(Membership).where(Membership.siren == siren)).all()
        others = self._draw.sample([state for state in ClaimState if state != ClaimState.OPEN], 2)
        for state in [*([ClaimState.OPEN] if self._often() else []), *others] if memberships else []:
            claim = Claim(
                id=new_id(),
                membership_id=self._draw.choice(memberships).id,
                siren=siren,
                state=state,
                claimed_at=self._portal.now - self._draw.choice(AGES),
            )
            session.add(claim)
            session.flush()
            for age in self._draw.sample(AGES, self._draw.choice((0, 0, 0, 1, 1, 2, 3))):
                asked = self._portal.now - age
                issued = self._draw.choice((None, asked, asked + DAY))
                session.add(Letter(claim_id=claim.id, asked_at=asked, issued_at=issued, state_at=asked))


Act = tuple[str, str, str]


def in_sql(session: Session, policies: Policies, portal: Portal) -> set[Act]:
    """Who may do what, as SQL lists it under some rules."""
    return {
        (person_id, environment.action, resource_id)
        for environment in questions_on_rows()
        for person_id, resource_id in session.execute(
            allowed_in_sql(policies, environment, portal.now, acr=1)
        )
    }


def by_engine(session: Session, portal: Portal) -> tuple[int, set[Act]]:
    """Every question there is, decided on the facts that acts are decided on."""
    asked, allowed = 0, set()
    pairs = [
        (environment.action, thing)
        for environment in questions_on_rows()
        for thing in session.scalars(select(KINDS[environment.resource]))
    ]
    for person in session.scalars(select(Person)):
        requests = questions(session, person, pairs, now=portal.now, acr=1)
        asked += len(requests)
        for request, decision in zip(requests, default_engine().decide_many(requests), strict=True):
            if decision.allowed:
                allowed.add((person.id, request.action, request.resource.id))
    return asked, allowed


def name_of(thing: Structure | Membership | Habilitation | Claim) -> str:
    return thing.siren if isinstance(thing, Structure) else thing.id


def empty(portal: Portal) -> None:
    with portal.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))


@pytest.mark.slow
def test_five_thousand_rows_are_listed_as_the_engine_decides(database: Database) -> None:
    portal, asked = Portal(database), 0
    while asked < int(os.environ.get(NIGHTLY, "5000")):
        seed = random.randrange(2**31)
        empty(portal)
        Directory(portal, seed, memberships=24)
        with portal.reading() as session:
            number, allowed = by_engine(session, portal)
            listed = in_sql(session, load_policies(), portal)
        asked += number
        assert listed == allowed, f"seed {seed}: {listed ^ allowed}"
        assert len(allowed) > 20


@pytest.mark.parametrize("left_out", ["ADMIN-DECIDE", "G-SELF-DECISION", "G-FONCTION", "G-ADMIN-EXISTS"])
@pytest.mark.slow
def test_a_rule_that_the_list_forgot_is_noticed(database: Database, left_out: str) -> None:
    portal, policies = Portal(database), load_policies()
    Directory(portal, seed=1, memberships=24)
    forgetful = policies.with_rules(tuple(rule for rule in policies.rules if rule.id != left_out))
    with portal.reading() as session:
        assert in_sql(session, forgetful, portal) != in_sql(session, policies, portal)


def test_what_facts_never_give_is_absent_from_the_map_too(database: Database) -> None:
    """An attribute that facts learns to give must get its column: nothing else would notice."""
    portal = Portal(database)
    Directory(portal, seed=2, memberships=12)
    given: dict[str, set[str]] = {}
    with portal.reading() as session:
        pairs = [("any", thing) for kind in KINDS.values() for thing in session.scalars(select(kind))]
        anybody = session.scalars(select(Person)).first()
        assert anybody
        for entity in questions(session, anybody, pairs, now=portal.now, acr=1)[0].entities:
            given.setdefault(entity.ref.type, set()).update(entity.attributes)
    known = {kind: set(attributes) for kind, attributes in load_policies().model.entities.items()}
    assert {kind: known[kind] - given[kind] for kind in KINDS} == {k: set(v) for k, v in ABSENT.items()}


@pytest.fixture
def eus(database: Database) -> tuple[Portal, Someone, Someone, str]:
    """Anne administers Eus, Paul has asked for the loans."""
    portal = Portal(database)
    siren = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(siren).administrator_of(siren)
    paul = portal.a_person("Paul", "Durand").attached_to(siren).holding(siren, LOAN, state="pending")
    return portal, anne, paul, siren


def test_the_administrator_can_decide_and_nobody_else(eus: tuple[Portal, Someone, Someone, str]) -> None:
    portal, anne, paul, siren = eus
    request = EntityRef("Habilitation", paul.habilitation(siren, LOAN))
    with portal.reading() as session:
        rights = who_can(session, "validateHabilitation", request, portal.now)
    assert [(right.person_id, right.resource) for right in rights.held] == [
        (anne.id, f"Habilitation:{request.id}")
    ]
    assert rights.refuted == ()


def test_what_a_member_can_do_is_listed(eus: tuple[Portal, Someone, Someone, str]) -> None:
    portal, _, paul, siren = eus
    request = f"Habilitation:{paul.habilitation(siren, LOAN)}"
    with portal.reading() as session:
        rights = what_can(session, paul.id, portal.now)
        assert what_can(session, rights.held[0].identifiant, portal.now) == rights
    assert ("withdrawRequest", request) in {(right.action, right.resource) for right in rights.held}
    assert {right.action for right in rights.held} == {
        "acceptTerms", "detach", "editProfile", "withdrawRequest",
    }  # fmt: skip
    assert rights.refuted == ()


def test_a_row_that_the_engine_refuses_is_told_apart(database: Database) -> None:
    # The engine reads moments to the millisecond: a grant that ends within this one has ended.
    portal = Portal(database)
    siren = portal.a_structure("Eus")
    paul = portal.a_person("Paul", "Durand").attached_to(siren).holding(siren, OPEN_TO_ALL)
    with portal.writing() as session:
        held = paul.habilitation(siren, OPEN_TO_ALL)
        session.get_one(Habilitation, held).expires_at = portal.now + timedelta(microseconds=400)
    with portal.reading() as session:
        rights = who_can(session, "enterService", EntityRef("Habilitation", held), portal.now)
    assert rights.held == ()
    assert [right.person_id for right in rights.refuted] == [paul.id]


@pytest.mark.parametrize(
    ("action", "kind"), [("nothing", "Structure"), ("freezeStructure", "Structure"), ("redeemCode", "Letter")]
)
def test_what_no_person_does_on_a_row_is_no_question(database: Database, action: str, kind: str) -> None:
    with Portal(database).reading() as session, pytest.raises(UnknownQuestion):
        who_can(session, action, EntityRef(kind, "216600742"), MONDAY)


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with Portal(database).reading() as session:
        with pytest.raises(NotFound):
            who_can(session, "invite", EntityRef("Structure", "216600742"), MONDAY)
        with pytest.raises(NotFound):
            what_can(session, "nobody", MONDAY)
