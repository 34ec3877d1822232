"""Count in the ledger what others have sent to our customers and groups: members themselves, and other apps.

The platform counts all mass messages against one allowance and tells nobody what is left of it.
Each task is counted once, when its members have confirmed it; a message of ours is left to the batch that owns it.
Reads only; what was reserved before stays reserved, even if the allowance turns out to have been used up meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import WeComError
from wecom_auto.models import ChatType, CreateType, FilterType, MassMessage, MassMessageResult, SendStatus, TaskStatus
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._rows import _batches, _ledger
from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._ledger import CapRule
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop._sending import _scans
from wecom_auto.sop._shared._context import Context, Settings, Tick
from wecom_auto.store import insert_new, one_of, reading, repeatable, transaction

_MOST: Final = 200
"""Tasks whose results are read in one turn."""
_AGAIN: Final = timedelta(hours=6)
_GIVEN_UP: Final = timedelta(days=7)
"""A task that its members have not confirmed by then is counted as it stands."""
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_OPEN: Final = tuple(one.value for one in (BatchStatus.CALLING, BatchStatus.UNKNOWN, BatchStatus.HELD))
_DOUBTFUL: Final = sa.select(sa.func.min(t.batches.c.slot_at)).where(
    t.batches.c.corp_id == sa.bindparam("corp"), one_of(t.batches.c.state, _OPEN)
)
_DUE: Final = (
    sa.select(s.outside_tasks.c.msgid, s.outside_tasks.c.created_at)
    .where(s.outside_tasks.c.corp_id == sa.bindparam("corp"), s.outside_tasks.c.check_at <= sa.bindparam("now"))
    .order_by(s.outside_tasks.c.check_at, s.outside_tasks.c.msgid)
    .limit(_MOST)
)


@frozen(kw_only=True)
class _Task:
    """A task of somebody else."""

    msgid: str
    created_at: datetime


def _rules(context: Context) -> dict[ChatType, CapRule]:
    """The allowance of a customer, and that of a group for whoever has SOPs for groups."""
    settings = context.settings
    with reading(context.engine) as connection:
        groups = context.catalogue.of_target(connection, Target.GROUP)
    rules: dict[ChatType, CapRule] = {ChatType.SINGLE: settings.cap}
    if groups:
        rules[ChatType.GROUP] = settings.group_cap
    return rules


def count(context: Context, tick: Tick) -> None:
    """Find new tasks of others if it is time, and count those whose results are in."""
    every = context.settings.count_every
    if not every:
        return
    try:
        now = tick.now()
        rules, zone = _rules(context), context.settings.zone
        begin_at = min(_ledger.begin_of(rule, now, zone) for rule in rules.values())
        read_until = _scans.turn(context, "count", every, now, begin_at=begin_at)
        if read_until is None:
            return
        for since, until in _scans.steps(read_until, now):
            _scans.advance(context, "count", min(until, _find(context, [*rules], since, until, now)))
        for task in _due(context, now):
            tick.counts["counted_outside"] += _count(context, task, tick.now())
    except WeComError as error:
        tick.failed(error)


def _find(context: Context, kinds: Sequence[ChatType], since: datetime, until: datetime, now: datetime) -> datetime:
    """Read a part of the list; say up to which time there is no doubt whose a task is."""
    api = context.client.mass_messages
    listed = [
        one
        for kind in kinds
        for one in api.iter_all(chat_type=kind, start_at=since, end_at=until, filter_type=FilterType.ALL)
    ]
    return _note(context, [one for one in listed if one.created_at is not None], now)


@repeatable
def _note(context: Context, messages: Sequence[MassMessage], now: datetime) -> datetime:
    """Write down which tasks are others'; one that may turn out to be ours is left for the next look."""
    with transaction(context.engine) as connection:
        ours = _batches.owners(connection, [one.msgid for one in messages])
        doubtful = _doubtful_since(connection, context.corp_id)
        rows = [
            {"corp_id": context.corp_id, "msgid": one.msgid, "created_at": one.created_at, "check_at": now}
            | {"counted_at": None}
            for one in messages
            if one.msgid not in ours and not _may_be_ours(one, doubtful)
        ]
        insert_new(connection, s.outside_tasks, rows)
    return doubtful


def _doubtful_since(connection: Connection, corp_id: str) -> datetime:
    """Since when there are batches of which nobody knows whether their task exists; far away if there are none."""
    oldest = connection.scalar(_DOUBTFUL, {"corp": corp_id})
    return _NEVER if oldest is None else oldest - timedelta(minutes=1)


def _may_be_ours(message: MassMessage, doubtful: datetime) -> bool:
    made = message.created_at
    return message.create_type is CreateType.CORP and made is not None and made >= doubtful


def _due(context: Context, now: datetime) -> list[_Task]:
    with reading(context.engine) as connection:
        rows = connection.execute(_DUE, {"corp": context.corp_id, "now": now})
        return [_Task(msgid=row.msgid, created_at=row.created_at) for row in rows]


def _count(context: Context, task: _Task, now: datetime) -> int:
    api = context.client.mass_messages
    members = [*api.iter_members(task.msgid)]
    done = all(one.status is TaskStatus.SENT for one in members) or now - task.created_at > _GIVEN_UP
    if not done:
        _look_again(context, task, now + _AGAIN)
        return 0
    tapped = [one.userid for one in members if one.status is TaskStatus.SENT]
    results = [one for userid in tapped for one in api.iter_results(task.msgid, userid=userid)]
    settings = context.settings
    got = Counter(
        (one.chat_id or one.external_userid, _period(settings, one, task))
        for one in results
        if one.status is SendStatus.SENT
    )
    return _settle(context, task, got, now)


def _period(settings: Settings, one: MassMessageResult, task: _Task) -> str:
    """The ledger period of a message: groups are counted by a rule of their own."""
    rule = settings.group_cap if one.chat_id else settings.cap
    return _ledger.period_of(rule, one.sent_at or task.created_at, settings.zone)[0]


@repeatable
def _look_again(context: Context, task: _Task, later: datetime) -> None:
    o = s.outside_tasks.c
    mine = (o.corp_id == context.corp_id, o.msgid == task.msgid, o.counted_at.is_(None))
    with transaction(context.engine) as connection:
        connection.execute(sa.update(s.outside_tasks).where(*mine).values(check_at=later))


@repeatable
def _settle(context: Context, task: _Task, used: Counter[tuple[str, str]], now: datetime) -> int:
    """Add the messages to the ledger and close the task, in one transaction: whoever comes second changes nothing."""
    o = s.outside_tasks.c
    mine = (o.corp_id == context.corp_id, o.msgid == task.msgid, o.counted_at.is_(None))
    with transaction(context.engine) as connection:
        closed = sa.update(s.outside_tasks).where(*mine).values(counted_at=now, check_at=None)
        if connection.execute(closed).rowcount != 1:
            return 0
        # A batch may have learned meanwhile that the task is its own.
        if _batches.owners(connection, [task.msgid]):
            return 0
        _ledger.add_used(connection, context.corp_id, used)
    return sum(used.values())
