"""The default carrier: a directory from which an operator, or a program of the printer, takes letters.

    <key>.pdf      the print, mode 0600: it holds the code
    <key>.json     address, options, sha256 of the print; never the code. Written last: a letter is there
                   when its JSON is there and the sha256 agrees
    sent/          both files go here when the letter has been taken, the JSON first
    events/        <key>.<number>.json with {"state", "at", "code", "text"}: what became of it

Each file is written under another name, synced, then renamed: a reader never sees half a letter.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onboarding_api.letters.carriers.port import (
    CarrierUnavailable,
    LetterPackage,
    News,
    Receipt,
    UnavailableReason,
    check_key,
)
from onboarding_api.model.first_administrator.letter import LetterState

_REASONS: dict[int | None, UnavailableReason] = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EROFS: "read_only",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
}
_STATES = {state.value: state for state in LetterState}
_OWNER_ONLY = 0o600
_TEXT_AT_MOST = 500


class SpoolCarrier:
    """Letters in a directory, which must exist: a typing fault in its name must not make another one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def submit(self, package: LetterPackage) -> Receipt:
        """Put the letter there, unless this try's or a later one's lies there or has been taken."""
        with _failures_told(), self._one_at_a_time():
            held = self._held(package.key)
            if held and (held["attempt"] >= package.attempt or held["is_taken"]):
                return Receipt(package.key, held["attempt"])
            sidecar = _sidecar(package)
            self._write(f"{package.key}.pdf", package.pdf)
            self._write(f"{package.key}.json", json.dumps(sidecar, ensure_ascii=False, indent=1).encode())
            return Receipt(package.key, package.attempt)

    def status(self, ref: str) -> tuple[News, ...]:
        """The event files of a letter, oldest first; those without a readable date last."""
        check_key(ref)
        with _failures_told():
            if not self._directory.is_dir():
                raise FileNotFoundError(errno.ENOENT, "no spool directory")
            held = self._held(ref)
            here = [News(LetterState.HANDED_OVER, None, "spooled", "")] if held else []
            news = [_read_news(file) for file in sorted(self._directory.glob(f"events/{ref}.[0-9]*.json"))]
        latest = datetime.max.replace(tzinfo=UTC)
        return (*here, *sorted(news, key=lambda event: event.at or latest))

    def _held(self, key: str) -> dict[str, Any] | None:
        """The sidecar of a letter that lies here whole, or has been taken.

        Looked for here, then in `sent/`: a letter that is moved meanwhile is seen once at least.
        """
        for place, is_taken in ((self._directory, False), (self._directory / "sent", True)):
            try:
                sidecar = json.loads((place / f"{key}.json").read_bytes())
                is_whole = is_taken or _sha256((place / f"{key}.pdf").read_bytes()) == sidecar["sha256"]
            except FileNotFoundError:
                continue
            except (ValueError, KeyError, TypeError) as error:
                # Better no letter than two: somebody has to look.
                raise CarrierUnavailable("failing", f"{key}.json cannot be read") from error
            if is_whole:
                return {**sidecar, "is_taken": is_taken}
        return None

    def _write(self, name: str, content: bytes) -> None:
        target, unfinished = self._directory / name, self._directory / f".{name}.tmp"
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            unfinished.rename(target)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_directory(self._directory)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Hold the spool's lock: two workers must not both find the place empty."""
        with open(self._directory / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _sidecar(package: LetterPackage) -> dict[str, Any]:
    return {
        "key": package.key,
        "attempt": package.attempt,
        "sha256": _sha256(package.pdf),
        "address": package.address_lines,
        "country": "FR",
        "sender": package.sender_lines,
        "options": asdict(package.options),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_news(file: Path) -> News:
    """One event file; what cannot be read is kept as text, never dropped, never fatal."""
    raw = file.read_text(encoding="utf-8", errors="replace")[:_TEXT_AT_MOST]
    try:
        content = json.loads(raw)
        at, state = datetime.fromisoformat(content["at"]), str(content["state"])
        code, text = str(content.get("code", state)), str(content.get("text", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return News(None, None, "unreadable", raw)
    return News(_STATES.get(state), at if at.tzinfo else at.replace(tzinfo=UTC), code, text)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno, "failing")
        raise CarrierUnavailable(reason, error.strerror or type(error).__name__) from error
