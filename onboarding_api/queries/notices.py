"""The facts of a mail, read when it leaves: a mail whose occasion has passed is not sent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import administrators_of, running_term
from onboarding_api.model.claim import Claim, ClaimState
from onboarding_api.model.delivery import ADDRESS
from onboarding_api.model.habilitation import Habilitation, HabilitationState, services_of_claim
from onboarding_api.model.letter import Letter, LetterState, last_letter
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.queries.claims import last_day_of
from onboarding_api.queries.services import service_labels
from onboarding_api.queries.structures import fonction_label

Facts = dict[str, Any]
Args = Mapping[str, Any]
Reader = Callable[[Session, Person, Args], Facts | None]


class NoticeFacts(NamedTuple):
    """To whom, which notice of `mails.notices`, and its facts."""

    to: str
    notice: str
    facts: Facts


def facts_of(session: Session, args: Args) -> NoticeFacts | None:
    """What a mail has to say now; None when there is nothing left to say.

    Args:
        session: the database.
        args: `notice`, `person_id` of the recipient, and the ids that the notice is about. A reminder has
            the `letter_id` alone: it goes to whoever asked for that letter. « Identifiant oublié ? » has the
            address that was typed.

    Raises:
        KeyError: no such notice, or an id is missing.
    """
    notice = args["notice"]
    if notice == "forgotten_identifiant":
        return _forgotten_identifiant(session, args[ADDRESS])
    person = session.get(Person, args.get("person_id") or _requester_of(session, args["letter_id"]))
    if person is None:
        return None
    facts = READERS[notice](session, person, args)
    return NoticeFacts(person.email, notice, facts) if facts is not None else None


def _requester_of(session: Session, letter_id: str) -> str | None:
    letter = session.get(Letter, letter_id)
    return letter.claim.membership.person_id if letter else None


def _already_registered(_session: Session, person: Person, _args: Args) -> Facts:
    return {"recipient": person.greeting_name, "identifiant": person.identifiant}


def _forgotten_identifiant(session: Session, address: str) -> NoticeFacts:
    """The mail leaves in both cases: an address without account learns just that (GS-04)."""
    found = session.scalars(select(Person.identifiant).where(Person.email == address)).all()
    return NoticeFacts(address, "forgotten_identifiant", {"identifiants": tuple(found)})


def _about_requests(state: HabilitationState, dated: str, *, with_motive: bool = False) -> Reader:
    """A mail about habilitations that are still in the state that it tells of."""

    def read(session: Session, person: Person, args: Args) -> Facts | None:
        rows = _in_state(session, args["habilitation_ids"], state)
        if not rows:
            return None
        facts = _facts_of_rows(session, person, rows)
        facts[dated] = _day(rows[0].changed_at, rows[0].membership.structure)
        return facts | ({"motive": rows[0].motive} if with_motive else {})

    return read


def _request_to_decide(session: Session, person: Person, args: Args) -> Facts | None:
    rows = _in_state(session, args["habilitation_ids"], HabilitationState.PENDING)
    if not rows or not _administers(session, person, rows[0].membership.siren):
        return None
    requester = rows[0].membership
    return {
        **_facts_of_rows(session, person, rows),
        "requester": requester.person.full_name,
        "fonction": fonction_label(requester.fonction),
        "requested_on": _day(rows[0].requested_at, requester.structure),
    }


def _habilitation_deactivated(session: Session, person: Person, args: Args) -> Facts | None:
    facts = _about_requests(HabilitationState.DEACTIVATED, "deactivated_on", with_motive=True)(
        session, person, args
    )
    if facts:
        del facts["reference"]
    return facts


def _letter_sent(session: Session, person: Person, args: Args) -> Facts | None:
    facts = _letter_reminder(session, person, args)
    if facts is None:
        return None
    claim_id = session.get_one(Letter, args["letter_id"]).claim_id
    return {**facts, "services": service_labels(services_of_claim(session, claim_id))}


def _letter_reminder(session: Session, person: Person, args: Args) -> Facts | None:
    letter = session.get(Letter, args["letter_id"])
    if letter is None or letter.claim.state != ClaimState.OPEN or letter.revoked_at or not letter.expires_at:
        return None
    if letter.state == LetterState.REJECTED:
        return None
    return {**_facts_of_claim(person, letter.claim), "last_day": last_day_of(letter)}


def _letter_expired(session: Session, person: Person, args: Args) -> Facts | None:
    claim = session.get_one(Claim, args["claim_id"])
    letter = last_letter(session, claim.id)
    if claim.state != ClaimState.EXPIRED or letter is None:
        return None
    asked_on = _day(letter.asked_at, claim.membership.structure)
    return {**_facts_of_claim(person, claim), "last_day": last_day_of(letter) or asked_on}


def _administrator_named(session: Session, person: Person, args: Args) -> Facts | None:
    membership = session.get_one(Membership, args["membership_id"])
    term = running_term(session, membership.id)
    if term is None:
        return None
    return {
        "recipient": person.greeting_name,
        "structure": membership.structure.name,
        "administrator": membership.person.full_name,
        "named_on": _day(term.since, membership.structure),
    }


def _administrator_refused(session: Session, person: Person, args: Args) -> Facts | None:
    claim = session.get_one(Claim, args["claim_id"])
    if claim.state != ClaimState.REFUSED or claim.closed_at is None:
        return None
    structure = claim.membership.structure
    return {**_facts_of_claim(person, claim), "refused_on": _day(claim.closed_at, structure)}


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "already_registered": _already_registered,
        "request_sent": _about_requests(HabilitationState.PENDING, "requested_on"),
        "request_to_decide": _request_to_decide,
        "request_granted": _about_requests(HabilitationState.GRANTED, "decided_on"),
        "request_refused": _about_requests(HabilitationState.REFUSED, "decided_on", with_motive=True),
        "habilitation_deactivated": _habilitation_deactivated,
        "letter_sent": _letter_sent,
        "letter_reminder": _letter_reminder,
        "letter_expired": _letter_expired,
        "administrator_named": _administrator_named,
        "administrator_refused": _administrator_refused,
    }
)


def _in_state(session: Session, ids: Sequence[str], state: HabilitationState) -> Sequence[Habilitation]:
    wanted = select(Habilitation).where(Habilitation.id.in_(ids), Habilitation.state == state)
    return session.scalars(wanted.order_by(Habilitation.requested_at, Habilitation.service)).all()


def _facts_of_rows(session: Session, person: Person, rows: Sequence[Habilitation]) -> Facts:
    claim = session.get(Claim, rows[0].claim_id) if rows[0].claim_id else None
    return {
        "recipient": person.greeting_name,
        "structure": rows[0].membership.structure.name,
        "services": service_labels({row.service for row in rows}),
        "reference": claim.reference if claim else rows[0].reference,
    }


def _facts_of_claim(person: Person, claim: Claim) -> Facts:
    structure = claim.membership.structure
    return {"recipient": person.greeting_name, "structure": structure.name, "reference": claim.reference}


def _administers(session: Session, person: Person, siren: str) -> bool:
    return any(term.membership.person_id == person.id for term in administrators_of(session, siren))


def _day(moment: datetime, structure: Structure) -> date:
    """The day of a moment on the calendar of the structure."""
    return moment.astimezone(ZoneInfo(structure.timezone)).date()
