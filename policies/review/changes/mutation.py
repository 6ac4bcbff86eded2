"""What became of the mutants of a revision."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from policies.review.changes.mutants import Mutant, Regrouped, Retold

_Slip = Mutant | Regrouped | Retold


@dataclass(slots=True)
class Mutation:
    """The mutants by what became of them."""

    killed: list[_Slip] = field(default_factory=list)
    refuted: list[_Slip] = field(default_factory=list)
    survivors: list[_Slip] = field(default_factory=list)
    equivalent: list[_Slip] = field(default_factory=list)
    rejected: list[_Slip] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Noticed, by a case or by a proof, among those that change an answer."""
        noticed = len(self.killed) + len(self.refuted)
        return noticed / max(1, noticed + len(self.survivors))

    @property
    def pairs(self) -> float:
        """Noticed by a case, though the proofs were changed as the rules were."""
        changing = len(self.killed) + len(self.refuted) + len(self.survivors)
        return len(self.killed) / max(1, changing)

    def lines(self) -> Iterator[str]:
        """The result for people."""
        yield from (f"SURVIVES {mutant.fault}" for mutant in self.survivors)
        yield from (f"BY PROOF ALONE {mutant.fault}" for mutant in self.refuted)
        kinds = (self.killed, self.refuted, self.survivors, self.equivalent, self.rejected)
        yield (
            f"{sum(map(len, kinds))} mutants: {len(self.killed)} killed by a case, "
            f"{len(self.refuted)} refuted by a bound alone, {len(self.survivors)} survive, "
            f"{len(self.equivalent)} equivalent (proved), {len(self.rejected)} refused by the validator; "
            f"score {self.score:.1%}, with the proofs changed alike {self.pairs:.1%}"
        )
