"""Insert rows that may exist already, in one statement on each database.

They refuse to guess a key: it is always the table's primary key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

_MYSQL_DUPLICATE: Final = 1062


def insert_new(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, leaving alone those whose primary or unique key exists.

    Args:
        connection: An open transaction.
        table: Where to insert.
        rows: Column values; all rows name the same columns.
    """
    if not rows:
        return
    if connection.dialect.name in {"mysql", "mariadb"}:
        # Not INSERT IGNORE: that would also swallow values that do not fit.
        unchanged = table.primary_key.columns[0]
        _run(connection, mysql.insert(table).on_duplicate_key_update({unchanged.name: unchanged}), rows)
    elif connection.dialect.name == "postgresql":
        _run_many(connection, _insert_many(table, tuple(rows[0])).on_conflict_do_nothing(), table, rows)
    else:
        _run(connection, _or_nothing(connection, table), rows)


def insert_once(connection: Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert one row unless its primary or unique key exists.

    Returns:
        Whether the row is new. Of two transactions that insert the same key at the same time one gets False.
    """
    if connection.dialect.name not in {"mysql", "mariadb"}:
        counted = {"preserve_rowcount": True}
        return connection.execute(_or_nothing(connection, table), dict(row), execution_options=counted).rowcount == 1
    try:
        # MySQL counts a duplicate that was left alone as one row, like a new one.
        with connection.begin_nested():
            connection.execute(sa.insert(table), dict(row))
    except IntegrityError as error:
        if error.orig is None or error.orig.args[:1] != (_MYSQL_DUPLICATE,):
            raise
        return False
    return True


def upsert(
    connection: Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Iterable[str] | None = None,
    newer: str = "",
) -> None:
    """Insert `rows`, or overwrite those whose primary key exists.

    Args:
        connection: An open transaction.
        table: Where to write.
        rows: Column values; all rows name the same columns.
        update: Columns to overwrite; by default every given column outside the primary key.
        newer: A column that says how old a row is: one that is older than what is there changes nothing.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    names = [name for name in rows[0] if name not in keys] if update is None else list(update)
    if connection.dialect.name in {"mysql", "mariadb"}:
        _run(connection, _overwrite_mysql(table, names, newer), rows)
    elif connection.dialect.name == "postgresql":
        theirs = _insert_many(table, tuple(rows[0]))
        updates = {name: theirs.excluded[name] for name in names}
        # One statement must not meet a row twice: of two rows with one key the last one counts, as elsewhere.
        last = {tuple(row[key] for key in keys): row for row in rows}
        where = theirs.excluded[newer] >= table.c[newer] if newer else None
        theirs = theirs.on_conflict_do_update(index_elements=keys, set_=updates, where=where)
        _run_many(connection, theirs, table, [*last.values()])
    else:
        _run(connection, _overwrite_sqlite(table, tuple(keys), tuple(names), newer), rows)


def alone(connection: Connection) -> bool:
    """Whether a transaction that writes keeps every other writer out, so that no row has to be locked."""
    return connection.dialect.name == "sqlite"


@cache
def _overwrite_sqlite(table: sa.Table, keys: tuple[str, ...], names: tuple[str, ...], newer: str) -> sqlite.Insert:
    lite = sqlite.insert(table)
    updates = {name: lite.excluded[name] for name in names}
    where = lite.excluded[newer] >= table.c[newer] if newer else None
    return lite.on_conflict_do_update(index_elements=keys, set_=updates, where=where)


def _overwrite_mysql(table: sa.Table, names: Sequence[str], newer: str) -> mysql.Insert:
    ours = mysql.insert(table)
    values: dict[str, sa.ColumnElement[Any]] = {name: ours.inserted[name] for name in names}
    if newer:
        # One column after the other is set, and each sees those before it: the one that decides comes last.
        late = ours.inserted[newer] < table.c[newer]
        values = {name: sa.func.if_(late, table.c[name], values[name]) for name in sorted(names, key=newer.__eq__)}
    return ours.on_duplicate_key_update([*values.items()])


@cache
def _insert_many(table: sa.Table, names: tuple[str, ...]) -> postgresql.Insert:
    """One array for each column: a statement that is the same, and sent once, for one row and for a thousand."""
    if not _fits_arrays(table):
        return postgresql.insert(table)
    values = [sa.func.unnest(sa.bindparam(name, type_=postgresql.ARRAY(table.c[name].type))) for name in names]
    return postgresql.insert(table).from_select(list(names), sa.select(*values))


def _run_many(
    connection: Connection, statement: postgresql.Insert, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    if _fits_arrays(table):
        connection.execute(statement, {name: [row[name] for row in rows] for name in rows[0]})
    else:
        _run(connection, statement, rows)


def _fits_arrays(table: sa.Table) -> bool:
    """A list in a JSON column cannot be told from an array of values."""
    return not any(isinstance(column.type, sa.JSON) for column in table.columns)


def _or_nothing(connection: Connection, table: sa.Table) -> sa.Insert:
    return _without_conflict(connection.dialect.name, table)


@cache
def _without_conflict(dialect: str, table: sa.Table) -> sa.Insert:
    """Built once: building a statement costs more than running it."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _run(connection: Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(statement, [dict(row) for row in rows])
