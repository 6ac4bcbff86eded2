"""Deliveries have a target and a class; a breaker a target."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNDELIVERED = sa.text("state IN ('open', 'sending')")
_PARKED = sa.text("state = 'parked'")
_MAIL = "kind IN ('mail', 'mail.recall', 'timer.letter_reminder')"
_GIVING = "kind = 'letter.print'"
_EITHER = "kind IN ('keycloak.person', 'timer.claim_expiry')"


def upgrade() -> None:
    """Rows that wait get their target and class by their kind; a projection counts as taking away."""
    op.drop_index("ix_delivery_due", table_name="delivery")
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("target", sa.String(10), nullable=True))
        table.add_column(sa.Column("of_class", sa.SmallInteger(), nullable=True))
        table.add_column(sa.Column("first_due", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("doubts", sa.Integer(), nullable=True))
    op.execute("UPDATE delivery SET kind = 'mail.welcome' WHERE kind = 'keycloak.welcome'")
    op.execute(
        f"""UPDATE delivery SET first_due = due, doubts = 0,
        of_class = CASE WHEN {_EITHER} THEN 0 WHEN {_GIVING} THEN 1 ELSE 2 END,
        target = CASE WHEN kind = 'keycloak.person' THEN 'keycloak' WHEN kind = 'mail.welcome' THEN 'welcome'
            WHEN {_MAIL} THEN 'mail' WHEN kind = 'timer.claim_expiry' THEN 'timers' ELSE 'letter' END"""
    )
    with op.batch_alter_table("delivery") as table:
        for column, type_ in (
            ("target", sa.String(10)),
            ("of_class", sa.SmallInteger()),
            ("first_due", sa.DateTime(timezone=True)),
            ("doubts", sa.Integer()),
        ):
            table.alter_column(column, existing_type=type_, nullable=False)
        table.create_check_constraint("target", "target IN ('keycloak', 'welcome', 'mail', 'letter', 'timers')")
        table.create_check_constraint("of_class", "of_class IN (0, 1, 2)")
    _index("ix_delivery_due", ["target", "of_class", "due", "sequence"], _UNDELIVERED)
    _index("ix_delivery_held", ["lane"], _UNDELIVERED)
    _index("ix_delivery_parked", ["sequence"], _PARKED)
    op.create_table(
        "breaker",
        sa.Column("target", sa.String(10), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_breaker")),
    )


def downgrade() -> None:
    """The rows stay; a welcome keeps its new name, which an older worker parks."""
    op.drop_table("breaker")
    for name in ("ix_delivery_parked", "ix_delivery_held", "ix_delivery_due"):
        op.drop_index(name, table_name="delivery")
    with op.batch_alter_table("delivery") as table:
        table.drop_constraint("of_class", type_="check")
        table.drop_constraint("target", type_="check")
        for column in ("doubts", "first_due", "of_class", "target"):
            table.drop_column(column)
    _index("ix_delivery_due", ["due", "sequence"], _UNDELIVERED)


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "delivery", columns, unique=False, sqlite_where=where, postgresql_where=where)
