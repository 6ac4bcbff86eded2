"""What was changed at Keycloak by hand, and how far the watch over it has read."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "drift",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("found_at", moment, nullable=False),
        sa.Column("happened_at", moment, nullable=True),
        sa.Column("event_id", sa.String(length=36), nullable=True),
        sa.Column("by_user", sa.String(length=255), nullable=True),
        sa.Column("by_client", sa.String(length=255), nullable=True),
        sa.Column("by_address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
    )
    op.create_index("uq_drift_event_kind_subject", "drift", ["event_id", "kind", "subject"], unique=True)
    op.create_index("ix_drift_found_at", "drift", ["found_at"], unique=False)
    op.create_table(
        "drift_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=True),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("looked_at", moment, nullable=True),
        sa.Column("read_until", moment, nullable=True),
        sa.Column("planned_at", moment, nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_drift_watch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_watch")),
    )


def downgrade() -> None:
    op.drop_table("drift_watch")
    op.drop_index("ix_drift_found_at", table_name="drift")
    op.drop_index("uq_drift_event_kind_subject", table_name="drift")
    op.drop_table("drift")
