"""What changed beside the rules, in sentences: services, espaces, numbers, and what is guaranteed no more."""

from collections.abc import Iterator

from policies.catalogue.limits import written_limits
from policies.catalogue.loader import Catalogue, Service
from policies.engine.revision import Policies
from policies.language.statements import read_rules
from policies.review.changes.diff import Difference
from policies.review.changes.strength import Weaker
from policies.review.sequences.written import read_lifecycle
from policies.review.words.french import French, listed, smooth, typographic

CODES = (
    ("fonctions", "la fonction"),
    ("structure_types", "le type de structure"),
    ("levels", "le niveau"),
    ("desks", "l’équipe"),
    ("habilitation_states", "l’état"),
)
HOW = {
    "removed": "cette garantie est supprimée",
    "weakened": "cette garantie est affaiblie",
    "vacuous": "cette garantie ne dit plus rien",
    "invariant": "cet invariant est supprimé",
    "universe": "ce parcours n’est plus fait",
    "walk": "ce parcours est réduit",
}
VERDICTS = {"PROVED": "démontrée", "REFUTED": "réfutée", "UNKNOWN": "non tranchée", "VACUOUS": "sans objet"}


def settings_fr(before: Policies, after: Policies, french: French) -> Iterator[str]:
    """The catalogue and the numbers, a sentence a change."""
    old, new = before.catalogue, after.catalogue
    for key, service in new.services.items():
        if key not in old.services:
            yield f"Le service « {service.label} » est nouveau."
        else:
            yield from _service(old.services[key], service, new)
    yield from (
        f"Le service « {each.label} » disparaît."
        for key, each in old.services.items()
        if key not in new.services
    )
    yield from _espaces(old, new)
    yield from _codes(old, new)
    yield from _numbers(before, after, french)


def _service(old: Service, new: Service, catalogue: Catalogue) -> Iterator[str]:
    name = f"Service « {new.label} » :"
    if old.requires_fonction != new.requires_fonction:
        told = "devient obligatoire" if new.requires_fonction else "n’est plus exigée"
        yield f"{name} une fonction {told}."
    labels = {
        "structure_types": {code: each.label for code, each in catalogue.structure_types.items()},
        "levels": catalogue.levels,
        "conflicts": {key: each.label for key, each in catalogue.services.items()},
    }
    says = {
        "structure_types": ("s’ouvre aux structures", "se ferme aux structures"),
        "levels": ("a un nouveau niveau", "n’a plus le niveau"),
        "conflicts": ("devient incompatible avec", "n’est plus incompatible avec"),
    }
    for field, (more, less) in says.items():
        was, now = getattr(old, field), getattr(new, field)
        for verb, codes in ((more, now - was), (less, was - now)):
            named = [f"« {labels[field].get(code, code)} »" for code in sorted(codes)]
            if named:
                yield f"{name} il {verb} {listed(named, 'et')}."


def _espaces(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for key in dict.fromkeys((*new.espaces, *old.espaces)):
        was, now = old.espaces.get(key), new.espaces.get(key)
        if was is None or now is None:
            label = (was or now).label  # type: ignore[union-attr]
            yield f"L’espace « {label} » {'est nouveau' if was is None else 'disparaît'}."
        elif was.terms_version != now.terms_version:
            versions = f"{now.terms_version or 'aucune'} au lieu de {was.terms_version or 'aucune'}"
            yield f"Espace « {now.label} » : conditions particulières en vigueur, version {versions}."


def _codes(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for field, what in CODES:
        was, now = getattr(old, field), getattr(new, field)
        for code in dict.fromkeys((*now, *was)):
            if (code in was) is not (code in now):
                told = getattr({**was, **now}[code], "label", {**was, **now}[code])
                yield f"Catalogue : {what} « {told} » {'est en plus' if code in now else 'disparaît'}."


def _numbers(before: Policies, after: Policies, french: French) -> Iterator[str]:
    old, new = written_limits(before.root), written_limits(after.root)
    for name in new:
        if name not in old or old[name].value != new[name].value:
            was = old[name].words(is_french=True) if name in old else "rien"
            told = f"{new[name].words(is_french=True)} au lieu de {was}"
            yield smooth(f"Nombre « {french.limits.get(name, name)} » : {told}.")


def lost_fr(difference: Difference, before: Policies, after: Policies) -> Iterator[str]:
    """The guarantees that are given no more, and those that are no more proved."""
    sentences = {**_says(before), **_says(after)}
    yield from (smooth(_weaker(each, sentences)) for each in difference.weaker)
    for name, was, now in difference.properties:
        told = f"{VERDICTS[was]}, maintenant {VERDICTS[now]}"
        yield typographic(f"« {sentences.get(name, name)} » : cette garantie était {told} ({name}).")


def _weaker(each: Weaker, sentences: dict[str, str]) -> str:
    how = next((told for start, told in HOW.items() if each.how.startswith(start)), each.how)
    return f"« {sentences.get(each.name, each.name)} » : {how} ({each.name})."


def _says(policies: Policies) -> dict[str, str]:
    written = read_lifecycle(policies.root).data["invariants"]
    rules = read_rules(policies.root, "properties")
    return {rule.id: rule.note("says_fr") for rule in rules} | {
        name: row.get("says_fr", row["says"]) for name, row in written.items()
    }
