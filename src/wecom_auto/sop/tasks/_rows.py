"""Read and write staff tasks. Every function works inside a transaction that the caller opened, and decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import ValidationError
from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Absence
from wecom_auto.sop._rows import _journal, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TaskStatus, TouchStatus
from wecom_auto.sop.store import Touch
from wecom_auto.sop.tasks import _audit
from wecom_auto.sop.tasks._office import Assignment
from wecom_auto.sop.tasks._values import AuditLine, TaskOrder, TaskPage, TaskRecord, TaskRules
from wecom_auto.store import change_where, one_of, rows_where

LIVE: Final = tuple(one.value for one in TaskStatus if not one.final)
_S: Final = t.staff_tasks.c
_NAMES: Final = tuple(name for name in TaskRecord.__annotations__ if name not in {"subject", "due"})
_READ: Final = (*_NAMES, "external_userid", "due_seconds")
_COLUMNS: Final = tuple(_S[name] for name in _READ)
_HALF: Final = 2


def record(row: Mapping[Any, Any]) -> TaskRecord:
    """A row as a value."""
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    span = row["due_seconds"]
    values |= {"state": TaskStatus(values["state"]), "on_absence": Absence(values["on_absence"])}
    values |= {"subject": row["external_userid"], "due": None if span is None else timedelta(seconds=span)}
    return TaskRecord(**values)


def row_of(
    corp_id: str, order: TaskOrder, assignment: Assignment, rules: TaskRules, now: datetime, touch_id: int | None = None
) -> dict[str, object]:
    """The columns of a new task: whose it is, and its times in working hours."""
    times = times_of(order, assignment, rules, now)
    state = TaskStatus.OPEN if assignment.userid else TaskStatus.HELD
    due = (
        None if order.deadline_at is not None else int((rules.due if order.due is None else order.due).total_seconds())
    )
    return {
        "corp_id": corp_id,
        "touch_id": touch_id,
        "source": order.source,
        "step": order.step,
        "kind": str(order.kind),
        "assignee": assignment.userid,
        "member": order.member or order.assignee,
        "role": order.role,
        "store": assignment.store,
        "on_absence": order.on_absence.value,
        "external_userid": order.subject,
        "chat_id": order.chat_id,
        "title": order.title,
        "description": order.description,
        "done": order.done or None,
        "needs_evidence": order.needs_evidence,
        "due_seconds": due,
        "state": state.value,
        "evidence": "",
        "level": "",
        "created_at": now,
        "handovers": 0,
        **times,
        "check_at": next_check(times) if state is TaskStatus.OPEN else now + rules.retry_held,
    }


def times_of(order: TaskOrder, assignment: Assignment, rules: TaskRules, now: datetime) -> dict[str, Any]:
    """Deadline, reminder and escalation of an order, counted from now in the assignee's hours."""
    hours, due = assignment.hours, rules.due if order.due is None else order.due
    deadline = order.deadline_at or hours.add(now, due)
    half = hours.add(now, due / _HALF) if order.deadline_at is None else now + (deadline - now) / _HALF
    remind = half if order.remind_after is None else hours.add(now, order.remind_after)
    escalate = None if order.escalate_after is None else hours.add(now, order.escalate_after)
    return {
        "deadline_at": deadline,
        "remind_at": remind if now < remind < deadline else None,
        "escalate_at": escalate if escalate is not None and escalate < deadline else None,
    }


def next_check(times: Mapping[str, datetime | None]) -> datetime:
    """The earliest time at which anything is due for a task that is open."""
    return min(at for at in (times["remind_at"], times["escalate_at"], times["deadline_at"]) if at is not None)


def order_key(corp_id: str, key: str) -> str:
    """What the database compares: a key of any length."""
    return hashlib.sha256(f"{corp_id}\x1f{key}".encode()).hexdigest()


def by_key(connection: Connection, digest: str) -> TaskRecord | None:
    """The task that a key has made."""
    row = rows_where(connection, t.staff_tasks, {"order_key": digest}, columns=_READ).mappings().first()
    return None if row is None else record(row)


def get(connection: Connection, corp_id: str, task_id: int) -> TaskRecord | None:
    """One task."""
    key = {"id": task_id, "corp_id": corp_id}
    row = rows_where(connection, t.staff_tasks, key, columns=_READ).mappings().first()
    return None if row is None else record(row)


def of_touch(connection: Connection, touch_id: int) -> TaskRecord | None:
    """The task of a touch."""
    row = rows_where(connection, t.staff_tasks, {"touch_id": touch_id}, columns=_READ).mappings().first()
    return None if row is None else record(row)


def wanted_tasks(*where: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """A query for tasks in the order of their deadlines; `find` says how many."""
    query: sa.Select[*tuple[Any, ...]] = sa.select(*_COLUMNS).where(*where).order_by(_S.deadline_at, _S.id)
    return query.limit(sa.bindparam("most", type_=sa.Integer))


def find(
    connection: Connection, query: sa.Select[*tuple[Any, ...]], *, after: str, limit: int, **known: object
) -> TaskPage:
    """A page of the tasks that a query wants."""
    if after:
        at, number = _position(after)
        query = query.where(sa.or_(_S.deadline_at > at, sa.and_(_S.deadline_at == at, _S.id > number)))
    found = [record(row) for row in connection.execute(query, {"most": limit + 1, **known}).mappings()]
    page = found[:limit]
    more = f"{page[-1].deadline_at.isoformat()}|{page[-1].id}" if len(found) > limit else ""
    return TaskPage(tasks=tuple(page), next=more)


def _position(after: str) -> tuple[datetime, int]:
    field, (text, _, number) = "after", after.partition("|")
    try:
        return datetime.fromisoformat(text).astimezone(UTC), int(number)
    except ValueError:
        raise ValidationError(field, value=f"{after[:60]!r}", limit="the `next` of an earlier page") from None


def due(connection: Connection, corp_id: str, now: datetime, limit: int) -> list[TaskRecord]:
    """Tasks that somebody has to look at; those of a paused SOP are due to nobody."""
    rows = connection.execute(_due_query(), {"corp": corp_id, "now": now, "most": limit})
    return [record(row) for row in rows.mappings()]


@cache
def _due_query() -> sa.Select[*tuple[Any, ...]]:
    """Built once: it is asked at every tick."""
    return sa.select(*_COLUMNS).where(*_work.TASKS).order_by(_S.check_at, _S.id).limit(sa.bindparam("most"))


def wake(connection: Connection, corp_id: str, subject: str, now: datetime, *, kinds: Sequence[str] = ()) -> None:
    """Have the tasks about somebody, or of some kinds, looked at: something has happened that may have closed them."""
    known = {"corp": corp_id, "subject": subject, "now": now, "kinds": [*kinds]}
    connection.execute(_wake_statement(of_kinds=bool(kinds)), known)


@cache
def _wake_statement(*, of_kinds: bool) -> sa.Update:
    """Built once: every event of a customer wakes."""
    which = _S.external_userid == sa.bindparam("subject")
    if of_kinds:
        # A task that names its group is done in that one or not at all: others have nothing to say about it.
        here = sa.or_(_S.chat_id == "", _S.chat_id == sa.bindparam("subject"))
        which = sa.or_(sa.and_(_S.kind.in_(sa.bindparam("kinds", expanding=True)), here), which)
    mine = (_S.corp_id == sa.bindparam("corp"), which, one_of(_S.state, LIVE))
    later = sa.or_(_S.check_at.is_(None), _S.check_at > sa.bindparam("now"))
    return sa.update(t.staff_tasks).where(*mine, later).values(check_at=sa.bindparam("now"))


def next_wake(connection: Connection, corp_id: str) -> datetime | None:
    """The earliest instant at which a task or a message to a member is due."""
    row = connection.execute(_wake_query(), {"corp": corp_id}).one()
    return min((at for at in row if at is not None), default=None)


@cache
def _wake_query() -> sa.Select[*tuple[datetime | None, ...]]:
    """Built once: it is asked before every tick."""
    n = t.notices.c
    tasks = _work.first_of(_S.check_at).where(_S.corp_id == sa.bindparam("corp"), _work.is_wanted())
    told = sa.select(sa.func.min(n.due_at)).where(n.corp_id == sa.bindparam("corp"))
    return sa.select(tasks.scalar_subquery(), told.scalar_subquery())


@frozen(kw_only=True)
class Held:
    """A task and its touch, both locked.

    Attributes:
        task: As it is now.
        touch: The touch that waits for it; `None` if none does any more.
    """

    task: TaskRecord
    touch: Touch | None


def hold(connection: Connection, task: TaskRecord, *, wait: bool = True) -> Held | None:
    """Lock a task with its touch, the touch first as everywhere; `None` if another worker holds it."""
    ids = [] if task.touch_id is None else [task.touch_id]
    touches = store.lock_touches(connection, ids, TouchStatus.OPEN, wait=wait)
    row = connection.execute(_hold_query(wait=wait), {"task": task.id}).mappings().first()
    return None if row is None else Held(task=record(row), touch=next(iter(touches.values()), None))


@cache
def _hold_query(*, wait: bool) -> sa.Select[Any]:
    return sa.select(*_COLUMNS).where(_S.id == sa.bindparam("task")).with_for_update(skip_locked=not wait)


def change(connection: Connection, task: TaskRecord, **values: Any) -> None:
    """Set columns of a task that is held."""
    change_where(connection, t.staff_tasks, {"id": task.id}, values)


def close(
    connection: Connection,
    corp_id: str,
    held: Held,
    state: TaskStatus,
    now: datetime,
    *,
    evidence: str,
    level: str = "",
    actor: str = "",
) -> None:
    """Close a task with its touch, forget what was still to be said of it, and write all that down."""
    task = held.task
    change(connection, task, state=state.value, evidence=evidence, level=level, closed_at=now, check_at=None)
    forget_notices(connection, [task.id])
    end_touch(connection, corp_id, held, ENDS[state], now, evidence[:200])
    line = AuditLine(at=now, action=state.value, actor=actor, level=level, detail=evidence)
    audit(connection, corp_id, task, line)


ENDS: Final = {
    TaskStatus.DONE: (TouchStatus.DONE, "done"),
    TaskStatus.REJECTED: (TouchStatus.CANCELLED, "rejected:task"),
    TaskStatus.CANCELLED: (TouchStatus.CANCELLED, "dropped:ended"),
    TaskStatus.OVERDUE: (TouchStatus.EXPIRED, "expired:task"),
}


def end_touch(
    connection: Connection, corp_id: str, held: Held, end: tuple[TouchStatus, str], now: datetime, detail: str = ""
) -> None:
    """Tell the SOP what became of its task."""
    state, reason = end
    task, touches = held.task, [held.touch] if held.touch is not None else []
    done_at = now if state is TouchStatus.DONE else None
    store.move_touches(connection, touches, state, reason=reason, check_at=done_at, sent_at=done_at)
    runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in touches])
    lines = [*store.lines(touches, runs, reason, detail)]
    if not lines and task.subject:
        lines = [_journal.Entry(reason=reason, external_userid=task.subject, sop=task.source, step=task.step)]
    _journal.write(connection, corp_id, now, lines)


_FORGET: Final = (
    sa.update(t.notices)
    .where(t.notices.c.task_id.in_(sa.bindparam("tasks", expanding=True)), t.notices.c.due_at.is_not(None))
    .values(due_at=None)
)


def forget_notices(connection: Connection, task_ids: Iterable[int]) -> None:
    """Take back what was not said yet about tasks that are closed."""
    for chunk in store.chunked([*task_ids]):
        connection.execute(_FORGET, {"tasks": chunk})


def audit(connection: Connection, corp_id: str, task: TaskRecord, line: AuditLine) -> None:
    """Write down what happened to a task."""
    about = evolve(
        line,
        userid=line.userid or task.assignee,
        task_id=task.id,
        external_userid=task.subject,
        source=task.source,
        step=task.step,
    )
    _audit.write(connection, corp_id, [about])


def cancel_of_touches(
    connection: Connection, corp_id: str, touch_ids: Sequence[int], reason: str, now: datetime
) -> None:
    """Take back the tasks of touches that are closed already."""
    for chunk in store.chunked(touch_ids):
        mine = sa.select(*_COLUMNS).where(_S.touch_id.in_(chunk), _S.state.in_(LIVE)).order_by(_S.id)
        tasks = [record(row) for row in connection.execute(mine.with_for_update()).mappings()]
        for task in tasks:
            change(connection, task, state=TaskStatus.CANCELLED.value, closed_at=now, check_at=None)
            audit(connection, corp_id, task, AuditLine(at=now, action=TaskStatus.CANCELLED.value, detail=reason))
        forget_notices(connection, [task.id for task in tasks])
