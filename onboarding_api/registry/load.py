"""The shipped register into the tables: the first vintage, or the next one."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.orm import Session

from onboarding_api.model.structure import SearchWord, Structure
from onboarding_api.registry.folding import key, telling_words
from onboarding_api.registry.localities import localities
from onboarding_api.registry.shipped import Entry, read_register
from onboarding_api.registry.town_halls import IMPORTED, town_hall_of

_COLUMNS = (
    Structure.siren,
    Structure.kind,
    Structure.name,
    Structure.bare_name,
    Structure.insee,
    Structure.departement,
    Structure.departement_name,
    Structure.postcodes,
    Structure.epci_siren,
    Structure.epci_name,
    Structure.population,
    Structure.former_names,
    Structure.town_hall_postcode,
    Structure.town_hall_source,
    Structure.name_key,
    Structure.bare_name_key,
)


class LoadReport(NamedTuple):
    """What a load did, in structures. `absent` ones are known here and no longer to the register."""

    inserted: int
    updated: int
    unchanged: int
    absent: int


def load_register(session: Session, entries: Iterable[Entry] | None = None) -> LoadReport:
    """Write the register (the shipped one by default) into the tables; the caller commits.

    A second load of the same vintage changes nothing. A newer vintage corrects what the register says and
    adds what is new; it never deletes nor deactivates: people may hold rights in a commune that has merged.
    Code tiers, Keycloak groups, the active flag and imported postcodes of town halls are not the register's:
    they stay as they are.
    """
    vintage = list(read_register() if entries is None else entries)
    wanted = {entry.siren: _row(entry) for entry in vintage}
    stored = {row.siren: dict(row._mapping) for row in session.execute(select(*_COLUMNS))}
    wanted = {siren: row | _imported(stored.get(siren, {}), row) for siren, row in wanted.items()}
    new = [row for siren, row in wanted.items() if siren not in stored]
    changed = [row for siren, row in wanted.items() if stored.get(siren, row) != row]
    if new:
        session.connection().execute(insert(Structure), new)
    if changed:
        _correct(session, changed)
    _write_words(session, {(word, entry.siren) for entry in vintage for word in _words(entry)})
    return LoadReport(
        inserted=len(new),
        updated=len(changed),
        unchanged=len(wanted) - len(new) - len(changed),
        absent=len(stored.keys() - wanted.keys()),
    )


def _row(entry: Entry) -> dict[str, Any]:
    row = entry._asdict()
    del row["other_departements"]
    hall = town_hall_of(entry)
    return row | {
        "name_key": key(entry.name),
        "bare_name_key": key(entry.bare_name),
        "town_hall_postcode": hall.postcode if hall else None,
        "town_hall_source": hall.source if hall else None,
    }


def _imported(stored: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The postcode that an operator imported, while the commune still has it."""
    if stored.get("town_hall_source") != IMPORTED or stored["town_hall_postcode"] not in row["postcodes"]:
        return {}
    return {name: stored[name] for name in ("town_hall_postcode", "town_hall_source")}


def _words(entry: Entry) -> set[str]:
    """The words that find a structure; its whole name as one word forgives a missing or an added space."""
    others = localities()
    renamed = others.renamed.get(entry.insee or "", [])
    former = (*entry.former_names, *others.former.get(entry.insee or "", []), *renamed)
    names = (entry.name, entry.bare_name, entry.departement_name, *former)
    departements = (entry.departement, *entry.other_departements)
    return {
        *(word for name in names for word in telling_words(name)),
        *(code.lower() for code in departements),
        *("20" for code in departements if code in {"2A", "2B"}),
        *entry.postcodes,
        key(entry.bare_name),
        *map(key, renamed),
    }


def _correct(session: Session, rows: list[dict[str, Any]]) -> None:
    values: dict[str, Any] = {
        column.key: bindparam(column.key) for column in _COLUMNS if column.key != "siren"
    }
    session.connection().execute(
        update(Structure)
        .where(Structure.siren == bindparam("known_siren"))
        .values(version=Structure.version + 1, **values),
        [{"known_siren": row["siren"], **row} for row in rows],
    )
    session.expire_all()


def _write_words(session: Session, wanted: set[tuple[str, str]]) -> None:
    pairs = session.execute(select(SearchWord.word, SearchWord.siren))
    stored = {(word, siren) for word, siren in pairs}
    sirens = {siren for _, siren in wanted}
    missing = sorted(wanted - stored)
    stale = [pair for pair in stored - wanted if pair[1] in sirens]
    if stale:
        session.connection().execute(
            delete(SearchWord).where(
                SearchWord.word == bindparam("old_word"), SearchWord.siren == bindparam("of_siren")
            ),
            [{"old_word": word, "of_siren": siren} for word, siren in stale],
        )
    if missing:
        rows = [{"word": word, "siren": siren} for word, siren in missing]
        session.connection().execute(insert(SearchWord), rows)
        # Without statistics PostgreSQL reads the whole table for each search until autovacuum comes by.
        session.execute(text("ANALYZE search_word"))
