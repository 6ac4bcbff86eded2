"""One dangerous change, as somebody makes it by hand, with the place where the plan must tell it.

`{realm}` is the name of the realm; a place that ends with `*` is any below it, where Keycloak adds more by
itself.
What stands in structures and people is not here: `bdt sync` finds it.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.real_keycloak.realm.by_hand import ByHand

PRETS, DATAVIZ = "mes-prets", "dataviz-coeur-de-ville"


class Planting(NamedTuple):
    """`is_removal`: repaired with `--prune` alone. Each is dangerous, and the lint says by `rule` why."""

    what: str
    plant: Callable[[ByHand], object]
    places: tuple[str, ...]
    rule: str
    is_removal: bool = False


def realm_planting(what: str, field: str, value: object, rule: str, part: str = "") -> Planting:
    place = f"realm/{{realm}}/{part}/{field}" if part else f"realm/{{realm}}/{field}"
    if part:
        return Planting(what, lambda hand: hand.realm_map(part, **{field: value}), (place,), rule)
    return Planting(what, lambda hand: hand.realm(**{field: value}), (place,), rule)


def client_planting(what: str, client_id: str, field: str, value: object, rule: str) -> Planting:
    def plant(hand: ByHand) -> None:
        hand.client(client_id, **{field: value})

    return Planting(what, plant, (f"client/{client_id}/{field}",), rule)


def attribute_planting(what: str, client_id: str, name: str, value: str, rule: str) -> Planting:
    def plant(hand: ByHand) -> None:
        hand.client_attribute(client_id, name, value)

    return Planting(what, plant, (f"client/{client_id}/attributes/{name}",), rule)
