"""Open the database with the settings that the send protocol relies on.

It refuses databases that nobody tested here, and never logs a bound value.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from wecom_auto.errors import ConfigurationError
from wecom_auto.store._migrate import migrate as run_migrations
from wecom_auto.store._repeat import repeatable

_BUSY_SECONDS: Final = 30.0
_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_READS: Final = "wecom_auto_reads"
_AFTER: Final = "wecom_auto_after"
# PostgreSQL is spared two round trips; the others would need as many to be told.
_READING: Final[Mapping[str, Mapping[str, Any]]] = {"postgresql": {"isolation_level": "AUTOCOMMIT"}}
_EXTRAS: Final = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}


def open_store(url: str | URL = "sqlite:///wecom.db", *, migrate: bool = True) -> Engine:
    """Open the database and, unless told otherwise, bring its schema up to date.

    SQLite: WAL, ``synchronous=FULL`` and ``BEGIN IMMEDIATE``, so that a committed intent survives a power cut
    and a writer never fails half-way with "database is locked".
    MariaDB and MySQL: READ COMMITTED, because gap locks would make two workers wait for each other.

    Args:
        url: ``sqlite:///file.db``, ``postgresql://user@host/db``, ``mysql://user@host/db`` or ``mariadb://…``;
            the driver is filled in.
        migrate: Run the shipped migrations first. Safe to run twice, and from two processes at once.

    Raises:
        ConfigurationError: the URL cannot be read, or the driver is not installed.
    """
    parsed = _parse(url)
    engine = _create(parsed, _OPTIONS[parsed.get_backend_name()](parsed))
    if engine.dialect.name == "sqlite":
        _listen_sqlite(engine)
    if migrate:
        run_migrations(engine)
    return engine


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """Run one transaction: commit at the end, roll back on an exception.

    Keep it short and never call the network inside: on SQLite it holds the only write lock.
    """
    done: list[Callable[[], None]] = []
    with engine.connect() as connection, connection.begin():
        connection.info[_AFTER] = done
        yield connection
    for tell in done:
        tell()


def after_commit(connection: Connection, tell: Callable[[], None]) -> None:
    """Call `tell` once the `transaction` of this connection is committed, and never if it is rolled back."""
    waiting: list[Callable[[], None]] = connection.info[_AFTER]
    waiting.append(tell)


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """Read without keeping anybody from writing, and without waiting for anybody who writes.

    Nothing written here is kept, and two queries may see two states of the database.
    """
    with engine.connect() as connection:
        if options := _READING.get(engine.dialect.name):
            connection.execution_options(**options)
        shared = connection.info
        shared[_READS] = True
        try:
            yield connection
        finally:
            shared[_READS] = False


def _parse(url: str | URL) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        msg = "the database URL cannot be read; write e.g. sqlite:///wecom.db or postgresql://user@host/db"
        raise ConfigurationError(msg) from error
    if parsed.drivername in _DRIVERS:
        parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.get_backend_name() not in _OPTIONS:
        msg = f"database {parsed.get_backend_name()!r} is not supported; use sqlite, postgresql, mysql or mariadb"
        raise ConfigurationError(msg)
    return parsed


def _create(url: URL, options: Mapping[str, Any]) -> Engine:
    try:
        # A bound value may be a phone number: it must not reach a log or an exception text.
        return sa.create_engine(url, hide_parameters=True, **options)
    except (ImportError, NoSuchModuleError) as error:
        extra = _EXTRAS.get(url.get_backend_name(), "sop")
        msg = f"the driver of {url.drivername!r} is not installed; run: pip install 'wecom-auto[{extra}]'"
        raise ConfigurationError(msg) from error


def _sqlite_options(url: URL) -> Mapping[str, Any]:
    connect_args = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    if url.database not in {None, "", ":memory:"}:
        return {"connect_args": connect_args}
    # A memory database lives as long as its one connection: threads take turns on it.
    return {"connect_args": connect_args, "poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}


def _postgresql_options(url: URL) -> Mapping[str, Any]:
    del url
    # Times come back in UTC by themselves, instead of in the zone of the server. And no plan is kept: one that was made
    # for an empty table reads the whole table for every few hundred customers of the bulk read that fills it.
    options = {"options": "-c timezone=UTC -c plan_cache_mode=force_custom_plan"}
    return {"isolation_level": "READ COMMITTED", "pool_pre_ping": True, "connect_args": options}


def _mysql_options(url: URL) -> Mapping[str, Any]:
    del url
    strict = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"  # A long value must not be cut silently.
    return {
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "connect_args": {"charset": "utf8mb4", "init_command": strict},
    }


_OPTIONS: Final[Mapping[str, Callable[[URL], Mapping[str, Any]]]] = {
    "sqlite": _sqlite_options,
    "postgresql": _postgresql_options,
    "mysql": _mysql_options,
    "mariadb": _mysql_options,
}


@repeatable
def _use_wal(dbapi_connection: Any) -> None:
    # Changing the mode of a new file waits for nobody: of two processes that open it together one is told "locked".
    dbapi_connection.execute("PRAGMA journal_mode=WAL")


def _listen_sqlite(engine: Engine) -> None:
    """Take over transactions from the sqlite3 module (SQLAlchemy manual, "Enabling non-legacy SQLite behaviour")."""

    def connected(dbapi_connection: Any, record: object) -> None:
        del record
        dbapi_connection.isolation_level = None  # The module would begin too late, and never before SELECT or DDL.
        _use_wal(dbapi_connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    def begin(connection: PoolProxiedConnection) -> None:
        raw: Any = connection.driver_connection
        raw.execute("BEGIN" if connection.info.get(_READS) else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    # Not the event "begin" of the manual: an engine with a listener looks for listeners at every statement, too.
    engine.dialect.do_begin = begin  # type: ignore[assignment]  # a method, replaced for this engine only
