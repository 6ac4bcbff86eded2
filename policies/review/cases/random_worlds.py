"""Random questions on random facts, near the edges where rules change their mind.

For the differential test against the oracle and for the bench. Values are drawn from few: two people, one or
two of each thing, moments one millisecond around the thresholds.
"""

import random
from datetime import UTC, datetime, timedelta

from policies.catalogue.loader import load_catalogue
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.language.model import AttributeType, Environment, Model

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LIMITS = load_catalogue().limits
EDGES = (
    timedelta(),
    LIMITS.letter_interval,
    LIMITS.veto_window,
    LIMITS.invitation_life,
    LIMITS.code_longest,
    -LIMITS.renewal_window,
)
BOUNDS = (
    LIMITS.letters_per_period,
    LIMITS.tries_per_window,
    LIMITS.tries_in_all,
    LIMITS.invitations_waiting,
)
NUMBERS = (0, 1, 2, *(bound - 1 for bound in BOUNDS), *BOUNDS)
LIKELY = {"isActive": 0.85, "isOpen": 0.85, "isPending": 0.85}
RARE = 0.2
CROWD = 2
SINGLE = ("Espace", "Claim", "Structure", "Membership", "TermsVersion")


def random_request(model: Model, environment: Environment, draw: random.Random) -> Request:
    """One question of an environment with a closed slice."""
    actor = EntityRef(environment.principal, f"{environment.principal}-0")
    resource = EntityRef(environment.resource, f"{environment.resource}-1")
    entities = _world(model, (actor, resource), draw)
    return Request(actor, environment.action, resource, NOW, draw.choice((0, 1, 1, 2, 2)), entities)


def _world(model: Model, ends: tuple[EntityRef, ...], draw: random.Random) -> tuple[Entity, ...]:
    found: dict[EntityRef, Entity] = {}
    waiting = list(ends)
    while waiting:
        ref = waiting.pop()
        if ref in found or ref.type not in model.entities:
            continue
        attributes: dict[str, Value] = {}
        for name, kind in model.entities[ref.type].items():
            if not kind.is_optional or draw.random() < 0.6:
                attributes[name] = _value(model, name, kind, draw)
        found[ref] = Entity(ref, attributes)
        waiting += [value for value in attributes.values() if isinstance(value, EntityRef)]
    return tuple(found.values())


def _value(model: Model, name: str, kind: AttributeType, draw: random.Random) -> Value:
    if kind.is_set:
        size = draw.choice((0, 1, 1, 2))
        return frozenset(_one(model, kind.name, draw) for _ in range(size))
    match kind.name:
        case "Bool":
            return draw.random() < LIKELY.get(name, RARE)
        case "Long":
            return draw.choice(NUMBERS)
        case "datetime":
            return NOW - draw.choice(EDGES) + draw.choice((-1, 0, 1)) * MILLISECOND
        case other:
            return _one(model, other, draw)


def _one(model: Model, kind: str, draw: random.Random) -> EntityRef:
    if kind in model.enumerations:
        return EntityRef(kind, draw.choice(model.enumerations[kind]))
    crowd = 1 if kind in SINGLE and draw.random() < 0.9 else CROWD
    return EntityRef(kind, f"{kind}-{draw.randrange(crowd)}")
