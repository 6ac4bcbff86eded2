"""The people and things of one question by name: of the personas, of the catalogue, or of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.catalogue.loader import Catalogue
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.language.syntax import Path
from policies.review.words.french import French, listed, moment_fr, smooth

CODES = {
    "Fonction": "fonctions",
    "StructureType": "structure_types",
    "Level": "levels",
    "Desk": "desks",
    "HabilitationState": "habilitation_states",
    "Service": "services",
    "Espace": "espaces",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """`known` are the names of people and places that stand in no file of ours, as those of the database."""

    french: French
    catalogue: Catalogue
    entities: tuple[Entity, ...]
    known: Mapping[EntityRef, str] = field(default_factory=dict)

    def name(self, ref: EntityRef) -> str:
        """A thing as a sentence names it."""
        match ref.type:
            case kind if kind in CODES:
                found = getattr(self.catalogue, CODES[kind]).get(ref.id, ref.id)
                return str(getattr(found, "label", found))
            case "User" | "Staff" | "Structure":
                return self.known.get(ref) or self._of_examples(ref)
            case "Membership" | "Habilitation" | "Claim" | "Letter" | "Invitation":
                return self.thing(ref)
            case "TermsVersion":
                espace, _, version = ref.id.partition("@")
                return f"{self.name(EntityRef('Espace', espace))}, version {version}" if version else ref.id
            case _:
                return ref.id

    def _of_examples(self, ref: EntityRef) -> str:
        for names in self.french.names.values():
            if ref.id in names:
                return names[ref.id]
        return ref.id

    def thing(self, ref: EntityRef) -> str:
        """A thing with whose it is: « l’habilitation « Encours » de M. Paul à Eus »."""
        form = self.french.kinds.get(ref.type)
        if form is None:
            return ref.id
        return smooth(form["this"].format_map(_Kept(self.parts(ref))))

    def parts(self, ref: EntityRef) -> dict[str, str]:
        """The person, the structure and the service of a thing."""
        found = {"label": self.name(ref)} if ref.type in ("Service", "Espace", "TermsVersion") else {}
        for key, kinds in (
            ("person", ("User", "Staff")),
            ("structure", ("Structure",)),
            ("service", ("Service",)),
        ):
            end = self.first(ref, kinds)
            if end is not None:
                found[key] = self.name(end)
        return found

    def first(self, ref: EntityRef, kinds: tuple[str, ...]) -> EntityRef | None:
        """The nearest thing of a kind, from a thing on."""
        held = {each.ref: each for each in self.entities}
        waiting, seen = [ref], set()
        while waiting:
            here = waiting.pop(0)
            if here.type in kinds:
                return here
            seen.add(here)
            if here in held:
                ends = [
                    value
                    for name, value in held[here].attributes.items()
                    if isinstance(value, EntityRef) and name != "nominatedBy"
                ]
                waiting += [each for each in ends if each not in seen]
        return None

    def value(self, value: Value | None) -> str:
        """A fact for a reader."""
        match value:
            case None:
                return "absent"
            case bool():
                return "oui" if value else "non"
            case EntityRef():
                return self.name(value)
            case frozenset():
                return listed([self.name(each) for each in sorted(value)], "et") if value else "aucun"
            case int():
                return str(value)
            case _:
                return moment_fr(value)

    def facts(self, request: Request, paths: tuple[Path, ...]) -> list[tuple[str, str, str]]:
        """Of whom, what, and how it is: the facts at some paths, each once."""
        held = {each.ref: each for each in self.entities}
        found = []
        for path in sorted(paths):
            if path[0] == "context":
                level = self.french.login(request.acr)
                told = moment_fr(request.now) if path[1] == "now" else level
                found.append(("la demande", self.french.fact("context", path[1]), told))
                continue
            holder: EntityRef | None = request.actor if path[0] == "principal" else request.resource
            for name in path[1:-1]:
                step = held[holder].attributes.get(name) if holder in held else None
                holder = step if isinstance(step, EntityRef) else None
            if holder is not None and holder in held:
                value = held[holder].attributes.get(path[-1])
                found.append((self.name(holder), self.french.fact(holder.type, path[-1]), self.value(value)))
        return list(dict.fromkeys(found))


class _Kept(dict[str, str]):
    """What has no name of its own stays out of the sentence."""

    def __missing__(self, key: str) -> str:
        return "…"
