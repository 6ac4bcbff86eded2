"""A backup is whole or it is none: cut, changed, of another program, without its keys, it fills nothing."""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onboarding_api.backup.make import make_backup
from onboarding_api.backup.manifest import Beside, Manifest, write_manifest
from onboarding_api.backup.rows import digest_of
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from tests.builders.portal import MONDAY
from tests.demo.chaos.invariants.world import World, sound_world
from tests.onboarding_api.backup.houses import refused, restore


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = f"sqlite:///{tmp_path_factory.mktemp('house') / 'bdt.db'}"
    migrate(url)
    database = Database(url)
    yield sound_world(database)
    database.engine.dispose()


@pytest.fixture(scope="module")
def whole(house: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a realm, a spool and a backup."""
    around = tmp_path_factory.mktemp("around")
    (around / "letters" / "sent").mkdir(parents=True)
    (around / "letters" / "sent" / "a.pdf").write_bytes(b"%PDF-1.7")
    (around / "realm" / "clients").mkdir(parents=True)
    (around / "realm" / "clients" / "portail.yaml").write_text("enabled: true\n")
    beside = Beside(around / "realm", around / "letters", house.portal.code_keys)
    make_backup(house.portal.database, beside, around / "backup", MONDAY)
    return around


@pytest.fixture
def around(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "around"))


@pytest.fixture
def beside(around: Path, house: World) -> Beside:
    return Beside(around / "realm", around / "letters", house.portal.code_keys)


@pytest.fixture
def backup(around: Path) -> Path:
    return around / "backup"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    yield database
    database.engine.dispose()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def change(file: Path) -> None:
    lines = gzip.decompress(file.read_bytes()).replace(b"Durand", b"Dupont")
    file.write_bytes(gzip.compress(lines, mtime=0))


def cut_and_sealed(file: Path) -> None:
    """By somebody who knows the form, but not all of it."""
    cut(file)
    manifest = read_unchecked(file.parents[1])
    tables: dict[str, Any] = {**manifest["tables"]}  # type: ignore[dict-item]
    tables["person"] = {**tables["person"], "sha256": digest_of(file)}
    reseal(file.parents[1], {**manifest, "tables": tables})


def read_unchecked(directory: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((directory / "manifest.json").read_bytes())
    return told


def reseal(directory: Path, told: dict[str, object]) -> None:
    write_manifest(directory, Manifest(**told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spoil", [cut, change, cut_and_sealed, Path.unlink], ids=lambda spoil: spoil.__name__
)
def test_a_dump_that_was_cut_or_changed_fills_nothing(
    beside: Beside, backup: Path, empty: Database, spoil: Callable[[Path], object]
) -> None:
    spoil(backup / "tables" / "person.jsonl.gz")
    assert refused(empty, beside, backup) == "changed"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("manifest.json", "no_backup"),
        ("manifest.sha256", "no_backup"),
        ("realm/clients/portail.yaml", "changed"),
    ],
)
def test_a_backup_without_a_part_of_it_fills_nothing(
    beside: Beside, backup: Path, empty: Database, file: str, code: str
) -> None:
    (backup / file).unlink()
    assert refused(empty, beside, backup) == code


@pytest.mark.parametrize(
    ("told", "code"),
    [({"form": 2}, "other_form"), ({"revision": "9999"}, "other_revision"), ({"tables": {}}, "changed")],
)
def test_a_backup_of_another_program_fills_nothing(
    beside: Beside, backup: Path, empty: Database, told: dict[str, object], code: str
) -> None:
    reseal(backup, {**read_unchecked(backup), **told})
    assert refused(empty, beside, backup) == code


def test_a_manifest_that_was_edited_fills_nothing(beside: Beside, backup: Path, empty: Database) -> None:
    manifest = backup / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 3', '"rows": 2'))
    assert refused(empty, beside, backup) == "changed"


def test_an_edited_journal_fills_nothing(
    house: World, beside: Beside, empty: Database, tmp_path: Path
) -> None:
    house.plant("UPDATE journal SET siren = NULL WHERE seq = 2")
    make_backup(house.portal.database, beside, tmp_path / "edited", MONDAY)
    house.plant("UPDATE journal SET siren = :siren WHERE seq = 2", siren=house.siren)
    assert refused(empty, beside, tmp_path / "edited") == "broken_journal"


def test_the_key_of_the_codes_must_be_there_or_be_given_up(
    beside: Beside, backup: Path, empty: Database
) -> None:
    for keys in (CodeKeys("new", {"new": b"n" * 32}), CodeKeys("test", {"test": b"x" * 32})):
        assert refused(empty, replace(beside, code_keys=keys), backup) == "key_missing"
    other = replace(beside, code_keys=CodeKeys("new", {"new": b"n" * 32}))
    assert restore(empty, other, backup, lost_keys=["test"]).people == 3


def test_what_changed_beside_the_database_is_told(beside: Beside, backup: Path, empty: Database) -> None:
    (beside.spool / "sent" / "a.pdf").unlink()
    (beside.realm / "clients" / "portail.yaml").write_text("enabled: false\n")
    restored = restore(empty, beside, backup)
    assert restored.letters_gone == ("sent/a.pdf",)
    assert restored.realm_changed == ("clients/portail.yaml",)
