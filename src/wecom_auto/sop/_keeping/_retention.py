"""Remove what is old, and say how much there is. Never removes what a rule of re-entry still needs.

A run goes once it ended long ago and nothing of it is open any more; so do its steps, tasks and decisions.
Where the SOP never lets a customer in twice, the bare run stays: it is what keeps the customer out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._keeping._migration import Progress
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._sending_tables import media, outside_tasks, transfers
from wecom_auto.sop._rows._states import BatchStatus, EnrolmentStatus, SopStatus, TouchStatus
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import reading, repeatable, transaction

_ENDED: Final = t.enrolments.c.state == EnrolmentStatus.ENDED.value
_OPEN: Final = tuple(state.value for state in TouchStatus if not state.final)
_FINAL: Final = tuple(state.value for state in BatchStatus if state.final)
_PERIODS: Final = {7: "%Y-%m", 10: "%Y-%m-%d", 11: "w%Y-%m-%d"}
"""How the ledger's periods are written, by the length of the text: month, day, week."""
MANY_ROWS: Final = 20_000_000
"""From so many rows on a table is worth dividing: its indexes no longer fit into the memory of a usual server."""


@frozen(kw_only=True)
class Pruned:
    """What was removed, or would be.

    Attributes:
        before: Runs that ended before this.
        rows: Table name to how many rows.
    """

    before: datetime
    rows: Mapping[str, int] = field(factory=dict[str, int])


@frozen(kw_only=True)
class MonthSize:
    """How much one month has brought.

    Attributes:
        month: `2026-03`, in UTC.
        touches: Steps that came due in it.
        decisions: Lines of the decision log.
    """

    month: str
    touches: int
    decisions: int


@frozen(kw_only=True)
class Sizes:
    """How much there is, by table and by month, and what to do about it.

    Attributes:
        rows: Table name to number of rows.
        months: The oldest first.
        advice: Sentences, the most urgent first; empty if nothing need be done.
    """

    rows: Mapping[str, int]
    months: tuple[MonthSize, ...]
    advice: tuple[str, ...]


def prune(context: Context, before: datetime, now: datetime, progress: Progress) -> Pruned:
    """Remove everything that ended before a time, one short transaction for each chunk."""
    counts, after, done = Counter[str](), 0, 0
    while chunk := _prune_runs(context, before, now, after):
        after, removed = chunk
        counts.update(removed)
        done += removed[t.touches.name]
        progress(done)
    for table, where in _loose(context, before):
        while gone := _prune_rows(context, table, where):
            counts[table.name] += gone
    return Pruned(before=before, rows=dict(counts))


def show_prune(context: Context, before: datetime, now: datetime) -> Pruned:
    """Count what `prune` would remove; writes nothing."""
    counts, after = Counter[str](), 0
    with reading(context.engine) as connection:
        while ids := _old_runs(connection, context, before, after):
            after = ids[-1]
            counts.update(_count_of_runs(connection, ids))
            counts[t.enrolments.name] += len(_unneeded(connection, context, ids, now))
        for table, where in _loose(context, before):
            counts[table.name] += connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
    return Pruned(before=before, rows={name: number for name, number in counts.items() if number})


def _old_runs(connection: Connection, context: Context, before: datetime, after: int) -> list[int]:
    e, u = t.enrolments.c, t.touches.c
    is_open = sa.or_(u.state.in_(_OPEN), u.check_at.is_not(None))
    something_open = sa.exists().where(u.enrolment_id == e.id, is_open)
    old = (e.corp_id == context.corp_id, _ENDED, e.ended_at < before, e.id > after)
    query = sa.select(e.id).where(*old, sa.not_(something_open)).order_by(e.id).limit(context.settings.chunk)
    return list(connection.scalars(query))


def _unneeded(connection: Connection, context: Context, ids: Sequence[int], now: datetime) -> list[int]:
    """Those of the runs that no rule of re-entry will ask for again."""
    ended = {name for name, sop in context.catalogue.sops(connection).items() if sop.state is SopStatus.ENDED}
    free: list[int] = []
    for run in store.enrolments_by_id(connection, ids).values():
        rule = context.catalogue.load(connection, run.sop, run.version).entry.reentry
        past = rule.after is not None and now - run.enrolled_at >= rule.after
        if run.sop in ended or rule.text == "always" or past:
            free.append(run.id)
    return free


@repeatable
def _prune_runs(context: Context, before: datetime, now: datetime, after: int) -> tuple[int, Counter[str]] | None:
    with transaction(context.engine) as connection:
        ids = _old_runs(connection, context, before, after)
        if not ids:
            return None
        removed, touches = Counter[str](), sa.select(t.touches.c.id).where(t.touches.c.enrolment_id.in_(ids))
        for chunk in store.chunked(list(connection.scalars(touches))):
            tasks = list(connection.scalars(sa.select(t.staff_tasks.c.id).where(t.staff_tasks.c.touch_id.in_(chunk))))
            removed += _delete_tasks(connection, tasks)
            removed[t.touches.name] += _delete(connection, t.touches, t.touches.c.id.in_(chunk))
        removed[t.decisions.name] += _delete(connection, t.decisions, t.decisions.c.enrolment_id.in_(ids))
        free = _unneeded(connection, context, ids, now)
        removed[t.enrolments.name] += _delete(connection, t.enrolments, t.enrolments.c.id.in_(free)) if free else 0
    return ids[-1], removed


def _delete_tasks(connection: Connection, ids: Sequence[int]) -> Counter[str]:
    if not ids:
        return Counter()
    told = _delete(connection, t.notices, t.notices.c.task_id.in_(ids))
    return Counter(
        {t.notices.name: told, t.staff_tasks.name: _delete(connection, t.staff_tasks, t.staff_tasks.c.id.in_(ids))}
    )


def _count_of_runs(connection: Connection, ids: Sequence[int]) -> Counter[str]:
    touches = sa.select(t.touches.c.id).where(t.touches.c.enrolment_id.in_(ids))
    tasks = sa.select(t.staff_tasks.c.id).where(t.staff_tasks.c.touch_id.in_(touches))
    found = (
        (t.touches, t.touches.c.enrolment_id.in_(ids)),
        (t.staff_tasks, t.staff_tasks.c.touch_id.in_(touches)),
        (t.notices, t.notices.c.task_id.in_(tasks)),
        (t.decisions, t.decisions.c.enrolment_id.in_(ids)),
    )
    queries = {table.name: sa.select(sa.func.count()).select_from(table).where(where) for table, where in found}
    return Counter({name: connection.scalar(query) or 0 for name, query in queries.items()})


_Loose: TypeAlias = tuple[sa.Table, tuple[sa.ColumnElement[bool], ...]]


def _loose(context: Context, before: datetime) -> list[_Loose]:
    """What hangs on no run, in an order in which nothing is removed that something else still points to."""
    corp = context.corp_id
    d, b, c, n, k = t.decisions.c, t.batches.c, t.caps.c, t.notices.c, t.staff_tasks.c
    empty = sa.not_(sa.exists().where(t.touches.c.batch_id == b.id))
    batches = (b.corp_id == corp, b.state.in_(_FINAL), b.slot_at < before, empty)
    tasks = (k.corp_id == corp, k.touch_id.is_(None), k.closed_at < before)
    over = [
        sa.and_(sa.func.length(c.period) == length, c.period < before.strftime(spelling))
        for length, spelling in _PERIODS.items()
    ]
    of_tasks = n.task_id.in_(sa.select(k.id).where(*tasks))
    of_batches = t.publications.c.batch_id.in_(sa.select(b.id).where(*batches))
    return [
        (t.decisions, (d.corp_id == corp, d.at < before, d.enrolment_id.is_(None))),
        (t.notices, (n.corp_id == corp, n.due_at.is_(None), sa.or_(n.sent_at < before, of_tasks))),
        (t.staff_tasks, (*tasks, sa.not_(sa.exists().where(n.task_id == k.id)))),
        (t.publications, (of_batches,)),
        (t.batches, batches),
        (t.caps, (c.corp_id == corp, c.reserved == 0, sa.or_(*over))),
        *_of_sending(corp, before),
    ]


def _of_sending(corp: str, before: datetime) -> list[_Loose]:
    m, o, f = media.c, outside_tasks.c, transfers.c
    return [
        (media, (m.corp_id == corp, m.expires_at < before)),
        (outside_tasks, (o.corp_id == corp, o.check_at.is_(None), o.created_at < before)),
        (transfers, (f.corp_id == corp, f.check_at.is_(None), f.started_at < before)),
    ]


@repeatable
def _prune_rows(context: Context, table: sa.Table, where: tuple[sa.ColumnElement[bool], ...]) -> int:
    keys = [*table.primary_key.columns]
    with transaction(context.engine) as connection:
        found = connection.execute(sa.select(*keys).where(*where).limit(context.settings.chunk)).all()
        # One by one and by key: MariaDB neither takes a limit in a subquery nor a list of tuples on every version.
        one = sa.delete(table).where(*(key == sa.bindparam(f"key_{key.name}") for key in keys))
        rows = [{f"key_{key.name}": value for key, value in zip(keys, row, strict=True)} for row in found]
        if rows:
            connection.execute(one, rows)
    return len(rows)


def _delete(connection: Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.delete(table).where(where)).rowcount


def sizes(context: Context, now: datetime, keep_months: int) -> Sizes:
    """Count rows by table and by month; reads whole tables, so ask at night."""
    tables = (t.enrolments, t.touches, t.batches, t.staff_tasks, t.decisions, t.caps)
    with reading(context.engine) as connection:
        rows = {table.name: _number(connection, table, context.corp_id) for table in tables}
        touches = _by_month(connection, t.touches.c.due_at, t.touches, context.corp_id)
        decisions = _by_month(connection, t.decisions.c.at, t.decisions, context.corp_id)
    months = sorted({*touches, *decisions})
    found = tuple(MonthSize(month=one, touches=touches[one], decisions=decisions[one]) for one in months)
    advice = tuple(_advice(rows, found, now, keep_months, connection.dialect.name))
    return Sizes(rows=rows, months=found, advice=advice)


def _number(connection: Connection, table: sa.Table, corp_id: str) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.corp_id == corp_id)) or 0


def _by_month(
    connection: Connection, column: sa.ColumnElement[datetime], table: sa.Table, corp_id: str
) -> Counter[str]:
    year, month = sa.extract("year", column), sa.extract("month", column)
    query = sa.select(year, month, sa.func.count()).where(table.c.corp_id == corp_id).group_by(year, month)
    return Counter({f"{int(row[0]):04}-{int(row[1]):02}": row[2] for row in connection.execute(query)})


def _advice(
    rows: Mapping[str, int], months: Sequence[MonthSize], now: datetime, keep_months: int, dialect: str
) -> list[str]:
    first = now.year * 12 + now.month - 1 - keep_months
    limit = f"{first // 12:04}-{first % 12 + 1:02}"
    old = [one for one in months if one.month < limit]
    found: list[str] = []
    if old:
        touches, decisions = sum(one.touches for one in old), sum(one.decisions for one in old)
        found.append(
            f"{touches:,} steps and {decisions:,} decisions are older than {keep_months} months: prune them "
            f"(what belongs to runs that are still active stays)"
        )
    if rows[t.decisions.name] > MANY_ROWS and dialect != "sqlite":
        found.append(f"{t.decisions.name} has {rows[t.decisions.name]:,} rows: divide it by month (partition_sql)")
    if rows[t.touches.name] > MANY_ROWS:
        found.append(
            f"{t.touches.name} has {rows[t.touches.name]:,} rows: prune it. It cannot be divided by month, because the "
            "unique key of run and step, which keeps a step from being sent twice, knows no month"
        )
    if dialect == "sqlite" and rows[t.touches.name] > MANY_ROWS // 10:
        found.append("this is much for one file: move to PostgreSQL or MariaDB")
    return found
