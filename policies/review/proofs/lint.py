"""The rules of the house for rules: what the validator cannot know."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from policies.catalogue.faults import BadSource, Fault
from policies.engine.probes import parts_of
from policies.engine.revision import Policies
from policies.language.cedar import format_policies, pst, validate_policies
from policies.language.environments import applied_rules
from policies.language.model import Model
from policies.language.statements import Rule
from policies.language.typed import BOOL, Unsupported, type_in

GUARDS = "rules/9"
KINDS = ("never", "only-if", "always", "possible")
ANNOTATIONS = ("control", "owner", "says", "says_fr")
WIDTH = 100


def lint(policies: Policies) -> list[Fault]:
    """Faults of the rules against the rules of the house, in the order of the files."""
    return [rule.fault(message) for rule in policies.rules for message in _messages(rule, policies)]


def _messages(rule: Rule, policies: Policies) -> Iterator[str]:
    yield from (f'@{name}("…") is missing' for name in ANNOTATIONS if not rule.note(name))
    if rule.file.startswith(GUARDS) != (rule.effect == "forbid"):
        yield "every forbid stands in a file rules/9…, and nothing else"
    if not isinstance(rule.template.principal, pst.ScopeIs):
        yield "the scope must say what the principal `is`"
    yield from _sentences(rule)
    if not _applies_somewhere(rule, policies):
        yield "can never apply: no actor, action and resource of the model fit its scope and types"


def _sentences(rule: Rule) -> Iterator[str]:
    written = {name for name in rule.template.annotations if name.startswith("needs_")}
    if rule.effect == "forbid":
        yield from (f"a forbid has no @{name}" for name in sorted(written))
        return
    if len(rule.template.clauses) > 1 or any(isinstance(each, pst.Unless) for each in rule.template.clauses):
        yield "a permit has one `when` and no `unless`: what stops people is a forbid"
    wanted = {f"needs_{number}" for number, _ in enumerate(parts_of(rule), start=1)}
    yield from (
        f'@{name}("…") is missing: the French sentence of that condition' for name in sorted(wanted - written)
    )
    yield from (f"@{name} has no condition" for name in sorted(written - wanted))


def property_faults(properties: tuple[Rule, ...], policies: Policies) -> list[Fault]:
    """Faults of the properties: a kind that is none, a sentence that is missing, nothing to speak of."""
    faults = []
    for rule in properties:
        if rule.note("kind") not in KINDS:
            faults.append(rule.fault(f'@kind("…") must be one of {", ".join(KINDS)}'))
        faults += [rule.fault(f'@{name}("…") is missing') for name in ANNOTATIONS if not rule.note(name)]
        if not _applies_somewhere(rule, policies):
            faults.append(rule.fault("can never apply: it would prove nothing"))
    return faults


def _applies_somewhere(rule: Rule, policies: Policies) -> bool:
    return any(
        applied_rules((rule,), policies.model, environment) for environment in policies.model.environments
    )


def validation_faults(rules: tuple[Rule, ...], policies: Policies) -> list[Fault]:
    """What the engine's validator says of each statement, at its line.

    The validator's words name attributes, types and codes of the schema, never facts.
    """
    faults = []
    for rule in rules:
        for error in validate_policies(rule.text, policies.schema).errors:
            message = re.sub(r"^for policy `policy0`[,:] ", "", " ".join(error.error.split()))
            faults.append(rule.fault(message + _guess(message, policies.model)))
    return faults


def soundness_faults(rules: Iterable[Rule], policies: Policies) -> list[Fault]:
    """What makes a statement unfit for a proof: the validator refuses it, or the tools cannot read it.

    Every proof, walk and comparison asks this first: nothing is proved of rules that could not be committed.
    """
    listed = tuple(rules)
    return validation_faults(listed, policies) or reading_faults(listed, policies.model)


def refuse_unsound(policies: Policies) -> None:
    """Stop where the check would.

    Raises:
        BadSource: a rule that the validator refuses or that the tools cannot read exactly.
    """
    faults = soundness_faults(policies.rules, policies)
    if faults:
        raise BadSource(faults)


def reading_faults(rules: Iterable[Rule], model: Model) -> list[Fault]:
    """A fault for each condition that the tools do not read exactly, in the environments where it applies."""
    faults: dict[Fault, None] = {}
    for rule in rules:
        for environment in model.environments:
            for applied in applied_rules((rule,), model, environment):
                try:
                    kind = type_in(model, environment, applied.condition)
                    if kind != BOOL:
                        faults[rule.fault(f"a {kind.name} is no condition")] = None
                except Unsupported as unsupported:
                    faults[rule.fault(str(unsupported))] = None
    return list(faults)


def _guess(message: str, model: Model) -> str:
    """The known name nearest to the first unknown one that the validator quotes."""
    known = {name for attributes in model.entities.values() for name in attributes}
    known |= {*model.entities, *model.enumerations, *model.groups, *model.context}
    known |= {environment.action for environment in model.environments}
    known |= {code for codes in model.enumerations.values() for code in codes}
    for quoted in re.findall(r"`([^`]+)`", message):
        name = quoted.split("::")[-1].strip('"')
        near = get_close_matches(name, known, n=1) if name not in known else []
        if near:
            return f", did you mean {near[0]}?"
    return ""


def form_faults(root: Path, *folders: str) -> list[Fault]:
    """A fault for each Cedar file that the formatter would change."""
    faults = []
    for folder in folders:
        for path in sorted((root / folder).glob("*.cedar")):
            text = path.read_text(encoding="utf-8")
            formatted = format_policies(text, WIDTH, 2)
            if text != formatted:
                pairs = zip(text.splitlines(), formatted.splitlines(), strict=False)
                line = next((number for number, (a, b) in enumerate(pairs, 1) if a != b), 1)
                name = path.relative_to(root).as_posix()
                faults.append(Fault(name, line, "", "not formatted: run `bdt policy format`"))
    return faults
