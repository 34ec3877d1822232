"""How several workers share one corp: what is due, who ticks, and who freezes. Decides nothing about customers.

A turn is a courtesy and no lock: whoever loses it while working does harm to nobody, because every write of the engine
has a guard of its own. It only keeps two workers from cutting one batch, which is one tap, in two.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen

from wecom_auto.sop import store
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.tasks._rows import next_wake
from wecom_auto.store import insert_once, reading, repeatable, transaction

_LEASE: Final = timedelta(minutes=2)
"""How long a worker that died keeps its turn."""
_PATIENCE: Final = timedelta(minutes=5)
"""How long a message waits at most for shards that are not planned, before it is frozen without them."""
_FREEZE: Final = "freeze"
_TICK: Final = "tick"


@frozen(kw_only=True)
class DueWork:
    """What somebody has to do now, by number and name only.

    Attributes:
        shards: Parts of the timetable in which a run or an action is due, in order.
        dispatch: Ids of batches that wait for the create call.
        poll: Ids of batches to be read, reminded of, withdrawn or looked for.
        freeze: Whether messages wait to be put into batches.
        tasks: Whether a staff task, or a message to a member, is due.
    """

    shards: tuple[int, ...] = ()
    dispatch: tuple[str, ...] = field(default=(), repr=False)
    poll: tuple[str, ...] = field(default=(), repr=False)
    freeze: bool = False
    tasks: bool = False


def due_work(context: Context, now: datetime) -> DueWork:
    """Read what is due."""
    with reading(context.engine) as connection:
        known = {"corp": context.corp_id, "now": now}
        shards = {row[0] for query in (_RUNS, _ACTIONS) for row in connection.execute(query, known)}
        batches = connection.execute(_BATCHES, known).all()
        freeze = connection.scalar(_OLDEST, known) is not None
        desk = next_wake(connection, context.corp_id)
    planned = BatchStatus.PLANNED.value
    return DueWork(
        shards=tuple(sorted(shards)),
        dispatch=tuple(row.id for row in batches if row.state == planned),
        poll=tuple(row.id for row in batches if row.state != planned),
        freeze=freeze,
        tasks=desk is not None and desk <= now,
    )


def _due_shards(table: sa.Table, *due: sa.ColumnElement[bool]) -> sa.Select[int]:
    e = t.enrolments.c
    query: sa.Select[int] = sa.select(table.c.shard).distinct().where(*due, e.sop.in_(_work.running_sops()))
    return query if table is t.enrolments else query.join(t.enrolments, e.id == table.c.enrolment_id)


_RUNS: Final = _due_shards(t.enrolments, *_work.RUNS)
_ACTIONS: Final = _due_shards(t.touches, *_work.TOUCHES, _work.WORK["perform"])
_BATCHES: Final = (
    sa.select(t.batches.c.id, t.batches.c.state).where(*_work.BATCHES).order_by(t.batches.c.check_at, t.batches.c.id)
)
_OLDEST: Final = (
    sa.select(t.touches.c.check_at)
    .join(t.enrolments, t.enrolments.c.id == t.touches.c.enrolment_id)
    .where(*_work.TOUCHES, _work.WORK["freeze"], _work.is_running(t.enrolments.c.sop))
    .order_by(t.touches.c.check_at)
    .limit(1)
)


def may_freeze(context: Context, slot: datetime, now: datetime) -> bool:
    """Whether nothing that was due at `slot` is still unplanned, so that no batch goes out without its last customer.

    A shard that nobody gets through holds the others up for a few minutes only.
    """
    with reading(context.engine) as connection:
        oldest = connection.scalar(_OLDEST, {"corp": context.corp_id, "now": now})
        if oldest is None:
            return False
        return oldest + _PATIENCE < now or not store.due_enrolments(connection, context.corp_id, slot, 1)


@contextmanager
def turn_to_freeze(context: Context, now: datetime) -> Generator[bool]:
    """Take the turn to freeze, and give it back; yields whether it was free."""
    taken = _take(context, _FREEZE, now, now, now + _LEASE)
    try:
        yield taken
    finally:
        if taken:
            _give_back(context, now)


def is_first(context: Context, slot: datetime) -> bool:
    """Whether nobody has ticked for this slot, or for a later one, before: of any number of beats one hears yes."""
    return _take(context, _TICK, slot, slot, slot)


@repeatable
def _take(context: Context, name: str, slot: datetime, now: datetime, until: datetime) -> bool:
    u = t.turns.c
    mine = (u.corp_id == context.corp_id, u.name == name)
    free = (u.slot_at < slot) if name == _TICK else (u.taken_until <= now)
    values = {"slot_at": slot, "taken_until": until}
    with transaction(context.engine) as connection:
        if connection.execute(sa.update(t.turns).where(*mine, free).values(values)).rowcount == 1:
            return True
        if connection.scalar(sa.select(u.name).where(*mine)) is not None:
            return False
        return insert_once(connection, t.turns, {"corp_id": context.corp_id, "name": name} | values)


@repeatable
def _give_back(context: Context, now: datetime) -> None:
    u = t.turns.c
    # Only one's own: a worker that was frozen for longer than its turn does not end that of another.
    mine = (u.corp_id == context.corp_id, u.name == _FREEZE, u.slot_at == now)
    with transaction(context.engine) as connection:
        connection.execute(sa.update(t.turns).where(*mine).values(taken_until=now))
