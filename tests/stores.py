"""Databases for tests: one without rows per test, on every kind of server that the environment names.

It starts no server, and touches no database but those it created.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url

from wecom_auto.store import open_store

SERVERS: Final = {"postgres": "WECOM_AUTO_TEST_POSTGRES_URL", "mysql": "WECOM_AUTO_TEST_MYSQL_URL"}

KINDS: Final = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgres", id="postgres", marks=pytest.mark.postgres),
    pytest.param("mysql", id="mysql", marks=pytest.mark.mysql),
]
"""Parameters for a fixture that goes through all databases."""


VERSIONS: Final = "wecom_alembic_version"
"""The one table that keeps its row."""
_FREE: Final[dict[str, list[str]]] = {"postgres": [], "mysql": []}
"""Migrated databases without rows that no test of this process uses at the moment: making one takes seconds."""


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database without tables; skip the test if its server is not named in the environment."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    url = _made(kind)
    try:
        yield url
    finally:
        _drop(kind, url)


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a database with the present schema and no row; its rows are gone afterwards.

    Tests that look at the schema itself, or change it, take `empty_database`.
    """
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'store.db'}"
        shutil.copy(_template(), folder / "store.db")
        yield url
        return
    url = _FREE[kind].pop() if _FREE[kind] else _migrated(kind)
    try:
        yield url
    finally:
        # Whoever made tables of its own has made the database unlike the others.
        if _clear(kind, url):
            _FREE[kind].append(url)


def memory_store() -> Engine:
    """A migrated database in memory, copied from one that was migrated once."""
    engine = open_store("sqlite://", migrate=False)
    with engine.connect() as connection, closing(sqlite3.connect(_template())) as template:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        template.backup(driver)
    return engine


@cache
def _template() -> Path:
    """A migrated file, made once in each process."""
    folder = Path(tempfile.mkdtemp(prefix="wecom-auto-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_store(f"sqlite:///{folder / 'template.db'}").dispose()
    return folder / "template.db"


def _migrated(kind: str) -> str:
    url = _made(kind)
    atexit.register(_drop, kind, url)
    open_store(url).dispose()
    return url


def _made(kind: str) -> str:
    variable = SERVERS[kind]
    server = os.environ.get(variable, "")
    if not server:
        pytest.skip(f"no {kind} server: set {variable}, e.g. in a container, to run this test")
    name = f"wecom_auto_{secrets.token_hex(6)}"
    with _admin(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        if kind == "postgres":
            # What is thrown away need not outlive a power cut.
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop(kind: str, url: str) -> None:
    with _admin(os.environ[SERVERS[kind]]) as connection:
        force = " WITH (FORCE)" if kind == "postgres" else ""
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {make_url(url).database}{force}")


@contextmanager
def _admin(server: str) -> Iterator[Connection]:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _clear(kind: str, url: str) -> bool:
    """Remove every row and every connection that a killed process has left, and count from 1 again.

    False if the database holds tables that are not ours.
    """
    database = make_url(url).database
    with _admin(os.environ[SERVERS[kind]]) as connection:
        if kind == "postgres":
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        else:
            others = "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE db = %s"
        found = connection.exec_driver_sql(others, (database,)).scalars().all()
        for kill in found if kind == "mysql" else ():
            # It may have gone by itself meanwhile.
            with suppress(sa.exc.DBAPIError):
                connection.exec_driver_sql(kill)
    engine = open_store(url, migrate=False)
    ours = [name for name in _tables() if name != VERSIONS]
    with engine.begin() as connection:
        clean = set(sa.inspect(connection).get_table_names()) == {*ours, VERSIONS}
        (_empty_postgres if kind == "postgres" else _empty_mysql)(connection, ours)
    engine.dispose()
    return clean


@cache
def _tables() -> tuple[str, ...]:
    """The tables of a migrated database."""
    engine = open_store(f"sqlite:///{_template()}", migrate=False)
    found = tuple(sa.inspect(engine).get_table_names())
    engine.dispose()
    return found


def _empty_postgres(connection: Connection, tables: list[str]) -> None:
    # Not TRUNCATE: it makes a new file for each table and each index.
    connection.exec_driver_sql("SET session_replication_role = replica")
    for name in tables:
        connection.execute(sa.delete(sa.table(name)))
    names = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
    for name in connection.exec_driver_sql(names).scalars().all():
        connection.execute(sa.select(sa.func.setval(name, 1, False)))
    connection.exec_driver_sql("SET session_replication_role = origin")


def _empty_mysql(connection: Connection, tables: list[str]) -> None:
    connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
    for name in tables:
        connection.execute(sa.delete(sa.table(name)))
    counted = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
    for name in connection.exec_driver_sql(counted).scalars().all():
        connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = 1")
