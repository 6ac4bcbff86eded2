"""Approvals: a signed statement about two revisions, kept as a file of the second one.

A statement names the digests of the whole meaning of both, so that it serves one change only: not the next
one, not an amended one. It is signed (SSH, namespace `bdt-policy`) by somebody whom the first revision names
in `approvals/approvers`, so that a change cannot name its own approver, and never by an author of the change.
"""

import hashlib
import json
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.limits import written_limits
from policies.catalogue.yaml_source import load_yaml
from policies.engine.revision import Policies
from policies.language.cedar import policies_to_json_str
from policies.language.statements import read_rules

FOLDER, APPROVERS, NAMESPACE = "approvals", "approvals/approvers", "bdt-policy"
DATA = ("properties/bounds.yaml", "properties/words.yaml", "properties/lifecycle.yaml")
FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said of a change; `path` is its file, the signature beside it."""

    path: Path
    before: str
    after: str
    verdict: str
    by: str
    says: str

    @property
    def signature(self) -> Path:
        """The file of the signature."""
        return self.path.with_suffix(".json.sig")


def meaning_digest(policies: Policies) -> str:
    """SHA-256 of all that decides or is shown: rules, schema, catalogue, numbers, properties, walks."""
    root = policies.root
    parts = [policies.digest, *sorted(_canonical(rule.text) for rule in read_rules(root, "properties"))]
    parts += [
        json.dumps(load_yaml(root / name, root).data, sort_keys=True)
        for name in DATA
        if (root / name).is_file()
    ]
    parts += sorted(f"{name}={limit.text}" for name, limit in written_limits(root).items())
    parts += approvers(root)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _canonical(text: str) -> str:
    return json.dumps(json.loads(policies_to_json_str(text)), sort_keys=True)


def approvers(root: Path) -> list[str]:
    """The lines of those who may approve."""
    path = root / APPROVERS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def statements(root: Path) -> tuple[Statement, ...]:
    """The statements of a revision.

    Raises:
        BadSource: a file that is none.
    """
    return tuple(_read(path, root) for path in sorted((root / FOLDER).glob("*.json")))


def _read(path: Path, root: Path) -> Statement:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Statement(path, *(str(record[key]) for key in ("before", "after", "verdict", "by", "says")))
    except (ValueError, KeyError, TypeError) as error:
        name = path.relative_to(root).as_posix()
        told = "expected a statement with before, after, verdict, by and says"
        raise BadSource([Fault(name, 0, "", told)]) from error


def refusals(before: Policies, after: Policies, authors: Collection[str]) -> list[str]:
    """Why no statement of the second revision approves the change; empty when one does."""
    pair = (meaning_digest(before), meaning_digest(after))
    about = [each for each in statements(after.root) if (each.before, each.after) == pair]
    if not about:
        return [
            f"no statement in {FOLDER}/ is about {pair[0][:12]} -> {pair[1][:12]}: one serves one change only"
        ]
    found = []
    for each in about:
        reasons = [*_reasons(each, approvers(before.root), authors)]
        if not reasons:
            return []
        found += [f"{each.path.name}: {reason}" for reason in reasons]
    return found


def _reasons(statement: Statement, named: list[str], authors: Collection[str]) -> Iterator[str]:
    if statement.verdict != "approved":
        yield f"its verdict is « {statement.verdict} », not « approved »"
    if len(statement.says.split()) < FEWEST_WORDS:
        yield "it says nothing: why is the change right?"
    if statement.by.lower() in {each.lower() for each in authors}:
        yield f"{statement.by} is an author of the change"
    if not named:
        return
    if not any(line.split()[0].lower() == statement.by.lower() for line in named):
        yield f"{statement.by} is not among those who may approve, in the revision before the change"
    elif not _is_signed(statement, named):
        yield f"the signature of {statement.by} is missing or not theirs"


def _is_signed(statement: Statement, named: list[str]) -> bool:
    if not statement.signature.is_file():
        return False
    allowed = statement.path.with_suffix(".allowed")
    allowed.write_text("".join(f"{line}\n" for line in named), encoding="utf-8")
    try:
        done = subprocess.run(
            [
                *("ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", statement.by),
                *("-n", NAMESPACE, "-s", str(statement.signature)),
            ],
            input=statement.path.read_bytes(),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise BadSource(
            [Fault("ssh-keygen", 0, "", "is not installed: no signature can be verified")]
        ) from error
    finally:
        allowed.unlink()
    return done.returncode == 0


def write_statement(
    before: Policies, after: Policies, folder: Path, *, by: str, says: str, key: Path | None
) -> Path:
    """Write what somebody approves, signed with a key where one is given; the file.

    Raises:
        BadSource: the key cannot sign.
    """
    pair = (meaning_digest(before), meaning_digest(after))
    record = {"before": pair[0], "after": pair[1], "verdict": "approved", "by": by, "says": says}
    folder.mkdir(exist_ok=True)
    path = folder / f"{pair[1][:12]}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if key is not None:
        command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(path)]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode:
            path.unlink()
            raise BadSource([Fault(str(key), 0, "", "cannot sign: " + " ".join(done.stderr.split())[:120])])
    return path
