"""The rules in SQL answer row by row as the engine does, NULL included."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sql

from policies.catalogue.loader import load_catalogue
from policies.engine.decide import Engine, default_engine
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.sqlfilter import Ask, Columns, NoColumn, SetOf, where

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIVE = ("pending", "awaiting_letter", "granted")
TABLES = sql.MetaData()
USER = sql.Table("person", TABLES, sql.Column("id", sql.String), sql.Column("is_active", sql.Boolean))
STRUCTURE = sql.Table(
    "structure", TABLES, sql.Column("id", sql.String), sql.Column("type", sql.String),
    sql.Column("is_active", sql.Boolean), sql.Column("is_frozen", sql.Boolean),
)  # fmt: skip
ADMIN = sql.Table("admin", TABLES, sql.Column("structure", sql.String), sql.Column("user", sql.String),
                  sql.Column("referent", sql.Boolean))  # fmt: skip
MEMBERSHIP = sql.Table(
    "membership", TABLES, sql.Column("id", sql.String), sql.Column("user", sql.String),
    sql.Column("structure", sql.String), sql.Column("is_active", sql.Boolean),
    sql.Column("is_suspended", sql.Boolean), sql.Column("fonction", sql.String, nullable=True),
    sql.Column("nominated_by", sql.String, nullable=True),
)  # fmt: skip
ACCEPTANCE = sql.Table("acceptance", TABLES, sql.Column("membership", sql.String),
                       sql.Column("terms", sql.String))  # fmt: skip
HABILITATION = sql.Table(
    "habilitation", TABLES, sql.Column("id", sql.String), sql.Column("membership", sql.String),
    sql.Column("service", sql.String), sql.Column("state", sql.String),
    sql.Column("expires_at", sql.DateTime, nullable=True), sql.Column("level", sql.String, nullable=True),
)  # fmt: skip

ON_HABILITATION = (
    "requestHabilitation", "withdrawRequest", "askRenewal", "enterService", "validateHabilitation",
    "refuseHabilitation", "deactivateHabilitation", "reactivateHabilitation", "renewHabilitation",
)  # fmt: skip
ON_MEMBERSHIP = (
    "attach", "detach", "editProfile", "suspendMember", "wakeMember", "removeMember", "nominateAdmin",
    "approveNomination", "appointAdmin", "promoteAdmin", "dismissAdmin", "resignAdmin", "leaveVacant",
)  # fmt: skip


class Directory:
    """A random small directory, once as rows and once as facts."""

    def __init__(self, seed: int, members: int) -> None:
        draw = random.Random(seed)
        self.rows: dict[sql.Table, list[dict[str, Any]]] = {table: [] for table in TABLES.sorted_tables}
        services = list(load_catalogue().services)
        types = list(load_catalogue().structure_types)
        self.users = [f"user-{n}" for n in range(8)]
        structures = [f"structure-{n}" for n in range(4)]

        def add(table: sql.Table, **row: Any) -> None:
            self.rows[table].append(row)

        for user in self.users:
            add(USER, id=user, is_active=draw.random() < 0.8)
        for structure in structures:
            add(STRUCTURE, id=structure, type=draw.choice(types), is_active=draw.random() < 0.8,
                is_frozen=draw.random() < 0.2)  # fmt: skip
            for user in draw.sample(self.users, draw.randrange(4)):
                add(ADMIN, structure=structure, user=user, referent=draw.random() < 0.5)
        for number in range(members):
            name = f"membership-{number}"
            add(MEMBERSHIP, id=name, user=draw.choice(self.users), structure=draw.choice(structures),
                is_active=draw.random() < 0.8, is_suspended=draw.random() < 0.2,
                fonction=draw.choice(("maire", "elu", None)),
                nominated_by=draw.choice((None, *self.users)))  # fmt: skip
            if draw.random() < 0.6:
                add(
                    ACCEPTANCE, membership=name, terms=draw.choice(("mes-prets@2022-02", "mes-prets@2021-01"))
                )
            for place in range(draw.randrange(4)):
                add(HABILITATION, id=f"{name}.{place}", membership=name, service=draw.choice(services),
                    state=draw.choice(default_engine().policies.model.enumerations["HabilitationState"]),
                    expires_at=draw.choice((None, *(NOW + timedelta(days=d) for d in (-1, 0, 20, 31)))),
                    level=draw.choice((None, "saisie")))  # fmt: skip

    def engine(self) -> sql.Engine:
        made = sql.create_engine("sqlite://")
        TABLES.create_all(made)
        with made.begin() as connection:
            for table, rows in self.rows.items():
                if rows:
                    connection.execute(table.insert(), [stored(row) for row in rows])
        return made

    def facts(self) -> tuple[Entity, ...]:
        return (*self._people(), *self._members())

    def _people(self) -> Iterator[Entity]:
        for row in self.rows[USER]:
            yield Entity(EntityRef("User", row["id"]), {"isActive": row["is_active"]})
        for row in self.rows[STRUCTURE]:
            admins = [each for each in self.rows[ADMIN] if each["structure"] == row["id"]]
            referents = [each for each in admins if each["referent"]]
            attributes: dict[str, Value] = {
                "type": EntityRef("StructureType", row["type"]), "isActive": row["is_active"],
                "isFrozen": row["is_frozen"], "pendingInvitations": 0,
                "admins": frozenset(EntityRef("User", each["user"]) for each in admins),
                "referents": frozenset(EntityRef("User", each["user"]) for each in referents),
            }  # fmt: skip
            yield Entity(EntityRef("Structure", row["id"]), attributes)

    def _members(self) -> Iterator[Entity]:
        for row in self.rows[MEMBERSHIP]:
            terms = [each["terms"] for each in self.rows[ACCEPTANCE] if each["membership"] == row["id"]]
            held = [each for each in self.rows[HABILITATION] if each["membership"] == row["id"]]
            live = [
                each["service"] for each in held if each["state"] in ("pending", "awaiting_letter", "granted")
            ]
            attributes: dict[str, Value] = {
                "user": EntityRef("User", row["user"]), "structure": EntityRef("Structure", row["structure"]),
                "isActive": row["is_active"], "isSuspended": row["is_suspended"],
                "acceptedTerms": frozenset(EntityRef("TermsVersion", each) for each in terms),
                "liveServices": frozenset(EntityRef("Service", each) for each in live),
            }  # fmt: skip
            if row["fonction"]:
                attributes["fonction"] = EntityRef("Fonction", row["fonction"])
            if row["nominated_by"]:
                attributes["nominatedBy"] = EntityRef("User", row["nominated_by"])
            yield Entity(EntityRef("Membership", row["id"]), attributes)
            yield from (self._habilitation(each) for each in held)

    def _habilitation(self, row: dict[str, Any]) -> Entity:
        attributes: dict[str, Value] = {
            "membership": EntityRef("Membership", row["membership"]),
            "service": EntityRef("Service", row["service"]),
            "state": EntityRef("HabilitationState", row["state"]),
        }
        if row["expires_at"]:
            attributes["expiresAt"] = row["expires_at"]
        if row["level"]:
            attributes["level"] = EntityRef("Level", row["level"])
        return Entity(EntityRef("Habilitation", row["id"]), attributes)


def stored(row: dict[str, object]) -> dict[str, object]:
    """A row as SQLite keeps it: moments in UTC, without zone, so that their order is the order of time."""
    return {
        name: each.replace(tzinfo=None) if isinstance(each, datetime) else each for name, each in row.items()
    }


def columns_of(kind: str) -> Columns:
    """The mapping that onboarding_api would give, on the tables above."""
    at = "resource" if kind == "Membership" else "resource.membership"
    live = HABILITATION.alias("live")
    values = {
        f"{at}.user": MEMBERSHIP.c.user,
        f"{at}.user.isActive": USER.c.is_active,
        f"{at}.structure.type": STRUCTURE.c.type,
        f"{at}.structure.isActive": STRUCTURE.c.is_active,
        f"{at}.structure.isFrozen": STRUCTURE.c.is_frozen,
        f"{at}.isActive": MEMBERSHIP.c.is_active,
        f"{at}.isSuspended": MEMBERSHIP.c.is_suspended,
        f"{at}.fonction": MEMBERSHIP.c.fonction,
        f"{at}.nominatedBy": MEMBERSHIP.c.nominated_by,
        "resource.service": HABILITATION.c.service,
        "resource.state": HABILITATION.c.state,
        "resource.expiresAt": HABILITATION.c.expires_at,
        "resource.level": HABILITATION.c.level,
    }
    here = ADMIN.c.structure == STRUCTURE.c.id
    states = live.c.state.in_(LIVE)
    sets = {
        f"{at}.structure.admins": SetOf(ADMIN.c.user, here),
        f"{at}.structure.referents": SetOf(ADMIN.c.user, sql.and_(here, ADMIN.c.referent)),
        f"{at}.acceptedTerms": SetOf(ACCEPTANCE.c.terms, ACCEPTANCE.c.membership == MEMBERSHIP.c.id),
        f"{at}.liveServices": SetOf(live.c.service, sql.and_(live.c.membership == MEMBERSHIP.c.id, states)),
    }
    return Columns(values, sets)


def query(kind: str, condition: sql.ColumnElement[bool]) -> sql.Select[tuple[str]]:
    rows = MEMBERSHIP.join(USER, USER.c.id == MEMBERSHIP.c.user).join(
        STRUCTURE, STRUCTURE.c.id == MEMBERSHIP.c.structure
    )
    if kind == "Membership":
        return sql.select(MEMBERSHIP.c.id).select_from(rows).where(condition)
    rows = HABILITATION.join(rows, HABILITATION.c.membership == MEMBERSHIP.c.id)
    return sql.select(HABILITATION.c.id).select_from(rows).where(condition)


def differences(engine: Engine, seed: int, members: int) -> tuple[int, list[str]]:
    engine = Engine(engine.policies, explains=False)
    directory = Directory(seed, members)
    facts, rows = directory.facts(), directory.engine()
    asked, wrong = 0, []
    for kind, actions in (("Habilitation", ON_HABILITATION), ("Membership", ON_MEMBERSHIP)):
        resources = [entity.ref for entity in facts if entity.ref.type == kind]
        for actor in (entity for entity in facts if entity.ref.type == "User"):
            for action in actions:
                naive = NOW.replace(tzinfo=None)
                listed = where(engine.policies, Ask(action, actor, naive, 1, kind), columns_of(kind))
                with rows.connect() as connection:
                    found = set(connection.scalars(query(kind, listed)))
                requests = [Request(actor.ref, action, ref, NOW, 1, facts) for ref in resources]
                decisions = engine.decide_many(requests)
                allowed = {ref.id for ref, each in zip(resources, decisions, strict=True) if each.allowed}
                asked += len(resources)
                wrong += [f"{actor.ref.id} {action} {each}" for each in found ^ allowed]
    return asked, wrong


@pytest.mark.slow
def test_five_thousand_rows_are_listed_as_the_engine_decides(engine: Engine) -> None:
    seed = random.randrange(2**31)
    asked, wrong = differences(engine, seed, members=30)
    assert (wrong, asked >= 5_000) == ([], True), f"seed {seed}: {asked} decisions"


@pytest.mark.slow
def test_a_list_is_what_the_engine_allows(engine: Engine) -> None:
    asked, wrong = differences(engine, seed=3, members=2)
    assert (wrong, asked > 100) == ([], True)


def test_a_path_without_column_is_an_error(engine: Engine) -> None:
    actor = Entity(EntityRef("User", "alice"), {"isActive": True})
    ask = Ask("validateHabilitation", actor, NOW, 1, "Habilitation")
    with pytest.raises(NoColumn, match=r"resource\."):
        where(engine.policies, ask, Columns({"resource.service": HABILITATION.c.service}, {}))
