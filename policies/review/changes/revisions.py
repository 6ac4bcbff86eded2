"""Where another revision of the rules comes from: a folder, or a commit of git."""

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import POLICIES
from policies.engine.revision import Policies, read_policies

SOURCES = ("catalogue", "model", "rules", "properties", "scenarios", "golden", "approvals")


@contextmanager
def open_revision(name: str) -> Iterator[Policies]:
    """The rules of a folder, or of a git revision of this repository, as `HEAD~1`.

    Raises:
        BadSource: there is no such folder or revision, or its rules cannot be read.
    """
    if Path(name, "rules").is_dir():
        yield read_policies(Path(name).resolve())
        return
    with tempfile.TemporaryDirectory() as folder:
        _unpack(name, Path(folder))
        yield read_policies(Path(folder))


def authors_of(base: str) -> frozenset[str]:
    """Who wrote the commits since a revision, by e-mail; nobody is known of a folder."""
    if Path(base, "rules").is_dir():
        return frozenset()
    told = _git("log", "--format=%ae%n%ce", f"{base}..HEAD", "--", ".", named=base).decode()
    return frozenset(told.split())


def commits_of(name: str, most: int) -> list[str]:
    """The commits that changed the policies, the newest first."""
    return _git("log", f"-{most}", "--format=%H", name, "--", ".", named=name).decode().split()


def git_line(*arguments: str) -> str:
    """What git answers in one line; empty when it has no answer, or is no repository here."""
    try:
        return _git(*arguments).decode().strip()
    except BadSource:
        return ""


def _unpack(name: str, folder: Path) -> None:
    _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", named=name)
    # A zip: Python before 3.11.4 cannot unpack a tar without trusting the paths in it.
    archive = _git("archive", "--format=zip", name, *_present(name), named=name)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(folder)


def _present(name: str) -> list[str]:
    listed = _git("ls-tree", "--name-only", name, "./", named=name).decode().split()
    return [folder for folder in SOURCES if folder in listed]


def _repository() -> Path:
    """The policies folder at hand: of the checkout where the command is given, else the product's own."""
    here = Path.cwd() / "policies"
    return here if (here / "rules").is_dir() else POLICIES


def _git(*arguments: str, named: str = "") -> bytes:
    # Paths are read from the working directory: the policies folder of the repository.
    try:
        done = subprocess.run(["git", *arguments], cwd=_repository(), capture_output=True, check=False)
    except FileNotFoundError as error:
        raise BadSource([Fault("git", 0, "", "is not installed")]) from error
    if done.returncode:
        raise BadSource([Fault(named or arguments[0], 0, "", "neither a policies folder nor a git revision")])
    return done.stdout
