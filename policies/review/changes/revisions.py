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

SOURCES = ("catalogue", "model", "rules", "properties", "scenarios", "golden")
APPROVAL = "Approved-by-security"


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


def is_approved(name: str) -> bool:
    """Whether the commit carries the trailer `Approved-by-security: …`; a folder never does."""
    if Path(name, "rules").is_dir():
        return False
    trailer = _git("log", "-1", f"--format=%(trailers:key={APPROVAL},valueonly)", name, "--")
    return bool(trailer.strip())


def _unpack(name: str, folder: Path) -> None:
    _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", named=name)
    # A zip: Python before 3.11.4 cannot unpack a tar without trusting the paths in it.
    archive = _git("archive", "--format=zip", name, *_present(name), named=name)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(folder)


def _present(name: str) -> list[str]:
    listed = _git("ls-tree", "--name-only", name, "./", named=name).decode().split()
    return [folder for folder in SOURCES if folder in listed]


def _git(*arguments: str, named: str = "") -> bytes:
    # Paths are read from the working directory: the policies folder of the repository.
    done = subprocess.run(["git", *arguments], cwd=POLICIES, capture_output=True, check=False)
    if done.returncode:
        raise BadSource([Fault(named or arguments[0], 0, "", "neither a policies folder nor a git revision")])
    return done.stdout
