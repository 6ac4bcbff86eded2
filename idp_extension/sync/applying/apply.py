"""Applies a plan: what gives too much first, then groups, then people; by threads, from wherever it stands.

A plan says what may be done, not how: each person and structure is looked up in the database again. What was
done before, by this run or an interrupted one, is found done.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from idp_extension.admin_api import GatewayError
from idp_extension.gateway import KeycloakGateway
from idp_extension.projection import DesiredPerson
from idp_extension.sync.applying.load import Loader
from idp_extension.sync.applying.patience import KeptAway, Patience, Stopped
from idp_extension.sync.difference import Difference
from idp_extension.sync.house import House
from idp_extension.sync.kinds import Kind, Remedy
from idp_extension.sync.repair import Made, repair_person, repair_stranger, repair_structure
from idp_extension.sync.state import DesiredGroups

STRANGERS = frozenset({Kind.USER_FOREIGN, Kind.GROUP_FOREIGN, Kind.SERVICE_ACCOUNT_IN_GROUP})
OF_GROUPS = frozenset(
    kind for kind in Kind if kind.name.startswith(("GROUP_", "SERVICE_GROUP", "SERVICE_ROLE"))
)
_MISSING = frozenset({Kind.GROUP_MISSING, Kind.SERVICE_GROUP_MISSING})
_CHUNK = 200

Unit = tuple[Difference, ...]
"""The differences of one person, structure or stranger, which one thread repairs."""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Applied:
    """What an apply did: `writes` sent to Keycloak, `kept` ids taken over, units done, those that failed."""

    writes: int = 0
    kept: int = 0
    done: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    is_stopped: bool = False


class Apply:
    """One run.

    Args:
        house: the truth.
        gateway: for what reads before it writes.
        loader: for what is not there at all.
        patience: how long Keycloak may be away.
        threads: at most so many.
    """

    def __init__(
        self, house: House, gateway: KeycloakGateway, loader: Loader, patience: Patience, threads: int
    ) -> None:
        self._house, self._gateway, self._loader = house, gateway, loader
        self._patience, self._threads = patience, threads
        self._lock = threading.Lock()
        self._accounts: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._shut_out: list[str] = []
        self.applied = Applied()

    def run(self, found: Iterable[Difference], progress: Progress = lambda *_: None) -> Applied:
        """Repair all of it.

        Raises:
            KeptAway: Keycloak was away for too long; run again to go on.
        """
        phases = _phases(found)
        total = sum(map(len, phases))
        try:
            for units in phases:
                self._phase(units, lambda: progress(self.applied.done, total))
        except (KeyboardInterrupt, Stopped):
            self._patience.stop()
            self.applied.is_stopped = True
        finally:
            self._keep()
        return self.applied

    def _phase(self, units: list[Unit], tell: Callable[[], None]) -> None:
        with ThreadPoolExecutor(self._threads, "sync") as pool:
            waiting: set[Future[None]] = set()
            try:
                for work in self._works(units):
                    waiting.add(pool.submit(self._one, *work))
                    if len(waiting) >= 2 * self._threads:
                        waiting = _settled(waiting)
                        tell()
                while waiting:
                    waiting = _settled(waiting)
                    tell()
            except BaseException:
                self._patience.stop()
                pool.shutdown(cancel_futures=True)
                raise

    def _works(self, units: list[Unit]) -> Iterator[tuple[Unit, DesiredPerson | DesiredGroups | None]]:
        """The units, each with what is wanted now: read by the hundred, since one by one costs as much."""
        rest = iter(units)
        while chunk := list(islice(rest, _CHUNK)):
            self._keep()
            sirens = {unit[0].subject for unit in chunk if _is_of_groups(unit)}
            names = {unit[0].subject for unit in chunk if not _is_of_groups(unit)}
            structures = {each.siren: each for each in self._house.structures(sirens)} if sirens else {}
            people = {each.identifiant: each for each in self._house.people(names)} if names else {}
            for unit in chunk:
                subject = unit[0].subject
                yield unit, structures.get(subject) if _is_of_groups(unit) else people.get(subject)

    def _one(self, unit: Unit, wanted: DesiredPerson | DesiredGroups | None) -> None:
        try:
            made = self._patience.patiently(lambda tries: self._repair(unit, wanted, tries))
        except KeptAway:
            raise
        except GatewayError as error:
            with self._lock:
                self.applied.failures.append((unit[0].subject, str(error)))
                self.applied.done += 1
            return
        with self._lock:
            self.applied.writes += made.writes
            self.applied.done += 1
            self._groups |= made.group_ids

    def _repair(self, unit: Unit, wanted: DesiredPerson | DesiredGroups | None, tries: int) -> Made:
        if unit[0].kind in STRANGERS:
            return self._remove(unit)
        if isinstance(wanted, DesiredGroups):
            is_new = unit[0].kind is Kind.GROUP_MISSING and _MISSING.issuperset(each.kind for each in unit)
            if is_new and not tries:
                return self._loader.make_structure(wanted)
            return repair_structure(self._gateway, wanted, unit)
        return self._person(unit, wanted, tries) if wanted else Made()

    def _person(self, unit: Unit, wanted: DesiredPerson, tries: int) -> Made:
        if not tries and [each.kind for each in unit] == [Kind.USER_MISSING]:
            account, made = self._loader.make_person(wanted), Made(writes=1)
        else:
            projected = repair_person(self._gateway, wanted, unit)
            account, made = projected.keycloak_id, Made(projected.writes, dict(projected.group_ids))
            if projected.is_shut_out:
                with self._lock:
                    self._shut_out.append(wanted.identifiant)
        if account != wanted.keycloak_id:
            with self._lock:
                self._accounts[wanted.identifiant] = account
        return made

    def _remove(self, unit: Unit) -> Made:
        made = Made()
        for each in unit:
            is_hers = each.kind is Kind.USER_FOREIGN and self._house.knows(each.subject, each.keycloak_id)
            if not is_hers:
                made.writes += repair_stranger(self._gateway, each).writes
        return made

    def _keep(self) -> None:
        """Ids in the database, by the hundred. Those of a run that was killed are found again by the next."""
        with self._lock:
            accounts, self._accounts = self._accounts, {}
            groups, self._groups = self._groups, {}
            shut_out, self._shut_out = self._shut_out, []
        if accounts or groups:
            self._house.keep(accounts, groups)
        self.applied.kept += len(accounts) + len(groups)
        for identifiant in shut_out:
            self._house.note_shut_out(identifiant)


def _phases(found: Iterable[Difference]) -> list[list[Unit]]:
    """What gives too much, or is of nobody; groups; people."""
    units: dict[tuple[int, str], list[Difference]] = {}
    for each in found:
        if each.meaning.remedy is not Remedy.REPORT:
            area = 0 if each.kind in STRANGERS else 1 if each.kind in OF_GROUPS else 2
            units.setdefault((area, each.subject), []).append(each)
    phases: list[list[Unit]] = [[], [], []]
    for (area, _), differences in units.items():
        is_urgent = any(each.meaning.gives_too_much for each in differences)
        phases[0 if is_urgent else area].append(tuple(differences))
    return phases


def _is_of_groups(unit: Unit) -> bool:
    return unit[0].kind in OF_GROUPS


def _settled(waiting: Collection[Future[None]]) -> set[Future[None]]:
    done, left = wait(waiting, return_when=FIRST_COMPLETED)
    for each in done:
        each.result()
    return left
