"""What an error says of itself to the ledger, and what is made of an error that says nothing."""

from typing import Protocol, runtime_checkable

from sqlalchemy.exc import NoResultFound

from onboarding_api.model.refusals import DatabaseBusy, Refusal


@runtime_checkable
class DeliveryError(Protocol):
    """An error of a target. It has left, or it has not; whose fault it is decides what becomes of the row."""

    @property
    def is_permanent(self) -> bool:
        """No repeat will help: the row is parked at once."""

    @property
    def is_away(self) -> bool:
        """The target gave no answer, as it would to any row: tried again soon and for as long as it lasts,
        without counting against the row; the target's breaker counts it.
        """

    @property
    def is_without_effect(self) -> bool:
        """It is certain that nothing has happened at the target."""


class NotNow(Exception):
    """Base of what has to wait for something of ours: soon again, and neither row nor target is to blame."""

    is_permanent = False
    is_away = True
    is_without_effect = True


_FAULTS_OF_OURS = (LookupError, TypeError, ValueError, AttributeError, NoResultFound, Refusal)
"""What our own rows and code are at fault for, as a misspelt id is: it fails the same at each repeat."""


def is_permanent(error: Exception) -> bool:
    """Whether no repeat will help, by what the error says of itself, else by its kind."""
    if isinstance(error, DeliveryError):
        return error.is_permanent
    return isinstance(error, _FAULTS_OF_OURS) and not isinstance(error, DatabaseBusy)


def is_away(error: Exception) -> bool:
    """Whether the row is tried again soon, uncounted."""
    return isinstance(error, DeliveryError) and error.is_away


def is_without_effect(error: Exception) -> bool:
    """Whether certainly nothing has left; what says nothing may have."""
    return isinstance(error, DeliveryError) and error.is_without_effect


def told(error: BaseException) -> str:
    """An error without its text, which may hold an address: its class, and its code where it has one."""
    for name in ("code", "status", "reason"):
        value = getattr(error, name, None)
        if isinstance(value, int) or (isinstance(value, str) and value.replace("_", "").isalnum()):
            return f"{type(error).__name__} {value}"[:300]
    return type(error).__name__
