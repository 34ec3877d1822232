"""Make staff tasks of the steps that only a person can do, and of messages that nobody has confirmed.

Who does it is asked of the roster first; the task and what it means for the touch are written together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._actions import Evidence, StaffTask
from wecom_auto.sop._document._policies import Unconfirmed
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._states import BatchKind, TaskStatus, TouchStatus
from wecom_auto.sop._runs._jobs import Job, still_mine, told
from wecom_auto.sop._sending._absence import PASSED_ON
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.sop.tasks import TaskOrder
from wecom_auto.sop.tasks._desk import announce
from wecom_auto.sop.tasks._office import Assignment, assign
from wecom_auto.sop.tasks._rows import of_touch, row_of
from wecom_auto.store import repeatable, transaction

_TITLE: Final = "群发未确认，请手动联系客户"


def hand_out(context: Context, tick: Tick, job: Job, task: StaffTask) -> None:
    """Open a staff task: assignee, deadline, evidence to come."""
    now, order = tick.now(), _order(job, task)
    found = assign(
        context.office,
        now,
        role=order.role,
        member=order.member,
        subject=order.subject,
        on_absence=order.on_absence,
    )
    if _write(context, job, order, found, now):
        tick.counts["staff_tasks"] += 1
        tick.counts["held:nobody"] += not found.userid


def _order(job: Job, task: StaffTask) -> TaskOrder:
    return TaskOrder(
        title=task.title,
        kind=task.kind.value,
        subject=job.run.external_userid,
        member=job.run.userid,
        role=task.role,
        due=task.due,
        remind_after=task.remind_after,
        escalate_after=task.escalate_after,
        done="" if task.done is None else task.done.text,
        needs_evidence=task.evidence is Evidence.TEXT,
        on_absence=job.definition.policy.on_absence,
        source=job.run.sop,
        step=job.touch.step,
    )


@repeatable
def _write(context: Context, job: Job, order: TaskOrder, found: Assignment, now: datetime) -> bool:
    with transaction(context.engine) as connection:
        mine = still_mine(connection, job)
        if mine:
            _insert(connection, context, job.touch, order, found, now)
            _journal.write(connection, context.corp_id, now, told(job, "requested", found.userid))
    return bool(mine)


def _insert(
    connection: Connection, context: Context, touch: Touch, order: TaskOrder, found: Assignment, now: datetime
) -> None:
    """Write the task, and let the touch wait for it."""
    row = row_of(context.corp_id, order, found, context.office.rules, now, touch.id)
    connection.execute(sa.insert(t.staff_tasks).values(row))
    store.move_touches(connection, [touch], TouchStatus.OPEN, reason="requested")
    task = of_touch(connection, touch.id)
    if task is not None:
        announce(context.office, connection, task, now)


@frozen(kw_only=True)
class Unsent:
    """What is proved unsent of an expired batch, and who could see to it.

    Attributes:
        row: The batch.
        stand_in: Who gets a staff task instead.
    """

    row: BatchRow
    stand_in: Assignment


def ask_who(context: Context, row: BatchRow, now: datetime) -> Unsent:
    """Ask the roster who sees to what a member has not confirmed, before anything is locked."""
    return Unsent(row=row, stand_in=assign(context.office, now, assignee=row.sender, member=row.sender))


def pass_on(
    connection: Connection,
    context: Context,
    unsent: Unsent,
    touches: Sequence[Touch],
    runs: Mapping[int, Enrolment],
    now: datetime,
) -> int:
    """Do with what nobody has confirmed what its SOP says: a staff task, another follower, or nothing.

    Args:
        connection: The transaction that closes the batch.
        context: The runner.
        unsent: The batch, withdrawn and read since.
        touches: Those that are proved unsent.
        runs: Their runs.
        now: Aware.

    Returns:
        How many touches go on; the others expire with the batch.
    """
    if unsent.row.batch.kind is BatchKind.MOMENT:
        return 0
    count = 0
    for touch in touches:
        run = runs[touch.enrolment_id]
        policy = context.catalogue.load(connection, run.sop, run.version).policy
        if run.withdrawn:
            continue
        if policy.on_unconfirmed is Unconfirmed.STAFF_TASK:
            count += _instead(connection, context, unsent, touch, run, now)
        elif policy.on_unconfirmed is Unconfirmed.REASSIGN and unsent.row.batch.kind is BatchKind.SINGLE:
            count += _to_another(connection, context, unsent, touch, run, now)
    return count


def _instead(
    connection: Connection, context: Context, unsent: Unsent, touch: Touch, run: Enrolment, now: datetime
) -> bool:
    policy = context.catalogue.load(connection, run.sop, run.version).policy
    order = TaskOrder(
        title=_TITLE,
        subject=run.external_userid,
        member=run.userid,
        assignee=unsent.row.sender,
        on_absence=policy.on_absence,
        source=run.sop,
        step=touch.step,
    )
    # Its message is proved unsent: the reservation goes back before a person takes over.
    store.move_touches(connection, [touch], TouchStatus.DUE, reason="expired:unconfirmed", batch_id=None)
    _insert(connection, context, touch, order, unsent.stand_in, now)
    lines = store.lines([touch], {run.id: run}, "expired:unconfirmed", TaskStatus.OPEN.value)
    _journal.write(connection, context.corp_id, now, lines)
    return True


def _to_another(
    connection: Connection, context: Context, unsent: Unsent, touch: Touch, run: Enrolment, now: datetime
) -> bool:
    """Let the next freeze choose another follower, once."""
    u = t.touches.c
    if connection.scalar(sa.select(u.passed_by).where(u.id == touch.id)):
        return False
    store.move_touches(connection, [touch], TouchStatus.DUE, reason=PASSED_ON, check_at=now, batch_id=None)
    connection.execute(sa.update(t.touches).where(u.id == touch.id).values(passed_by=unsent.row.sender))
    _journal.write(connection, context.corp_id, now, store.lines([touch], {run.id: run}, PASSED_ON, unsent.row.sender))
    return True
