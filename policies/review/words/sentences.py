"""Changes in sentences: « Désormais, un délégué peut révoquer un référent. Mme A, déléguée, aurait pu … »."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policies.engine.explain import explain_fr
from policies.engine.request import Decision, EntityRef
from policies.engine.revision import Policies
from policies.review.changes.diff import Change, Difference
from policies.review.changes.sides import Side, Sides
from policies.review.words.french import (
    French,
    Stand,
    acts_on,
    listed,
    load_french,
    moment_fr,
    smooth,
    typographic,
)
from policies.review.words.naming import Naming
from policies.review.words.news import News, news
from policies.review.words.standing import Standing, first_that_fits


@dataclass(frozen=True, slots=True)
class Told:
    """One change for a reader, or several that are so for the same people in the same case.

    Attributes:
        changes: what is told.
        who, acts, thing, when: the parts of the sentence; `thing` is what is acted upon.
        strangers: it concerns people who have nothing to do with the thing.
        example: one person who could have, or could no more have, done the first of the acts.
        facts: the facts that decide the example: of whom, what, how it is.
        before, after: what each side answers her, and why.
    """

    changes: tuple[Change, ...]
    who: str
    acts: tuple[str, ...]
    thing: str
    when: str
    strangers: bool
    example: str
    facts: tuple[tuple[str, str, str], ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def opens(self) -> bool:
        """Somebody may do more than before."""
        return self.changes[0].newly_allowed

    @property
    def sentence(self) -> str:
        """What is so from now on, for every content of the database."""
        verb = "peut" if self.opens else "ne peut plus"
        return smooth(
            f"Désormais, {self.who} {verb} {listed(acts_on(self.thing, self.acts), 'et')}{self.when}."
        )


def tell(before: Policies, after: Policies, difference: Difference) -> tuple[Told, ...]:
    """The changes of a difference in sentences, those alike together.

    Raises:
        BadSource: the French words cannot be read.
    """
    if not difference.changes:
        return ()
    french = load_french()
    sides = Sides(before, after)
    alike: dict[tuple[object, ...], Told] = {}
    for change in difference.changes:
        told = _told(sides, change, french)
        key = (told.opens, told.who, told.when, change.environment.resource, change.service)
        first = alike.setdefault(key, told)
        if first is not told:
            alike[key] = replace(
                first, changes=(*first.changes, change), acts=tuple(dict.fromkeys((*first.acts, *told.acts)))
            )
    return tuple(alike.values())


def _told(sides: Sides, change: Change, french: French) -> Told:
    side = (sides.before, sides.after)[change.newly_allowed]
    naming = Naming(french, side.policies.catalogue, change.request.entities)
    held = Standing(side.policies, change.environment).holding(change.request)
    stand = first_that_fits(french.who, held)
    if change.service:
        found = News((stand,) if stand else (), None, (), never_else=False)
    else:
        found = news(sides, change.environment, change.newly_allowed, change.request, french)
    who = _who(found.who, french) or french.any_thing(change.environment.principal)
    return Told(
        (change,),
        who,
        (_act(change, found, who, french, naming),),
        french.any_thing(change.environment.resource),
        _when(change, found, french, naming),
        strangers=any(not each.when for each in found.who),
        example=_example(change, stand, naming),
        facts=tuple(naming.facts(change.request, change.read)),
        before=_reasons(change.before, sides.before),
        after=_reasons(change.after, sides.after),
    )


def _who(stands: tuple[Stand, ...], french: French) -> str:
    left = {each.when: each.anybody for each in stands}
    for each in french.together:
        if each.these <= left.keys():
            first = next(when for when in left if when in each.these)
            left = {when: each.anybody if when == first else told for when, told in left.items()}
            left = {when: told for when, told in left.items() if when == first or when not in each.these}
    return listed([*left.values()]) if left else ""


def _act(change: Change, found: News, who: str, french: French, naming: Naming) -> str:
    kind = change.environment.resource
    thing = found.whom.anybody if found.whom and kind == "Membership" else french.any_thing(kind)
    structure = "la structure" if "la structure" in who else "une structure"
    act = french.act(change.environment.action, thing=thing, structure=structure, person="une personne")
    if not change.service:
        return act
    return f"{act} au service « {naming.name(EntityRef('Service', change.service))} »"


def _when(change: Change, found: News, french: French, naming: Naming) -> str:
    if found.never_else:
        return " ; c’était toujours refusé" if change.newly_allowed else " : c’est maintenant toujours refusé"
    words = [_word(word, holds, french, naming) for word, holds in found.words]
    told = [f"quand {each}" for each in words if each]
    if told:
        return f", {'même ' if change.newly_allowed else ''}{listed(told, 'et')}"
    return " dans des cas où c’était refusé" if change.newly_allowed else " dans des cas où c’était permis"


def _word(word: str, holds: bool, french: French, naming: Naming) -> str:
    if word in french.words:
        return french.words[word][0 if holds else 1]
    state = naming.name(EntityRef("HabilitationState", word))
    return f"l’habilitation {'est' if holds else 'n’est pas'} dans l’état « {state} »" if holds else ""


def _example(change: Change, stand: Stand | None, naming: Naming) -> str:
    request = change.request
    parts = {"structure": "la structure", **naming.parts(request.actor), **naming.parts(request.resource)}
    name = naming.name(request.actor)
    form = (stand.woman if name.startswith("Mme ") else stand.man) if stand else ""
    who = ", ".join(filter(None, (name, form.format_map(parts))))
    act = naming.french.act(request.action, thing=naming.thing(request.resource), **parts)
    could = "aurait pu" if change.newly_allowed else "n’aurait plus pu"
    moment = f", le {moment_fr(request.now)}" if ("context", "now") in change.read else ""
    return smooth(f"{who}, {could} {act}{moment}.")


def _reasons(decision: Decision, side: Side) -> tuple[str, ...]:
    return tuple(map(typographic, explain_fr(decision, side.policies)))


def summary(difference: Difference, told: tuple[Told, ...]) -> Iterator[str]:
    """What a reader must know first, a sentence a line."""
    if difference.is_empty:
        yield f"Rien ne change : démontré pour les {difference.unchanged} sortes de questions."
        return
    opened = sum(len(each.changes) for each in told if each.opens)
    closed = sum(len(each.changes) for each in told if not each.opens)
    yield counted(opened, "acte s’ouvre", "actes s’ouvrent", "Aucun acte ne s’ouvre")
    yield from (f"  {each.sentence} Exemple : {each.example}" for each in told if each.opens)
    yield counted(closed, "acte se ferme", "actes se ferment", "Aucun acte ne se ferme")
    yield from (f"  {each.sentence} Exemple : {each.example}" for each in told if not each.opens)
    lost = len(difference.weaker) + sum(now != "PROVED" for _, _, now in difference.properties)
    yield counted(
        lost, "garantie n’est plus donnée", "garanties ne sont plus données", "Aucune garantie ne se perd"
    )


def counted(number: int, one: str, many: str, none: str) -> str:
    """« 2 actes s’ouvrent. »."""
    return f"{none}." if not number else f"{number} {one if number == 1 else many}."
