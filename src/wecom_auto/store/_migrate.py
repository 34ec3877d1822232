"""Bring a database to the shipped schema. Never drops data, never runs two upgrades at once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection, Engine

from wecom_auto.errors import ConfigurationError

_LOCK_KEY: Final = 0x7765636F6D  # "wecom": any number, as long as every process takes the same.
_LOCK_SECONDS: Final = 60


def migration_config(connection: Connection | None = None) -> Config:
    """Build the Alembic configuration of the shipped history, for a tool that wants more than `migrate`.

    Args:
        connection: Where to run; Alembic's commands need it, listing revisions does not.
    """
    config = Config()
    config.set_main_option("script_location", str(files("wecom_auto.store") / "migrations"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the schema to `revision`; does nothing when it is there already.

    Processes that start together wait for each other, then find the work done.
    On MariaDB and MySQL each table is its own transaction (the database commits after every DDL statement).

    Args:
        engine: An engine of `open_store`.
        revision: An Alembic revision; ``head`` is the newest.

    Raises:
        ConfigurationError: another process has been migrating for over a minute.
    """
    with engine.begin() as connection, _alone(connection):
        command.upgrade(migration_config(connection), revision)


@contextmanager
def _alone(connection: Connection) -> Generator[None]:
    """Keep other migrating processes out; on SQLite BEGIN IMMEDIATE has done so."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
        yield
    elif connection.dialect.name in {"mysql", "mariadb"}:
        with _mysql_lock(connection):
            yield
    else:
        yield


@contextmanager
def _mysql_lock(connection: Connection) -> Generator[None]:
    name = f"wecom_auto.{connection.engine.url.database}"[:64]
    if connection.scalar(sa.select(sa.func.get_lock(name, _LOCK_SECONDS))) != 1:
        msg = f"another process has been migrating this database for {_LOCK_SECONDS} s; look at it before trying again"
        raise ConfigurationError(msg)
    try:
        yield
    finally:
        connection.scalar(sa.select(sa.func.release_lock(name)))
