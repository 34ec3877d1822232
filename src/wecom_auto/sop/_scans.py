"""Read the platform's list of mass messages now and then: whose turn it is, and from where. Judges nothing.

A scan is bounded to a day a step and remembers how far it came, so a stopped one goes on where it stood.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa

from wecom_auto.sop import _sending_tables as t
from wecom_auto.sop._context import Context
from wecom_auto.store import insert_once, reading, repeatable, transaction

Scan: TypeAlias = Literal["count", "sweep"]
"""Counting what others sent, and looking for duplicates."""
STEP: Final = timedelta(days=1)
OVERLAP: Final = timedelta(hours=1)
"""Read twice, because the list may show a task late."""
REACH: Final = timedelta(days=31)
"""The platform's list goes back further, but asks for a month at most, and no ledger period is longer."""


_NEXT: Final = sa.select(t.scans.c.check_at).where(
    t.scans.c.corp_id == sa.bindparam("corp"), t.scans.c.kind == sa.bindparam("what")
)


@repeatable
def turn(context: Context, kind: Scan, every: timedelta, now: datetime, *, begin_at: datetime) -> datetime | None:
    """Take the next turn of a scan.

    The first one comes after `every`, and begins at `begin_at`.

    Returns:
        Until when everything was read before; `None` if it is not due, or another worker has taken it.
    """
    s = t.scans.c
    with reading(context.engine) as connection:
        next_at = connection.scalar(_NEXT, {"corp": context.corp_id, "what": kind})
    if next_at is not None and next_at > now:
        # Most looks are too early: those need no lock.
        return None
    row = {"corp_id": context.corp_id, "kind": kind, "read_until": begin_at, "check_at": now + every}
    mine = (s.corp_id == context.corp_id, s.kind == kind)
    with transaction(context.engine) as connection:
        if insert_once(connection, t.scans, row):
            return None
        due = sa.update(t.scans).where(*mine, s.check_at <= now).values(check_at=now + every)
        if connection.execute(due).rowcount != 1:
            return None
        return connection.scalar(sa.select(s.read_until).where(*mine))


@repeatable
def advance(context: Context, kind: Scan, read_until: datetime) -> None:
    """Remember that everything before this was read."""
    s = t.scans.c
    mine = (s.corp_id == context.corp_id, s.kind == kind, s.read_until < read_until)
    with transaction(context.engine) as connection:
        connection.execute(sa.update(t.scans).where(*mine).values(read_until=read_until))


def steps(read_until: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of the time still to be read, oldest first."""
    start = max(read_until - OVERLAP, end - REACH + STEP)
    while start < end:
        until = min(start + STEP, end)
        yield start, until
        start = until
