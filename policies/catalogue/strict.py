"""The one Cerberus validator of the house: strict where Cerberus is lenient.

Cerberus alone takes `True` for an integer, lets NaN pass `min` and `max`, matches `regex` with `re.match`
and a `$` (so that `123\\n` passes), and is not safe to share between threads. Here:

- unknown fields are errors, never purged;
- `integer`, `float` and `number` refuse booleans, `float` and `number` refuse NaN and infinities;
- `regex` must match the whole value (`re.fullmatch`);
- one instance serves one document;
- rule `refers_to: services` wants a code of the list given as `references={"services": …}`.
"""

import math
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from cerberus import TypeDefinition, Validator, errors

_TRUTH = {"true": True, "false": False}


class StrictValidator(Validator):  # type: ignore[misc]
    """A Cerberus validator for one document.

    Raises:
        RuntimeError: the same instance is asked to validate a second document.
        cerberus.DocumentError: the document is not a mapping.
    """

    types_mapping: Mapping[str, TypeDefinition] = {
        **Validator.types_mapping,
        "integer": TypeDefinition("integer", (int,), (bool,)),
        "float": TypeDefinition("float", (float,), (bool,)),
        "number": TypeDefinition("number", (int, float), (bool,)),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("purge_unknown"):
            raise ValueError("a strict validator never drops what it does not know")
        super().__init__(*args, **kwargs)
        self._was_used = False

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Validate the one document of this instance; see Cerberus for the arguments."""
        if self._was_used:
            raise RuntimeError("a strict validator serves one document: make a new one")
        self._was_used = True
        return bool(super().validate(*args, **kwargs))

    __call__ = validate

    # Cerberus reads the docstring of a rule as the schema of the rule's own argument.
    def _validate_regex(self, pattern: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            self._error(field, errors.REGEX_MISMATCH)

    def _validate_type(self, data_type: str | list[str], field: str, value: Any) -> None:
        """{'type': ['string', 'list'], 'check_with': 'type'}"""
        super()._validate_type(data_type, field, value)
        if isinstance(value, float) and not math.isfinite(value):
            self._error(field, errors.BAD_TYPE)

    def _validate_refers_to(self, codes: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        known = self._config["references"][codes]
        if value not in known:
            guess = "".join(f", did you mean {near}?" for near in get_close_matches(value, known, n=1))
            self._error(field, f"unknown {codes}: {value}{guess}")

    def _normalize_coerce_boolean(self, value: Any) -> Any:
        """The words `true` and `false`; anything else stays as it is and fails its type."""
        return _TRUTH.get(value, value) if isinstance(value, str) else value

    def _normalize_coerce_integer(self, value: Any) -> Any:
        """Plain decimal digits, with a sign or not; anything else stays as it is and fails its type."""
        return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value) else value


def flat_errors(
    errors: list[Any], path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], str]]:
    """The nested errors of Cerberus as (path, message) pairs."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for error in errors:
        if isinstance(error, str):
            found.append((path, error))
        else:
            for key, below in error.items():
                found += flat_errors(below, (*path, key))
    return found


def with_guess(message: str, path: tuple[str | int, ...], known: Iterable[str]) -> str:
    """The message; for an unknown field, with the known one that was probably meant."""
    if message != "unknown field":
        return message
    names = list(known)
    near = get_close_matches(str(path[-1]), names, n=1)
    return f"{message}, did you mean {near[0]}?" if near else f"{message}, expected {', '.join(names)}"
