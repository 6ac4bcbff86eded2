"""How somebody stands to a thing: which words of properties/words.yaml hold, asked of the engine itself."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from policies.catalogue.loader import POLICIES
from policies.engine.decide import question_of
from policies.engine.facts import facts_text
from policies.engine.request import Request
from policies.engine.revision import Policies, policy_set
from policies.language.cedar import PolicySet, is_authorized_batch
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.review.proofs.bounds import words_in
from policies.review.words.french import Stand


class Standing:
    """The words of one kind of question."""

    def __init__(self, policies: Policies, environment: Environment) -> None:
        self._policies = policies
        # The words at hand, on the model of whichever revision they are asked about.
        self.words: Mapping[str, Rule] = words_in(POLICIES, policies.model, environment)

    @cached_property
    def _handle(self) -> PolicySet:
        return policy_set(rule.template for rule in self.words.values())

    def holding(self, request: Request) -> frozenset[str]:
        """The words that hold in a question."""
        return holding(self._policies, self._handle, request)


def holding(policies: Policies, handle: PolicySet, request: Request) -> frozenset[str]:
    """The ids of the permits of a set that hold in a question; an error is no « holds »."""
    facts = policies.base.with_added_json_str(facts_text(request.entities), policies.schema)
    (result,) = is_authorized_batch([question_of(request)], handle, facts, policies.schema)
    return frozenset(result.diagnostics.reasons)


def first_that_fits(stands: Iterable[Stand], words: Collection[str]) -> Stand | None:
    """The first of some ways to stand whose words all hold."""
    for stand in stands:
        if all(_holds(word, words) for word in stand.when):
            return stand
    return None


def _holds(word: str, words: Collection[str]) -> bool:
    name = word.removeprefix("not ")
    return (name in words) is (name == word)
