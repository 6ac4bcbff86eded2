"""The closed slice: which entities a question needs, found in the syntax tree, checked before each decision.

Cedar skips a guard that errors, so a missing entity could open a door. The need of each environment is the
set of entity-valued prefixes of its cone: what the rules walk through.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from policies.engine.request import Entity, EntityRef
from policies.language.environments import applied_rules, cone
from policies.language.model import Environment, Model
from policies.language.statements import Rule
from policies.language.syntax import Path


class SliceContract:
    """What one environment reads, and whether a set of entities holds it all."""

    def __init__(self, rules: Iterable[Rule], model: Model, environment: Environment) -> None:
        self.environment = environment
        self.applied = applied_rules(rules, model, environment)
        self._model = model

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The attributes read, as sorted longest paths."""
        return tuple(sorted(cone(self.applied)))

    @cached_property
    def entity_paths(self) -> tuple[Path, ...]:
        """The paths that must lead to a given entity, shortest first; actor and resource always do."""
        inner = {path[:size] for path in self.paths for size in range(1, len(path)) if path[0] != "context"}
        return tuple(sorted({("principal",), ("resource",)} | inner, key=lambda path: (len(path), path)))

    def absent(
        self, actor: EntityRef, resource: EntityRef, entities: Mapping[EntityRef, Entity]
    ) -> tuple[Path, ...]:
        """The paths whose entity is not given; empty when the slice is closed.

        A path through an optional attribute that is unknown asks for nothing.
        """
        reached: dict[Path, EntityRef | None] = {("principal",): actor, ("resource",): resource}
        absent = []
        for path in self.entity_paths:
            ref = reached[path] if path in reached else self._step(path, reached, entities)
            reached[path] = ref
            if ref is not None and ref not in entities:
                absent.append(path)
        return tuple(absent)

    def _step(
        self, path: Path, reached: Mapping[Path, EntityRef | None], entities: Mapping[EntityRef, Entity]
    ) -> EntityRef | None:
        before = reached[path[:-1]]
        if before is None or before not in entities:
            return None
        value = entities[before].attributes.get(path[-1])
        return value if isinstance(value, EntityRef) else None
