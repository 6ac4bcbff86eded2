"""Each leniency of Cerberus that the strict subclass takes away."""

import math
from typing import Any

import pytest

from policies.catalogue.strict import StrictValidator


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"type": "integer"}, True),
        ({"type": "number", "min": 1}, math.nan),
        ({"type": "float"}, math.inf),
        ({"type": "float"}, True),
        ({"regex": r"\d{3}"}, "123\n"),
        ({"regex": r"a|b\d"}, "ax"),
        ({"type": "boolean", "coerce": "boolean"}, "yes"),
        ({"type": "integer", "coerce": "integer"}, "1_2"),
        ({"type": "string", "refers_to": "codes"}, "two"),
    ],
)
def test_what_cerberus_would_let_in_is_refused(rule: Any, value: Any) -> None:
    validator = StrictValidator({"field": rule}, references={"codes": ("one",)})
    assert not validator.validate({"field": value})


@pytest.mark.parametrize(
    ("rule", "value", "read"),
    [
        ({"type": "integer"}, 3, 3),
        ({"type": "number"}, 3.5, 3.5),
        ({"regex": r"\d{3}"}, "123", "123"),
        ({"type": "boolean", "coerce": "boolean"}, "false", False),
        ({"type": "integer", "coerce": "integer"}, "-12", -12),
        ({"type": "string", "refers_to": "codes"}, "one", "one"),
    ],
)
def test_what_is_right_goes_in(rule: Any, value: Any, read: Any) -> None:
    validator = StrictValidator({"field": rule}, references={"codes": ("one",)})
    assert validator.validate({"field": value})
    assert validator.document == {"field": read}


def test_unknown_fields_are_errors_at_every_depth() -> None:
    validator = StrictValidator({"outer": {"type": "dict", "schema": {"inner": {"type": "string"}}}})
    assert not validator.validate({"outer": {"inner": "x", "role": "admin"}})
    assert validator.errors == {"outer": [{"role": ["unknown field"]}]}


def test_unknown_fields_cannot_be_purged() -> None:
    with pytest.raises(ValueError, match="never drops"):
        StrictValidator({}, purge_unknown=True)


def test_one_instance_serves_one_document() -> None:
    validator = StrictValidator({"a": {"type": "string"}})
    validator.validate({"a": "x"})
    with pytest.raises(RuntimeError, match="one document"):
        validator.validate({"a": "y"})


def test_an_unknown_code_is_answered_with_the_near_one() -> None:
    validator = StrictValidator(
        {"kind": {"type": "string", "refers_to": "structure_types"}},
        references={"structure_types": ("commune", "epci")},
    )
    validator.validate({"kind": "comune"})
    assert validator.errors == {"kind": ["unknown structure_types: comune, did you mean commune?"]}
