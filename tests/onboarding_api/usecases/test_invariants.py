"""Whatever people click, in whatever order: I4, I9 and I12 of the security page hold after each click.

I4   no decision by somebody who was no administrator, nor by the requester
I9   a structure with granted habilitations has an administrator: nobody gets a right without one
I12  states move along the table of the model alone
"""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import administrators_of
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import TRANSITIONS, Habilitation, HabilitationState
from onboarding_api.model.journal import JournalEntry, first_broken_link
from onboarding_api.model.membership import open_membership
from onboarding_api.model.refusals import Refusal
from onboarding_api.usecases.administration.decide_habilitation import (
    DecideHabilitation,
    deactivate_habilitation,
    reactivate_habilitation,
    refuse_habilitation,
    validate_habilitation,
)
from onboarding_api.usecases.first_administrator.ask_new_letter import AskNewLetter, ask_new_letter
from onboarding_api.usecases.first_administrator.redeem_activation_code import (
    RedeemActivationCode,
    redeem_activation_code,
)
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from onboarding_api.usecases.request.request_habilitations import RequestHabilitations, request_habilitations
from onboarding_api.usecases.structure.attach_structure import AttachStructure, attach_structure
from onboarding_api.usecases.structure.detach_structure import DetachStructure, detach_structure
from onboarding_api.usecases.structure.edit_profile import EditProfile, edit_profile
from tests.builders.portal import Portal

SERVICES = ("mes-prets:demande", "dataviz-coeur-de-ville:acces")
DECISIONS: tuple[Callable[..., None], ...] = (
    validate_habilitation,
    refuse_habilitation,
    deactivate_habilitation,
    reactivate_habilitation,
)
DECIDED = (
    "habilitation_granted",
    "habilitation_refused",
    "habilitation_deactivated",
    "habilitation_reactivated",
)
MOVES = {(before, after) for (before, _), after in TRANSITIONS.items()}

people = st.integers(0, 3)
services = st.sampled_from(SERVICES)


NO_MOVE = ("act_refused", "habilitation_handed_over", "habilitation_stranded")
"""What is written of a habilitation and leaves it in its state."""


class Clicks(RuleBasedStateMachine):
    """Four people and one structure; each rule is a click, refused or not."""

    template: Path

    @initialize()
    def open_portal(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.directory / "bdt.db")
        self.database = Database(f"sqlite:///{self.directory / 'bdt.db'}")
        self.portal = Portal(self.database)
        self.eus = self.portal.a_structure("Eus")
        names = (("Anne", "Roca"), ("Paul", "Durand"), ("Zoé", "Petit"), ("Luc", "Bosch"))
        self.people = [self.portal.a_person(*name).attached_to(self.eus) for name in names]
        self.codes: list[tuple[int, str]] = []
        self.read_up_to = 0
        self.states: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.engine.dispose()
            shutil.rmtree(self.directory)

    def click(self, act: Callable[..., object], *arguments: object) -> None:
        self.portal.wait(minutes=7)
        with suppress(Refusal):
            act(self.portal.office, *arguments)

    @rule(who=people, service=services, accepts=st.booleans())
    def request(self, who: int, service: str, accepts: bool) -> None:
        command = RequestHabilitations(self.eus, (service,), accepts)
        self.click(request_habilitations, self.people[who].actor, command)

    @rule(printed=st.booleans())
    def the_worker_comes_by(self, printed: bool) -> None:
        with self.portal.reading() as session:
            asked = session.scalars(
                select(Letter).where(Letter.issued_at.is_(None), Letter.revoked_at.is_(None))
            ).first()
            claimant = asked.claim.membership.person_id if asked else None
        if printed and claimant:
            owner = next(index for index, person in enumerate(self.people) if person.id == claimant)
            self.codes.append((owner, self.portal.letter_arrives(self.eus)))

    @rule(who=people, which=st.integers(0, 5))
    def type_a_code(self, who: int, which: int) -> None:
        if self.codes:
            owner, code = self.codes[-1 - which % len(self.codes)]
            typist = owner if which % 2 == 0 else who
            self.click(
                redeem_activation_code, self.people[typist].actor, RedeemActivationCode(self.eus, code)
            )

    @rule(who=people, of=people, service=services, decide=st.sampled_from(DECISIONS))
    def decide(self, who: int, of: int, service: str, decide: Callable[..., None]) -> None:
        if service in self.people[of].states(self.eus):
            habilitation = self.people[of].habilitation(self.eus, service)
            self.click(decide, self.people[who].actor, DecideHabilitation(habilitation, "Un motif."))

    @rule(who=people)
    def leave(self, who: int) -> None:
        self.click(detach_structure, self.people[who].actor, DetachStructure(self.eus))

    @rule(who=people)
    def come_back(self, who: int) -> None:
        self.click(attach_structure, self.people[who].actor, AttachStructure(self.eus))
        self.click(edit_profile, self.people[who].actor, EditProfile(self.eus, fonction="elu"))

    @rule(who=people)
    def a_new_letter(self, who: int) -> None:
        self.click(ask_new_letter, self.people[who].actor, AskNewLetter(self.eus))

    @rule(days=st.sampled_from([1, 10, 32]))
    def days_pass(self, days: int) -> None:
        self.portal.wait(days=days)
        self.portal.claims_expire()

    @rule()
    def the_legal_representative_refuses(self) -> None:
        with self.portal.reading() as session:
            letter = session.scalars(select(Letter).order_by(Letter.asked_at.desc()).limit(1)).first()
            reference = letter.claim.reference if letter else "BDT-2222-2222"
        self.click(refuse_claim, RefuseClaim(reference))

    @rule(who=people)
    def an_administrator_is_appointed(self, who: int) -> None:
        """Stands for a page to come: only where an administrator appoints an attached member."""
        with self.portal.reading() as session:
            terms = administrators_of(session, self.eus)
            appointed = {term.membership.person_id for term in terms}
        person = self.people[who]
        if terms and person.id not in appointed and self.is_attached(who):
            person.administrator_of(self.eus)

    def is_attached(self, who: int) -> bool:
        with self.portal.reading() as session:
            return open_membership(session, self.people[who].id, self.eus) is not None

    @invariant()
    def decisions_are_by_administrators_on_the_requests_of_others(self) -> None:
        with self.portal.reading() as session:
            for entry in self.new_entries(session):
                if entry.event in DECIDED and entry.decision["action"] != "redeemCode":
                    self.check_decider(entry)
                self.follow(entry)

    @invariant()
    def granted_rights_have_an_administrator(self) -> None:
        with self.portal.reading() as session:
            granted = select(Habilitation.id).where(Habilitation.state == HabilitationState.GRANTED)
            if session.scalars(granted.limit(1)).first():
                assert administrators_of(session, self.eus)

    @invariant()
    def the_journal_is_whole_and_tells_the_present(self) -> None:
        with self.portal.reading() as session:
            assert first_broken_link(session) is None
            present = {row.id: str(row.state) for row in session.scalars(select(Habilitation))}
        assert present == self.states

    def check_decider(self, entry: JournalEntry) -> None:
        decider, facts = f"User::{entry.actor_id}", entry.decision["facts"]
        place = facts[facts[entry.decision["resource"]]["membership"]]
        assert decider in facts[place["structure"]]["admins"]
        # Only what takes nothing from anybody else may be done to oneself: giving one's own access up.
        assert decider != place["user"] or entry.event == "habilitation_deactivated"

    def new_entries(self, session: Session) -> list[JournalEntry]:
        new = select(JournalEntry).where(JournalEntry.seq > self.read_up_to).order_by(JournalEntry.seq)
        found = list(session.scalars(new))
        if found:
            self.read_up_to = found[-1].seq
        return found

    def follow(self, entry: JournalEntry) -> None:
        """I12, and I5: replaying the journal gives the states that the table holds."""
        kind, _, subject = entry.subject.partition(":")
        if kind != "habilitation" or entry.event in NO_MOVE:
            return
        before, after = entry.details["before"], entry.details["after"]
        assert self.states.get(subject) == before
        assert (before, after) in MOVES or (before is None and after in ("pending", "awaiting_letter"))
        self.states[subject] = after


@pytest.mark.attack(2, 16)
@pytest.mark.invariant("I4", "I5", "I9", "I12")
@pytest.mark.slow
def test_no_order_of_clicks_breaks_an_invariant(sqlite_template: Path) -> None:
    Clicks.template = sqlite_template
    run_state_machine_as_test(
        Clicks,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
