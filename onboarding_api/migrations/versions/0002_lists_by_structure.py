"""Lists of a structure are read by their index: its SIREN stands with what hangs on a membership."""

import sqlalchemy as sa
from alembic import op

from onboarding_api.model.person import fold_name

revision = "0002"
down_revision = "0007"
branch_labels = None
depends_on = None

PERSON = sa.table("person", *map(sa.column, ("id", "prenom", "nom", "folded_name")))
HANGING = ("habilitation", "administration")
INDEXES = {
    "ix_membership_person_id_siren": ("membership", ["person_id", "siren"]),
    "ix_habilitation_membership_id": ("habilitation", ["membership_id"]),
    "ix_habilitation_asked": ("habilitation", ["siren", "state", "requested_at", "id"]),
    "ix_habilitation_changed": ("habilitation", ["siren", "state", "changed_at", "id"]),
    "ix_administration_siren": ("administration", ["siren"]),
    "ix_claim_siren": ("claim", ["siren"]),
    "ix_claim_membership_id": ("claim", ["membership_id"]),
}


def upgrade() -> None:
    op.create_index("uq_membership_id_siren", "membership", ["id", "siren"], unique=True)
    for name in HANGING:
        _hang(name)
    for index, (indexed, columns) in INDEXES.items():
        op.create_index(index, indexed, columns, unique=False)
    # With a default, since SQLite would otherwise make the table anew, and much points to it.
    op.add_column("person", sa.Column("folded_name", sa.String(length=400), nullable=False, server_default=sa.text("''")))
    _fold_names(op.get_bind())


def downgrade() -> None:
    op.execute("ALTER TABLE person DROP COLUMN folded_name")
    for index, (indexed, _columns) in reversed(INDEXES.items()):
        op.drop_index(index, table_name=indexed)
    for name in reversed(HANGING):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(f"fk_{name}_membership_id_siren", type_="foreignkey")
            table.create_foreign_key(f"fk_{name}_membership_id", "membership", ["membership_id"], ["id"])
            table.drop_column("siren")
    op.drop_index("uq_membership_id_siren", table_name="membership")


def _hang(name: str) -> None:
    with op.batch_alter_table(name) as table:
        table.add_column(sa.Column("siren", sa.String(length=9), nullable=True))
    op.execute(
        f"UPDATE {name} SET siren = "
        f"(SELECT membership.siren FROM membership WHERE membership.id = {name}.membership_id)"
    )
    with op.batch_alter_table(name) as table:
        table.alter_column("siren", existing_type=sa.String(length=9), nullable=False)
        table.drop_constraint(f"fk_{name}_membership_id", type_="foreignkey")
        table.create_foreign_key(
            f"fk_{name}_membership_id_siren", "membership", ["membership_id", "siren"], ["id", "siren"]
        )


def _fold_names(connection: sa.Connection) -> None:
    rows = connection.execute(sa.select(PERSON.c.id, PERSON.c.prenom, PERSON.c.nom)).all()
    folded = [{"person": row.id, "name": fold_name(row.prenom, row.nom)} for row in rows]
    if folded:
        connection.execute(
            sa.update(PERSON)
            .where(PERSON.c.id == sa.bindparam("person"))
            .values(folded_name=sa.bindparam("name")),
            folded,
        )
