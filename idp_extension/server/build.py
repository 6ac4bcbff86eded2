"""From nothing to a Keycloak that is built with our provider and kept for the next time."""

import fcntl
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from idp_extension.server.download import KEYCLOAK, Progress, default_cache_dir, fetch, silent
from idp_extension.server.errors import ServerError
from idp_extension.server.java import Java, find_java
from idp_extension.server.provider_jar import JAR_NAME, build_provider, sources_digest
from idp_extension.server.version import KEYCLOAK_VERSION, check_version_floor

DATABASES = ("dev-file", "postgres")


@dataclass(frozen=True, slots=True)
class BuiltServer:
    """An unpacked Keycloak with our provider, optimised for one kind of database. Servers only read it."""

    home: Path
    java: Java
    db: str


def ensure_server(
    cache_dir: Path | None = None,
    progress: Progress = silent,
    *,
    db: str = "dev-file",
    java: Java | None = None,
) -> BuiltServer:
    """Give a built Keycloak, from the cache when the same one was built before.

    The key is the server, the provider's sources and the build options: Keycloak refuses to start when any of
    them changed since its build. Two processes may call this at once: one builds, the other waits.

    Raises:
        ServerError: no network, corrupt download, Java too old, provider that does not compile, full disk.
    """
    if db not in DATABASES:
        raise ServerError(f"Keycloak is built here for {' or '.join(DATABASES)}, not for {db!r}.")
    check_version_floor(KEYCLOAK_VERSION)
    java = java or find_java()
    cache_dir = cache_dir or default_cache_dir()
    options = [f"--db={db}", "--health-enabled=true", "--features-disabled=account"]
    key = sha256("\0".join([KEYCLOAK.sha256, sources_digest(), *options]).encode()).hexdigest()[:16]
    home = cache_dir / "keycloak" / f"{KEYCLOAK_VERSION}-{key}"
    try:
        make_once(home, partial(_make, home, options, java, cache_dir, progress), progress)
    except OSError as error:
        raise ServerError(
            f"Keycloak cannot be kept in {cache_dir}: {error}. Set BDT_CACHE elsewhere."
        ) from error
    return BuiltServer(home, java, db)


def make_once(directory: Path, make: Callable[[], None], progress: Progress = silent) -> None:
    """Call `make` to fill `directory`, once for all processes: one makes, the others wait for it.

    A mark is written last: what an interrupted attempt left is thrown away and made again.
    """
    complete = directory / ".complete"
    if complete.exists():
        return
    with _lock(directory.with_name("lock"), progress):
        if not complete.exists():
            shutil.rmtree(directory, ignore_errors=True)
            make()
            complete.touch()


def _make(home: Path, options: list[str], java: Java, cache_dir: Path, progress: Progress) -> None:
    """Unpack and build in `home`."""
    archive = fetch(KEYCLOAK, cache_dir, progress)
    progress("unpacking Keycloak", 0, 0)
    unpack(archive, home)
    build_provider(java, home, cache_dir, home / "providers" / JAR_NAME, progress)
    progress("building Keycloak (20 to 60 seconds, once)", 0, 0)
    done = subprocess.run(
        [home / "bin" / "kc.sh", "build", *options],
        env=keycloak_environment(java),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise ServerError(f"kc.sh build failed with exit code {done.returncode}:\n{said}")


def unpack(archive: Path, home: Path) -> None:
    """Unpack the distribution so that `home` holds `bin`, `lib` …, its one top directory left out."""
    scratch = home.with_name(home.name + ".unpacking")
    shutil.rmtree(scratch, ignore_errors=True)
    with zipfile.ZipFile(archive) as distribution:
        distribution.extractall(scratch)
    (top,) = scratch.iterdir()
    top.rename(home)
    scratch.rmdir()
    for script in (home / "bin").glob("*.sh"):  # zipfile forgets the executable bit
        script.chmod(0o755)


def keycloak_environment(java: Java) -> dict[str, str]:
    """Give kc.sh our environment, without the KC_ and JAVA_ variables that would change the server unseen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KC_", "JAVA_"))}
    return kept | {"JAVA": str(java.executable), "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx768m"}


@contextmanager
def _lock(path: Path, progress: Progress) -> Iterator[None]:
    """Hold an exclusive lock between processes; the kernel frees it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process is building Keycloak, waiting for it", 0, 0)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
