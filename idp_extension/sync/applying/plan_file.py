"""A plan as a file: what was found, when, where; sealed, so that one edited by hand is told.

Lines of JSON, so that a whole country is written and read without being held: what the plan is about, the
differences, and at the end their counts with the seal over all that came before.
"""

import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import MEANINGS, Kind, Remedy

LONGEST_AGE = timedelta(hours=1)
"""A plan is what somebody has read and approved; an older one was read of another state."""


class PlanRefused(Exception):
    """A plan that must not be applied: edited, cut, old, or of another realm or house."""


@dataclass(frozen=True, slots=True)
class About:
    """What a plan is about. `house` is the address of the portal, `size` how many objects Keycloak had."""

    realm: str
    house: str
    made_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan in its file."""

    path: Path
    about: About
    counts: Mapping[Kind, int]
    digest: str

    @property
    def removals(self) -> int:
        """How many of its repairs take something out of Keycloak."""
        return sum(count for kind, count in self.counts.items() if MEANINGS[kind].removes)

    @property
    def open_counts(self) -> Mapping[Kind, int]:
        """Those that an apply would do something about."""
        return {kind: n for kind, n in self.counts.items() if MEANINGS[kind].remedy is not Remedy.REPORT}

    def differences(self) -> Iterator[Difference]:
        """The differences, in the order found."""
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                row = json.loads(line)
                if isinstance(row, list):
                    yield Difference(Kind(row[0]), *row[1:])


def write_plan(path: Path, about: About, found: Iterable[Difference], key: bytes) -> Plan:
    """Write a plan; the file is there when it is whole, and for its owner alone: it holds e-mails."""
    seal, counts = hmac.new(key, digestmod=hashlib.sha256), Counter[Kind]()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            head = asdict(about) | {"made_at": about.made_at.isoformat()}
            file.write(_sealed(seal, head))
            for each in found:
                counts[each.kind] += 1
                file.write(_sealed(seal, astuple(each)))
            file.write(json.dumps({"counts": counts, "digest": seal.hexdigest()}) + "\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Plan(path, about, dict(counts), seal.hexdigest())


def read_plan(path: Path, key: bytes) -> Plan:
    """Read a plan back.

    Raises:
        PlanRefused: it is no plan of this house, or was edited or cut.
    """
    seal, last = hmac.new(key, digestmod=hashlib.sha256), ""
    try:
        with path.open(encoding="utf-8") as file:
            first = last = next(file)
            for line in file:
                seal.update(last.encode())
                last = line
        head, tail = json.loads(first), json.loads(last)
        about = About(**head | {"made_at": datetime.fromisoformat(head["made_at"])})
        counts = {Kind(kind): int(count) for kind, count in tail["counts"].items()}
        digest = str(tail["digest"])
    except (OSError, StopIteration, LookupError, TypeError, ValueError, AttributeError) as error:
        raise PlanRefused(f"{path} is no plan, or was cut: {error!r}") from error
    if not hmac.compare_digest(digest, seal.hexdigest()):
        raise PlanRefused(f"{path} was edited, or sealed by another house")
    return Plan(path, about, counts, digest)


def check_plan(plan: Plan, realm: str, house: str, now: datetime) -> None:
    """Refuse a plan that was made elsewhere or too long ago.

    Raises:
        PlanRefused: it was.
    """
    if (plan.about.realm, plan.about.house) != (realm, house):
        raise PlanRefused(f"the plan is of realm {plan.about.realm} of {plan.about.house}")
    if not timedelta(0) <= now - plan.about.made_at <= LONGEST_AGE:
        raise PlanRefused(f"the plan is of {plan.about.made_at:%Y-%m-%d %H:%M}: make another one")


def _sealed(seal: "hmac.HMAC", row: object) -> str:
    line = json.dumps(row, ensure_ascii=False) + "\n"
    seal.update(line.encode())
    return line
