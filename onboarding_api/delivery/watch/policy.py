"""What is done about each kind of change that nobody here decided: a file, read whole or not at all."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from idp_extension.admin_events import Act
from idp_extension.sync.kinds import MEANINGS, Kind, Remedy

FILE = Path(__file__).with_name("policy.yaml")
REALM_CHANGED, NOT_UNDERSTOOD = "realm changed", "not understood"
KINDS = frozenset({*Kind, *Act, REALM_CHANGED, NOT_UNDERSTOOD})


class Answer(StrEnum):
    """What is done about a change."""

    REPAIR = "repair"
    REPORT = "report"
    ALARM = "alarm"


class PolicyUnfit(Exception):
    """The file is no closed world; the text names each line."""


def load_policy(file: Path = FILE) -> Mapping[str, Answer]:
    """The answer to each kind.

    Raises:
        PolicyUnfit: a kind has no line, a line has no kind, no answer, or an answer nobody can give.
    """
    read = yaml.safe_load(file.read_text("utf-8"))
    if not isinstance(read, dict):
        raise PolicyUnfit(f"{file.name}: each line is a kind and its answer")
    faults = [f"{kind}: it has no line" for kind in sorted(KINDS - read.keys())]
    faults += [f"{kind}: there is no such kind" for kind in sorted(map(str, read.keys() - KINDS))]
    faults += [fault for kind, answer in read.items() if kind in KINDS and (fault := _fault(kind, answer))]
    if faults:
        raise PolicyUnfit(f"{file.name}: {'; '.join(faults)}")
    return MappingProxyType({kind: Answer(answer) for kind, answer in read.items()})


def _fault(kind: str, answer: Any) -> str:
    if answer not in set(Answer):
        return f"{kind}: {answer} is none of {', '.join(Answer)}"
    if answer == Answer.REPAIR and not is_repaired(kind):
        return f"{kind}: nothing repairs it; report or alarm"
    return ""


def is_repaired(kind: str) -> bool:
    """Whether a repair undoes it, or takes it over."""
    return kind in set(Kind) and MEANINGS[Kind(kind)].remedy is not Remedy.REPORT
