"""Look after open tasks: found done, away, overdue, escalated, reminded. One short transaction for each task.

Being done wins over everything else: data is read before a deadline is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa
from attrs import frozen

from wecom_auto.sop._document._policies import Absence
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop._shared._context import Tick
from wecom_auto.sop._shared._faults import FAULT, apart, name_of, within, write
from wecom_auto.sop.tasks import _moves, _rows
from wecom_auto.sop.tasks._found import found_done
from wecom_auto.sop.tasks._office import Assignment, Office, assign, is_away
from wecom_auto.sop.tasks._values import EvidenceLevel, TaskRecord
from wecom_auto.store import reading, repeatable, transaction

_MOST: Final = 500
FOREVER: Final = 9000
"""A leave that ends in this year or later is no leave: the member has left."""


@frozen(kw_only=True)
class Outlook:
    """What is known about a task before it is locked.

    Attributes:
        task: As it was read.
        now: When.
        proof: What shows that it is done; empty if nothing does.
        away: Whether its assignee is away.
        left: Whether the assignee has left for good.
        other: Who could do it instead, if somebody has to.
        supervisor: Who stands above the assignee.
    """

    task: TaskRecord
    now: datetime
    proof: str = ""
    away: bool = False
    left: bool = False
    other: Assignment | None = None
    supervisor: str = ""


def look_after(office: Office, tick: Tick) -> None:
    """Do what is due for every task."""
    seen: set[tuple[int, datetime | None]] = set()
    while True:
        with reading(office.engine) as connection:
            due = _rows.due(connection, office.corp_id, tick.now(), _MOST)
        fresh = [task for task in due if (task.id, task.check_at) not in seen]
        if not fresh:
            return
        seen |= {(task.id, task.check_at) for task in fresh}
        aside = partial(_put_off, office, tick)
        for proofs in apart(fresh, partial(_proofs, office), aside, tick.faults):
            for task, proof in proofs:
                apart([task], partial(_tend, office, tick, proof), aside, tick.faults)


def _proofs(office: Office, tasks: Sequence[TaskRecord]) -> list[tuple[TaskRecord, str]]:
    found = found_done(office, tasks)
    return [(task, found.get(task.id, "")) for task in tasks]


def _tend(office: Office, tick: Tick, proof: str, tasks: Sequence[TaskRecord]) -> None:
    done = _look(office, _outlook(office, tasks[0], proof, tick.now()))
    tick.counts[done] += bool(done)


def _put_off(office: Office, tick: Tick, tasks: Sequence[TaskRecord], error: Exception) -> None:
    """Look at tasks later that an error gets in the way of; a person may close them meanwhile."""
    _write_later(office, tasks, name_of(error), tick.now())
    tick.counts["faults"] += len(tasks)


@repeatable
def _write_later(office: Office, tasks: Sequence[TaskRecord], what: str, now: datetime) -> None:
    s, first = t.staff_tasks.c, tasks[0]
    with transaction(office.engine) as connection:
        wait = within(now - first.deadline_at)
        mine = (s.id.in_([task.id for task in tasks]), s.check_at <= now)
        connection.execute(sa.update(t.staff_tasks).where(*mine).values(check_at=now + wait))
        entry = Entry(reason=FAULT, sop=first.source, step=first.step, detail=f"task {first.id}: {what}")
        write(connection, office.corp_id, now, [entry])


def _outlook(office: Office, task: TaskRecord, proof: str, now: datetime) -> Outlook:
    """Ask the roster everything that may be wanted, before anything is locked."""
    if proof or task.state is TaskStatus.OVERDUE:
        return Outlook(task=task, now=now, proof=proof)
    if task.state is TaskStatus.HELD:
        supervisor = office.roster.supervisor(task.assignee or task.member)
        return Outlook(task=task, now=now, other=_somebody(office, task, now), supervisor=supervisor)
    away = is_away(office, task.assignee, now)
    wanted = away or (office.rules.hand_over and not task.handovers and task.deadline_at <= now)
    return Outlook(
        task=task,
        now=now,
        away=away,
        left=away and has_left(office, task.assignee),
        other=_somebody(office, task, now, frozenset({task.assignee})) if wanted else None,
        supervisor=office.roster.supervisor(task.assignee),
    )


def _somebody(office: Office, task: TaskRecord, now: datetime, avoid: frozenset[str] = frozenset()) -> Assignment:
    return assign(
        office,
        now,
        assignee=task.assignee,
        role=task.role,
        member=task.member,
        subject=task.subject,
        on_absence=task.on_absence,
        avoid=avoid,
    )


def has_left(office: Office, userid: str) -> bool:
    """Whether the runner was told that the member has left for good."""
    a = t.absences.c
    mine = (a.corp_id == office.corp_id, a.userid == userid)
    with reading(office.engine) as connection:
        until = connection.scalar(sa.select(sa.func.max(a.until_at)).where(*mine))
    return until is not None and until.year >= FOREVER


@repeatable
def _look(office: Office, outlook: Outlook) -> str:
    """Write what becomes of a task; the name of the counter, empty if another worker was faster."""
    task, now = outlook.task, outlook.now
    with transaction(office.engine) as connection:
        held = _rows.hold(connection, task, wait=False)
        if held is None or (held.task.check_at, held.task.state) != (task.check_at, task.state):
            return ""
        if outlook.proof:
            level = EvidenceLevel.DATA.value
            _rows.close(connection, office.corp_id, held, TaskStatus.DONE, now, evidence=outlook.proof, level=level)
            return "tasks_found_done"
        match held.task.state:
            case TaskStatus.OVERDUE:
                _rows.change(connection, task, check_at=None)
                return ""
            case TaskStatus.HELD:
                return _held(connection, office, held, outlook)
            case _:
                return _open(connection, office, held, outlook)


def _held(connection: sa.Connection, office: Office, held: _rows.Held, outlook: Outlook) -> str:
    task, now = held.task, outlook.now
    if outlook.other is not None and outlook.other.userid:
        reason = "reassigned:absent" if task.assignee and task.assignee != outlook.other.userid else "requested"
        _moves.hand_over(connection, office, held, outlook.other, reason, now)
        return reason
    if task.deadline_at <= now:
        _moves.leave_overdue(connection, office, held, outlook.supervisor, now)
        return "expired:task"
    _rows.change(connection, task, check_at=min(now + office.rules.retry_held, task.deadline_at))
    return ""


def _open(connection: sa.Connection, office: Office, held: _rows.Held, outlook: Outlook) -> str:
    task, now, other = held.task, outlook.now, outlook.other
    if outlook.away and (task.on_absence is not Absence.HOLD or outlook.left):
        if other is not None and other.userid:
            reason = "reassigned:left" if outlook.left else "reassigned:absent"
            _moves.hand_over(connection, office, held, other, reason, now)
            return reason
        _moves.leave_held(connection, office, held, now)
        return "held:nobody"
    if outlook.away:
        _moves.leave_held(connection, office, held, now)
        return "deferred:absent"
    if task.deadline_at <= now:
        return _late(connection, office, held, outlook)
    return _nudge(connection, office, held, outlook)


def _late(connection: sa.Connection, office: Office, held: _rows.Held, outlook: Outlook) -> str:
    other = outlook.other
    if other is not None and other.userid:
        _moves.escalate(connection, office, held.task, outlook.supervisor, outlook.now)
        _moves.hand_over(connection, office, held, other, "reassigned:overdue", outlook.now, counted=True)
        return "reassigned:overdue"
    _moves.leave_overdue(connection, office, held, outlook.supervisor, outlook.now)
    return "expired:task"


def _nudge(connection: sa.Connection, office: Office, held: _rows.Held, outlook: Outlook) -> str:
    task, now, told = held.task, outlook.now, ""
    times = {"deadline_at": task.deadline_at, "remind_at": task.remind_at, "escalate_at": task.escalate_at}
    if task.escalate_at is not None and task.escalate_at <= now:
        _moves.escalate(connection, office, task, outlook.supervisor, now)
        times["escalate_at"], told = None, "tasks_escalated"
    if task.remind_at is not None and task.remind_at <= now:
        _moves.remind(connection, office, task, now)
        times["remind_at"], told = None, told or "tasks_reminded"
    _rows.change(connection, task, **times, check_at=_rows.next_check(times))
    return told
