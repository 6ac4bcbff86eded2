"""The bounds of the house, by name: who is counted, and how much is allowed in which time.

A route says which one it is under (`web/limits.py`). An installation changes an amount by its name, as in
`BDT_LIMITS=registration.network=200/hour`. Windows move: « 3/hour » means at most three within any hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from limits import RateLimitItem, parse


class Per(StrEnum):
    """Who is counted."""

    NETWORK = "network"
    """The caller's IPv4 address, or the /64 of his IPv6 address."""
    BROWSER = "browser"
    """One anonymous browser, by its cookie: the politest limit, and the easiest to step over."""
    PERSON = "person"
    PLACE = "place"
    """A person in one structure."""
    HOUSE = "house"
    """Everybody together."""
    ONE = "one"
    """One thing, which serves once."""
    CLIENT = "client"
    """A program that calls the API."""
    RECEIVER = "receiver"
    """The mailbox that would get a mail."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What may be asked.

    Args:
        name: as settings call it.
        amounts: for each that is counted, in the notation of `limits`: `3/hour`, `5/15 minute`.
        is_shared: counted in the database by all processes together, for what sends, guesses or makes
            accounts; else in the memory of each process, where reading costs no write.
        is_open_when_down: what happens when the store of the counters does not answer: what people read, and
            what takes rights away, goes on; what sends mail or letters does not.
    """

    name: str
    amounts: Mapping[Per, str]
    is_shared: bool = True
    is_open_when_down: bool = False
    items: Mapping[Per, RateLimitItem] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", {per: parse(amount) for per, amount in self.amounts.items()})


def _in_memory(name: str, **amounts: str) -> Bound:
    return Bound(name, {Per(per): amount for per, amount in amounts.items()}, False, True)


def _shared(name: str, **amounts: str) -> Bound:
    return Bound(name, {Per(per): amount for per, amount in amounts.items()})


# A town hall, and many an EPCI, reaches us from one address: amounts by network are for a full house.
READING = _in_memory("reading", network="1500/minute")
"""Pages, whoever reads."""
VISITING = _in_memory("visiting", person="600/minute")
"""Pages of a logged-in person, wherever she reads."""
HEALTH = _in_memory("health", network="600/minute")
SEARCH = _in_memory("search", person="60/minute")
LOG_IN = _in_memory("log_in", network="300/minute")
LOG_OUT = _in_memory("log_out", network="300/minute")
TOLD_BY_KEYCLOAK = _in_memory("told_by_keycloak", network="6000/minute")
"""Log-outs that Keycloak tells us of: one for each session that it ends."""
ACT = _in_memory("act", person="120/minute")
"""Acts of a logged-in person on what is hers to decide."""
API = _in_memory("api", client="3000/minute", person="300/minute")

LOGOUT_TOKEN = Bound("logout_token", {Per.ONE: "1/day"}, is_open_when_down=True)
"""Keycloak's word that a session ended: rather heard twice than not at all."""

REGISTRATIONS = _shared("registration", network="30/hour", browser="10/hour")
REGISTRATION_MAIL = _shared("registration_mail", receiver="3/hour")
RECALLS = _shared("recall", network="30/hour", browser="10/hour")
RECALL_MAIL = _shared("recall_mail", receiver="3/hour")
EMAIL_CHANGES = _shared("email_change", person="5/hour")
"""Changes of the e-mail in a structure: each sends a mail to an address that somebody typed."""
REFERENCES = _shared("reference", network="20/hour", browser="10/hour")
"""References of letters, typed by whoever got one."""
CODES = _shared("code", network="60/hour", person="15/hour")
"""Activation codes; five wrong ones in fifteen minutes, ten in all are a rule beside it."""
ATTACHING = _shared("attach", person="15/hour", place="3/day")
REQUESTS = _shared("request", person="30/hour", place="3/hour")
"""Requests: each tells the administrators of the structure by mail."""
LETTERS = _shared("letter", network="5/day", person="3/day")
"""Letters asked; a day apart and three in thirty days, for structure and person, is a rule beside it."""
PAPER = _shared("paper", house="10/hour")
PAPER_DAY = _shared("paper_day", house="100/day")
"""Letters that leave, whoever asked for them."""

BOUNDS: Mapping[str, Bound] = MappingProxyType(
    {
        bound.name: bound
        for bound in (
            *(READING, VISITING, HEALTH, SEARCH, LOG_IN, LOG_OUT, TOLD_BY_KEYCLOAK, LOGOUT_TOKEN),
            *(ACT, API),
            *(REGISTRATIONS, REGISTRATION_MAIL, RECALLS, RECALL_MAIL, EMAIL_CHANGES, REFERENCES),
            *(CODES, ATTACHING, REQUESTS, LETTERS, PAPER, PAPER_DAY),
        )
    }
)


def amounts_from(text: str) -> Mapping[tuple[str, Per], RateLimitItem]:
    """The amounts that an installation changes, from `name.who=amount` separated by commas.

    Raises:
        ValueError: the text names a limit that there is not, twice the same one, or no amount.
    """
    changed: dict[tuple[str, Per], RateLimitItem] = {}
    for part in text.split(","):
        where, _, amount = part.strip().partition("=")
        name, _, per = where.partition(".")
        bound = BOUNDS.get(name)
        if bound is None or per not in bound.amounts:
            raise ValueError(f"there is no limit {where!r}")
        if (name, Per(per)) in changed:
            raise ValueError(f"{where!r} is there twice")
        changed[name, Per(per)] = parse(amount)
    return MappingProxyType(changed)
