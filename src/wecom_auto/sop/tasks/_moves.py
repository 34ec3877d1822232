"""What may happen to a task that is held: handed over, left overdue, escalated. Writes, and calls nobody."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve
from sqlalchemy.engine import Connection

from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop.tasks import _notices, _rows
from wecom_auto.sop.tasks._office import Assignment, Office
from wecom_auto.sop.tasks._rows import Held
from wecom_auto.sop.tasks._values import AuditLine, TaskRecord


def hand_over(
    connection: Connection,
    office: Office,
    held: Held,
    to: Assignment,
    reason: str,
    now: datetime,
    *,
    actor: str = "",
    detail: str = "",
    counted: bool = False,
) -> None:
    """Give a task to somebody else, who has at least as long as the first one had."""
    task = held.task
    span = office.rules.due if task.due is None else task.due
    deadline = max(task.deadline_at, to.hours.add(now, span))
    remind = to.hours.add(now, span / 2)
    times = {"deadline_at": deadline, "remind_at": remind if now < remind < deadline else None, "escalate_at": None}
    values = times | {"check_at": _rows.next_check(times), "store": to.store, "state": TaskStatus.OPEN.value}
    _rows.change(connection, task, assignee=to.userid, handovers=task.handovers + counted, **values)
    _rows.forget_notices(connection, [task.id])
    after = evolve(task, assignee=to.userid, deadline_at=deadline)
    _notices.about(connection, office, after, "new" if task.state is TaskStatus.HELD else "handed_over", now)
    line = AuditLine(at=now, action="reassigned", actor=actor, userid=to.userid, detail=detail or reason)
    _rows.audit(connection, office.corp_id, task, line)
    _tell(connection, office, task, reason, now, f"{task.assignee} -> {to.userid}")


def leave_held(connection: Connection, office: Office, held: Held, now: datetime) -> None:
    """Keep a task that nobody can do, and call for a person."""
    task = held.task
    _rows.change(connection, task, state=TaskStatus.HELD.value, check_at=now + office.rules.retry_held)
    _rows.audit(connection, office.corp_id, task, AuditLine(at=now, action="held"))
    _tell(connection, office, task, "held:nobody", now)
    alert_held(connection, office, task, now)


def alert_held(connection: Connection, office: Office, task: TaskRecord, now: datetime) -> None:
    """Call for a person."""
    alert = _journal.Entry(reason="alert:held_task", sop=task.source, step=task.step, detail=str(task.id))
    _journal.write(connection, office.corp_id, now, [alert])


def leave_overdue(connection: Connection, office: Office, held: Held, supervisor: str, now: datetime) -> None:
    """Let the deadline pass: the SOP goes on, the supervisor hears of it, and it may still be done late."""
    task = held.task
    _rows.change(connection, task, state=TaskStatus.OVERDUE.value, check_at=None, remind_at=None, escalate_at=None)
    _rows.forget_notices(connection, [task.id])
    _rows.end_touch(connection, office.corp_id, held, _rows.ENDS[TaskStatus.OVERDUE], now)
    _rows.audit(connection, office.corp_id, task, AuditLine(at=now, action="overdue"))
    alert = _journal.Entry(reason="alert:overdue", sop=task.source, step=task.step, detail=task.assignee)
    _journal.write(connection, office.corp_id, now, [alert])
    if supervisor:
        _notices.about(connection, office, task, "overdue", now, to=supervisor)


def escalate(connection: Connection, office: Office, task: TaskRecord, supervisor: str, now: datetime) -> None:
    """Tell the supervisor (N+1) while there is still time."""
    line = AuditLine(at=now, action="escalated", detail=supervisor)
    _rows.audit(connection, office.corp_id, task, line)
    _tell(connection, office, task, "escalated:task", now, supervisor)
    if supervisor:
        _notices.about(connection, office, task, "escalated", now, to=supervisor)


def remind(connection: Connection, office: Office, task: TaskRecord, now: datetime) -> None:
    """Remind the assignee."""
    _rows.audit(connection, office.corp_id, task, AuditLine(at=now, action="reminded"))
    _notices.about(connection, office, task, "reminder", now)


def _tell(
    connection: Connection, office: Office, task: TaskRecord, reason: str, now: datetime, detail: str = ""
) -> None:
    entry = _journal.Entry(reason=reason, external_userid=task.subject, sop=task.source, step=task.step, detail=detail)
    _journal.write(connection, office.corp_id, now, [entry])
