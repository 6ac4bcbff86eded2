"""The first administrator of a structure: the claim, its letters, the code, and what else became of it."""

from datetime import datetime, timedelta

from demo.country.chronicle import Chronicle, Row
from demo.country.members import Member, leave, move, name_administrator, request
from onboarding_api.letters.address import AddressImpossible, address_lines
from onboarding_api.model.administration import Origin
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import REFERENCE_ALPHABET, Claim, ClaimState
from onboarding_api.model.first_administrator.letter import CodeTry, Letter, LetterState
from onboarding_api.model.first_administrator.printed_code import PrintedCode
from onboarding_api.model.first_administrator.validity import expires_at
from onboarding_api.model.habilitation import HabilitationState
from onboarding_api.model.structure import PostalAddress, Structure, timezone_of
from onboarding_api.registry.shipped import Entry
from onboarding_api.registry.town_halls import town_hall_of
from onboarding_api.usecases.first_administrator.refuse_claim import MOTIVE

S, L = HabilitationState, LetterState
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_KEY = "sample"
_CLOSED = {
    ClaimState.REDEEMED: Event.CLAIM_REDEEMED,
    ClaimState.EXPIRED: Event.CLAIM_EXPIRED,
    ClaimState.REFUSED: Event.CLAIM_REFUSED,
    ClaimState.CANCELLED: Event.CLAIM_CANCELLED,
}
_ON_ITS_WAY = ((L.HANDED_OVER,), (L.HANDED_OVER, L.SUBMITTED), (L.HANDED_OVER, L.SUBMITTED, L.POSTED))


def can_get_letters(entry: Entry) -> bool:
    """Whether the register has an address for it, or the claimant chooses among its postcodes."""
    address = Structure(**_address_columns(entry)).postal_address(_told_postcode(entry))
    return address is not None and _is_printable(entry, address)


def _address_columns(entry: Entry) -> Row:
    hall = town_hall_of(entry)
    return {
        "kind": entry.kind,
        "postcodes": entry.postcodes,
        "bare_name": entry.bare_name,
        "town_hall_postcode": hall.postcode if hall else None,
    }


def _told_postcode(entry: Entry) -> str | None:
    """What the claimant of a town with several postcodes says of the mairie's."""
    return entry.postcodes[0] if entry.postcodes and town_hall_of(entry) is None else None


def _is_printable(entry: Entry, address: PostalAddress) -> bool:
    try:
        address_lines(entry.name, entry.kind, address.postcode, address.town)
    except AddressImpossible:
        return False
    return True


class ClaimStory:
    """One claim of a member, from « Accepter » to its end; each method is a chapter."""

    def __init__(
        self, told: Chronicle, member: Member, entry: Entry, services: list[str], at: datetime
    ) -> None:
        self._told, self._member = told, member
        self._zone = timezone_of(entry.departement)
        signs = "".join(told.dice.choices(REFERENCE_ALPHABET, k=8))
        self.row: Row = {
            "id": told.new_id(),
            "reference": f"BDT-{signs[:4]}-{signs[4:]}",
            "membership_id": member.id,
            "siren": member.siren,
            "state": ClaimState.OPEN,
            "claimed_at": at,
            "closed_at": None,
            "postcode": _told_postcode(entry),
        }
        told.rows[Claim].append(self.row)
        self._tell(at, Event.CLAIM_OPENED, after=ClaimState.OPEN, actor_id=member.person_id)
        self.letter = self._ask_letter(at)
        self._requests = [request(told, member, service, at, self.row["id"]) for service in services]

    @property
    def ends_at(self) -> datetime:
        """When the claim is over: with the code, or with a code of the day the letter was asked."""
        end: datetime = self.letter["expires_at"] or expires_at(self.letter["asked_at"], self._zone)
        return end

    def print_letter(self) -> None:
        """The worker makes the code; here a fingerprint that no code has."""
        letter, told = self.letter, self._told
        at = told.between(
            letter["asked_at"] + timedelta(seconds=20), letter["asked_at"] + timedelta(minutes=9)
        )
        code = f"{told.dice.getrandbits(256):064x}"
        end = expires_at(at, self._zone)
        letter.update(issued_at=at, expires_at=end, code_key_id=_KEY, code_fingerprint=code)
        told.write(
            PrintedCode, letter_id=letter["id"], attempt=1, code_key_id=_KEY, code_fingerprint=code,
            issued_at=at, expires_at=end,
        )  # fmt: skip
        self._move_letter(L.HANDED_OVER, at)

    def send_letter(self, latest: datetime) -> None:
        """The carrier takes it as far as it has come by then."""
        for state in self._told.dice.choice(_ON_ITS_WAY)[1:]:
            at = self.letter["state_at"] + self._told.dice.randrange(1, 30) * _HOUR
            if at < latest:
                self._move_letter(state, at)

    def ask_again(self, at: datetime) -> None:
        """« Je n'ai rien reçu »: another letter, the code of the first is dead."""
        self._revoke(at)
        self.letter = self._ask_letter(at)
        self.print_letter()

    def redeem(self, at: datetime) -> None:
        """The code is typed: the member administers the structure and holds what she asked for."""
        if self._told.chance(0.1):
            self._try(at - timedelta(minutes=1), was_right=False)
            self._tell_letter(at - timedelta(minutes=1), Event.CODE_REFUSED, tries=1)
        self._try(at, was_right=True)
        self.letter["used_at"] = at
        self._close(ClaimState.REDEEMED, at, self._member.person_id)
        name_administrator(self._told, self._member, at, Origin.LETTER, self._member.person_id)
        for row in self._requests:
            move(self._told, self._member, row, Event.HABILITATION_GRANTED, after=S.GRANTED, at=at)

    def expire(self) -> None:
        """Nobody typed the code."""
        at = self.ends_at
        self._revoke(at)
        for row in self._requests:
            move(self._told, self._member, row, Event.HABILITATION_EXPIRED_WITH_CLAIM, after=S.EXPIRED, at=at)
        self._close(ClaimState.EXPIRED, at)

    def refuse(self, at: datetime) -> None:
        """The legal representative refuses."""
        self._revoke(at)
        for row in self._requests:
            move(
                self._told,
                self._member,
                row,
                Event.HABILITATION_REFUSED_WITH_CLAIM,
                after=S.REFUSED,
                at=at,
                motive=MOTIVE,
            )
        self._close(ClaimState.REFUSED, at)

    def give_up(self, at: datetime) -> None:
        """The claimant leaves the structure."""
        self._revoke(at)
        self._close(ClaimState.CANCELLED, at, self._member.person_id)
        leave(self._told, self._member, at)

    def _ask_letter(self, at: datetime) -> Row:
        letter: Row = {
            "id": self._told.new_id(),
            "claim_id": self.row["id"],
            "state": L.ASKED,
            "asked_at": at,
            "issued_at": None,
            "expires_at": None,
            "code_key_id": None,
            "code_fingerprint": None,
            "used_at": None,
            "revoked_at": None,
            "state_at": at,
        }
        self._told.rows[Letter].append(letter)
        self.letter = letter
        self._tell_letter(
            at, Event.LETTER_ASKED, actor_id=self._member.person_id, after=L.ASKED, has_goals=True
        )
        return letter

    def _move_letter(self, state: LetterState, at: datetime) -> None:
        before, self.letter["state"], self.letter["state_at"] = self.letter["state"], state, at
        is_handed_over = state == L.HANDED_OVER
        event = Event.LETTER_HANDED_OVER if is_handed_over else Event.LETTER_MOVED
        self._tell_letter(at, event, before=before, after=state, has_goals=is_handed_over)

    def _revoke(self, at: datetime) -> None:
        self.letter["revoked_at"] = at
        self._tell_letter(at, Event.LETTER_REVOKED, before=self.letter["state"], after="revoked")

    def _try(self, at: datetime, *, was_right: bool) -> None:
        self._told.write(
            CodeTry, id=self._told.new_id(), letter_id=self.letter["id"], person_id=self._member.person_id,
            tried_at=at, was_right=was_right,
        )  # fmt: skip

    def _close(self, state: ClaimState, at: datetime, actor_id: str | None = None) -> None:
        before = self.row["state"]
        self.row.update(state=state, closed_at=at)
        self._member.last_at = max(self._member.last_at, at)
        event = _CLOSED[state]
        self._tell(at, event, before=before, after=state, actor_id=actor_id)

    def _tell(self, at: datetime, event: Event, **more: str | None) -> None:
        subject = f"claim:{self.row['id']}"
        self._told.tell(at, event, subject, self._member.person_id, siren=self._member.siren, **more)  # type: ignore[arg-type]

    def _tell_letter(
        self,
        at: datetime,
        event: Event,
        *,
        actor_id: str | None = None,
        before: str | None = None,
        after: str | None = None,
        has_goals: bool = False,
        **details: int,
    ) -> None:
        letter, member = self.letter, self._member
        refs = {"membership_id": member.id, "claim_id": self.row["id"], "letter_id": letter["id"]}
        self._told.tell(
            at, event, f"letter:{letter['id']}", member.person_id,
            actor_id=actor_id, siren=member.siren, before=before, after=after,
            refs=refs if has_goals else None, ends_at=self.ends_at if has_goals else None, **details,
        )  # fmt: skip
