"""Read the platform's list of mass messages now and then: whose turn it is, and from where. Judges nothing.

A scan is bounded to a day a step and remembers how far it came, so a stopped one goes on where it stood.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa

from wecom_auto.sop._rows import _sending_tables as t
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import insert_once, reading, repeatable, transaction

Scan: TypeAlias = Literal["count", "sweep"]
"""Counting what others sent, and looking for duplicates."""
STEP: Final = timedelta(days=1)
OVERLAP: Final = timedelta(hours=1)
"""Read twice, because the list may show a task late."""
REACH: Final = timedelta(days=31)
"""The platform's list goes back further, but asks for a month at most, and no ledger period is longer."""


_MINE: Final = (t.scans.c.corp_id == sa.bindparam("corp"), t.scans.c.kind == sa.bindparam("what"))
_NEXT: Final = sa.select(t.scans.c.check_at).where(*_MINE)
_UNTIL: Final = sa.select(t.scans.c.read_until).where(*_MINE)
_TAKE: Final = (
    sa.update(t.scans).where(*_MINE, t.scans.c.check_at <= sa.bindparam("now")).values(check_at=sa.bindparam("later"))
)
_ADVANCE: Final = (
    sa.update(t.scans)
    .where(*_MINE, t.scans.c.read_until < sa.bindparam("until"))
    .values(read_until=sa.bindparam("until"))
)


@repeatable
def turn(context: Context, kind: Scan, every: timedelta, now: datetime, *, begin_at: datetime) -> datetime | None:
    """Take the next turn of a scan.

    The first one comes after `every`, and begins at `begin_at`.

    Returns:
        Until when everything was read before; `None` if it is not due, or another worker has taken it.
    """
    mine = {"corp": context.corp_id, "what": kind}
    with reading(context.engine) as connection:
        next_at = connection.scalar(_NEXT, mine)
    if next_at is not None and next_at > now:
        # Most looks are too early: those need no lock.
        return None
    row = {"corp_id": context.corp_id, "kind": kind, "read_until": begin_at, "check_at": now + every}
    with transaction(context.engine) as connection:
        if insert_once(connection, t.scans, row):
            return None
        if connection.execute(_TAKE, mine | {"now": now, "later": now + every}).rowcount != 1:
            return None
        return connection.scalar(_UNTIL, mine)


@repeatable
def advance(context: Context, kind: Scan, read_until: datetime) -> None:
    """Remember that everything before this was read."""
    with transaction(context.engine) as connection:
        connection.execute(_ADVANCE, {"corp": context.corp_id, "what": kind, "until": read_until})


def steps(read_until: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of the time still to be read, oldest first."""
    start = max(read_until - OVERLAP, end - REACH + STEP)
    while start < end:
        # A short rest is read along: a look a day is one step, not two.
        until = end if end - start < 1.5 * STEP else start + STEP
        yield start, until
        start = until
