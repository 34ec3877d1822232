"""What people decide about running SOPs: stop, end, settle by hand.

Calls nobody: withdrawals are left to the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import _batches, _journal, sending, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._context import Context
from wecom_auto.sop._states import SopStatus, TaskStatus, TouchStatus
from wecom_auto.store import transaction


def stop(context: Context, sop: str, state: SopStatus, reason: str, now: datetime) -> None:
    """Pause or end a SOP and ask for its unconfirmed tasks to be withdrawn."""
    with transaction(context.engine) as connection:
        context.catalogue.set_state(connection, sop, state, now)
        _cancel(context, connection, _batches.live_batches_of(connection, context.corp_id, sop=sop), reason, now)


def member_left(context: Context, userid: str, now: datetime) -> None:
    """Withdraw a member's unconfirmed tasks and close the member's runs."""
    with transaction(context.engine) as connection:
        live = _batches.live_batches_of(connection, context.corp_id, sender=userid)
        _cancel(context, connection, live, "left:member", now)
    end_runs(context, t.enrolments.c.userid == userid, "left:member", now)


def _cancel(context: Context, connection: Connection, batch_ids: Iterable[str], reason: str, now: datetime) -> None:
    for batch_id in batch_ids:
        row = _batches.read(connection, batch_id)
        move = None if row is None else sending.cancel(row.batch, reason, now)
        if row is not None and move is not None:
            _batches.save(connection, context.corp_id, row, move, now)


def end_runs(context: Context, which: sa.ColumnElement[bool], reason: str, now: datetime) -> None:
    """Close runs with whatever of theirs nobody has been asked for yet."""
    e, s = t.enrolments.c, t.staff_tasks.c
    with transaction(context.engine) as connection:
        ids = list(connection.scalars(sa.select(e.id).where(e.corp_id == context.corp_id, which, store.ACTIVE)))
        steps = [touch for touches in store.touches_of(connection, ids).values() for touch in touches.values()]
        waiting = [touch for touch in steps if touch.state in {TouchStatus.DUE, TouchStatus.OPEN}]
        store.move_touches(connection, waiting, TouchStatus.CANCELLED, reason=reason)
        for chunk in store.chunked([touch.id for touch in waiting if touch.state is TouchStatus.OPEN]):
            closed = {"state": TaskStatus.CANCELLED.value, "closed_at": now}
            connection.execute(sa.update(t.staff_tasks).where(s.touch_id.in_(chunk)).values(closed))
        runs = store.enrolments_by_id(connection, ids)
        _journal.write(connection, context.corp_id, now, store.lines(waiting, runs, reason))
        store.end_enrolments(connection, ids, reason, now, goal=False)


def resolve(context: Context, batch_id: str, msgid: str, now: datetime) -> bool:
    """Settle a held batch; False if it is not held."""
    with transaction(context.engine) as connection:
        row = _batches.read(connection, batch_id)
        move = None if row is None else sending.resolve(row.batch, msgid, now)
        if row is None or move is None:
            return False
        _batches.save(connection, context.corp_id, row, move, now)
    return True


def complete_task(context: Context, task_id: int, evidence: str, now: datetime) -> bool:
    """Close a staff task with its evidence; False if it is not open."""
    s = t.staff_tasks.c
    mine = (s.id == task_id, s.corp_id == context.corp_id, s.state == TaskStatus.OPEN.value)
    with transaction(context.engine) as connection:
        touch_id = connection.scalar(sa.select(s.touch_id).where(*mine).with_for_update())
        if touch_id is None:
            return False
        done = {"state": TaskStatus.DONE.value, "evidence": evidence, "closed_at": now}
        connection.execute(sa.update(t.staff_tasks).where(*mine).values(done))
        touches = list(store.lock_touches(connection, [touch_id], TouchStatus.OPEN).values())
        store.move_touches(connection, touches, TouchStatus.DONE, reason="done", check_at=now, sent_at=now)
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in touches])
        _journal.write(connection, context.corp_id, now, store.lines(touches, runs, "done", evidence[:200]))
    return True
