"""The numbers that the rules know, each declared once in `catalogue/limits.yaml`.

A rule or property writes `context.limits.code_life`, its sentences `{code_life}`; both are filled in when the
statement is read, so that what decides, what is proved and what people read are one number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from policies.catalogue.faults import BadSource
from policies.catalogue.yaml_source import load_yaml

FILE = "catalogue/limits.yaml"
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
WORDS = {"d": ("days", "jours"), "h": ("hours", "heures"), "m": ("minutes", "minutes")}
IN_RULE = re.compile(r"\bcontext\.limits\.([a-z_]+)")
SENTENCE = re.compile(r'@(says|says_fr|needs_[0-9]+)\("([^"]*)"\)')
IN_SENTENCE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers by name; `limits.yaml` says what each is."""

    code_life: timedelta
    code_longest: timedelta
    try_window: timedelta
    tries_per_window: int
    tries_in_all: int
    letter_interval: timedelta
    letters_per_period: int
    letter_period: timedelta
    veto_window: timedelta
    renewal_window: timedelta
    invitation_life: timedelta
    invitations_waiting: int
    administrator_acr: int
    staff_acr: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One number: its value, and as the rules write it (`5`, `24h`)."""

    value: int | timedelta
    text: str

    @property
    def literal(self) -> str:
        """As an expression of Cedar."""
        return self.text if isinstance(self.value, int) else f'duration("{self.text}")'

    def words(self, *, is_french: bool) -> str:
        """As a sentence says it: `30 jours`."""
        found = re.fullmatch(r"([0-9]+)([dhm]?)", self.text)
        if not found:
            return self.text
        unit = WORDS[found[2]][is_french] if found[2] else ""
        return f"{found[1]} {unit}".strip()


def read_limits(root: Path) -> Limits:
    """The numbers of a policies folder.

    Raises:
        BadSource: one is missing, unknown, or of the wrong kind.
    """
    written = written_limits(root)
    wanted = {field.name: field.type for field in fields(Limits)}
    source = load_yaml(root / FILE, root)
    faults = [source.fault((), f"{name} is missing") for name in wanted if name not in written]
    faults += [source.fault((name,), "no code reads it") for name in written if name not in wanted]
    for name in wanted.keys() & written.keys():
        if type(written[name].value) is not wanted[name]:
            faults.append(source.fault((name,), f"expected {_kind(wanted[name])}"))
    if not faults and written["code_life"].value % timedelta(days=1):  # type: ignore[operator]
        faults.append(source.fault(("code_life",), "a printed day needs whole days"))
    if faults:
        raise BadSource(faults)
    return Limits(**{name: each.value for name, each in written.items()})  # type: ignore[arg-type]


def _kind(wanted: object) -> str:
    return "a number" if wanted is int else "a length of time as 30d"


def written_limits(root: Path) -> Mapping[str, Limit]:
    """The numbers of a policies folder by name, as their file writes them.

    Raises:
        BadSource: a value that is neither a number, nor a length of time, nor a sum of earlier ones.
    """
    source = load_yaml(root / FILE, root)
    found: dict[str, Limit] = {}
    faults = []
    for name, text in source.data.items():
        limit = _limit(text, found) if isinstance(text, str) else None
        if limit is None:
            faults.append(source.fault((name,), "expected a number, a length of time as 30d, or a sum"))
        else:
            found[name] = limit
    if faults:
        raise BadSource(faults)
    return found


def _limit(text: str, earlier: Mapping[str, Limit]) -> Limit | None:
    parts = [earlier.get(part) or _plain(part) for part in text.split(" + ")]
    if len(parts) == 1:
        return parts[0]
    lengths = [part.value for part in parts if part and isinstance(part.value, timedelta)]
    if len(lengths) < len(parts):
        return None
    whole = sum(lengths, timedelta())
    return Limit(whole, _written(whole))


def _plain(text: str) -> Limit | None:
    if re.fullmatch(r"[0-9]{1,9}", text):
        return Limit(int(text), text)
    length = duration_of(text)
    return None if length is None else Limit(length, text)


def _written(length: timedelta) -> str:
    """A length of whole seconds as Cedar writes it: `31d1h`."""
    days, rest = divmod(length // timedelta(seconds=1), 86_400)
    parts = (("d", days), ("h", rest // 3_600), ("m", rest // 60 % 60), ("s", rest % 60))
    return "".join(f"{number}{unit}" for unit, number in parts if number) or "0s"


def duration_of(text: str) -> timedelta | None:
    """The length of a Cedar duration as `31d1h` or `-30d`; None when it is none, or too long for a date."""
    found = re.fullmatch(r"(-?)((?:[0-9]{1,12}(?:ms|[dhms]))+)", text)
    if not found:
        return None
    parts = re.findall(r"([0-9]+)(ms|[dhms])", found[2])
    try:
        length = sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        return None
    return -length if found[1] else length


def filled(text: str, limits: Mapping[str, Limit]) -> str:
    """A statement with its numbers in their places.

    Raises:
        KeyError: it names a number that is not declared; the message says which was probably meant.
    """

    def find(name: str) -> Limit:
        if name not in limits:
            near = get_close_matches(name, limits, n=1)
            raise KeyError(f"unknown limit {name}" + "".join(f", did you mean {each}?" for each in near))
        return limits[name]

    def sentence(found: re.Match[str]) -> str:
        def words(place: re.Match[str]) -> str:
            return find(place[1]).words(is_french=found[1] != "says")

        return f'@{found[1]}("{IN_SENTENCE.sub(words, found[2])}")'

    return IN_RULE.sub(lambda place: find(place[1]).literal, SENTENCE.sub(sentence, text))
