"""Carry out what a server can do by itself, and hand out what only a person can do.

Server actions may be repeated: marking a tag twice marks it once.
Tags that we change by API cause no callback, so they are taken into the directory at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import InvalidRequestError, NotFoundError, WeComError
from wecom_auto.sop import _journal, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._actions import MovePool, ServerAction, StaffTask, Tag, Untag, Welcome
from wecom_auto.sop._context import Context, CustomerFacts, Tick
from wecom_auto.sop._freeze import judge
from wecom_auto.sop._journal import Entry
from wecom_auto.sop._polling import tell
from wecom_auto.sop._states import TaskStatus, TouchStatus
from wecom_auto.sop._subjects import facts_of
from wecom_auto.sop.planner import DecisionKind
from wecom_auto.sop.sending import Trouble
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

_MOST: Final = 500
_ATTEMPTS: Final = 8
_PAUSE: Final = timedelta(minutes=5)
_FRESH: Final = timedelta(minutes=1)
"""What was decided less than this ago need not be decided again."""
Tagged = Callable[[str, str, str], None]
"""Told about (external_userid, userid, tag name) after a tag was put on."""


class _BlockedError(Exception):
    """An action cannot be done, now or ever; the text is the reason code."""


@frozen(kw_only=True)
class _Job:
    """One touch with everything that is needed to carry it out."""

    touch: Touch
    run: Enrolment
    facts: CustomerFacts
    actions: Sequence[ServerAction]
    task: StaffTask | None


def perform(context: Context, tick: Tick, tagged: Tagged, shard: int | None = None) -> None:
    """Carry out everything that is due, of one shard or of all, a few hundred touches at a time."""
    seen: set[int] = set()
    while due := _jobs(context, tick.now(), shard):
        jobs = [job for job in due if job.touch.id not in seen]
        for job in jobs:
            if not tick.may_call():
                return
            seen.add(job.touch.id)
            _carry_out(context, tick, job, tagged)
        if not jobs or len(due) < _MOST:
            return


def _jobs(context: Context, now: datetime, shard: int | None) -> list[_Job]:
    with reading(context.engine) as connection:
        due = store.due_touches(connection, context.corp_id, now, "perform", _MOST, shard)
        if not due:
            return []
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in due])
    facts = facts_of(context, runs.values())
    return [_job(context, touch, runs[touch.enrolment_id], facts) for touch in due]


def _job(context: Context, touch: Touch, run: Enrolment, facts: Mapping[int, CustomerFacts]) -> _Job:
    step = context.catalogue.cached(context.engine, run.sop, run.version).step(touch.step)
    actions = [one for one in step.do if isinstance(one, ServerAction) and not isinstance(one, Welcome)]
    task = next((one for one in step.do if isinstance(one, StaffTask)), None)
    return _Job(touch=touch, run=run, facts=facts[run.id], actions=actions, task=task)


def _carry_out(context: Context, tick: Tick, job: _Job, tagged: Tagged) -> None:
    match job.touch.state:
        case TouchStatus.DUE if job.run.withdrawn:
            _close(context, tick, job, TouchStatus.SKIPPED, "dropped:ended")
        case TouchStatus.DUE if job.touch.kind == "staff_task" and job.task is not None:
            _consider(context, tick, job, job.task)
        case TouchStatus.OPEN:
            _overdue(context, tick, job)
        case TouchStatus.REQUESTED:
            # The process died between the welcome call and its answer; the code is long dead.
            _close(context, tick, job, TouchStatus.EXPIRED, "unknown:welcome")
        case _:
            _act(context, tick, job, tagged)


def _act(context: Context, tick: Tick, job: _Job, tagged: Tagged) -> None:
    done = TouchStatus.DONE if job.touch.state is TouchStatus.DUE else job.touch.state
    reason = job.touch.reason if job.touch.state in store.DELIVERED else "done"
    try:
        names = _mark(context, job)
        for action in job.actions:
            if isinstance(action, MovePool):
                context.book.set_attribute(job.run.external_userid, "pool", action.pool)
    except _BlockedError as blocked:
        failed = done if job.touch.state in store.DELIVERED else TouchStatus.FAILED
        _close(context, tick, job, failed, str(blocked), alert=True)
    except WeComError as error:
        _try_later(context, tick, job, error)
    else:
        _close(context, tick, job, done, reason, follow_up=job.touch.state in store.DELIVERED)
        for name in names:
            tagged(job.run.external_userid, job.run.userid, name)


def _mark(context: Context, job: _Job) -> list[str]:
    """Put the tags of the step on and off in one call."""
    add = [one.name for one in job.actions if isinstance(one, Tag)]
    remove = [one.name for one in job.actions if isinstance(one, Untag)]
    if not add and not remove:
        return []
    if not job.facts.following():
        reason = "blocked:not_friend"
        raise _BlockedError(reason)
    ids = {name: context.book.tag_ids(name) for name in (*add, *remove)}
    unknown = [name for name, found in ids.items() if not found]
    if unknown:
        reason = "failed:unknown_tag"
        raise _BlockedError(reason)
    # A name may stand in several groups; the first one is put on, every one is taken off.
    on = [ids[name][0] for name in add]
    off = [tag_id for name in remove for tag_id in ids[name]]
    customer, member = job.run.external_userid, job.run.userid
    context.client.tags.mark(member, customer, add=on, remove=off)
    context.book.mark_tags(member, customer, add=on, remove=off)
    return add


def _try_later(context: Context, tick: Tick, job: _Job, error: WeComError) -> None:
    if tick.failed(error) is Trouble.EVERYTHING:
        # No fault of this action: it stays due, and costs none of its attempts.
        return
    attempts = job.touch.attempts + 1
    final = isinstance(error, InvalidRequestError | NotFoundError) or attempts >= _ATTEMPTS
    code = getattr(error, "errcode", type(error).__name__.removesuffix("Error").lower())
    if final:
        state = job.touch.state if job.touch.state in store.DELIVERED else TouchStatus.FAILED
        _close(context, tick, job, state, f"failed:{code}", alert=True)
        return
    later = tick.now() + _PAUSE * 2 ** (attempts - 1)
    tick.counts["retries"] += _postpone(context, job, later, f"retry:{code}", attempts)


@repeatable
def _postpone(context: Context, job: _Job, later: datetime, reason: str, attempts: int) -> bool:
    # What a delivered message says about itself is not written over because its tag has to wait.
    kept = job.touch.reason if job.touch.state in store.DELIVERED else reason
    with transaction(context.engine) as connection:
        mine = _still_mine(connection, job)
        store.move_touches(connection, mine, job.touch.state, reason=kept, check_at=later, attempts=attempts)
    return bool(mine)


def _still_mine(connection: Connection, job: _Job) -> list[Touch]:
    """The job's touch, unless another worker has dealt with it since it was read: it is counted once."""
    found = store.lock_touches(connection, [job.touch.id], job.touch.state)
    return [touch for touch in found.values() if touch.check_at == job.touch.check_at]


def _close(
    context: Context,
    tick: Tick,
    job: _Job,
    state: TouchStatus,
    reason: str,
    *,
    alert: bool = False,
    follow_up: bool = False,
) -> None:
    outcome = job.touch.reason if follow_up else reason
    entries = [] if follow_up and not job.actions else _told(job, "followed_up" if follow_up else reason)
    if alert:
        entries.append(Entry(reason=f"alert:{reason}", sop=job.run.sop, step=job.touch.step))
    if _write_end(context, job, state, outcome, entries, tick.now()):
        tick.counts["performed" if state in store.DELIVERED else reason] += 1


@repeatable
def _write_end(
    context: Context, job: _Job, state: TouchStatus, reason: str, entries: Sequence[Entry], now: datetime
) -> bool:
    with transaction(context.engine) as connection:
        mine = _still_mine(connection, job)
        if mine:
            store.move_touches(connection, mine, state, reason=reason)
            _journal.write(connection, context.corp_id, now, entries)
    return bool(mine)


def _told(job: _Job, reason: str) -> list[Entry]:
    return [*store.lines([job.touch], {job.run.id: job.run}, reason)]


def _consider(context: Context, tick: Tick, job: _Job, task: StaffTask) -> None:
    """Look at a staff task again before a person is asked: the SOP may have rested, and it may be too late by now."""
    now = tick.now()
    if job.touch.check_at is not None and now - job.touch.check_at < _FRESH:
        _hand_out(context, tick, job, task)
        return
    (verdict,) = judge(context, [job.touch], now, wanted=DecisionKind.STAFF_TASK)
    if verdict.state is TouchStatus.BATCHED:
        _hand_out(context, tick, job, task)
    elif verdict.undo:
        tick.counts[verdict.reason] += _forget(context, job, verdict.reason, now)
    elif verdict.later is not None:
        tick.counts[verdict.reason] += _postpone(context, job, verdict.later, verdict.reason, job.touch.attempts)
    else:
        _close(context, tick, job, TouchStatus.SKIPPED, verdict.reason)


def _hand_out(context: Context, tick: Tick, job: _Job, task: StaffTask) -> None:
    """Open a staff task: assignee, deadline, evidence to come."""
    now = tick.now()
    deadline = now + (task.due or context.settings.task_due)
    row = {
        "corp_id": context.corp_id,
        "touch_id": job.touch.id,
        "assignee": job.run.userid,
        "external_userid": job.run.external_userid,
        "title": task.title,
        "deadline_at": deadline,
        "state": TaskStatus.OPEN.value,
        "evidence": "",
        "created_at": now,
        "notified_at": now if context.settings.notify else None,
    }
    if not _write_task(context, job, row, deadline, now):
        return
    tick.counts["staff_tasks"] += 1
    tell(
        context, job.run.userid, f"待办：{task.title}（截止 {deadline.astimezone(context.settings.zone):%m-%d %H:%M}）"
    )


@repeatable
def _forget(context: Context, job: _Job, reason: str, now: datetime) -> bool:
    """Let the planner decide the step anew."""
    with transaction(context.engine) as connection:
        mine = _still_mine(connection, job)
        store.delete_touches(connection, mine)
        _journal.write(connection, context.corp_id, now, _told(job, reason) if mine else [])
    return bool(mine)


@repeatable
def _write_task(context: Context, job: _Job, row: Mapping[str, object], deadline: datetime, now: datetime) -> bool:
    with transaction(context.engine) as connection:
        mine = _still_mine(connection, job)
        if mine:
            connection.execute(sa.insert(t.staff_tasks).values(dict(row)))
            store.move_touches(connection, mine, TouchStatus.OPEN, reason="requested", check_at=deadline)
            _journal.write(connection, context.corp_id, now, _told(job, "requested"))
    return bool(mine)


def _overdue(context: Context, tick: Tick, job: _Job) -> None:
    """Close a task whose deadline has passed, and tell the supervisor."""
    if not _write_overdue(context, job, tick.now()):
        return
    tick.counts["expired:task"] += 1
    tell(context, context.settings.supervisor(job.run.userid), f"{job.run.userid} 的待办已超时")


@repeatable
def _write_overdue(context: Context, job: _Job, now: datetime) -> bool:
    with transaction(context.engine) as connection:
        mine = _still_mine(connection, job)
        if mine:
            closed = {"state": TaskStatus.OVERDUE.value, "closed_at": now}
            connection.execute(sa.update(t.staff_tasks).where(t.staff_tasks.c.touch_id == job.touch.id).values(closed))
            store.move_touches(connection, mine, TouchStatus.EXPIRED, reason="expired:task")
            alert = Entry(reason="alert:overdue", sop=job.run.sop, step=job.touch.step, detail=job.run.userid)
            _journal.write(connection, context.corp_id, now, [*_told(job, "expired:task"), alert])
    return bool(mine)
