"""Alembic's entry: run the history on the connection it is given. Opens no connection of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import Connection

from wecom_auto.errors import ConfigurationError
from wecom_auto.store import metadata

connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    msg = "run migrations through wecom_auto.store.migrate(engine), which takes the lock that keeps two upgrades apart"
    raise ConfigurationError(msg)

context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter a table in place: Alembic copies it.
    render_as_batch=connection.dialect.name == "sqlite",
    version_table="wecom_alembic_version",
)
with context.begin_transaction():
    context.run_migrations()
