"""The upper bound: for each kind of question the most that may ever be allowed, from properties/bounds.yaml.

Each line becomes one property of its kind of question: whatever is allowed fits the line. Complete by
construction: a kind of question without a line is a fault of the check, so that a permit which opens anything
undeclared is refuted, whatever property forgot it.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.forms import TEXT, check_form, named, read_form
from policies.catalogue.limits import Limit, written_limits
from policies.catalogue.yaml_source import Source, load_yaml
from policies.language.environments import whole_condition
from policies.language.model import Environment, Model
from policies.language.statements import Rule, read_rule
from policies.language.typed import Unsupported, type_in

BOUNDS, WORDS = "properties/bounds.yaml", "properties/words.yaml"
ALWAYS, NEVER, STATE, DESK = "always", "never", "HabilitationState", "Desk"


@dataclass(frozen=True, slots=True)
class Bound:
    """One line in one kind of question, as a property; and each of its ways, to see that the rules use it.

    A way is the line with one word of an `or` alone, and the line without that word.
    """

    environment: Environment
    property: Rule
    ways: tuple[tuple[Rule, Rule], ...]


_WORDS = {"places": named({"type": "dict", "valuesrules": TEXT}), "words": named(TEXT)}


class _Wrong(Exception):
    pass


def read_bounds(root: Path, model: Model) -> tuple[Bound, ...]:
    """The upper bound of each kind of question.

    Raises:
        BadSource: a line is missing, names nothing, or uses a word that is none there.
    """
    faults = bound_faults(root, model)
    if faults:
        raise BadSource(faults)
    file = _File(root, model)
    return tuple(file.bound(environment) for environment in model.environments)


def words_in(root: Path, model: Model, environment: Environment) -> Mapping[str, Rule]:
    """The words that say something of a kind of question, each as a statement that holds when the word does.

    Raises:
        BadSource: the words, or the lines, cannot be read.
    """
    return dict(_File(root, model).words_in(environment))


def bound_faults(root: Path, model: Model) -> list[Fault]:
    """What is wrong with the file of bounds.

    Raises:
        BadSource: it, or the file of words, cannot be read at all.
    """
    file = _File(root, model)
    faults = [*file.idle_faults()]
    for environment in model.environments:
        try:
            file.bound(environment)
        except _Wrong as wrong:
            path = (environment.principal, environment.action)
            faults.append(file.source.fault(path, str(wrong)))
        except BadSource as bad:
            faults += bad.faults
    return list(dict.fromkeys(faults))


class _File:
    """The lines and the words."""

    def __init__(self, root: Path, model: Model) -> None:
        self._model = model
        self.source: Source = load_yaml(root / BOUNDS, root)
        kinds = self.source.data if isinstance(self.source.data, dict) else (ALWAYS, "User", "Staff")
        check_form(self.source, {kind: {"type": "dict"} for kind in kinds})
        words = read_form(root / WORDS, root, _WORDS).data
        self._places: Mapping[str, Mapping[str, str]] = words["places"]
        codes = model.enumerations.get(STATE, ())
        states = {code: f'resource.state == {STATE}::"{code}"' for code in codes}
        self._words: Mapping[str, str] = {**words["words"], **states}
        self._limits: Mapping[str, Limit] = written_limits(root)

    def idle_faults(self) -> Iterator[Fault]:
        """Lines of nothing, and codes that no line speaks of."""
        kinds = {each.principal for each in self._model.environments}
        asked = {(each.principal, each.action) for each in self._model.environments}
        for kind, rows in self.source.data.items():
            if kind != ALWAYS and kind not in kinds:
                yield self.source.fault((kind,), "no such kind of actor")
            for act in rows:
                if kind in kinds and (kind, act) not in asked:
                    yield self.source.fault((kind, act), "no such act of this kind of actor")
        used = " ".join(str(row) for rows in self.source.data.values() for row in rows.values())
        wanted = {
            **{code: self._words[code] for code in self._model.enumerations.get(STATE, ())},
            **self._desks(),
        }
        for name, condition in wanted.items():
            if not any(re.search(rf"\b{re.escape(word)}\b", used) for word in self._same(condition)):
                yield Fault(BOUNDS, 0, name, "no line says what may be done in this state, or by this desk")

    def _desks(self) -> Mapping[str, str]:
        return {
            code: f'principal.desk == {DESK}::"{code}"' for code in self._model.enumerations.get(DESK, ())
        }

    def _same(self, condition: str) -> list[str]:
        return [word for word, text in self._words.items() if text == condition]

    def bound(self, environment: Environment) -> Bound:
        row = self._row(environment)
        always = self._row_of(ALWAYS, environment.principal)
        factors = [] if row == NEVER else [part.split(" or ") for part in f"{always}, {row}".split(", ")]
        whole = self._all(factors, environment)
        ways = [] if row == NEVER else [(whole, "false")]
        for place, words in enumerate(factors):
            for word in words if len(words) > 1 else ():
                others = [each for each in words if each != word]
                cuts = ([*factors[:place], kept, *factors[place + 1 :]] for kept in ([word], others))
                alone, without = (self._all(cut, environment) for cut in cuts)
                ways.append((alone, without))
        return Bound(
            environment,
            self._property(environment, row, whole),
            tuple(
                (self._property(environment, row, alone), self._property(environment, row, without))
                for alone, without in ways
            ),
        )

    def words_in(self, environment: Environment) -> Iterator[tuple[str, Rule]]:
        for word in self._words:
            try:
                rule = self._property(environment, word, self._condition(word, environment))
                type_in(self._model, environment, whole_condition(rule.template))
            except (_Wrong, Unsupported):
                continue
            yield word, dataclasses.replace(rule, template=dataclasses.replace(rule.template, id=word))

    def _all(self, factors: list[list[str]], environment: Environment) -> str:
        """The condition of a line; false for a line of nothing."""
        return " && ".join(self._any(words, environment) for words in factors) or "false"

    def _row(self, environment: Environment) -> str:
        return self._row_of(environment.principal, environment.action)

    def _row_of(self, kind: str, key: str) -> str:
        row: Any = self.source.data.get(kind, {}).get(key)
        if not isinstance(row, str) or not row:
            raise _Wrong(f"no line says the most that may ever be allowed ({kind} {key})")
        return row

    def _any(self, factor: list[str], environment: Environment) -> str:
        return f"({' || '.join(self._condition(word, environment) for word in factor)})"

    def _condition(self, word: str, environment: Environment) -> str:
        name = word.removeprefix("not ")
        if name not in self._words:
            near = get_close_matches(name, self._words, n=1)
            raise _Wrong(f"unknown word « {name} »" + "".join(f", did you mean « {each} »?" for each in near))

        def place(found: re.Match[str]) -> str:
            held = self._places.get(found[1], {}).get(environment.resource)
            if held is None:
                raise _Wrong(f"« {name} » says nothing of a {environment.resource}: it has no {found[1]}")
            return held

        condition = re.sub(r"\{(\w+)\}", place, self._words[name])
        return f"!({condition})" if word != name else f"({condition})"

    def _property(self, environment: Environment, row: str, condition: str) -> Rule:
        scope = (
            f"principal is {environment.principal}, "
            f'action == Action::"{environment.action}", resource is {environment.resource}'
        )
        says = f"At most: {row}"
        text = f'@id("BOUND") @kind("only-if") @says("{says}") permit ({scope}) when {{ {condition} }};'
        line = self.source.line((environment.principal, environment.action))
        return dataclasses.replace(read_rule(BOUNDS, line, text, self._limits), id=f"≤ {environment}")
