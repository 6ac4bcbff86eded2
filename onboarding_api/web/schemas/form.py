"""A form: its strict Cerberus schema, and what was read of a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import abort
from werkzeug.datastructures import MultiDict

from onboarding_api.web.schemas.sentences import SENTENCES
from policies.catalogue.strict import StrictValidator

CSRF_FIELD = "csrf_token"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and how to correct it; `field` None concerns the whole form."""

    field: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form as it stands on the page: what was typed, what was understood, what is wrong."""

    typed: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def fault_of(self, name: str) -> str | None:
        """The sentence to show beside a field."""
        return next((fault.sentence for fault in self.faults if fault.field == name), None)

    def with_fault(self, name: str | None, sentence: str) -> "FilledForm":
        """The same form with one fault more."""
        return replace(self, faults=(*self.faults, Fault(name, sentence)))


class Form:
    """One form of the portal.

    Args:
        schema: a Cerberus schema; a field of type `list` may come several times.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    def read(self, received: MultiDict[str, str]) -> FilledForm:
        """The values in their normal form, or the faults.

        Raises:
            werkzeug.exceptions.BadRequest: a field that the form does not have, or one that comes twice:
                no page of ours sends that (mass assignment, security threat 3).
        """
        typed = self._typed(received)
        validator = StrictValidator(self.schema)
        if validator.validate(typed):
            return FilledForm(typed, validator.document)
        in_order = [name for name in self.schema if name in validator.errors]
        return FilledForm(typed, {}, tuple(Fault(name, SENTENCES[name]) for name in in_order))

    def _typed(self, received: MultiDict[str, str]) -> dict[str, Any]:
        typed: dict[str, Any] = {}
        for name in received:
            rules = self.schema.get(name)
            if name == CSRF_FIELD:
                continue
            if rules is None:
                abort(400)
            found = received.getlist(name)
            if rules["type"] != "list" and len(found) > 1:
                abort(400)
            typed[name] = found if rules["type"] == "list" else found[0]
        return typed


EMPTY = Form({})
