"""properties/lifecycle.yaml: the invariants and the small universes, as people write them."""

from pathlib import Path

from policies.catalogue.forms import TEXT, named, read_form
from policies.catalogue.yaml_source import Source

LIFECYCLE = "properties/lifecycle.yaml"
_NUMBER = {"type": "string", "regex": "[0-9]{1,7}", "required": True}
_FLOORS = {"type": "dict", "schema": {"states": _NUMBER, "transitions": _NUMBER}}
_INVARIANT = {"type": "dict", "schema": {"says": TEXT, "says_fr": {"type": "string"}, "control": TEXT}}
_UNIVERSE = {
    "type": "dict",
    "schema": {
        "people": _NUMBER,
        "services": _NUMBER,
        "at_least": _FLOORS,
        "actions": {"type": "list", "required": True, "schema": {"type": "string"}},
    },
}
_FORM = {"invariants": named(_INVARIANT), "universes": named(_UNIVERSE)}


def read_lifecycle(root: Path) -> Source:
    """The file of a policies folder.

    Raises:
        BadSource: it is not of its form.
    """
    return read_form(root / LIFECYCLE, root, _FORM)
