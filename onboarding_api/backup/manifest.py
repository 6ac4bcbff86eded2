"""What a backup says of itself, and the look whether it says the truth."""

import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onboarding_api.backup.rows import digest_of, kept_tables
from onboarding_api.model.first_administrator.activation_code import CodeKeys

FORM = 1
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
TABLES = "tables"
REALM = "realm"


class BackupUnfit(Exception):
    """The backup, or the house, does not allow a restore; `code` is stable, the message says what to do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code


@dataclass(frozen=True, slots=True)
class Beside:
    """What a house keeps beside its database.

    Args:
        realm: directory of the realm at rest.
        spool: directory of the letters.
        code_keys: of the activation codes.
    """

    realm: Path
    spool: Path
    code_keys: CodeKeys


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a backup.

    Args:
        form: of this directory; another one is not read.
        made_at: when, ISO 8601.
        revision: of the tables, as the migrations name it.
        journal: number and hash of the journal's last row.
        tables: rows and digest of each file in `tables/`.
        realm: digest of each file in `realm/`: the realm at rest, as this house declares it.
        code_keys: fingerprint of each key of the activation codes, by its id; never a key.
        spool: size and digest of each file in the spool directory, by its path there.
    """

    form: int
    made_at: str
    revision: str
    journal: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]
    realm: Mapping[str, str]
    code_keys: Mapping[str, str]
    spool: Mapping[str, Mapping[str, Any]]


def table_file(directory: Path, table: str) -> Path:
    """Where the rows of a table are."""
    return directory / TABLES / f"{table}.jsonl.gz"


def fingerprints(keys: CodeKeys) -> dict[str, str]:
    """What tells a key from another without telling the key."""
    return {
        key_id: hmac.new(key, b"bdt backup", hashlib.sha256).hexdigest()[:16]
        for key_id, key in keys.keys.items()
    }


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write it, and its seal last: without a seal there is no backup."""
    content = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode() + b"\n"
    (directory / MANIFEST).write_bytes(content)
    (directory / SEAL).write_text(f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n")


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a backup that is whole; every file is read and compared.

    Raises:
        BackupUnfit: `no_backup`, `changed`, `other_form`.
    """
    try:
        content = (directory / MANIFEST).read_bytes()
        seal = (directory / SEAL).read_text().split()[0]
    except (OSError, IndexError) as error:
        raise BackupUnfit(
            "no_backup", f"{directory} holds no finished backup: {MANIFEST} or {SEAL} is missing."
        ) from error
    if hashlib.sha256(content).hexdigest() != seal:
        raise BackupUnfit("changed", f"{MANIFEST} is not the one that was sealed: take another backup.")
    told = json.loads(content)
    if told.get("form") != FORM:
        raise BackupUnfit(
            "other_form",
            f"The backup has form {told.get('form')}, this program reads form {FORM}: install the release "
            "that made it, restore, then run `bdt migrate`.",
        )
    manifest = Manifest(**told)
    _check_files(directory, manifest)
    return manifest


def _check_files(directory: Path, manifest: Manifest) -> None:
    if manifest.tables.keys() != {table.name for table in kept_tables()}:
        raise BackupUnfit("changed", "The backup has not the tables of this program.")
    wanted = {table_file(directory, name): row["sha256"] for name, row in manifest.tables.items()}
    wanted |= {directory / REALM / name: digest for name, digest in manifest.realm.items()}
    for file, digest in wanted.items():
        if not file.is_file():
            raise BackupUnfit("changed", f"{file.relative_to(directory)} is missing: take another backup.")
        if digest_of(file) != digest:
            raise BackupUnfit(
                "changed", f"{file.relative_to(directory)} was cut or changed: take another backup."
            )
    for name, told in manifest.tables.items():
        if _lines(table_file(directory, name)) != told["rows"]:
            raise BackupUnfit("changed", f"{name} has not its {told['rows']} rows: take another backup.")


def _lines(file: Path) -> int:
    try:
        with gzip.open(file, "rb") as lines:
            return sum(1 for _ in lines)
    except (OSError, EOFError, zlib.error):
        return -1
