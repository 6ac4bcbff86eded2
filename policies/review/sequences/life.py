"""The life of one small structure: its states, what may be tried in each, what becomes of it.

The rules say whether a move is allowed; this module says what it changes, as the use cases do. A request that
was refused, withdrawn or lost may be made again: it is a service not requested.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from policies.catalogue.loader import load_catalogue

LIMITS = load_catalogue().limits
# Time since the claim: within the veto window, after it, after the last day of the code.
AGES = (timedelta(), LIMITS.veto_window + timedelta(days=1), LIMITS.code_longest + timedelta(days=1))
TRIES = (0, LIMITS.tries_per_window - 1, LIMITS.tries_per_window)


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One person's place. `nominated_by`: who proposed her as administrator, -1: nobody."""

    attached: bool = False
    admin: bool = False
    referent: bool = False
    suspended: bool = False
    nominated_by: int = -1
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """The open claim: who, its age and its tries as indexes of AGES and TRIES."""

    applicant: int
    age: int = 0
    tries: int = 0
    vetoed: bool = False
    on_vacancy: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """A state of the structure."""

    members: tuple[Member, ...]
    claim: Claim | None = None
    vacant: bool = False
    administered: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Something tried: by whom, what, on whom, on which of his services; `right`: the code is right."""

    actor: int
    action: str
    target: int
    service: int = -1
    right: bool = True

    def __str__(self) -> str:
        what = f"{self.action}{'' if self.right else ' (wrong code)'}"
        on = "" if self.service < 0 else f" service-{self.service}"
        return f"person-{self.actor} {what} person-{self.target}{on}"


ON_SERVICES = (
    "requestHabilitation",
    "withdrawRequest",
    "validateHabilitation",
    "refuseHabilitation",
    "deactivateHabilitation",
    "reactivateHabilitation",
)
OF_ONESELF = ("attach", "detach", "requestHabilitation", "withdrawRequest", "claimAdministration")
ON_CLAIM = ("cancelClaim", "vetoClaim", "redeemCode")


def start(people: int, services: int) -> Life:
    """Nobody is attached yet."""
    return Life((Member(services=("not_requested",) * services),) * people)


def moves(life: Life, actions: tuple[str, ...]) -> Iterator[Move]:
    """Everything that anybody could try."""
    people = range(len(life.members))
    for action in actions:
        if action in ("time", "declareVacant"):
            yield Move(0, action, 0)
        elif action in ON_CLAIM:
            if life.claim:
                yield from (Move(actor, action, life.claim.applicant) for actor in people)
                if action == "redeemCode":
                    yield Move(life.claim.applicant, action, life.claim.applicant, right=False)
        else:
            for actor in people:
                for target in (actor,) if action in OF_ONESELF else people:
                    services = range(len(life.members[0].services)) if action in ON_SERVICES else (-1,)
                    yield from (Move(actor, action, target, service) for service in services)


def after(life: Life, move: Move) -> Life:
    """What an allowed move makes of a state."""
    return EFFECTS[move.action](life, move)


def _with(life: Life, index: int, **changes: object) -> Life:
    changed = replace(life.members[index], **changes)  # type: ignore[arg-type]
    return replace(life, members=(*life.members[:index], changed, *life.members[index + 1 :]))


def _service(life: Life, move: Move, state: str) -> Life:
    services = life.members[move.target].services
    return _with(
        life, move.target, services=(*services[: move.service], state, *services[move.service + 1 :])
    )


def _request(life: Life, move: Move) -> Life:
    is_claimant = life.claim is not None and life.claim.applicant == move.actor
    return _service(life, move, "awaiting_letter" if is_claimant else "pending")


def _leave(life: Life, move: Move) -> Life:
    services = ("not_requested",) * len(life.members[move.target].services)
    gone = _with(life, move.target, **_no_post(), attached=False, suspended=False, services=services)
    ends_claim = life.claim is not None and life.claim.applicant == move.target
    return replace(gone, claim=None) if ends_claim else gone


def _no_post() -> dict[str, object]:
    return {"admin": False, "referent": False, "nominated_by": -1}


def _claim(life: Life, move: Move) -> Life:
    return replace(life, claim=Claim(move.actor, on_vacancy=life.vacant))


def _redeem(life: Life, move: Move) -> Life:
    assert life.claim is not None  # noqa: S101 - `moves` offers the code of an open claim only
    if not move.right:
        tries = min(life.claim.tries + 1, len(TRIES) - 1)
        return replace(life, claim=replace(life.claim, tries=tries))
    services = tuple(
        "granted" if each == "awaiting_letter" else each for each in life.members[move.actor].services
    )
    made = _with(life, move.actor, admin=True, referent=True, services=services)
    return replace(made, claim=None, vacant=False, administered=True)


def _veto(life: Life, _move: Move) -> Life:
    return replace(life, claim=replace(life.claim, vetoed=True)) if life.claim else life


def _time(life: Life, _move: Move) -> Life:
    if life.claim is None:
        return life
    return replace(life, claim=replace(life.claim, age=min(life.claim.age + 1, len(AGES) - 1)))


def _vacant(life: Life, _move: Move) -> Life:
    members = tuple(replace(each, admin=False, referent=False, nominated_by=-1) for each in life.members)
    return replace(life, members=members, vacant=True)


EFFECTS: Mapping[str, Callable[[Life, Move], Life]] = {
    "attach": lambda life, move: _with(life, move.target, attached=True),
    "detach": _leave,
    "removeMember": _leave,
    "requestHabilitation": _request,
    "withdrawRequest": lambda life, move: _service(life, move, "not_requested"),
    "validateHabilitation": lambda life, move: _service(life, move, "granted"),
    "refuseHabilitation": lambda life, move: _service(life, move, "not_requested"),
    "deactivateHabilitation": lambda life, move: _service(life, move, "deactivated"),
    "reactivateHabilitation": lambda life, move: _service(life, move, "granted"),
    "suspendMember": lambda life, move: _with(life, move.target, suspended=True),
    "wakeMember": lambda life, move: _with(life, move.target, suspended=False),
    "claimAdministration": _claim,
    "cancelClaim": lambda life, move: replace(life, claim=None),
    "vetoClaim": _veto,
    "redeemCode": _redeem,
    "nominateAdmin": lambda life, move: _with(life, move.target, nominated_by=move.actor),
    "approveNomination": lambda life, move: _with(life, move.target, admin=True, nominated_by=-1),
    "appointAdmin": lambda life, move: _with(life, move.target, admin=True, nominated_by=-1),
    "promoteAdmin": lambda life, move: _with(life, move.target, referent=True),
    "dismissAdmin": lambda life, move: _with(life, move.target, **_no_post()),
    "resignAdmin": lambda life, move: _with(life, move.target, **_no_post()),
    "leaveVacant": _vacant,
    "declareVacant": _vacant,
    "time": _time,
}
