"""Who shut a person out, and who let her in again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disabling",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_by", sa.String(length=10), nullable=False),
        sa.Column("woken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("disabled_by IN ('keycloak', 'desk')", name="disabled_by_known"),
        sa.CheckConstraint("woken_at IS NOT NULL OR enabled_at IS NULL", name="woken_before_enabled"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_disabling_one_open_a_person",
        "disabling",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("enabled_at IS NULL"),
        postgresql_where=sa.text("enabled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_disabling_one_open_a_person",
        table_name="disabling",
        sqlite_where=sa.text("enabled_at IS NULL"),
        postgresql_where=sa.text("enabled_at IS NULL"),
    )
    op.drop_table("disabling")
