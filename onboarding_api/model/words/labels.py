"""What the codes of the catalogue are called."""

from collections.abc import Collection

from policies.catalogue.loader import load_catalogue
from policies.engine.names import State


def service_labels(keys: Collection[str]) -> tuple[str, ...]:
    """What services are called, in the order of the catalogue."""
    return tuple(service.label for key, service in load_catalogue().services.items() if key in keys)


def fonction_label(code: str | None) -> str | None:
    """The label of a fonction; a code that left the catalogue stands for itself."""
    known = load_catalogue().fonctions.get(code or "")
    return known.label if known else code


def state_label(state: str | None) -> str:
    """The state of a habilitation in the words of the catalogue (user-experience §5)."""
    return load_catalogue().habilitation_states[state or State.NOT_REQUESTED]
