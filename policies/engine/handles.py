"""The engine's handles cut to the acts at hand.

With a schema, the engine adds every act and group of it to each set of facts that it reads. A schema that has
the acts of one batch alone, with their groups and all the types, says the same of them at half the price.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from policies.engine.facts import facts_text
from policies.engine.request import Entity
from policies.engine.revision import Policies
from policies.language.cedar import Entities, Schema

MOST = 500


@dataclass(frozen=True, slots=True)
class Cut:
    """A schema with some acts, and the catalogue read with it."""

    schema: Schema
    base: Entities

    def with_facts(self, entities: Iterable[Entity]) -> Entities:
        """The catalogue and some facts, all of the types of the schema."""
        return self.read(facts_text(entities))

    def read(self, facts: str) -> Entities:
        """As `with_facts`, of facts already written."""
        return self.base.with_added_json_str(facts, self.schema)


class Cuts:
    """The cuts of one revision, each made once."""

    def __init__(self, policies: Policies) -> None:
        self._document = json.loads(policies.model.schema_text)[""]
        self._catalogue = policies.written_base
        self._made: dict[frozenset[str], Cut] = {}

    def of(self, actions: frozenset[str]) -> Cut:
        """The cut to some acts; one that the schema does not have is left out."""
        found = self._made.get(actions)
        if found is None:
            if len(self._made) >= MOST:
                self._made.clear()
            found = self._made[actions] = self._cut(actions)
        return found

    def _cut(self, actions: frozenset[str]) -> Cut:
        known = self._document["actions"]
        kept: dict[str, object] = {}
        waiting = [action for action in sorted(actions) if action in known]
        while waiting:
            name = waiting.pop()
            kept[name] = known[name]
            waiting += [parent["id"] for parent in known[name].get("memberOf", ())]
        document = {"": {"entityTypes": self._document["entityTypes"], "actions": kept}}
        schema = Schema.from_json_str(json.dumps(document))
        return Cut(schema, Entities.from_json_str(self._catalogue, schema))
