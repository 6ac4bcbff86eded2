"""A letter is handed over, not spooled, and keeps the number that its carrier gave it.

The journal keeps the words of its time: its rows are chained.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0003"
branch_labels = None
depends_on = None

LETTER = sa.table("letter", *map(sa.column, ("id", "state", "carrier_ref")))


def upgrade() -> None:
    with op.batch_alter_table("letter") as table:
        table.add_column(sa.Column("carrier_ref", sa.String(length=128), nullable=True))
        table.alter_column("state", type_=sa.String(length=20), existing_type=sa.String(length=10), existing_nullable=False)
    connection = op.get_bind()
    # The only carrier so far, the spool, knows a letter by its id.
    left = LETTER.update().where(LETTER.c.state != "asked")
    connection.execute(left.values(carrier_ref=LETTER.c.id))
    connection.execute(LETTER.update().where(LETTER.c.state == "spooled").values(state="handed_over"))


def downgrade() -> None:
    connection = op.get_bind()
    connection.execute(LETTER.update().where(LETTER.c.state == "handed_over").values(state="spooled"))
    with op.batch_alter_table("letter") as table:
        table.alter_column("state", type_=sa.String(length=10), existing_type=sa.String(length=20), existing_nullable=False)
        table.drop_column("carrier_ref")
