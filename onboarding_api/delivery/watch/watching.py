"""The thread that watches: reads on in Keycloak's events, looks at what they hit, answers, remembers."""

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import select

from idp_extension.admin_events import About, Act, AdminEvent, AdminEvents
from idp_extension.gateway import GatewayError
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.sync.applying.guard import check_marker
from onboarding_api.acts.act import Office
from onboarding_api.delivery.errors import told
from onboarding_api.delivery.queue import undelivered
from onboarding_api.delivery.watch.answering import Answering
from onboarding_api.delivery.watch.lease import WatchLease
from onboarding_api.delivery.watch.looking import Found, Looking
from onboarding_api.delivery.watch.policy import NOT_UNDERSTOOD, REALM_CHANGED
from onboarding_api.model.ledger.delivery import Delivery
from onboarding_api.model.ledger.kinds import PERSON

TURN_SECONDS = 2.0
PATIENCE = timedelta(seconds=5)
"""For so long after an event a decision of ours that is on its way may explain what is seen."""
REFUSED_FOR = timedelta(minutes=1)
"""For so long a repair that Keycloak refuses is tried again."""
OURS = frozenset({"bdt-sync", "bdt-bootstrap"})
"""The accounts through which the house itself writes."""

log = structlog.get_logger()


class Means(NamedTuple):
    """What a watch works with: the truth, Keycloak as the account that projects, who looks, who answers.

    `portal` is the address that the realm has to bear: into another one nothing is written.
    """

    office: Office
    portal: str
    api: KeepAliveAPI
    looking: Looking
    answering: Answering


class Watching:
    """One watches, however many workers there are.

    Args:
        means: see `Means`.
    """

    def __init__(self, means: Means) -> None:
        self._office, self._portal, self._api, self._looking, self._answering = means
        self._database, self._clock = self._office.database, self._office.clock
        self._lease = WatchLease(self._database, self._clock)
        self.holds = False
        """Whether it is this one that watches now."""
        self._events: AdminEvents | None = None

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set. Whatever fails is tried again: nothing was read on meanwhile."""
        while not stop.wait(TURN_SECONDS):
            try:
                self.turn()
            except Exception as error:  # a neighbour is away; `bdt doctor` tells for how long
                log.warning("drift_not_watched", error=told(error))

    def turn(self) -> bool:
        """Look into what is new, if it is ours to watch; whether it is.

        Raises:
            GatewayError, DatabaseBusy: it will be looked into by a later turn.
            NotOurs: the realm is another house's.
        """
        since = self._lease.take()
        self.holds = since is not None
        if since is None:
            self._events = None
            return False
        if self._events is None:
            check_marker(self._api, self._portal)
            self._events = AdminEvents(self._api, OURS, since)
        for event in self._events.new():
            if self._is_explained_soon(event):
                break
            self._look_into(event)
        self._lease.keep(self._events.read_until)
        return True

    def _look_into(self, event: AdminEvent) -> None:
        try:
            self._answering.answer(self._seen(event), event)
        except (LookupError, TypeError, ValueError, AttributeError) as error:  # ours: it would fail for ever
            self._give_up(event, error)
        except GatewayError as error:
            if error.is_away or self._clock() - event.at < REFUSED_FOR:
                raise
            self._give_up(event, error)

    def _give_up(self, event: AdminEvent, error: Exception) -> None:
        """An event that can't be answered must not hold up those after it."""
        log.error("drift_event_not_understood", error=told(error))
        words = f"{event.operation} {event.resource} {event.path}: {told(error)}"
        self._answering.answer([Found(NOT_UNDERSTOOD, event.id, words)], event)

    def _seen(self, event: AdminEvent) -> list[Found]:
        found = [each for about, subject in event.about for each in self._seen_at(about, subject)]
        if event.act is Act.EVENTS_LOST:
            self._lease.ask_for_plan()
            return [
                Found(event.act, "realm", "Keycloak's journal has a hole: everything is compared at once")
            ]
        if event.act:
            ((_, account),) = event.about
            subject = self._looking.person_of(account) or account
            words = f"{event.act}: {event.operation.lower()} {event.path}"
            found.append(Found(event.act, subject, words, account=account))
        return list(dict.fromkeys(found))

    def _seen_at(self, about: About, subject: str) -> Iterable[Found]:
        if about is About.USER:
            return self._looking.at_account(subject)
        if about is About.GROUP:
            return self._looking.at_group(subject)
        return [Found(REALM_CHANGED, subject, f"{subject}: see `bdt realm plan`")]

    def _is_explained_soon(self, event: AdminEvent) -> bool:
        """Whether what is to be seen may be a decision of ours, half-way to Keycloak."""
        about, subject = event.about[0]
        if about is not About.USER or self._clock() - event.at > PATIENCE:
            return False
        person_id = self._looking.person_of(subject)
        lane = Delivery.lane == f"{PERSON.lane}:{person_id}"
        with self._database.reading() as session:
            return session.scalar(select(Delivery.id).where(lane, undelivered(Delivery.state))) is not None
