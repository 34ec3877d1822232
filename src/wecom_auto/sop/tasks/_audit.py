"""Write down who did what to a confirmation or a staff task. Lines have no foreign keys, so they outlive the rest."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from attrs import asdict, fields
from sqlalchemy.engine import Connection

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.tasks._values import AuditLine

COLUMNS: Final = tuple(one.name for one in fields(AuditLine))
_INSERT: Final = sa.insert(t.audit)
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def write(connection: Connection, corp_id: str, lines: Iterable[AuditLine]) -> None:
    """Add lines in the transaction that does what they tell."""
    rows = [asdict(line) | {"corp_id": corp_id} for line in lines]
    if rows:
        connection.execute(_INSERT, rows)


def read(
    connection: Connection,
    corp_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    userid: str = "",
    task_id: int | None = None,
    action: str = "",
    limit: int | None = None,
) -> tuple[AuditLine, ...]:
    """Lines in the order in which they were written."""
    a = t.audit.c
    query = sa.select(*(a[name] for name in COLUMNS)).where(a.corp_id == corp_id)
    wanted = {a.userid: userid or None, a.task_id: task_id, a.action: action or None}
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    query = query if since is None else query.where(a.at >= since)
    query = query if until is None else query.where(a.at < until)
    return tuple(AuditLine(**row) for row in connection.execute(query.order_by(a.id).limit(limit)).mappings())


def to_csv(lines: Iterable[AuditLine]) -> str:
    """The lines as CSV with a head; a cell that a spreadsheet would calculate is made a text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([*_cells(line)] for line in lines)
    return out.getvalue()


def _cells(line: AuditLine) -> Iterator[str]:
    for name in COLUMNS:
        value = getattr(line, name)
        text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
        yield f"'{text}" if text.startswith(_DANGEROUS) else text
