"""A Chromium to drive: the machine's, else Playwright's own, else Debian's package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root needs --no-sandbox; the others keep Chromium from calling home on a closed network.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


def find_chromium() -> str:
    """Path of a Chromium, installed when none is there; fails with the package to install."""
    return _found() or _installed_by_playwright() or _installed_by_apt() or _told_to_install()


def _found() -> str | None:
    given = os.environ.get("BDT_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    folders = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ms-playwright"
    return next((str(path) for path in folders.glob("chromium-*/chrome-linux*/chrome")), None)


def _installed_by_playwright() -> str | None:
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        check=False,
        capture_output=True,
        timeout=600,
    )
    return _playwrights_own() if done.returncode == 0 else None


def _installed_by_apt() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "-y", "install", "--no-install-recommends", "chromium"],
    ):
        subprocess.run(command, check=False, capture_output=True, timeout=900, env=environment)
    return shutil.which("chromium")


def _told_to_install() -> str:
    return pytest.fail("No browser: install Debian's package `chromium`, or set BDT_CHROMIUM to its path")
