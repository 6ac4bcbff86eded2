"""The breaker on paper: no more letters leave in an hour and in a day than the house is used to.

A letter cannot be called back, and each holds a structure. Whoever makes many accounts from many networks
comes to stand in this line: what is too much waits, an alarm is raised, and somebody looks before the amounts
are raised (`BDT_LIMITS=paper.house=…`) or the rows are cancelled.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from prometheus_client import Counter

from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.worker import Deliver
from onboarding_api.limits.bounds import PAPER, PAPER_DAY, Per
from onboarding_api.limits.limiter import Limiter
from onboarding_api.model.refusals import LimitsDown, TooMuchAsked

log = structlog.get_logger()
HELD = Counter("bdt_letters_held_total", "Letters that had to wait because too many left.")
SOON = timedelta(minutes=10)
_HOUSE = {Per.HOUSE: "letters"}


@dataclass(frozen=True, slots=True)
class PaperBreaker:
    """Delivers letters while they are not too many.

    Args:
        prints: what prints a letter and hands it over.
        limiter: counts those that left.
    """

    prints: Deliver
    limiter: Limiter

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """Print, or wait for the hour to be over. A letter that did not leave does not count.

        Raises:
            Exception: whatever the printing raises.
        """
        try:
            for bound in (PAPER, PAPER_DAY):
                self.limiter.check(bound, _HOUSE)
        except (TooMuchAsked, LimitsDown) as refusal:
            HELD.inc()
            log.error("letter_held", delivery=lease.id, why=refusal.code)
            again_at = getattr(refusal, "again_at", ledger.clock() + SOON)
            return ledger.postpone(lease, max(again_at - ledger.clock(), timedelta(minutes=1)))
        self.prints(ledger, lease)
        for bound in (PAPER, PAPER_DAY):
            # Several at once may have seen the last place; the next one waits all the longer.
            self.limiter.has_room(bound, _HOUSE)
        return None
