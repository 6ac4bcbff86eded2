"""A house is made of a backup in an empty database, on each database, all of it or nothing."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select, text

from demo.chaos.invariants.books import read_books
from onboarding_api.backup.make import make_backup
from onboarding_api.backup.manifest import BackupUnfit, Beside, read_manifest
from onboarding_api.backup.restore import Convergence
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass
from onboarding_api.model.ledger.kinds import PERSON
from tests.builders.portal import MONDAY
from tests.demo.chaos.invariants.world import World, sound_world
from tests.onboarding_api.backup.houses import is_empty, kept, restore, url_of


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """URLs of databases without a table."""
    urls: list[str] = []

    def new() -> str:
        if request.param == "sqlite":
            urls.append(f"sqlite:///{tmp_path / f'{len(urls)}.db'}")
        else:
            urls.append(request.getfixturevalue("postgresql_server").new_database())
        return urls[-1]

    return new


@pytest.fixture
def world(new_url: Callable[[], str]) -> Iterator[World]:
    url = new_url()
    migrate(url)
    database = Database(url)
    yield sound_world(database)
    database.engine.dispose()


@pytest.fixture
def empty(new_url: Callable[[], str]) -> Iterator[Database]:
    database = Database(new_url())
    yield database
    database.engine.dispose()


@pytest.fixture
def beside(world: World, tmp_path: Path) -> Beside:
    spool, realm = tmp_path / "letters", tmp_path / "realm-config"
    (spool / "sent").mkdir(parents=True)
    (spool / "sent" / "a.pdf").write_bytes(b"%PDF-1.7")
    (realm / "clients").mkdir(parents=True)
    (realm / "clients" / "portail.yaml").write_text("enabled: true\n")
    return Beside(realm, spool, world.portal.code_keys)


@pytest.fixture
def backup(world: World, beside: Beside, tmp_path: Path) -> Path:
    make_backup(world.portal.database, beside, tmp_path / "backup", MONDAY)
    return tmp_path / "backup"


def test_what_was_there_is_there_again(world: World, beside: Beside, backup: Path, empty: Database) -> None:
    restored = restore(empty, beside, backup)

    assert kept(read_books(url_of(empty))) == kept(world.books())
    assert (restored.people, restored.until) == (3, max(row["at"] for row in world.books().rows("journal")))
    assert (restored.letters_gone, restored.realm_changed) == ((), ())


def test_the_house_goes_on_where_it_was(world: World, beside: Beside, backup: Path, empty: Database) -> None:
    restore(empty, beside, backup)
    with empty.writing() as session:
        session.add(
            PERSON.row("x", key="next", args={"person_id": "x"}, due=MONDAY, of_class=DeliveryClass.GIVING)
        )
    with empty.reading() as session:
        sequences = list(session.scalars(select(Delivery.sequence).order_by(Delivery.sequence)))
    assert len(set(sequences)) == len(sequences) > len(world.books().rows("delivery"))


def test_everybody_is_brought_to_keycloak_no_faster_than_told(
    beside: Beside, backup: Path, empty: Database
) -> None:
    restore(empty, beside, backup, convergence=Convergence(per_second=2, new_passwords=True))
    with empty.reading() as session:
        added = list(session.scalars(select(Delivery).where(Delivery.unique_key.contains(":converging:"))))
    seconds = sorted((row.kind, (row.due - MONDAY).total_seconds()) for row in added)
    assert seconds == [
        ("keycloak.person", 0.0),
        ("keycloak.person", 0.5),
        ("keycloak.person", 1.0),
        ("mail.welcome", 2.0),
        ("mail.welcome", 2.5),
        ("mail.welcome", 3.0),
    ]


def test_a_closed_account_gets_no_new_password(
    world: World, beside: Beside, empty: Database, tmp_path: Path
) -> None:
    world.plant("UPDATE person SET is_active = (1 = 0) WHERE prenom = 'Luc'")
    make_backup(world.portal.database, beside, tmp_path / "other", MONDAY)
    restore(empty, beside, tmp_path / "other", convergence=Convergence(new_passwords=True))
    with empty.reading() as session:
        kinds = [
            row.kind
            for row in session.scalars(select(Delivery).where(Delivery.unique_key.contains(":converging:")))
            if row.args["person_id"] == world.luc.id
        ]
    assert kinds == ["keycloak.person"]


def test_neither_keys_nor_sessions_nor_letters_are_copied(world: World, beside: Beside, backup: Path) -> None:
    written = b"".join(
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for file in backup.rglob("*")
        if file.is_file()
    )
    for key in world.portal.code_keys.keys.values():
        assert key not in written
        assert key.hex().encode() not in written
    assert b"%PDF" not in written
    assert not (backup / "tables" / "web_session.jsonl.gz").exists()
    manifest = read_manifest(backup)
    assert manifest.code_keys.keys() == world.portal.code_keys.keys.keys()
    assert manifest.spool["sent/a.pdf"]["size"] == 8
    assert backup.stat().st_mode & 0o077 == 0


def test_a_backup_writes_over_nothing_and_leaves_nothing_half_made(
    world: World, beside: Beside, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(BackupUnfit, match="never writes over"):
        make_backup(world.portal.database, beside, backup, MONDAY)
    gone = replace(beside, realm=tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        make_backup(world.portal.database, gone, tmp_path / "half", MONDAY)
    assert [path.name for path in tmp_path.glob("*half*")] == []


def test_the_same_house_twice_is_the_same_bytes(
    world: World, beside: Beside, backup: Path, tmp_path: Path
) -> None:
    again = make_backup(world.portal.database, beside, tmp_path / "again", MONDAY)
    assert again == read_manifest(backup)


def test_only_an_empty_house_is_filled(world: World, beside: Beside, backup: Path, empty: Database) -> None:
    restore(empty, beside, backup)
    before = read_books(url_of(empty))
    with pytest.raises(BackupUnfit, match="holds rows of") as refusal:
        restore(empty, beside, backup)
    assert refusal.value.code == "not_empty"
    assert read_books(url_of(empty)) == before
    migrated = Database(url_of(world.portal.database))
    with pytest.raises(BackupUnfit, match="holds rows of"):
        restore(migrated, beside, backup)
    migrated.engine.dispose()


def test_an_interrupted_restore_leaves_an_empty_house_and_can_be_run_again(
    world: World, beside: Beside, backup: Path, empty: Database
) -> None:
    def interrupt(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO journal "):
            raise KeyboardInterrupt

    event.listen(empty.engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        restore(empty, beside, backup)
    event.remove(empty.engine, "before_cursor_execute", interrupt)
    assert is_empty(empty)
    restore(empty, beside, backup)
    assert kept(read_books(url_of(empty))) == kept(world.books())


@pytest.mark.postgresql
def test_a_house_moves_from_sqlite_to_postgresql_and_back(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'here.db'}"
    migrate(url)
    here = Database(url)
    world = sound_world(here)
    beside = Beside(tmp_path / "realm", tmp_path / "spool", world.portal.code_keys)
    beside.realm.mkdir()
    there = Database(request.getfixturevalue("postgresql_server").new_database())
    back = Database(f"sqlite:///{tmp_path / 'back.db'}")
    make_backup(here, beside, tmp_path / "one", MONDAY)
    restore(there, beside, tmp_path / "one")
    with there.writing() as session:
        session.execute(text("DELETE FROM delivery WHERE unique_key LIKE '%:converging:%'"))
    make_backup(there, beside, tmp_path / "two", MONDAY)
    restore(back, beside, tmp_path / "two")
    assert kept(read_books(url_of(back))) == kept(world.books())
    for database in (here, there, back):
        database.engine.dispose()
