"""Cedar files cut into statements, each with its file, line and id.

The engine numbers statements by position, accepts two rules of one id and reports errors without a line;
so each statement is read alone, under the id that its author gave.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.limits import Limit, filled, written_limits
from policies.language.cedar import policies_to_pst, pst

NO_LIMITS: Mapping[str, Limit] = MappingProxyType({})
TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|\S')


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement: a rule, or a property. `template` is its syntax tree, under its own id."""

    id: str
    file: str
    line: int
    text: str
    template: pst.Template

    @property
    def effect(self) -> str:
        """`permit` or `forbid`."""
        return self.template.effect

    def note(self, name: str) -> str:
        """An annotation; empty when there is none."""
        return self.template.annotations.get(name, "")

    def fault(self, message: str) -> Fault:
        """A fault of this statement."""
        return Fault(self.file, self.line, self.id, message)


def read_rules(root: Path, folder: str) -> tuple[Rule, ...]:
    """The statements of the `.cedar` files of a folder, in the order of the files.

    Raises:
        BadSource: a statement that cannot be parsed, without id, or with the id of another one.
    """
    rules: list[Rule] = []
    faults: list[Fault] = []
    limits = written_limits(root)
    for path in sorted((root / folder).glob("*.cedar")):
        name = path.relative_to(root).as_posix()
        try:
            whole = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            faults.append(Fault(name, 0, "", "not UTF-8 text"))
            continue
        for line, text in split_statements(whole):
            try:
                rules.append(read_rule(name, line, text, limits))
            except BadSource as bad:
                faults += bad.faults
    first: dict[str, Rule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.id, rule)
        if earlier is not rule:
            faults.append(rule.fault(f"doubled id, first at {earlier.file}:{earlier.line}"))
    if faults:
        raise BadSource(faults)
    return tuple(rules)


def split_statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line where it starts, without the comments before it."""
    start = None
    for token in TOKEN.finditer(text):
        if token[0].startswith("//"):
            continue
        if start is None:
            start = token.start()
        if token[0] == ";":
            yield text.count("\n", 0, start) + 1, text[start : token.end()]
            start = None
    if start is not None:
        yield text.count("\n", 0, start) + 1, text[start:]


def read_rule(file: str, line: int, text: str, limits: Mapping[str, Limit] = NO_LIMITS) -> Rule:
    """One statement, its numbers filled in.

    Raises:
        BadSource: it cannot be parsed, has no id, or names a number that is not declared.
    """
    written_id = re.search(r'@id\("([^"]*)"\)', text)
    subject = written_id[1] if written_id else "(no id)"
    try:
        text = filled(text, limits)
        tree = policies_to_pst(text)
    except KeyError as error:
        raise BadSource([Fault(file, line, subject, error.args[0])]) from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise BadSource([Fault(file, line, subject, f"not Cedar: {reason}")]) from error
    if tree.templates or len(tree.static_policies) != 1:
        raise BadSource([Fault(file, line, subject, "expected one statement without template slots")])
    (template,) = tree.static_policies.values()
    rule_id = template.annotations.get("id", "")
    if not re.fullmatch(r"[A-Z][A-Z-]*", rule_id):
        raise BadSource(
            [Fault(file, line, subject, '@id("UPPER-CASE-ID") is missing or malformed (no digits)')]
        )
    return Rule(rule_id, file, line, text, dataclasses.replace(template, id=rule_id))
