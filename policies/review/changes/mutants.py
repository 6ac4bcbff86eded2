"""Every small change of a rule, of a group of acts, of a service: what a slip of the pen could make of it.

A permit written twice, once without one of its conditions, allows what it allows without that condition: that
is the slip `side dropped`, and is not made again.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from policies.catalogue.faults import Fault
from policies.catalogue.limits import duration_of
from policies.catalogue.loader import Catalogue
from policies.language.cedar import pst
from policies.language.model import Model
from policies.language.statements import Rule
from policies.language.syntax import children, with_child

Change = tuple[str, pst.Expr]
SWAPPED: dict[str, pst.BinaryOpName] = {
    "less": "less_eq",
    "less_eq": "less",
    "greater": "greater_eq",
    "greater_eq": "greater",
    "eq": "not_eq",
    "not_eq": "eq",
}
MEMBERSHIP = ("contains", "contains_any", "contains_all", "is_empty")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one change; `template` None: the rule is gone. `is_drop`: something was left out."""

    rule: Rule
    change: str
    template: pst.Template | None
    is_drop: bool

    @property
    def fault(self) -> Fault:
        """It as a finding, at its place."""
        return self.rule.fault(self.change)

    def __str__(self) -> str:
        return f"{self.rule.id}: {self.change}"


@dataclass(frozen=True, slots=True)
class Regrouped:
    """An act in a group too many, or too few."""

    action: str
    change: str
    model: Model = field(compare=False)
    place: str = "model/entities.yaml"

    @property
    def fault(self) -> Fault:
        """It as a finding, at its place."""
        return Fault(self.place, 0, self.action, self.change)

    def __str__(self) -> str:
        return f"{self.action}: {self.change}"


@dataclass(frozen=True, slots=True)
class Retold:
    """A service, or its espace, that asks for something else."""

    key: str
    change: str
    catalogue: Catalogue = field(compare=False)
    place: str = "catalogue/services.yaml"

    @property
    def fault(self) -> Fault:
        """It as a finding, at its place."""
        return Fault(self.place, 0, self.key, self.change)

    def __str__(self) -> str:
        return f"{self.key}: {self.change}"


def regrouped(model: Model) -> Iterator[Regrouped]:
    """Each act out of each of its groups, and into each other one."""
    acts = dict.fromkeys(each.action for each in model.environments)
    for group, members in sorted(model.groups.items()):
        for action in acts:
            is_out = action in members
            changed = members - {action} if is_out else members | {action}
            groups = {**model.groups, group: changed}
            told = f"out of the group {group}" if is_out else f"into the group {group}"
            yield Regrouped(action, told, dataclasses.replace(model, groups=groups))


def retold(catalogue: Catalogue) -> Iterator[Retold]:
    """Each attribute of each service and espace, with another value."""
    for key, service in catalogue.services.items():
        for change, fields in _changed_service(key, catalogue):
            services = {**catalogue.services, key: dataclasses.replace(service, **fields)}  # type: ignore[arg-type]
            yield Retold(key, change, dataclasses.replace(catalogue, services=services))
    for key, espace in catalogue.espaces.items():
        versions = ("1900-02", None) if espace.terms_version else ("1900-02",)
        for version in versions:
            espaces = {**catalogue.espaces, key: dataclasses.replace(espace, terms_version=version)}
            told = f"terms {espace.terms_version} made {version}"
            yield Retold(key, told, dataclasses.replace(catalogue, espaces=espaces), "catalogue/espaces.yaml")


def _changed_service(key: str, catalogue: Catalogue) -> Iterator[tuple[str, dict[str, object]]]:
    service = catalogue.services[key]
    asks = service.requires_fonction
    yield f"requires_fonction {asks} made {not asks}", {"requires_fonction": not asks}
    for name, is_up in service.flags.items():
        yield f"{name} {is_up} made {not is_up}", {"flags": {**service.flags, name: not is_up}}
    lists = {
        "structure_types": catalogue.structure_types,
        "levels": catalogue.levels,
        "conflicts": [other for other in catalogue.services if other != key],
    }
    for name, codes in lists.items():
        held: frozenset[str] = getattr(service, name)
        for code in codes:
            told = f"{name} {'without' if code in held else 'with'} {code}"
            yield told, {name: held ^ {code}}


def mutants_of(rule: Rule, model: Model) -> Iterator[Mutant]:
    """All mutants of a rule, in a stable order."""
    template = rule.template
    yield Mutant(rule, "rule dropped", None, is_drop=True)
    if isinstance(template.action, pst.ActionIn) and len(template.action.entities) > 1:
        for entity in template.action.entities:
            kept = tuple(each for each in template.action.entities if each != entity)
            changed = dataclasses.replace(template, action=pst.ActionIn(kept))
            yield Mutant(rule, f"action {entity.id} dropped", changed, is_drop=True)
    for index, clause in enumerate(template.clauses):
        other = pst.Unless(clause.expr) if isinstance(clause, pst.When) else pst.When(clause.expr)
        yield Mutant(rule, "when and unless swapped", _with_clause(template, index, other), is_drop=False)
        for change, expr in _changes(clause.expr, model):
            made = _with_clause(template, index, dataclasses.replace(clause, expr=expr))
            yield Mutant(rule, change, made, is_drop=change.startswith("side dropped"))


def _with_clause(template: pst.Template, index: int, clause: pst.Clause) -> pst.Template:
    clauses = (*template.clauses[:index], clause, *template.clauses[index + 1 :])
    return dataclasses.replace(template, clauses=clauses)


def _changes(expr: pst.Expr, model: Model) -> Iterator[Change]:
    """The expression with one change, at its root or somewhere below."""
    match expr:
        case pst.BoolLit() | pst.LongLit() | pst.EntityLit():
            yield from _changed_literal(expr, model)
        case pst.GetAttr(pst.GetAttr(base, skipped), attr):
            yield f"path without {skipped}", pst.GetAttr(base, attr)
        case pst.BinaryOp() | pst.UnaryOp():
            yield from _changed_operator(expr, model)
    for index, child in enumerate(children(expr)):
        for change, made in _changes(child, model):
            yield change, with_child(expr, index, made)


def _changed_operator(expr: pst.BinaryOp | pst.UnaryOp, model: Model) -> Iterator[Change]:
    match expr:
        case pst.BinaryOp("and" | "or" as op, left, right):
            yield f"side dropped: left of {op}", right
            yield f"side dropped: right of {op}", left
        case pst.BinaryOp(op, left, right) if op in SWAPPED:
            yield f"{op} made {SWAPPED[op]}", pst.BinaryOp(SWAPPED[op], left, right)
            yield from _one_code_more(expr, model)
        case pst.BinaryOp(op) | pst.UnaryOp(op) if op in MEMBERSHIP:
            yield f"{op} negated", pst.UnaryOp("not", expr)
        case pst.UnaryOp("not", arg):
            yield "! dropped", arg
        case pst.UnaryOp("duration", pst.StringLit(text)):
            yield f"{text} made one day longer", pst.UnaryOp("duration", pst.StringLit(_longer(text)))
            # The smallest unit, on either side: an edge that is off by one millisecond.
            yield f"{text} made 1 ms longer", pst.UnaryOp("duration", pst.StringLit(f"{text}1ms"))
            yield f"{text} made 1 ms shorter", pst.UnaryOp("duration", pst.StringLit(_shorter(text)))


def _one_code_more(expr: pst.BinaryOp, model: Model) -> Iterator[Change]:
    """A state, a desk too many: each other code beside the one that is meant."""
    match expr:
        case pst.BinaryOp("eq", left, pst.EntityLit(uid)):
            for code in model.enumerations.get(str(uid.type), ()):
                if code != uid.id:
                    other = pst.EntityLit(dataclasses.replace(uid, id=code))
                    yield f"{uid.id} or {code}", pst.BinaryOp("or", expr, pst.BinaryOp("eq", left, other))


def _changed_literal(expr: pst.BoolLit | pst.LongLit | pst.EntityLit, model: Model) -> Iterator[Change]:
    match expr:
        case pst.BoolLit(value):
            yield f"{value} made {not value}", pst.BoolLit(not value)
        case pst.LongLit(value):
            yield f"{value} made {value + 1}", pst.LongLit(value + 1)
            yield f"{value} made {value - 1}", pst.LongLit(value - 1)
        case pst.EntityLit(uid) if str(uid.type) in model.enumerations:
            codes = model.enumerations[str(uid.type)]
            other = codes[(codes.index(uid.id) + 1) % len(codes)]
            yield f"{uid.id} made {other}", pst.EntityLit(dataclasses.replace(uid, id=other))


def _shorter(text: str) -> str:
    """A duration less one millisecond, in milliseconds."""
    length = duration_of(text)
    assert length is not None  # noqa: S101 - the check refuses any other text
    return f"{length // timedelta(milliseconds=1) - 1}ms"


def _longer(text: str) -> str:
    """A duration and one day: `31d1h` -> `32d1h`, `24h` -> `1d24h`."""
    days, mark, rest = text.partition("d")
    return f"{int(days) + 1}d{rest}" if mark else f"1d{text}"
