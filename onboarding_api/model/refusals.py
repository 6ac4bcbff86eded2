"""What the house says no to: one base class, a stable code each.

Refusal
 ├─ NotAllowed            the rules say no: their ids and the missing conditions
 ├─ NotFound              nothing of that name for this person (a stranger's thing looks the same)
 ├─ NotPossibleNow        the thing is not in a state that allows the act
 │   ├─ FirstUserMustAccept  the first user of a structure has to accept to become its administrator
 │   ├─ NoPostalAddress   no letter can reach the structure: the register has no usable address
 │   ├─ PostcodeNeeded    several postcodes, and nobody has said which one is the mairie's
 │   └─ ClaimAlreadyUsed  the legal representative refuses, and the code has served: somebody must call
 ├─ BadInput              a field cannot be read
 │   └─ CodeMistyped      the check symbol of an activation code does not fit: costs no try
 ├─ WrongCode             a well-formed code that is not this letter's
 ├─ CodeDead              expired, superseded, used, or too many tries
 ├─ TooManyTries          wait before the next try
 ├─ LetterLimit           no new letter yet, or no more this month
 ├─ TooMuchAsked          one network, browser or person asks more than its share: wait
 ├─ LimitsDown            what was asked lately cannot be counted: nothing that sends mail or letters is done
 └─ DatabaseBusy          another writer holds the database: nothing was changed, try again
"""

from datetime import datetime


class Refusal(Exception):
    """Base of all refusals. `code` is stable: pages, API and tests rely on it."""

    code = "refused"


class NotAllowed(Refusal):
    """The policy layer refuses; `rules` and `missing` say why (ids, never personal text)."""

    code = "not_allowed"

    def __init__(self, action: str, rules: tuple[str, ...], sentences: tuple[str, ...] = ()) -> None:
        super().__init__(f"{action} refused by {', '.join(rules) or 'default'}")
        self.action = action
        self.rules = rules
        self.sentences = sentences


class NotFound(Refusal):
    """Unknown, or another's: the answer must not tell which (security threat 1)."""

    code = "not_found"


class NotPossibleNow(Refusal):
    """The state of the thing does not allow the act; a repeated click usually."""

    code = "not_possible_now"

    def __init__(self, noun: str, state: str, verb: str) -> None:
        super().__init__(f"{noun} in state {state} cannot {verb}")
        self.noun, self.state, self.verb = noun, state, verb


class FirstUserMustAccept(NotPossibleNow):
    """Nobody administers the structure: the request needs « Accepter » on the page of G-63."""

    code = "first_user_must_accept"

    def __init__(self) -> None:
        super().__init__("structure", "without administrator", "take a request")


class NoPostalAddress(NotPossibleNow):
    """The register has no address to which a letter could go; the page leads to the contact."""

    code = "no_postal_address"

    def __init__(self) -> None:
        super().__init__("structure", "without postal address", "get a letter")


class PostcodeNeeded(NotPossibleNow):
    """The commune has several postcodes and the mairie's is not known: the claimant has to tell it."""

    code = "postcode_needed"

    def __init__(self) -> None:
        super().__init__("structure", "with several postcodes", "get a letter")


class ClaimAlreadyUsed(NotPossibleNow):
    """The code of this claim has made an administrator: refusing it comes too late for a page."""

    code = "claim_already_used"

    def __init__(self) -> None:
        super().__init__("claim", "redeemed", "refuse")


class BadInput(Refusal):
    """A value cannot be accepted; `field` names the form field, `reason` is a stable key."""

    code = "bad_input"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class CodeMistyped(BadInput):
    """An activation code whose form or check symbol is wrong: a typing fault, it costs no try."""

    code = "code_mistyped"

    def __init__(self) -> None:
        super().__init__("code", "mistyped")


class WrongCode(Refusal):
    """A well-formed code that is not this letter's.

    `tries_left` may be made now, `left_in_all` before the code is dead; `again_at` is when the next may be
    made, if none may now.
    """

    code = "wrong_code"

    def __init__(self, tries_left: int, left_in_all: int = 0, again_at: datetime | None = None) -> None:
        super().__init__(f"{tries_left} tries left, {left_in_all} in all")
        self.tries_left, self.left_in_all, self.again_at = tries_left, left_in_all, again_at


class CodeDead(Refusal):
    """The code can no longer be used; `reason`: expired, used, superseded, exhausted."""

    code = "code_dead"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooManyTries(Refusal):
    """Too many tries in the window; try again after `again_at` (UTC)."""

    code = "too_many_tries"

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"again at {again_at.isoformat()}")
        self.again_at = again_at


class LetterLimit(Refusal):
    """No letter may leave now; `again_at` (UTC) is when the next one may be asked."""

    code = "letter_limit"

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"again at {again_at.isoformat()}")
        self.again_at = again_at


class TooMuchAsked(Refusal):
    """More was asked in a time than one network, browser or person may; `again_at` (UTC) is when to go on."""

    code = "too_much_asked"

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"again at {again_at.isoformat()}")
        self.again_at = again_at


class LimitsDown(Refusal):
    """The counters do not answer; what sends mail or letters is not done meanwhile."""

    code = "limits_down"


class DatabaseBusy(Refusal):
    """Another process is writing; nothing was changed."""

    code = "busy"
