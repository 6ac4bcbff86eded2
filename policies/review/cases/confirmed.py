"""Scenarios made of what a reviewer confirmed of each service: the catalogue is tested as the rules are.

The questions and the answers come from `scenarios/confirmed/services.yaml` alone; the engine answers by the
catalogue. What leaves the catalogue, or comes into it unconfirmed, is a wrong answer or a fault.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, load_yaml
from policies.engine.facts import terms_ref
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.review.cases.case import Case

CONFIRMED, CODES = "scenarios/confirmed/services.yaml", "scenarios/confirmed/codes.yaml"
LISTS = ("fonctions", "structure_types", "levels", "desks", "habilitation_states")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIST = {"type": "list", "required": True, "schema": {"type": "string"}}
FORM = {
    "fonction": {"type": "string", "required": True, "allowed": ["required", "free"]},
    "types": LIST,
    "terms": {"type": "string", "required": True},
    "levels": LIST,
    "conflicts": LIST,
    "flags": {"type": "list", "schema": {"type": "string"}},
}
_Changes = Mapping[str, Mapping[str, Value | None]]
_Question = tuple[str, str, str, _Changes]


def confirmed_cases(policies: Policies) -> tuple[Case, ...]:
    """The scenarios of the catalogue; none where nothing was ever confirmed.

    Raises:
        BadSource: a service that nobody confirmed, a confirmation of none, a file that cannot be read.
    """
    if not (policies.root / CONFIRMED).is_file():
        return ()
    source = load_yaml(policies.root / CONFIRMED, policies.root)
    rows = _rows(source)
    services = policies.catalogue.services.keys()
    faults = [
        source.fault((), f"{key}: no reviewer has confirmed this service") for key in services - rows.keys()
    ]
    faults += [source.fault((key,), "the catalogue has no such service") for key in rows.keys() - services]
    if faults:
        raise BadSource(faults)
    return tuple(case for key in rows for case in _cases(policies, source, key, rows))


def unconfirmed_codes(policies: Policies) -> list[Fault]:
    """The codes, and the flags of services, that nobody confirmed, or that are confirmed and are no more.

    Raises:
        BadSource: a file of confirmations cannot be read.
    """
    faults: list[Fault] = []
    if (policies.root / CODES).is_file():
        source = load_yaml(policies.root / CODES, policies.root)
        for name in LISTS:
            faults += _unlike(source, name, source.data.get(name, ()), policies.catalogue.codes(name))
    if (policies.root / CONFIRMED).is_file():
        source = load_yaml(policies.root / CONFIRMED, policies.root)
        for key, service in policies.catalogue.services.items():
            raised = [name for name, is_up in service.flags.items() if is_up]
            faults += _unlike(source, key, source.data.get(key, {}).get("flags", ()), raised)
    return faults


def _unlike(source: Source, name: str, written: Collection[str], known: Collection[str]) -> list[Fault]:
    told = {code: "no reviewer has confirmed this" for code in known if code not in written}
    told |= {code: "the catalogue has no such thing" for code in written if code not in known}
    return [source.fault((name,), f"{code}: {message}") for code, message in told.items()]


def _rows(source: Source) -> Mapping[str, Any]:
    form = {"list": {"type": "dict", "valuesrules": {"type": "dict", "schema": FORM}}}
    validator = StrictValidator(form)
    if not validator.validate({"list": source.data}):
        errors = flat_errors(validator.errors["list"])
        raise BadSource(source.fault(path, with_guess(message, path, FORM)) for path, message in errors)
    rows: Mapping[str, Any] = validator.document["list"]
    return rows


def _cases(policies: Policies, source: Source, key: str, rows: Mapping[str, Any]) -> Iterator[Case]:
    asked = _asked(rows[key], policies.catalogue.structure_types, rows)
    for title, action, rule, changes in (*asked, *_entered(rows[key], key.partition(":")[0])):
        request = Request(
            actor=EntityRef("User", "user"),
            action=action,
            resource=EntityRef("Habilitation", "habilitation"),
            now=NOW,
            acr=1,
            entities=_world(key, rows[key], changes),
        )
        is_allowed = rule.startswith("SELF")
        yield Case(f"{key}: {title}", CONFIRMED, source.line((key,)), request, is_allowed, (rule,))


def _asked(row: Mapping[str, Any], types: Iterable[str], services: Iterable[str]) -> Iterator[_Question]:
    """The service asked for, one condition at a time."""

    def asked(title: str, is_allowed: bool, guard: str, changes: _Changes) -> _Question:
        return title, "requestHabilitation", "SELF-REQUEST" if is_allowed else guard, changes

    is_free = row["fonction"] == "free"
    yield asked("without fonction", is_free, "G-FONCTION", {"membership": {"fonction": None}})
    for code in types:
        changed: _Changes = {"structure": {"type": EntityRef("StructureType", code)}}
        yield asked(f"in a {code}", code in row["types"], "G-STRUCTURE-TYPE", changed)
    for other in services:
        live: _Changes = {"membership": {"liveServices": frozenset({EntityRef("Service", other)})}}
        yield asked(f"beside {other}", other not in row["conflicts"], "G-CONFLICT", live)
    yield asked("without level", not row["levels"], "G-LEVEL", {"habilitation": {"level": None}})
    for code in row["levels"]:
        level: _Changes = {"habilitation": {"level": EntityRef("Level", code)}}
        yield asked(f"at level {code}", True, "G-LEVEL", level)


def _entered(row: Mapping[str, Any], espace: str) -> Iterator[_Question]:
    """The service entered, with the current conditions and with old ones."""
    granted: Mapping[str, Value | None] = {"state": EntityRef("HabilitationState", "granted")}
    current = None if row["terms"] == "none" else terms_ref(espace, row["terms"])
    for title, accepted in (("old", terms_ref(espace, "1900-01")), ("current", current)):
        rule = "SELF-ENTER" if current is None or accepted == current else "G-TERMS"
        terms = frozenset({accepted} if accepted else ())
        changes: _Changes = {"membership": {"acceptedTerms": terms}, "habilitation": granted}
        yield f"entered with {title} conditions", "enterService", rule, changes


def _world(key: str, row: Mapping[str, Any], changes: _Changes) -> tuple[Entity, ...]:
    """A quiet world around one habilitation of a service, with some attributes changed; None: absent."""
    none: frozenset[EntityRef] = frozenset()
    things: dict[EntityRef, dict[str, Value]] = {
        EntityRef("User", "user"): {"isActive": True},
        EntityRef("Structure", "structure"): {
            "isActive": True,
            "type": EntityRef("StructureType", row["types"][0]),
            "isFrozen": False,
            "admins": none,
            "referents": none,
            "pendingInvitations": 0,
        },
        EntityRef("Membership", "membership"): {
            "user": EntityRef("User", "user"),
            "structure": EntityRef("Structure", "structure"),
            "isActive": True,
            "isSuspended": False,
            "fonction": EntityRef("Fonction", "maire"),
            "acceptedTerms": none,
            "liveServices": none,
        },
        EntityRef("Habilitation", "habilitation"): {
            "membership": EntityRef("Membership", "membership"),
            "service": EntityRef("Service", key),
            "state": EntityRef("HabilitationState", "not_requested"),
            **({"level": EntityRef("Level", row["levels"][0])} if row["levels"] else {}),
        },
    }
    made = []
    for ref, attributes in things.items():
        merged: dict[str, Value | None] = {**attributes, **changes.get(ref.id, {})}
        made.append(Entity(ref, {name: value for name, value in merged.items() if value is not None}))
    return tuple(made)
