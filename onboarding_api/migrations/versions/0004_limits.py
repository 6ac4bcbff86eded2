"""What was asked lately under each limit; and sessions begin again, as their ID tokens stood in clear."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_window",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.JSON(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_window")),
    )
    op.create_index("ix_limit_window_ends_at", "limit_window", ["ends_at"], unique=False)
    op.execute("DELETE FROM web_session")


def downgrade() -> None:
    op.drop_index("ix_limit_window_ends_at", table_name="limit_window")
    op.drop_table("limit_window")
