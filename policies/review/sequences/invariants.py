"""What must hold in every state that people can reach; each has its sentence in properties/lifecycle.yaml."""

from collections.abc import Callable, Mapping

from policies.review.cases.oracle import LIVE
from policies.review.sequences.life import AGES, LIMITS, TRIES, Life, Move


def _made(before: Life, now: Life) -> list[int]:
    """Who became administrator."""
    pairs = zip(before.members, now.members, strict=True)
    return [index for index, (old, new) in enumerate(pairs) if new.admin and not old.admin]


def _rightly(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    def by_right(move: Move, index: int) -> bool:
        if move.action == "redeemCode":
            return move.actor == index
        is_act = move.action in ("approveNomination", "appointAdmin") and move.target == index
        return is_act and before.members[move.actor].admin and move.actor != index

    return all(any(by_right(move, index) for move in tried) for index in _made(before, now))


def _codes_die(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    if not _made(before, now) or "redeemCode" not in (move.action for move in tried):
        return True
    claim = before.claim
    if claim is None or claim.vetoed:
        return False
    waits_enough = not claim.on_vacancy or AGES[claim.age] >= LIMITS.veto_window
    is_alive = AGES[claim.age] <= LIMITS.code_longest and TRIES[claim.tries] < LIMITS.tries_per_window
    return is_alive and waits_enough


def _no_self_grant(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    granting = ("validateHabilitation", "reactivateHabilitation")
    return all(
        before.members[move.actor].admin and move.actor != move.target
        for move in tried
        if move.action in granting
    )


INVARIANTS: Mapping[str, Callable[[Life, tuple[Move, ...], Life], bool]] = {
    "administrators-are-attached": lambda _, __, now: all(
        each.attached for each in now.members if each.admin
    ),
    "nothing-without-attachment": lambda _, __, now: all(
        each.attached or not any(state in LIVE for state in each.services) for each in now.members
    ),
    "administered-or-vacant": lambda _, __, now: (
        not now.administered or now.vacant or any(each.admin for each in now.members)
    ),
    "a-referent-among-them": lambda _, __, now: (
        any(each.referent for each in now.members) or not any(each.admin for each in now.members)
    ),
    "administrators-are-made-rightly": _rightly,
    "codes-die": _codes_die,
    "nobody-grants-himself": _no_self_grant,
    "no-claim-beside-an-administrator": lambda _, __, now: (
        now.claim is None or not any(each.admin for each in now.members)
    ),
}
