"""Pinned files from Maven Central, by way of jgo: no address stands in our code."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from idp_extension.server.errors import ServerError
from idp_extension.server.version import KEYCLOAK_VERSION

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all); both are 0 for a step without a size."""


@dataclass(frozen=True, slots=True)
class PinnedArtifact:
    """One file of Maven Central and the digest it must have."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str

    @property
    def filename(self) -> str:
        """Name in the cache, also shown to the operator."""
        return f"{self.name}-{self.version}.{self.packaging}"


KEYCLOAK = PinnedArtifact(
    "org.keycloak",
    "keycloak-quarkus-dist",
    KEYCLOAK_VERSION,
    "zip",
    "30ef87fb7101c43d29688d1ae80c0588ff4a151b3330e9f664bf9692d398658a",
)
ECJ = PinnedArtifact(
    "org.eclipse.jdt",
    "ecj",
    "3.40.0",
    "jar",
    "05cc22a24e7982970f63a405fc6c820bc80b806f27f3c5a6236fc475f8f7152b",
)


def default_cache_dir() -> Path:
    """`$BDT_CACHE`, else `$XDG_CACHE_HOME/bdt`, else `~/.cache/bdt`."""
    if ours := os.environ.get("BDT_CACHE"):
        return Path(ours)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bdt"


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody: the progress callback of those who need none."""


def fetch(
    artifact: PinnedArtifact,
    cache_dir: Path,
    progress: Progress = silent,
    remotes: Mapping[str, str] | None = None,
) -> Path:
    """Give the path of `artifact` in the cache, downloading it when it is absent or not whole.

    A file already there is hashed again, so that a damaged cache mends itself. A download goes to a scratch
    directory and is renamed only once its digest is right: an interrupted one is never taken for whole.
    `remotes` replaces Maven Central: name -> address of the organisation's mirror.

    Raises:
        ServerError: no network, file not found, wrong digest.
    """
    kept = cache_dir / "downloads" / artifact.filename
    if kept.exists():
        if _sha256(kept) == artifact.sha256:
            return kept
        progress(f"{artifact.filename} in the cache is damaged, downloading it again", 0, 0)
        kept.unlink()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=kept.parent) as scratch:
        fresh = _download(artifact, Path(scratch), progress, remotes)
        found = _sha256(fresh)
        if found != artifact.sha256:
            raise ServerError(
                f"{artifact.filename} was downloaded with SHA-256 {found}, {artifact.sha256} was expected: "
                "the file is corrupt or not the one we know. Nothing was kept; try again."
            )
        shutil.move(fresh, kept)
    return kept


def _download(
    artifact: PinnedArtifact, scratch: Path, progress: Progress, remotes: Mapping[str, str] | None
) -> Path:
    """Download into `scratch`; every way jgo and requests have of failing becomes one ServerError."""
    try:
        from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - optional: the extra "demo"
    except ImportError as error:
        raise ServerError(
            f"{artifact.filename} is not in the cache, and the Python package jgo, which gets it, is missing."
        ) from error
    resolver = PythonResolver(progress_callback=_reporter(progress))
    client = MavenContext(
        resolver=resolver, repo_cache=scratch, remote_repos=dict(remotes) if remotes else None, timeout=30
    )
    component = client.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        return Path(component.artifact(packaging=artifact.packaging).resolve())
    except requests.ConnectionError as error:
        raise ServerError(
            f"{artifact.filename} could not be downloaded: the network cannot be reached, or it broke off. "
            "Check the connection (and HTTPS_PROXY, if you are behind a proxy), then try again."
        ) from error
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise ServerError(f"{artifact.filename} could not be downloaded: {error}.") from error


def _reporter(progress: Progress) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    """Fit our callback to the one jgo expects: a context manager that yields a counter of bytes."""

    @contextmanager
    def report(filename: str, total: int) -> Iterator[Callable[[int], None]]:
        done = 0

        def add(count: int) -> None:
            nonlocal done
            done += count
            progress(f"downloading {filename}", done, total)

        yield add

    return report


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
