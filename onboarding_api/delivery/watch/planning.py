"""The full comparison of each night: the truth, where events may have been lost."""

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from idp_extension.sync.applying.guard import TooManyRemovals, check_removals
from idp_extension.sync.applying.plan_file import About, Plan
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind
from idp_extension.sync.look import look_everywhere, read_state
from onboarding_api.delivery.errors import told
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.delivery.watch.looking import Found
from onboarding_api.delivery.watch.watching import Means, Watching
from onboarding_api.model.person import Person
from onboarding_api.model.projection.drift import WATCH_ID, DriftWatch
from policies.catalogue.loader import load_catalogue

LOOK_SECONDS = 60.0

log = structlog.get_logger()


class Planning:
    """Compares everything once a night, in the process that watches.

    What the comparison shows is looked at once more before it is answered: it takes minutes, and decisions
    go on meanwhile.

    Args:
        means: see `watching.Means`.
        watching: says whether this process does.
        hour: of the day, UTC.
    """

    def __init__(self, means: Means, watching: Watching, hour: int) -> None:
        self._office, _, self._api, self._looking, self._answering = means
        self._database, self._clock = self._office.database, self._office.clock
        self._catalogue = frozenset(load_catalogue().services)
        self._watching, self._hour = watching, hour

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. A night that fails is tried again a minute later."""
        while not stop.wait(LOOK_SECONDS):
            try:
                if self._watching.holds and self._is_due():
                    self.plan()
            except Exception as error:  # a neighbour is away; `bdt doctor` tells how old the last plan is
                log.warning("drift_not_planned", error=told(error))

    def plan(self) -> Counter[Kind]:
        """Compare everything, answer what is still different afterwards; differences by kind.

        Raises:
            GatewayError, DatabaseBusy: the comparison was not finished.
        """
        began, state = self._clock(), read_state(self._api)
        found = look_everywhere(DatabaseHouse(self._office), state, self._api.realm, self._catalogue)
        differences = list(found)
        counts = Counter(each.kind for each in differences)
        with self._database.writing() as session:
            row = session.get_one(DriftWatch, WATCH_ID, with_for_update=True)
            row.planned_at, row.plan = began, {str(kind): count for kind, count in counts.items()}
        try:
            check_removals(Plan(Path(), About(self._api.realm, "", began, state.size), counts, ""), None)
        except TooManyRemovals as error:  # a database restored from an older backup looks like that
            log.error("drift_plan_guarded", removals=error.removals)
            return counts
        for look in self._looks(differences):
            self._answering.answer(list(look))
        return counts

    def _is_due(self) -> bool:
        now = self._clock()
        last = now.replace(hour=self._hour, minute=0, second=0, microsecond=0)
        last -= timedelta(days=int(last > now))
        with self._database.reading() as session:
            row = session.get(DriftWatch, WATCH_ID)
            return row is not None and (row.planned_at is None or row.planned_at < last)

    def _looks(self, differences: Iterable[Difference]) -> Iterable[Iterable[Found]]:
        """What is to be looked at once more, each once."""
        subjects = dict.fromkeys((each.subject, each.keycloak_id) for each in differences)
        done: set[str] = set()
        for subject, keycloak_id in subjects:
            if subject in done:
                continue
            done.add(subject)
            with self._database.reading() as session:
                person_id = session.scalar(select(Person.id).where(Person.identifiant == subject))
            if person_id:
                yield self._looking.at_person(person_id)
            elif subject.isdecimal():
                yield self._looking.at_structure(subject)
            elif subject.startswith("/"):
                yield self._looking.at_group(keycloak_id)
            else:
                yield self._looking.at_account(keycloak_id)
