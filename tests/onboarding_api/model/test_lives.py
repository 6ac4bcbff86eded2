"""The lives of the nouns: every state meets every verb, and the tables refuse what the rules forbid."""

import os
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.claim import Claim, ClaimState, new_reference
from onboarding_api.model.first_administrator.letter import TRANSITIONS as LETTER_TRANSITIONS
from onboarding_api.model.first_administrator.letter import Letter, LetterState, last_letter
from onboarding_api.model.habilitation import (
    OPEN_STATES,
    TRANSITIONS,
    Habilitation,
    HabilitationState,
    Move,
    StatesUnfit,
    check_states,
)
from onboarding_api.model.membership import Membership, MembershipState, open_membership
from onboarding_api.model.refusals import NotPossibleNow
from onboarding_api.model.terms import terms_text
from policies.catalogue.loader import load_catalogue
from policies.review.cases.oracle import LIVE
from tests.builders.portal import MONDAY, Portal

ROOT = Path(__file__).parents[3]
L = LetterState
SERVICE = "mes-prets:demande"


@pytest.mark.parametrize(("state", "move"), list(product(HabilitationState, Move)))
def test_every_state_of_a_habilitation_has_an_answer_to_every_move(
    state: HabilitationState, move: Move
) -> None:
    habilitation = Habilitation(state=state, service=SERVICE)
    if (state, move) in TRANSITIONS:
        habilitation.move(move, MONDAY, by="anne", motive="Un motif.")
        assert habilitation.state == TRANSITIONS[state, move]
        assert (habilitation.changed_at, habilitation.decided_by) == (MONDAY, "anne")
    else:
        with pytest.raises(NotPossibleNow):
            habilitation.move(move, MONDAY)
        assert habilitation.state == state


@pytest.mark.parametrize(("state", "end"), list(product(ClaimState, ClaimState)))
def test_only_an_open_claim_is_closed(state: ClaimState, end: ClaimState) -> None:
    claim = Claim(state=state)
    if state == ClaimState.OPEN:
        claim.close(end, MONDAY)
        assert (claim.state, claim.closed_at) == (end, MONDAY)
    else:
        with pytest.raises(NotPossibleNow):
            claim.close(end, MONDAY)


def test_a_state_that_the_rules_do_not_know_stops_the_start() -> None:
    known = load_catalogue().habilitation_states
    with pytest.raises(
        StatesUnfit, match=r"suspended: policies/catalogue/habilitation_states\.yaml has no such"
    ):
        check_states([*HabilitationState, "suspended"], known)
    with pytest.raises(StatesUnfit, match=r"suspended: model/habilitation\.py has no such state"):
        check_states(HabilitationState, [*known, "suspended"])
    with pytest.raises(StatesUnfit, match="suspended: no move leads to it or from it"):
        check_states([*HabilitationState, "suspended"], [*known, "suspended"])


def test_what_is_open_is_what_the_second_opinion_calls_live() -> None:
    assert set(OPEN_STATES) == set(LIVE)


def test_suspended_in_the_enum_alone_starts_nothing(tmp_path: Path) -> None:
    """The whole of it: the package with one state more, as an absent-minded engineer would leave it."""
    shutil.copytree(
        ROOT / "onboarding_api", tmp_path / "onboarding_api", ignore=shutil.ignore_patterns("static", "*.zst")
    )
    source = tmp_path / "onboarding_api/model/habilitation.py"
    more = source.read_text().replace(
        '    CANCELLED = "cancelled"\n', '    CANCELLED = "cancelled"\n    SUSPENDED = "suspended"\n'
    )
    source.write_text(more)
    command = [sys.executable, "-c", "import onboarding_api.model.habilitation"]
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        command, env={"PYTHONPATH": paths}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "suspended: policies/catalogue/habilitation_states.yaml has no such state" in done.stderr


def test_a_letter_never_moves_backwards() -> None:
    forwards = [L.HANDED_OVER, L.PRINTED, L.POSTED]
    for state, news, then in (
        (L.ASKED, forwards, L.POSTED),
        (L.ASKED, reversed(forwards), L.POSTED),
        (L.POSTED, [L.PRINTED, None, L.HANDED_OVER], L.POSTED),
        (L.RETURNED, [*forwards, L.REJECTED], L.RETURNED),
        (L.POSTED, [L.RETURNED], L.RETURNED),
    ):
        letter = Letter(state=state)
        assert letter.hear(news, MONDAY) == (state != then)
        assert letter.state == then


@pytest.mark.parametrize(("state", "told"), list(product(LetterState, LetterState)))
def test_news_of_a_letter_lead_where_its_table_says_and_nowhere_back(
    state: LetterState, told: LetterState
) -> None:
    letter = Letter(state=state)
    letter.hear([told], MONDAY)
    assert letter.state == (told if told in LETTER_TRANSITIONS[state] else state)
    assert state == told or not (told in LETTER_TRANSITIONS[state] and state in LETTER_TRANSITIONS[told])


@pytest.mark.parametrize("state", LetterState)
def test_a_letter_is_handed_over_once_and_again_after_a_rejection(state: LetterState) -> None:
    letter = Letter(state=state)
    assert letter.hand_over(MONDAY) == (state in (L.ASKED, L.REJECTED))
    assert not letter.hand_over(MONDAY)


def test_a_membership_and_a_term_end_once() -> None:
    membership, term = Membership(state=MembershipState.ATTACHED), Administration()
    membership.leave(MONDAY)
    term.end(MONDAY)
    assert (membership.left_at, term.ended_at) == (MONDAY, MONDAY)
    with pytest.raises(NotPossibleNow):
        membership.leave(MONDAY)
    with pytest.raises(NotPossibleNow):
        term.end(MONDAY)


def test_references_are_readable_and_differ() -> None:
    references = {new_reference() for _ in range(1000)}
    assert len(references) == 1000
    assert not set("01IOU") & set("".join(references).replace("BDT", ""))


def test_every_version_of_terms_in_the_catalogue_has_its_text() -> None:
    for espace in load_catalogue().espaces.values():
        if espace.terms_version:
            text = terms_text(espace.key, espace.terms_version)
            assert text.title
            assert len(text.paragraphs) > 3
            assert len(text.sha256) == 64


def test_the_database_keeps_one_open_membership_claim_request_and_term(database: Database) -> None:
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus).holding(eus, SERVICE)
    with portal.reading() as session:
        membership = open_membership(session, anne.id, eus)
    assert membership
    with portal.writing() as session:
        session.add(Claim(membership_id=membership.id, siren=eus, claimed_at=MONDAY))
    again = (
        Membership(person_id=anne.id, siren=eus, attached_at=MONDAY),
        Claim(membership_id=membership.id, siren=eus, claimed_at=MONDAY),
        Administration(membership_id=membership.id, origin=Origin.APPOINTED, since=MONDAY),
        Habilitation(
            membership_id=membership.id,
            service=SERVICE,
            state=HabilitationState.PENDING,
            requested_at=MONDAY,
            changed_at=MONDAY,
        ),
    )
    for row in again:
        with pytest.raises(IntegrityError), portal.writing() as session:
            session.add(row)


def test_a_code_is_consumed_by_one_statement_once(database: Database) -> None:
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    anne = portal.a_person("Anne", "Roca").attached_to(eus)
    with portal.writing() as session:
        membership = open_membership(session, anne.id, eus)
        claim = Claim(membership=membership, siren=eus, claimed_at=MONDAY)
        session.add(Letter(claim=claim, asked_at=MONDAY, state_at=MONDAY))
    with portal.writing() as session:
        letter = last_letter(session, session.query(Claim.id).scalar())
        assert letter
        assert letter.consume(session, MONDAY)
        assert not letter.consume(session, MONDAY)
        assert letter.used_at == MONDAY
