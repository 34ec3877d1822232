"""Write the SQL that divides the decision log by month. Runs nothing: a person reads it, and a person runs it.

The log only grows and is asked by customer and by time.
An old month can then be dropped at once instead of row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from wecom_auto.errors import ValidationError
from wecom_auto.sop._rows import _tables as t

_TABLE: Final = t.decisions.name
_MOST: Final = 600
_DIALECTS: Final = ("postgresql", "mysql", "mariadb")


def partition_sql(dialect: str, first: date, months: int) -> tuple[str, ...]:
    """The statements that divide ``sop_decisions`` by month.

    Stop every worker, take a backup, run them in one go, start again.
    On PostgreSQL the old table stays as ``sop_decisions_undivided`` until you drop it.
    What falls outside the months goes to a last partition, so that nothing is ever refused.

    Args:
        dialect: Of the database: ``postgresql``, ``mysql`` or ``mariadb``.
        first: A day of the first month.
        months: How many, 1 to 600.

    Raises:
        ValidationError: `months` is out of range, or the database cannot divide tables.
    """
    if dialect not in _DIALECTS:
        raise ValidationError(field="dialect", value=dialect, limit=", ".join(_DIALECTS))
    if not 1 <= months <= _MOST:
        raise ValidationError(field="months", value=str(months), limit=f"1 to {_MOST}")
    starts = [_month(first, number) for number in range(months + 1)]
    return tuple(_postgresql(starts) if dialect == "postgresql" else _mysql(starts))


def _month(first: date, number: int) -> date:
    count = first.year * 12 + first.month - 1 + number
    return date(count // 12, count % 12 + 1, 1)


def _postgresql(starts: Sequence[date]) -> list[str]:
    old = f"{_TABLE}_undivided"
    found = [
        f"ALTER TABLE {_TABLE} RENAME TO {old}",
        f"CREATE TABLE {_TABLE} (LIKE {old} INCLUDING DEFAULTS, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
    ]
    for start, end in pairwise(starts):
        found.append(
            f"CREATE TABLE {_TABLE}_{start:%Y_%m} PARTITION OF {_TABLE} "
            f"FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00')"
        )
    found.append(f"CREATE TABLE {_TABLE}_other PARTITION OF {_TABLE} DEFAULT")
    found += [
        f"CREATE INDEX ON {_TABLE} ({', '.join(column.name for column in index.columns)})"
        for index in sorted(t.decisions.indexes, key=lambda index: str(index.name))
    ]
    # Else the numbers would go with the old table when it is dropped.
    found.append(f"ALTER SEQUENCE {_TABLE}_id_seq OWNED BY {_TABLE}.id")
    return [*found, f"INSERT INTO {_TABLE} TABLE {old}"]


def _mysql(starts: Sequence[date]) -> list[str]:
    parts = [f"PARTITION p{start:%Y_%m} VALUES LESS THAN (TO_DAYS('{end}'))" for start, end in pairwise(starts)]
    parts.append("PARTITION p_other VALUES LESS THAN MAXVALUE")
    return [
        f"ALTER TABLE {_TABLE} DROP PRIMARY KEY, ADD PRIMARY KEY (id, at)",
        f"ALTER TABLE {_TABLE} PARTITION BY RANGE (TO_DAYS(at)) ({', '.join(parts)})",
    ]
