"""Names by which people look for a commune and which the « code officiel » of today no longer has.

La Poste goes on delivering to the communes that merged and to hamlets; a name that was changed lives on in
addresses. And what the register does not hold, since no SIREN is known there, is known by name: who looks for
Nouméa is told so.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from onboarding_api.model.words.typed_text import symbols
from onboarding_api.registry.folding import key, telling_words
from onboarding_api.registry.shipped import DATA, Entry
from onboarding_api.registry.table_file import read_table

LOCALITIES: Final = DATA / "localities.json"
# Changes of name within living memory whose old name leads elsewhere, by INSEE code. Common knowledge,
# written by hand: INSEE's list of events « changement de nom » is still to be compared.
RENAMED: Final = {
    "51108": ["Châlons-sur-Marne"],
    "92012": ["Boulogne-sur-Seine"],
    "17299": ["Rochefort-sur-Mer"],
    "93048": ["Montreuil-sous-Bois"],
    "04070": ["Digne"],
    "01053": ["Bourg"],
}
_COLUMNS: Final = ("code_commune_insee", "nom_commune", "ligne_5")


class Absent(NamedTuple):
    """A commune without a SIREN in our source."""

    name: str
    territory: str


class Localities(NamedTuple):
    """`former`: other names of a commune by INSEE code; `renamed`: those that were its own name."""

    former: Mapping[str, list[str]]
    renamed: Mapping[str, list[str]]
    absent: tuple[Absent, ...]


@cache
def localities() -> Localities:
    """The shipped facts."""
    facts = json.loads(LOCALITIES.read_text("utf-8"))
    absent = (Absent(name, territory) for territory, names in facts["absent"].items() for name in names)
    return Localities(facts["former"], RENAMED, tuple(absent))


def absent_commune(text: str) -> Absent | None:
    """The commune that a text names, with its territory or without, and that the register does not hold."""
    typed = telling_words(text)
    for one in localities().absent:
        name, territory = telling_words(one.name), telling_words(one.territory)
        is_named = typed[: len(name)] == name and set(typed[len(name) :]) <= set(territory)
        if is_named or (typed and {*typed, territory[-1]} == set(territory)):
            return one
    return None


def build_localities(
    raw: bytes,
    entries: Iterable[Entry],
    communes: Iterable[Mapping[str, Any]],
    departements: Iterable[Mapping[str, Any]],
) -> str:
    """The content of the shipped file, from La Poste's file and the « code officiel ».

    Raises:
        Unreadable: the file is not La Poste's.
    """
    present = [c for c in communes if c["type"] == "commune-actuelle"]
    today = {old: c["code"] for c in present for old in c.get("anciensCodes", ())}
    known = {
        entry.insee: {key(name) for name in (entry.name, entry.bare_name, *entry.former_names)}
        for entry in entries
        if entry.insee
    }
    former: dict[str, set[str]] = defaultdict(set)
    for row in read_table(raw, _COLUMNS, others_allowed=True):
        if row.cells is None:
            continue
        insee, name, hamlet = (row.cells[column] for column in _COLUMNS)
        now = today.get(symbols(insee), symbols(insee))
        others = (hamlet, *([name] if now != symbols(insee) else []))
        former[now] |= {other for other in others if key(other) and key(other) not in known.get(now, {""})}
    label = {departement["code"]: departement["nom"] for departement in departements}
    absent: dict[str, list[str]] = defaultdict(list)
    for commune in present:
        if "siren" not in commune and commune["zone"] == "com":
            code = commune["departement"]
            absent[f"{label.get(code, code)} ({code})"].append(commune["nom"])
    facts = {
        "source": f"La Poste, Base officielle des codes postaux, Licence Ouverte, SHA-256 "
        f"{hashlib.sha256(raw).hexdigest()}; INSEE by way of the register's own source",
        "former": {insee: sorted(names) for insee, names in former.items() if names and insee in known},
        "absent": {territory: sorted(communes) for territory, communes in sorted(absent.items())},
    }
    return json.dumps(facts, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
