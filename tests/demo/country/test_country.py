"""The made-up country keeps every rule that the house keeps: its rows could have come about by clicks."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from demo.country.chronicle import MOMENT
from demo.country.shape import ADMINISTRATOR_OF, SECRETARY_OF
from onboarding_api.letters.address import address_lines
from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.habilitation import TRANSITIONS, Habilitation, HabilitationState
from onboarding_api.model.journal import JournalEntry, first_broken_link
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.terms import TermsAcceptance
from onboarding_api.queries.services import my_services
from policies.catalogue.loader import load_catalogue
from policies.engine.decide import ALARMS

pytestmark = pytest.mark.slow

MOVES = {(before, after) for (before, _), after in TRANSITIONS.items()}
ATTACHED = Membership.state == MembershipState.ATTACHED


def sizes(country: Database) -> Counter[str]:
    """How many work in each structure."""
    with country.reading() as session:
        counted = select(Membership.siren, func.count()).where(ATTACHED).group_by(Membership.siren)
        return Counter({siren: count for siren, count in session.execute(counted)})


def test_a_tenth_of_the_country_is_there(country: Database) -> None:
    with country.reading() as session:
        counts = {
            table: session.scalars(select(func.count()).select_from(table)).one()
            for table in (Structure, Person, Membership, Habilitation)
        }
        states = set(session.scalars(select(Habilitation.state).distinct()))
        claims = set(session.scalars(select(Claim.state).distinct()))
        letters = set(session.scalars(select(Letter.state).distinct()))
    assert (counts[Structure], counts[Person], counts[Membership]) == (3613, 6000, 9000)
    assert 15_000 < counts[Habilitation] < 16_400
    assert states == set(HabilitationState)
    assert claims == set(ClaimState)
    assert letters >= {LetterState.ASKED, LetterState.HANDED_OVER, LetterState.SUBMITTED, LetterState.POSTED}


def test_it_is_skewed_as_in_life(country: Database) -> None:
    found = sizes(country)
    (largest, members), *others = found.most_common()
    assert members == 500
    assert others[0][1] < 60
    few = 3613 - sum(1 for count in found.values() if count > 3)
    assert few / 3613 > 0.75
    with country.reading() as session:
        waiting = (
            select(func.count())
            .select_from(Habilitation)
            .join(Habilitation.membership)
            .where(Membership.siren == largest, Habilitation.state == HabilitationState.PENDING)
        )
        assert session.scalars(waiting).one() == 100


def test_some_work_for_twelve_communes_and_some_administer_twenty(country: Database) -> None:
    with country.reading() as session:
        places = Counter(session.scalars(select(Membership.person_id).where(ATTACHED)))
        running = select(Membership.person_id).join(Administration).where(Administration.ended_at.is_(None))
        terms = Counter(session.scalars(running))
    assert sum(1 for count in places.values() if count == SECRETARY_OF) >= 35
    assert max(terms.values()) == ADMINISTRATOR_OF


def test_the_journal_is_whole_and_tells_the_present(country: Database) -> None:
    with country.reading() as session:
        assert first_broken_link(session) is None
        told: dict[str, str] = {}
        for entry in session.scalars(select(JournalEntry).order_by(JournalEntry.seq)):
            kind, _, subject = entry.subject.partition(":")
            if kind == "habilitation":
                before, after = entry.details["before"], entry.details["after"]
                assert told.get(subject) == before
                assert (before, after) in MOVES or before is None
                told[subject] = after
        present = {
            row.id: str(row.state) for row in session.execute(select(Habilitation.id, Habilitation.state))
        }
    assert told == present


def test_the_journal_is_in_order_of_time_and_ends_in_the_present(country: Database) -> None:
    with country.reading() as session:
        moments = list(session.scalars(select(JournalEntry.at).order_by(JournalEntry.seq)))
    assert moments == sorted(moments)
    assert MOMENT - timedelta(days=1) < moments[-1] <= MOMENT


def test_granted_rights_have_an_administrator_whose_account_is_open(country: Database) -> None:
    with country.reading() as session:
        granted = (
            select(Membership.siren).join(Habilitation).where(Habilitation.state == "granted").distinct()
        )
        running = (
            select(Membership.siren)
            .join(Administration)
            .join(Membership.person)
            .where(Administration.ended_at.is_(None), ATTACHED, Person.is_active)
        )
        assert set(session.scalars(granted)) <= set(session.scalars(running))


def test_every_administrator_has_typed_a_code_or_was_appointed_by_one_who_had(country: Database) -> None:
    with country.reading() as session:
        by_letter = select(Administration).where(Administration.origin == Origin.LETTER)
        founded: dict[str, Administration] = {}
        for term in session.scalars(by_letter):
            founded[term.membership.siren] = term
            letter = session.scalars(
                select(Letter)
                .join(Letter.claim)
                .where(Claim.membership_id == term.membership_id, Letter.used_at == term.since)
            ).one()
            assert letter.claim.state == ClaimState.REDEEMED
            assert letter.issued_at
            assert letter.expires_at
            assert letter.issued_at < term.since < letter.expires_at
        appointed = select(Administration).where(Administration.origin == Origin.APPOINTED)
        terms = session.scalars(appointed).all()
        assert terms
        for term in terms:
            assert founded[term.membership.siren].since < term.since


def test_decisions_are_by_administrators_of_that_time_on_the_requests_of_others(country: Database) -> None:
    stay, term = aliased(Membership), aliased(Administration)
    with country.reading() as session:
        decided = (
            select(Habilitation.id, Membership.person_id, Habilitation.decided_by)
            .join(Habilitation.membership)
            .where(Habilitation.decided_by.is_not(None))
        )
        rows = session.execute(decided).all()
        in_office = (
            select(Habilitation.id)
            .join(Habilitation.membership)
            .join(stay, stay.siren == Membership.siren)
            .join(term, term.membership_id == stay.id)
            .where(stay.person_id == Habilitation.decided_by, term.since <= Habilitation.changed_at)
        )
        assert {row.id for row in rows} == set(session.scalars(in_office))
    assert all(row.person_id != row.decided_by for row in rows)


def test_open_claims_are_young_have_an_address_and_are_watched(country: Database) -> None:
    with country.reading() as session:
        claims = session.scalars(select(Claim).where(Claim.state == ClaimState.OPEN)).all()
        assert len(claims) > 30
        watched = select(Delivery.args).where(
            Delivery.kind == "timer.claim_expiry", Delivery.state == DeliveryState.OPEN
        )
        ids = {args["claim_id"] for args in session.scalars(watched)}
        for claim in claims:
            structure = claim.membership.structure
            address = structure.postal_address(claim.postcode)
            assert address
            assert address_lines(structure.name, structure.kind, address.postcode, address.town)
            assert MOMENT - timedelta(days=30) < claim.claimed_at < MOMENT
            assert claim.membership.is_attached
    assert {claim.id for claim in claims} == ids


def test_nobody_asked_for_more_letters_than_the_rules_allow(country: Database) -> None:
    with country.reading() as session:
        asked = (
            select(Membership.person_id, Letter.asked_at)
            .join(Claim, Claim.membership_id == Membership.id)
            .join(Letter, Letter.claim_id == Claim.id)
            .order_by(Membership.person_id, Letter.asked_at)
        )
        rows = session.execute(asked).all()
    for first, fourth in zip(rows, rows[3:], strict=False):
        assert first.person_id != fourth.person_id or fourth.asked_at - first.asked_at >= timedelta(days=30)


def test_rows_stand_in_an_order_that_life_has(country: Database) -> None:
    with country.reading() as session:
        early = (
            select(Membership.id).join(Membership.person).where(Membership.attached_at < Person.registered_at)
        )
        assert session.scalars(early).all() == []
        before = (
            select(Habilitation.id)
            .join(Habilitation.membership)
            .where(Habilitation.requested_at < Membership.attached_at)
        )
        assert session.scalars(before).all() == []
        late = select(Habilitation.id).where(Habilitation.changed_at > MOMENT)
        assert session.scalars(late).all() == []
        left = (
            select(Habilitation.id)
            .join(Habilitation.membership)
            .where(Habilitation.state.in_(("pending", "awaiting_letter", "granted")), ~ATTACHED)
        )
        assert session.scalars(left).all() == []


def test_loan_services_are_held_with_a_fonction(country: Database) -> None:
    needing = [key for key, service in load_catalogue().services.items() if service.requires_fonction]
    with country.reading() as session:
        without = (
            select(Habilitation.id)
            .join(Habilitation.membership)
            .where(Habilitation.service.in_(needing), Membership.fonction.is_(None))
        )
        assert session.scalars(without).all() == []


def test_most_who_hold_the_loans_may_enter_and_the_engine_faults_on_nobody(country: Database) -> None:
    alarms = dict(ALARMS.counts())
    entered = []
    with country.reading() as session:
        holding = (
            select(Membership)
            .join(Habilitation)
            .where(Habilitation.state == "granted", Habilitation.service.like("mes-prets:%"))
            .order_by(Membership.id)
            .limit(60)
        )
        for stay in session.scalars(holding):
            espaces = my_services(session, stay.person_id, stay.siren, MOMENT).espaces
            entered.append(next(each.can_enter for each in espaces if each.espace == "mes-prets"))
        accepted = select(func.count()).select_from(TermsAcceptance)
        assert session.scalars(accepted).one() > 2000
    assert 0.6 < sum(entered) / len(entered) < 1
    assert dict(ALARMS.counts()) == alarms
