"""Compile our Keycloak provider and pack it, with its theme, in a JAR.

A machine with Python alone can do it: `javac` when there is one, else Eclipse's compiler (one JAR, got by
jgo) on any Java runtime. `-source` and `-target`, not `--release`, which needs the files of a whole JDK.
"""

import hashlib
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from idp_extension.server.download import ECJ, Progress, fetch, silent
from idp_extension.server.errors import ServerError
from idp_extension.server.java import Java

PROVIDER_DIR = Path(__file__).parent.parent / "provider"
JAVA_DIR = PROVIDER_DIR / "src" / "main" / "java"
RESOURCES_DIR = PROVIDER_DIR / "src" / "main" / "resources"
VERSION_FILE = RESOURCES_DIR / "META-INF" / "bdt-provider.properties"

JAR_NAME = "bdt-keycloak-provider.jar"
_TARGET = "17"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def provider_version() -> str:
    """Give the version that a provider built from these sources tells in the server info."""
    _key, _equals, version = VERSION_FILE.read_text("utf-8").strip().partition("=")
    return version


def sources_digest() -> str:
    """Digest of all that goes into the JAR: names and contents of sources and resources."""
    digest = hashlib.sha256()
    for path in _files(JAVA_DIR) + _files(RESOURCES_DIR):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PROVIDER_DIR).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def build_provider(
    java: Java, keycloak_home: Path, cache_dir: Path, jar: Path, progress: Progress = silent
) -> None:
    """Compile our sources against the libraries of `keycloak_home`; pack classes and resources as `jar`.

    Raises:
        ServerError: the sources do not compile; with the compiler's first lines.
    """
    with tempfile.TemporaryDirectory(prefix="bdt-provider-") as scratch:
        classes = Path(scratch)
        progress("compiling the Keycloak provider", 0, 0)
        compile_java(compiler_for(java, cache_dir, progress), keycloak_home, JAVA_DIR, classes)
        write_jar(jar, classes, RESOURCES_DIR)


def write_jar(jar: Path, *roots: Path) -> None:
    """Zip the files below `roots`; the same files give the same bytes (sorted, one date, one mode)."""
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for root in roots:
            for path in _files(root):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _ZIP_EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())


def compiler_for(java: Java, cache_dir: Path, progress: Progress = silent) -> list[str]:
    """Give the command that compiles: the `javac` beside this Java, else ecj run by it."""
    if java.javac is not None:
        return [str(java.javac), "-Xlint:-options"]
    return [str(java.executable), "-jar", str(fetch(ECJ, cache_dir, progress)), "-warn:none"]


def compile_java(compiler: list[str], keycloak_home: Path, sources_dir: Path, classes: Path) -> None:
    """Compile what is below `sources_dir` into `classes`, where classes compiled before are known."""
    libraries = sorted((keycloak_home / "lib" / "lib").glob("*/*.jar"))
    options = ["-source", _TARGET, "-target", _TARGET, "-encoding", "UTF-8", "-proc:none", "-d", str(classes)]
    class_path = ["-classpath", os.pathsep.join(map(str, [classes, *libraries]))]
    sources = [str(path) for path in _files(sources_dir)]
    done = subprocess.run(
        [*compiler, *options, *class_path, *sources], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[:30])
        raise ServerError(f"The Keycloak provider does not compile:\n{said}")


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())
