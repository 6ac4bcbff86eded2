"""The kinds of delivery: where each goes, what it does to rights, in whose lane, with which arguments.

A closed world: `check_kinds` refuses at start a kind that is not whole, and a row is made by its kind alone.

**Classes.** What takes a right away goes before what gives one, what gives before a courtesy. Of a kind that
does either, the event says which it is.

**Lanes.** Rows of one lane leave in order and never two at once. Kinds that share a lane share their target,
and what concerns rights shares none with a courtesy: a mail can't hold a right up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from onboarding_api.model.ledger.delivery import ADDRESS, TYPED, Delivery, DeliveryClass, Target

AWAY, GIVE, COURTESY = DeliveryClass.TAKING_AWAY, DeliveryClass.GIVING, DeliveryClass.COURTESY


class KindsUnfit(Exception):
    """The declared kinds are not a closed world; the text says where."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of delivery.

    Args:
        name: as the row bears it.
        target: where it goes.
        classes: what it may do to rights.
        lane: whose subject makes a lane: `<lane>:<subject>`.
        args: what the target needs, and of which type; the row may hold more.
    """

    name: str
    target: Target
    classes: frozenset[DeliveryClass]
    lane: str
    args: Mapping[str, type]

    def row(
        self,
        subject: str,
        *,
        key: str,
        args: Mapping[str, Any],
        due: datetime,
        of_class: DeliveryClass | None = None,
        seq: int | None = None,
    ) -> Delivery:
        """A row of the ledger, to be added.

        Args:
            subject: what the lane is about.
            key: the same key twice is one delivery.
            args: ids only, but for an ADDRESS and what was TYPED.
            due: not before.
            of_class: needed where the kind has several.
            seq: the line of the journal that it follows from.

        Raises:
            ValueError: a class that the kind has not, or arguments that it cannot be delivered with.
        """
        (only, *others) = sorted(self.classes)
        of_class = only if of_class is None and not others else of_class
        if of_class not in self.classes:
            raise ValueError(f"{self.name}: no delivery of class {of_class!r}")
        if not self.fits(args):
            raise ValueError(f"{self.name}: it needs {sorted(self.args)}, not {sorted(args)}")
        return Delivery(
            kind=self.name,
            target=self.target,
            of_class=of_class,
            lane=f"{self.lane}:{subject}",
            unique_key=key,
            args=dict(args),
            due=due,
            journal_seq=seq,
        )

    def fits(self, args: Any) -> bool:
        """Whether a row with these arguments can be delivered; rows may come from anywhere."""
        return isinstance(args, Mapping) and all(
            type(args.get(name)) is type_ for name, type_ in self.args.items()
        )


def _kind(name: str, target: Target, classes: set[DeliveryClass], lane: str, **args: type) -> Kind:
    return Kind(name, target, frozenset(classes), lane, MappingProxyType(args))


PERSON = _kind("keycloak.person", Target.KEYCLOAK, {AWAY, GIVE}, "kc:user", person_id=str)
# What was planted by hand goes first; in her lane, so that no decision is undone by a repair that is late.
REPAIR = _kind("keycloak.repair", Target.KEYCLOAK, {AWAY}, "kc:user", person_id=str)
# It asks Keycloak for a link and then the mail server: whichever of them is slow holds neither's threads.
WELCOME = _kind("mail.welcome", Target.WELCOME, {COURTESY}, "welcome", person_id=str)
MAIL = _kind("mail", Target.MAIL, {COURTESY}, "mail", notice=str)
RECALL = _kind("mail.recall", Target.MAIL, {COURTESY}, "mail:recall", **{ADDRESS: str})
LETTER_PRINT = _kind("letter.print", Target.LETTER, {GIVE}, "letter", letter_id=str)
LETTER_FOLLOW = _kind("letter.follow", Target.LETTER, {COURTESY}, "letter.follow", letter_id=str)
LETTER_REMINDER = _kind(
    "timer.letter_reminder", Target.MAIL, {COURTESY}, "letter_reminder", letter_id=str, number=int
)
REGISTRATION = _kind(
    "person.register", Target.TIMERS, {COURTESY}, "registration", **{ADDRESS: str, TYPED: dict}
)
CLAIM_EXPIRY = _kind("timer.claim_expiry", Target.TIMERS, {AWAY}, "claim_expiry", claim_id=str)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            *(PERSON, WELCOME, MAIL, RECALL, LETTER_PRINT, LETTER_FOLLOW, LETTER_REMINDER, CLAIM_EXPIRY),
            REGISTRATION,
            REPAIR,
        )
    }
)


def check_kinds(kinds: Iterable[Kind], delivered: Iterable[str]) -> None:
    """Refuse what would only be found out when a row is stuck.

    Args:
        kinds: all there are.
        delivered: the names of those that the worker has something for.

    Raises:
        KindsUnfit: a kind without target, class, lane or deliverer; a deliverer without kind; a lane that
            would let one target, or a courtesy, hold up another's rights.
    """
    kinds, faults = list(kinds), []
    for kind in kinds:
        if not kind.name or not kind.target or not kind.classes or not kind.lane:
            faults.append(f"{kind.name or '?'}: a kind has a name, a target, a class and a lane")
    names = [kind.name for kind in kinds]
    faults += [f"{name}: nothing delivers it" for name in sorted(set(names) - set(delivered))]
    faults += [f"{name}: no such kind" for name in sorted(set(delivered) - set(names))]
    faults += [f"{name}: declared twice" for name in sorted(set(names)) if names.count(name) > 1]
    by_lane: dict[str, set[tuple[Target, bool]]] = {}
    for kind in kinds:
        concerns = {(kind.target, each is not COURTESY) for each in kind.classes}
        by_lane.setdefault(kind.lane, set()).update(concerns)
    faults += [
        f"lane {lane}: what concerns rights would wait behind what does not, or one target behind another"
        for lane, concerned in sorted(by_lane.items())
        if len(concerned) > 1
    ]
    if faults:
        raise KindsUnfit("; ".join(faults))
