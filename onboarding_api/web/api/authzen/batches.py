"""Several evaluations in one message: defaults, faults of one of them, and when to stop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from onboarding_api.web.api.authzen.messages import EVALUATION, Answer, Asked, error
from onboarding_api.web.api.operations import checked

PARTS = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
STOPS: Mapping[str, bool | None] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


def answers(
    body: Mapping[str, Any], evaluate: Callable[[Sequence[Asked]], Sequence[Answer]]
) -> Iterator[Answer]:
    """The answers of a checked message, in order, up to the one at which its semantic stops."""
    read = [_read(body, own) for own in body["evaluations"]]
    asked = [each for each in read if isinstance(each, Asked)]
    made = iter(evaluate(asked) if asked else ())
    stop = STOPS[body.get("options", {}).get("evaluations_semantic", "execute_all")]
    for each in read:
        answer = next(made) if isinstance(each, Asked) else each
        yield answer
        if answer.allowed is stop:
            return


def _read(body: Mapping[str, Any], own: Mapping[str, Any]) -> Asked | Answer:
    """One evaluation with the defaults of the message; what is wrong with it is its own refusal."""
    whole = {part: _merged(body.get(part), own.get(part), needed) for part, needed in PARTS.items()}
    whole = {part: given for part, given in whole.items() if given is not None}
    faults: list[dict[str, str]] = []
    known = checked(EVALUATION, {**own, **whole}, "evaluation", faults, is_open=True)
    if faults:
        return error(400, "; ".join(f"{fault['field']}: {fault['reason']}" for fault in faults))
    return Asked.read(known)


def _merged(default: Any, own: Any, needed: Sequence[str]) -> Any:
    """What an evaluation says wins as a whole; only what it must say, and does not, is the message's."""
    if own is None:
        return default
    if not isinstance(own, dict) or default is None:
        return own
    return {**{name: default[name] for name in needed if name in default}, **own}
