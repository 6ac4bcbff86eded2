"""The catalogue: what can be asked, by whom, as the YAML files say.

The files under `catalogue/` are the source; the portal shows them, the rules speak of their codes, the realm
gets its clients and roles from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.limits import Limits, read_limits
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, load_rules_of_form, load_yaml

POLICIES = Path(__file__).resolve().parent.parent
LISTS = (
    "structure_types",
    "levels",
    "desks",
    "fonctions",
    "habilitation_states",
    "espaces",
    "services",
)


@dataclass(frozen=True, slots=True)
class Espace:
    """What people open, one Keycloak client; `terms_version` None: no conditions particulières."""

    key: str
    label: str
    description: str
    terms_version: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """One client role of an espace; `key` is `<espace>:<role>`.

    `flags`: what `schema/services.yaml` declares as a fact of the rules (`meta: {fact: NAME}`), by that name.
    """

    key: str
    espace: str
    role: str
    label: str
    description: str
    requires_fonction: bool
    structure_types: frozenset[str]
    conflicts: frozenset[str]
    levels: frozenset[str]
    flags: Mapping[str, bool] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Fonction:
    """A fonction of the drop-down list (guide G-28)."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class StructureType:
    """A kind of structure."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything by its code, in the order of the files (the order shown)."""

    espaces: Mapping[str, Espace]
    services: Mapping[str, Service]
    fonctions: Mapping[str, Fonction]
    structure_types: Mapping[str, StructureType]
    levels: Mapping[str, str]
    desks: Mapping[str, str]
    habilitation_states: Mapping[str, str]
    limits: Limits

    def services_of(self, espace: str) -> tuple[Service, ...]:
        """The services of an espace, in order."""
        return tuple(service for service in self.services.values() if service.espace == espace)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that each service has, as the rules name them."""
        return tuple(dict.fromkeys(name for service in self.services.values() for name in service.flags))

    def codes(self, name: str) -> tuple[str, ...]:
        """The codes of a list, as `fonctions`."""
        return tuple(getattr(self, name))


@cache
def load_catalogue() -> Catalogue:
    """The catalogue of the product.

    Raises:
        BadSource: a file is wrong; the faults say where.
    """
    return read_catalogue(POLICIES)


def read_catalogue(root: Path) -> Catalogue:
    """The catalogue of a policies folder, as another revision's.

    Raises:
        BadSource: a file is wrong; the faults say where.
    """
    sources = {name: load_yaml(root / "catalogue" / f"{name}.yaml", root) for name in LISTS}
    codes = {name: tuple(source.data) for name, source in sources.items()}
    faults: list[Fault] = []
    data = {}
    for name, source in sources.items():
        form = load_rules_of_form(root / "catalogue" / "schema" / f"{name}.yaml", root).data
        data[name], found = _validated(source, form, codes)
        faults += found
    faults += _faults_between_lists(sources["services"], codes)
    if faults:
        raise BadSource(faults)
    return _catalogue(data, read_limits(root), _declared_flags(root))


def _declared_flags(root: Path) -> Mapping[str, str]:
    """The fields of a service that are flags of the rules, with the names that the rules have for them.

    Raises:
        BadSource: a field declared as a fact that is no flag: its rule could not be rendered.
    """
    source = load_rules_of_form(root / "catalogue/schema/services.yaml", root)
    form = source.data["value"]["schema"]
    found = {name: rule["meta"]["fact"] for name, rule in form.items() if "meta" in rule}
    faults = [
        source.fault(
            ("value", "schema", name), "expected a boolean with coerce: a fact of the rules is a flag"
        )
        for name in found
        if (form[name].get("type"), form[name].get("coerce")) != ("boolean", "boolean")
    ]
    if faults:
        raise BadSource(faults)
    return found


def _validated(
    source: Source, form: Mapping[str, Any], codes: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, Any], list[Fault]]:
    rules = {"list": {"type": "dict", "keysrules": form["key"], "valuesrules": form["value"]}}
    validator = StrictValidator(rules, references=codes)
    validator.validate({"list": source.data})
    known = form["value"].get("schema", ())
    faults = [
        source.fault(path, with_guess(message, path, known))
        for path, message in flat_errors(validator.errors.get("list", []))
    ]
    return validator.document["list"], faults


def _faults_between_lists(services: Source, codes: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    faults = []
    for key, service in services.data.items():
        espace = key.partition(":")[0]
        if espace not in codes["espaces"]:
            faults.append(services.fault((key,), f"unknown espace {espace}"))
        for other in service.get("conflicts", ()) if isinstance(service, dict) else ():
            if other == key:
                faults.append(services.fault((key, "conflicts"), "a service is in conflict with another one"))
            elif key not in services.data.get(other, {}).get("conflicts", ()):
                faults.append(services.fault((key, "conflicts"), f"{other} must name {key} too"))
    return faults


def _catalogue(data: Mapping[str, Mapping[str, Any]], limits: Limits, flags: Mapping[str, str]) -> Catalogue:
    def plain(name: str, make: Any) -> Mapping[str, Any]:
        return MappingProxyType({code: make(code, label) for code, label in data[name].items()})

    return Catalogue(
        espaces=plain("espaces", _espace),
        services=plain("services", lambda key, row: _service(key, row, flags)),
        fonctions=plain("fonctions", Fonction),
        structure_types=plain("structure_types", StructureType),
        levels=MappingProxyType(dict(data["levels"])),
        desks=MappingProxyType(dict(data["desks"])),
        habilitation_states=MappingProxyType(dict(data["habilitation_states"])),
        limits=limits,
    )


def _espace(key: str, row: Mapping[str, Any]) -> Espace:
    return Espace(key, row["label"], row["description"], row.get("terms"))


def _service(key: str, row: Mapping[str, Any], flags: Mapping[str, str]) -> Service:
    espace, _, role = key.partition(":")
    return Service(
        key=key,
        espace=espace,
        role=role,
        label=row["label"],
        description=row["description"],
        requires_fonction=row["requires_fonction"],
        structure_types=frozenset(row["structure_types"]),
        conflicts=frozenset(row.get("conflicts", ())),
        levels=frozenset(row.get("levels", ())),
        flags=MappingProxyType({fact: row.get(name, False) for name, fact in flags.items()}),
    )
