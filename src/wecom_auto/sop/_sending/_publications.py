"""What came of a moment (客户朋友圈): who published it, how many can see it, comments and likes. Sends nothing.

The platform tells the numbers of each member in a call of its own, so a look reads some members and leaves the others
to the next one: a claim must not run out over it.
Manual: https://developer.work.weixin.qq.com/document/path/93333 (获取客户朋友圈全部的发表记录).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import asdict, evolve, field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import NotFoundError
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._states import BatchKind
from wecom_auto.sop._sending._channels import Reading
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import reading, upsert

_MOST: Final = 40
"""Members whose numbers one look reads: two calls each."""
_FRESH: Final = timedelta(hours=3)
"""Numbers that are younger need not be read again."""


@frozen(kw_only=True)
class Publication:
    """One member's part of a moment.

    Attributes:
        batch_id: The batch.
        userid: The member who has the task.
        published_at: When it was first seen as published; `None` before. The platform does not tell when it was.
        reached: How many customers can see it.
        comments: How often it was commented on.
        likes: How many like it.
        read_at: When the numbers were read; `None` before.
    """

    batch_id: str
    userid: str
    published_at: datetime | None = None
    reached: int = 0
    comments: int = 0
    likes: int = 0
    read_at: datetime | None = None


@frozen(kw_only=True)
class News:
    """What one look has found.

    Attributes:
        rows: To be written.
        more: Whether members are left whose numbers are old.
    """

    rows: Sequence[Publication] = field(default=())
    more: bool = False


NOTHING: Final = News()


def look(context: Context, row: BatchRow, answer: Reading, now: datetime) -> News:
    """Read the numbers of some members who have published.

    Raises:
        WeComError: The platform cannot be asked now.
    """
    if row.batch.kind is not BatchKind.MOMENT:
        return NOTHING
    known = {one.userid: one for one in _of_batch(context, row.batch.id)}
    everybody = {one: known.get(one, Publication(batch_id=row.batch.id, userid=one)) for one in _members(answer)}
    told = frozenset(answer.tapped)
    seen = [evolve(one, published_at=one.published_at or now) for name, one in everybody.items() if name in told]
    stale = sorted((one for one in seen if one.read_at is None or one.read_at <= now - _FRESH), key=_age)
    read = [_numbers(context, row.batch.msgid or "", one, now) for one in stale[:_MOST]]
    news = {one.userid: one for one in (*everybody.values(), *seen, *read)}
    return News(rows=[one for one in news.values() if known.get(one.userid) != one], more=len(stale) > _MOST)


def _members(answer: Reading) -> tuple[str, ...]:
    return (*answer.tapped, *answer.waiting)


def _age(one: Publication) -> tuple[bool, float]:
    return one.read_at is not None, one.read_at.timestamp() if one.read_at is not None else 0.0


def _numbers(context: Context, moment_id: str, one: Publication, now: datetime) -> Publication:
    api = context.client.moments
    try:
        reactions = api.interactions(moment_id, userid=one.userid)
        reached = sum(1 for _ in api.iter_reached(moment_id, userid=one.userid))
    except NotFoundError:
        # The member has deleted it since, or the app does not see the member any more: the last numbers stay.
        return evolve(one, read_at=now)
    comments, likes = len(reactions.comments), len(reactions.likes)
    return evolve(one, reached=reached, comments=comments, likes=likes, read_at=now)


def write(connection: Connection, corp_id: str, news: News) -> None:
    """Write what a look has found, in the transaction that settles the batch."""
    upsert(connection, t.publications, [{"corp_id": corp_id, **asdict(one)} for one in news.rows])


def of_sop(connection: Connection, corp_id: str, sop: str) -> tuple[Publication, ...]:
    """Every member's part of every moment of a SOP, the oldest moment first."""
    p, b = t.publications.c, t.batches.c
    mine = sa.select(t.touches.c.batch_id).join(t.enrolments, t.enrolments.c.id == t.touches.c.enrolment_id)
    mine = mine.where(t.enrolments.c.corp_id == corp_id, t.enrolments.c.sop == sop)
    query = sa.select(*_COLUMNS).join(t.batches, b.id == p.batch_id).where(p.corp_id == corp_id, p.batch_id.in_(mine))
    return tuple(Publication(**row) for row in connection.execute(query.order_by(b.slot_at, b.id, p.userid)).mappings())


def _of_batch(context: Context, batch_id: str) -> list[Publication]:
    query = sa.select(*_COLUMNS).where(t.publications.c.batch_id == batch_id)
    with reading(context.engine) as connection:
        return [Publication(**row) for row in connection.execute(query).mappings()]


_COLUMNS: Final = [column for column in t.publications.columns if column.name != "corp_id"]
