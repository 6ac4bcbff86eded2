"""Run by Alembic for each command; the connection and its transaction are the caller's."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from onboarding_api.model.base import Base, Instant
from onboarding_api.model.words.contact import EmailAddress


def _render(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    # A migration must still run when the model has changed: it names none of our classes.
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    return "sa.String(length=254)" if kind == "type" and isinstance(thing, EmailAddress) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
