"""The form of a file that people write: its whole shape is checked before anybody reads on."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from policies.catalogue.faults import BadSource
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, load_yaml

TEXT: dict[str, Any] = {"type": "string", "minlength": 1, "required": True}


def named(each: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping of names that the author chooses to values of one form."""
    return {"type": "dict", "required": True, "valuesrules": dict(each)}


def read_form(path: Path, root: Path, form: Mapping[str, Any], **known: Collection[str]) -> Source:
    """Read a file of a form.

    Args:
        path: the file.
        root: the folder from which its name is told.
        form: Cerberus rules, by key.
        known: the lists of codes that `refers_to` names.

    Raises:
        BadSource: it cannot be read, or has another form.
    """
    source = load_yaml(path, root)
    check_form(source, form, **known)
    return source


def check_form(source: Source, form: Mapping[str, Any], **known: Collection[str]) -> None:
    """Hold what was read against a form.

    Raises:
        BadSource: it has another one.
    """
    if not isinstance(source.data, dict) or not source.data:
        raise BadSource([source.fault((), f"expected {', '.join(form)}")])
    validator = StrictValidator(dict(form), references=known)
    if not validator.validate(source.data):
        raise BadSource(
            source.fault(path, with_guess(message, path, form))
            for path, message in flat_errors([validator.errors])
        )
