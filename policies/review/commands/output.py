"""What a command found, told to people or to machines: one place, so that both are told the same.

`--format text|json|sarif|github`; `--json` and `--sarif` are short for it. A finding is a place and what is
wrong there: a line of text, a member of `findings`, a SARIF result, an annotation of a pull request.
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import singledispatch
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from policies.catalogue.faults import Fault
from policies.engine.journal import written
from policies.engine.request import EntityRef
from policies.language.model import Environment
from policies.language.statements import Rule

TEXT, JSON, SARIF, GITHUB = "text", "json", "sarif", "github"
_FORM = "policies.form"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Level(StrEnum):
    """How bad a finding is, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command found.

    Attributes:
        lines: for people.
        data: the same for machines.
        findings: what is wrong, and where; people read them before the lines.
        exit_code: 0 all is well; 1 the answer is no; 2 the input is wrong.
        notes: findings that the lines tell already.
    """

    lines: Iterable[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    findings: Sequence[Fault] = ()
    exit_code: int = 0
    notes: Sequence[tuple[Level, Fault]] = ()

    @property
    def all_findings(self) -> list[tuple[Level, Fault]]:
        """Each with its level."""
        return [*((Level.ERROR, fault) for fault in self.findings), *self.notes]


Command = TypeVar("Command", bound=Callable[..., Any])


def told_as(*more: str, own_format: bool = False) -> Callable[[Command], Command]:
    """The options by which a command is told how to speak: JSON always, `more` where it can.

    Args:
        more: SARIF, GITHUB.
        own_format: the command has a `--format` of its own, and `--json` beside it.
    """
    forms = (JSON, *more)

    def declare(command: Command) -> Command:
        if not own_format:
            kind = click.Choice([TEXT, *forms])
            command = _option("--format", "form", type=kind, help="How to tell it.  [default: text]")(command)
        if SARIF in more:
            command = _option("--sarif", "as_sarif", flag_value=SARIF, help="A SARIF 2.1.0 log.")(command)
        return _option("--json", "as_json", flag_value=JSON, help="One JSON document.")(command)

    return declare


def _option(*names: str, **more: Any) -> Callable[[Command], Command]:
    return click.option(*names, expose_value=False, is_eager=True, callback=_note_form, **more)


def _note_form(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value and ctx.meta.setdefault(_FORM, value) != value:
        raise click.UsageError(f"{ctx.meta[_FORM]} or {value}: one form at a time.")


def form_of(ctx: click.Context) -> str:
    """The form that the command line asks for."""
    return str(ctx.meta.get(_FORM, TEXT))


def finish(ctx: click.Context, told: Outcome) -> NoReturn:
    """Tell it and end with its exit code."""
    match form_of(ctx):
        case "json":
            click.echo(json.dumps(_document(ctx, told), ensure_ascii=False, indent=1))
        case "sarif":
            click.echo(json.dumps(_sarif(ctx, told), ensure_ascii=False, indent=1))
        case form:
            for fault in told.findings if form == TEXT else ():
                click.echo(str(fault), err=True)
            for level, fault in told.all_findings if form == GITHUB else ():
                click.echo(_annotation(ctx, level, fault))
            for line in told.lines:
                click.echo(line)
    sys.exit(told.exit_code)


@singledispatch
def plain(value: Any) -> Any:
    """Anything that a command found, as JSON has it; sets in order, so that two runs say the same."""
    if dataclasses.is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value if value is None or isinstance(value, bool | int | float) else str(value)


@plain.register
def _(value: Environment) -> Any:
    return str(value)


@plain.register
def _(value: EntityRef) -> Any:
    return written(value)


@plain.register
def _(value: Rule) -> Any:
    return {"id": value.id, "file": value.file, "line": value.line}


@plain.register
def _(value: datetime) -> Any:
    return value.isoformat()


@plain.register
def _(value: Mapping) -> Any:  # type: ignore[type-arg]
    return {str(plain(key)): plain(held) for key, held in value.items()}


@plain.register(set)
@plain.register(frozenset)
def _(value: Any) -> Any:
    return sorted(map(plain, value), key=str)


@plain.register(list)
@plain.register(tuple)
def _(value: Any) -> Any:
    return [plain(each) for each in value]


def _document(ctx: click.Context, told: Outcome) -> dict[str, Any]:
    findings = [
        {"level": str(level), **plain(fault), "file": _place(ctx, fault)}
        for level, fault in told.all_findings
    ]
    ends = {"command": ctx.info_name, "exit_code": told.exit_code, "findings": findings}
    return {**ends, **plain(told.data)}


def _place(ctx: click.Context, fault: Fault) -> str:
    """The file of a finding from where the command runs, when it is one of the policies folder."""
    path = ctx.obj / fault.file if isinstance(ctx.obj, Path) and fault.file else None
    if path is None or not path.exists():
        return fault.file
    here = Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def _annotation(ctx: click.Context, level: Level, fault: Fault) -> str:
    """A command of a GitHub workflow: the pull request shows it at its line."""
    kind = "notice" if level == Level.NOTE else str(level)
    named = {"file": _place(ctx, fault), "line": str(fault.line or ""), "title": fault.subject}
    where = ",".join(f"{name}={_escaped(text, ':,')}" for name, text in named.items() if text)
    return f"::{kind} {where}::{_escaped(fault.message)}"


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{more}" else sign for sign in text)


def _sarif(ctx: click.Context, told: Outcome) -> dict[str, Any]:
    found = told.all_findings
    rules = list(dict.fromkeys(_rule_of(ctx, fault) for _, fault in found))
    driver = {"name": "bdt policy", "rules": [{"id": rule} for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "exitCode": told.exit_code}],
        "results": [_result(ctx, level, fault, rules) for level, fault in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule_of(ctx: click.Context, fault: Fault) -> str:
    return fault.subject.split(":")[0] or f"{ctx.info_name}"


def _result(ctx: click.Context, level: Level, fault: Fault, rules: Sequence[str]) -> dict[str, Any]:
    rule = _rule_of(ctx, fault)
    text = f"{fault.subject}: {fault.message}" if fault.subject else fault.message
    result = {"ruleId": rule, "ruleIndex": rules.index(rule), "level": str(level), "message": {"text": text}}
    if not fault.file:
        return result
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(_place(ctx, fault))}}
    if fault.line:
        place["region"] = {"startLine": fault.line}
    return {**result, "locations": [{"physicalLocation": place}]}


def _uri(place: str) -> str:
    return Path(place).as_uri() if Path(place).is_absolute() else place.replace(" ", "%20")
