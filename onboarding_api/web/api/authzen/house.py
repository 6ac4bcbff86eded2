"""Our decision point: the rules, over the database. What the caller says of people and things is not read."""

from collections.abc import Mapping, Sequence
from typing import Any

from onboarding_api.access import looks
from onboarding_api.access.looks import Cut, Found
from onboarding_api.acts.actor import Actor
from onboarding_api.web.api.authzen.messages import Answer, Asked, Named, error
from onboarding_api.web.parts import parts
from policies.engine.explain import explain_fr
from policies.engine.request import Decision, EntityRef

NO_SUCH_SUBJECT = "there is no such kind of subject: expected User"


class House:
    """People are of type `User`, by identifiant or id; things are of the types of the rules, by id."""

    def evaluate(self, caller: Actor, asked: Sequence[Asked]) -> Sequence[Answer]:
        """One answer each; a kind of subject that we have not is a refusal that says so."""
        own = [each for each in asked if each.subject.type == looks.PERSON]
        questions = [_question(each) for each in own]
        made = iter(looks.evaluate(parts().office, caller, questions) if questions else ())
        return [
            _answer(next(made)) if each.subject.type == looks.PERSON else error(404, NO_SUCH_SUBJECT)
            for each in asked
        ]

    def subjects(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """The identifiants of people, where the caller may search."""
        if asked.subject.type != looks.PERSON:
            return Found()
        return looks.search_people(parts().office, caller, asked.action.id, _ref(asked.resource), cut)

    def resources(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """The ids of things."""
        if asked.subject.type != looks.PERSON:
            return Found()
        return looks.search_things(parts().office, caller, _question(asked), cut)

    def actions(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """The names of actions."""
        if asked.subject.type != looks.PERSON:
            return Found()
        return looks.search_actions(parts().office, caller, asked.subject.id, _ref(asked.resource), cut)


def _question(asked: Asked) -> looks.Asked:
    return looks.Asked(asked.subject.id, asked.action.id, _ref(asked.resource))


def _ref(named: Named) -> EntityRef:
    return EntityRef(named.type, named.id)


def _answer(answer: looks.Answer) -> Answer:
    if answer.decision is None:
        return error(404, answer.unknown)
    return Answer(answer.allowed, _why(answer.decision) if answer.is_told else {})


def _why(decision: Decision) -> Mapping[str, Any]:
    return {
        "rules": list(decision.rules),
        "missing": list(decision.missing),
        "reason_user": {"fr": " ".join(explain_fr(decision))},
    }
