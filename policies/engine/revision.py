"""Everything a decision needs, read once from a policies folder: rules, model, catalogue, handles, digest."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from policies.catalogue.loader import POLICIES, Catalogue, read_catalogue
from policies.engine.facts import catalogue_entities, to_cedar
from policies.language.cedar import Entities, PolicySet, Schema, policies_to_json_str, pst
from policies.language.model import Model, read_model
from policies.language.statements import Rule, read_rules


@dataclass(frozen=True, slots=True)
class Policies:
    """A revision of the rules, ready to decide; `digest` changes with what they mean, not how they look.

    `base` is the catalogue as facts, `written_base` the same as the engine reads it.
    """

    root: Path
    rules: tuple[Rule, ...]
    model: Model
    catalogue: Catalogue
    schema: Schema
    handle: PolicySet
    base: Entities
    written_base: str
    digest: str

    def rule(self, rule_id: str) -> Rule:
        """The rule of an id.

        Raises:
            KeyError: there is none.
        """
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def with_rules(self, rules: tuple[Rule, ...]) -> "Policies":
        """The same model and catalogue under other rules."""
        return assemble(self.root, rules, self.model, self.catalogue)


@cache
def load_policies() -> Policies:
    """The rules of the product.

    Raises:
        BadSource: a file is wrong; the faults say where.
    """
    return read_policies(POLICIES)


def read_policies(root: Path) -> Policies:
    """The rules of a policies folder, as another revision's.

    Raises:
        BadSource: a file is wrong; the faults say where.
    """
    return assemble(root, read_rules(root, "rules"), read_model(root), read_catalogue(root))


def assemble(root: Path, rules: tuple[Rule, ...], model: Model, catalogue: Catalogue) -> Policies:
    """Make the handles and the digest of rules already read."""
    schema = Schema.from_json_str(model.schema_text)
    base = [to_cedar(entity) for entity in catalogue_entities(catalogue)]
    return Policies(
        root=root,
        rules=rules,
        model=model,
        catalogue=catalogue,
        schema=schema,
        handle=policy_set(rule.template for rule in rules),
        base=Entities.from_json_str(json.dumps(base), schema),
        written_base=json.dumps(base),
        digest=_digest(rules, model, base),
    )


def policy_set(templates: Iterable[pst.Template]) -> PolicySet:
    """A set whose rules bear their own ids."""
    named = {template.id: template for template in templates}
    return PolicySet.from_pst(pst.PolicySet(templates={}, static_policies=named, template_links=()))


def _digest(rules: tuple[Rule, ...], model: Model, base: list[dict[str, Any]]) -> str:
    """SHA-256 of the sorted rules, the schema and the catalogue: blind to order, comments and layout."""
    meanings = sorted(_canonical(json.loads(policies_to_json_str(rule.text))) for rule in rules)
    whole = [*meanings, _canonical(json.loads(model.schema_text)), _canonical(base)]
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
