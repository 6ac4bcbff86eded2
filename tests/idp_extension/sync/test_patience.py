"""A run waits while Keycloak is away, not for ever, and not for what it will never get."""

from collections.abc import Callable

import pytest

from idp_extension.admin_api import GatewayError, NotSent, Refused, Unknown
from idp_extension.sync.applying.patience import KeptAway, Patience, Stopped

SHORT = 1e-9


def failing(*errors: GatewayError) -> Callable[[int], int]:
    """Fails so, in this order, then tells the number of the try."""
    left = list(errors)

    def work(tries: int) -> int:
        if left:
            raise left.pop(0)
        return tries

    return work


def test_what_passes_is_waited_out() -> None:
    away = (NotSent("x"), Unknown("x"), Refused(503, "x"), Refused(429, "x"), Refused(409, "x"), Unknown("x"))

    assert Patience(60, SHORT).patiently(failing(*away)) == len(away)


@pytest.mark.parametrize("error", [Refused(400, "x"), Refused(422, "x")])
def test_what_no_repeat_turns_is_told_at_once(error: Refused) -> None:
    with pytest.raises(Refused):
        Patience(60, SHORT).patiently(failing(error))


@pytest.mark.parametrize(
    ("error", "tries"), [(Refused(403, "x"), 4), (Refused(500, "x"), 4), (Unknown("x"), 25)]
)
def test_one_object_does_not_hold_the_run_for_ever(error: GatewayError, tries: int) -> None:
    asked = []

    def work(number: int) -> None:
        asked.append(number)
        raise error

    with pytest.raises(type(error)):
        Patience(60, SHORT).patiently(work)
    assert asked == list(range(tries))


def test_a_keycloak_that_stays_away_ends_the_run() -> None:
    with pytest.raises(KeptAway):
        Patience(0, SHORT).patiently(failing(NotSent("x"), NotSent("x"), NotSent("x")))


def test_who_stops_the_run_waits_for_nobody() -> None:
    run = Patience(60, SHORT)
    run.stop()

    with pytest.raises(Stopped):
        run.patiently(failing())
