"""Addresses, names and telephones in their one form; the town hall's postcode, and the claim's.

What cannot be put into its one form stays as it is and is reported: nothing is lost, nobody is merged.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from onboarding_api.model.words.contact import email_address, telephone
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.model.refusals import BadInput

revision = "0006"
down_revision = "0001"
branch_labels = None
depends_on = None

LOG = logging.getLogger("onboarding_api.migrations")

PERSON = sa.table("person", *map(sa.column, ("id", "email", "prenom", "nom")))
MEMBERSHIP = sa.table("membership", *map(sa.column, ("id", "siren", "email", "telephone")))
STRUCTURE = sa.table("structure", *map(sa.column, ("siren", "departement", "postcodes")))
DELIVERY = sa.table(
    "delivery",
    *map(sa.column, ("sequence", "id", "kind", "lane", "unique_key", "state", "attempts", "forgiven")),
    sa.column("args", sa.JSON()),
    sa.column("due", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    with op.batch_alter_table("structure") as table:
        table.add_column(sa.Column("town_hall_postcode", sa.String(length=5), nullable=True))
        table.add_column(sa.Column("town_hall_source", sa.String(length=60), nullable=True))
    with op.batch_alter_table("claim") as table:
        table.add_column(sa.Column("postcode", sa.String(length=5), nullable=True))
    connection = op.get_bind()
    _persons(connection)
    _memberships(connection)
    _waiting_mails(connection)


def downgrade() -> None:
    with op.batch_alter_table("claim") as table:
        table.drop_column("postcode")
    with op.batch_alter_table("structure") as table:
        table.drop_column("town_hall_source")
        table.drop_column("town_hall_postcode")


def _persons(connection: sa.Connection) -> None:
    rows = connection.execute(sa.select(PERSON)).mappings().all()
    owners = {row["email"]: row["id"] for row in rows}
    changed = set()
    for row in rows:
        wanted = {
            "prenom": _formed(row["id"], "prenom", row["prenom"], proper_name),
            "nom": _formed(row["id"], "nom", row["nom"], proper_name),
            "email": _formed(row["id"], "email", row["email"], email_address),
        }
        owner = owners.setdefault(wanted["email"], row["id"])
        if owner != row["id"]:
            LOG.warning("person %s: her address is also that of person %s, in another form", row["id"], owner)
            wanted["email"] = row["email"]
        if _write(connection, PERSON, row, wanted):
            changed.add(row["id"])
    _project(connection, changed)


def _memberships(connection: sa.Connection) -> None:
    departements = dict(connection.execute(sa.select(STRUCTURE.c.siren, STRUCTURE.c.departement)).all())
    reachable = sa.or_(MEMBERSHIP.c.email.isnot(None), MEMBERSHIP.c.telephone.isnot(None))
    for row in connection.execute(sa.select(MEMBERSHIP).where(reachable)).mappings().all():
        wanted = {}
        if row["email"] is not None:
            wanted["email"] = _formed(row["id"], "email", row["email"], email_address)
        if row["telephone"] is not None:
            form = partial(telephone, departement=departements[row["siren"]])
            wanted["telephone"] = _formed(row["id"], "telephone", row["telephone"], form)
        _write(connection, MEMBERSHIP, row, wanted)


def _waiting_mails(connection: sa.Connection) -> None:
    waiting = sa.select(DELIVERY.c.sequence, DELIVERY.c.args).where(
        DELIVERY.c.state.in_(("open", "sending", "parked")), DELIVERY.c.kind == "mail.recall"
    )
    for sequence, args in connection.execute(waiting).all():
        if isinstance(args, dict) and isinstance(args.get("address"), str):
            address = _formed(str(sequence), "address", args["address"], email_address)
            connection.execute(
                sa.update(DELIVERY)
                .where(DELIVERY.c.sequence == sequence)
                .values(args={**args, "address": address})
            )


def _formed(who: str, field: str, value: str, form: Callable[[str, str], str]) -> str:
    try:
        return form(field, value)
    except BadInput as refusal:
        LOG.warning("%s: %s has no form of ours (%s) and stays as it is", who, field, refusal.reason)
        return value


def _write(connection: sa.Connection, table: sa.TableClause, row: sa.RowMapping, wanted: dict[str, str]) -> bool:
    changes = {name: value for name, value in wanted.items() if value != row[name]}
    if changes:
        connection.execute(sa.update(table).where(table.c.id == row["id"]).values(**changes))
    return bool(changes)


def _project(connection: sa.Connection, person_ids: set[str]) -> None:
    """Keycloak has the old form: each person is to be made to match."""
    now = datetime.now(UTC)
    due = now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now
    rows = [
        {
            "id": str(uuid4()),
            "kind": "keycloak.person",
            "lane": f"kc:user:{person_id}",
            "unique_key": f"keycloak.person:one-form:{person_id}",
            "args": {"person_id": person_id},
            "state": "open",
            "attempts": 0,
            "forgiven": 0,
            "due": due,
        }
        for person_id in sorted(person_ids)
    ]
    if rows:
        connection.execute(sa.insert(DELIVERY), rows)
