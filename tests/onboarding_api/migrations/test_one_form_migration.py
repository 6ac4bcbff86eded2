"""Migration 0006 on rows of earlier days: each into its one form, collisions told, nothing lost."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from onboarding_api.migrations import configuration, migrate
from onboarding_api.model.base import Database

PERSONS = {
    "anna": ("max@maßanfertigung.example", "Anna", "d’Ormesson"),
    "bert": ("mairie@céret.fr", "ﬁona", "Dupont‐Martin"),
    "cora": ("mairie@xn--cret-bpa.fr", "Cora", "Martin"),
    "dora": ("dora@eus.fr", "Ꝥora", "evil.fr"),
    "emma": ("emma@eus.fr", "Emma", "Petit"),
}


def version_before(revision: str) -> str:
    return str(ScriptDirectory.from_config(configuration()).get_revision(revision).down_revision)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the version before, with people, a membership and a mail that waits."""
    url = (
        f"sqlite:///{tmp_path / 'old.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgresql_server").new_database())
    )
    migrate(url)
    migrate(url, version_before("0006"))
    database = Database(url)
    with database.writing() as session:
        for person_id, (email, prenom, nom) in PERSONS.items():
            session.execute(
                text(
                    "INSERT INTO person (id, identifiant, email, civilite, prenom, nom, is_active,"
                    " registered_at) VALUES (:id, :id, :email, 'Madame', :prenom, :nom, :yes,"
                    " '2026-11-23 09:00:00')"
                ),
                {"id": person_id, "email": email, "prenom": prenom, "nom": nom, "yes": True},
            )
        session.execute(
            text(
                "INSERT INTO structure (siren, kind, name, bare_name, insee, departement, departement_name,"
                " postcodes, population, former_names, is_active, version, name_key, bare_name_key) VALUES"
                " ('200000008', 'commune', 'Commune de Miquelon', 'Miquelon', '97501', '975', 'Saint-Pierre',"
                " '[]', 596, '[]', :yes, 1, '', '')"
            ),
            {"yes": True},
        )
        session.execute(
            text(
                "INSERT INTO membership (id, person_id, siren, state, telephone, email, attached_at) VALUES"
                " ('m', 'anna', '200000008', 'attached', '+33508412345', 'anna@faß.de',"
                " '2026-11-23 09:00:00')"
            )
        )
        session.execute(
            text(
                "INSERT INTO delivery (id, kind, lane, unique_key, args, state, due, attempts, forgiven)"
                " VALUES ('d', 'mail.recall', 'mail:x', 'x', :args, 'open', '2026-11-23 09:00:00', 0, 0)"
            ),
            {"args": '{"address": "anna@faß.de"}'},
        )
    yield database
    database.engine.dispose()


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_each_row_gets_its_one_form_and_nothing_is_lost(
    old: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "onboarding_api.migrations"):
        migrate(old.engine.url.render_as_string(hide_password=False))
    people = {id_: rest for id_, *rest in rows(old, "SELECT id, email, prenom, nom FROM person")}
    assert people == {
        "anna": ["max@xn--maanfertigung-cdb.example", "Anna", "d'Ormesson"],
        # Cora has that address already: nobody is merged, an operator decides.
        "bert": ["mairie@céret.fr", "fiona", "Dupont-Martin"],
        "cora": ["mairie@xn--cret-bpa.fr", "Cora", "Martin"],
        "dora": ["dora@eus.fr", "Ꝥora", "evil.fr"],
        "emma": ["emma@eus.fr", "Emma", "Petit"],
    }
    assert rows(old, "SELECT telephone, email FROM membership") == [("+508412345", "anna@xn--fa-hia.de")]
    (args,) = rows(old, "SELECT args FROM delivery WHERE id = 'd'")[0]
    assert "anna@xn--fa-hia.de" in str(args)
    told = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in told if "also that of" in line] == ["person bert"]
    assert [line for line in told if line.startswith("dora")] == [
        "dora: prenom has no form of ours (characters) and stays as it is",
        "dora: nom has no form of ours (characters) and stays as it is",
    ]
    assert not any("céret" in line or "evil" in line for line in told)


def test_keycloak_is_made_to_match_those_who_changed_alone(old: Database) -> None:
    migrate(old.engine.url.render_as_string(hide_password=False))
    lanes = rows(old, "SELECT lane FROM delivery WHERE kind = 'keycloak.person' AND state = 'open'")
    assert sorted(lanes) == [("kc:user:anna",), ("kc:user:bert",)]
