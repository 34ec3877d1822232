"""Read and write rows that are named by the values of columns, with statements that are built once.

Building a statement costs several times what running it costs. They know no other condition than equality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_KEY: Final = "key_"
_VALUE: Final = "to_"
"""Parameters are named after columns, whose bare names SQLAlchemy keeps for itself."""


def rows_where(
    connection: Connection,
    table: sa.Table,
    key: Mapping[str, object],
    *,
    columns: tuple[str, ...] = (),
    order: tuple[str, ...] = (),
    lock: bool = False,
) -> sa.CursorResult[Any]:
    """Select the rows whose columns have these values.

    Args:
        connection: An open transaction.
        table: Which table.
        key: Values by column; not None.
        columns: Which columns; all of them if empty.
        order: Sort by these columns.
        lock: Keep others from changing them until the transaction ends.
    """
    query = _select(table, tuple(key), columns, order, lock)
    return connection.execute(query, {_KEY + name: value for name, value in key.items()})


def change_where(
    connection: Connection, table: sa.Table, key: Mapping[str, object], values: Mapping[str, object]
) -> int:
    """Write columns of the rows whose columns have these values.

    Args:
        connection: An open transaction.
        table: Which table.
        key: Values by column; not None.
        values: New values by column; an expression is sent as it is.

    Returns:
        How many rows there are.
    """
    if any(isinstance(value, sa.ClauseElement) for value in values.values()):
        here = [table.c[name] == value for name, value in key.items()]
        return connection.execute(sa.update(table).where(*here).values(dict(values))).rowcount
    given = {_KEY + name: value for name, value in key.items()}
    given |= {_VALUE + name: value for name, value in values.items()}
    return connection.execute(_update(table, tuple(key), tuple(values)), given).rowcount


def one_of(column: sa.ColumnElement[Any], names: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a column holds one of a few names that are written in the program, never a value from outside.

    SQLAlchemy writes a statement with ``IN`` and parameters anew for every run, because the list might have grown.
    """
    fixed = [*names]
    if not all(name.replace("_", "").isalnum() for name in fixed):
        msg = f"{fixed!r}: names of letters, digits and underscores only; they become a part of the statement"
        raise ValueError(msg)
    return column.in_([sa.literal_column(f"'{name}'") for name in fixed])


@cache
def _select(
    table: sa.Table, key: tuple[str, ...], columns: tuple[str, ...], order: tuple[str, ...], lock: bool
) -> sa.Select[Any]:
    wanted = [table.c[name] for name in columns] if columns else [table]
    query = sa.select(*wanted).where(*_here(table, key)).order_by(*(table.c[name] for name in order))
    return query.with_for_update() if lock else query


@cache
def _update(table: sa.Table, key: tuple[str, ...], values: tuple[str, ...]) -> sa.Update:
    new = {name: sa.bindparam(_VALUE + name, type_=table.c[name].type) for name in values}
    return sa.update(table).where(*_here(table, key)).values(new)


def _here(table: sa.Table, key: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == sa.bindparam(_KEY + name, type_=table.c[name].type) for name in key]
