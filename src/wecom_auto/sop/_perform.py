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

from wecom_auto.errors import InvalidRequestError, NotFoundError, WeComError
from wecom_auto.sop import _journal, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._actions import MovePool, ServerAction, StaffTask, Tag, Untag, Welcome
from wecom_auto.sop._context import Context, CustomerFacts, Tick
from wecom_auto.sop._journal import Entry
from wecom_auto.sop._polling import tell
from wecom_auto.sop._states import TaskStatus, TouchStatus
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import transaction

_MOST: Final = 500
_ATTEMPTS: Final = 8
_PAUSE: Final = timedelta(minutes=5)
_STATES: Final = (TouchStatus.DUE, TouchStatus.OPEN, TouchStatus.REQUESTED, *store.DELIVERED)

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


def perform(context: Context, tick: Tick, tagged: Tagged) -> None:
    """Carry out everything that is due, a few hundred touches at a time."""
    seen: set[int] = set()
    while jobs := [job for job in _jobs(context, tick.now()) if job.touch.id not in seen]:
        for job in jobs:
            seen.add(job.touch.id)
            _carry_out(context, tick, job, tagged)


def _jobs(context: Context, now: datetime) -> list[_Job]:
    with transaction(context.engine) as connection:
        sops = context.catalogue.running(connection)
        due = store.due_touches(
            connection,
            context.corp_id,
            sops,
            now,
            kinds=("action", "staff_task", "mass", "welcome"),
            states=_STATES,
            limit=_MOST,
        )
        due = [touch for touch in due if (touch.kind, touch.state) != ("mass", TouchStatus.DUE)]
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in due])
    facts = context.book.facts_for([run.pair for run in runs.values()])
    return [_job(context, touch, runs[touch.enrolment_id], facts) for touch in due]


def _job(context: Context, touch: Touch, run: Enrolment, facts: Mapping[tuple[str, str], CustomerFacts]) -> _Job:
    step = context.catalogue.cached(context.engine, run.sop, run.version).step(touch.step)
    actions = [one for one in step.do if isinstance(one, ServerAction) and not isinstance(one, Welcome)]
    task = next((one for one in step.do if isinstance(one, StaffTask)), None)
    return _Job(touch=touch, run=run, facts=facts[run.pair], actions=actions, task=task)


def _carry_out(context: Context, tick: Tick, job: _Job, tagged: Tagged) -> None:
    match job.touch.state:
        case TouchStatus.DUE if job.run.withdrawn:
            _close(context, tick, job, TouchStatus.SKIPPED, "dropped:ended")
        case TouchStatus.DUE if job.touch.kind == "staff_task" and job.task is not None:
            _hand_out(context, tick, job, job.task)
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
    attempts = job.touch.attempts + 1
    final = isinstance(error, InvalidRequestError | NotFoundError) or attempts >= _ATTEMPTS
    code = getattr(error, "errcode", type(error).__name__.removesuffix("Error").lower())
    if final:
        state = job.touch.state if job.touch.state in store.DELIVERED else TouchStatus.FAILED
        _close(context, tick, job, state, f"failed:{code}", alert=True)
        return
    later = tick.now() + _PAUSE * 2 ** (attempts - 1)
    with transaction(context.engine) as connection:
        store.move_touches(
            connection, [job.touch], job.touch.state, reason=f"retry:{code}", check_at=later, attempts=attempts
        )
    tick.counts["retries"] += 1


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
    runs = {job.run.id: job.run}
    with transaction(context.engine) as connection:
        # Reread: two workers may have done the same harmless thing, and it is counted once.
        mine = store.lock_touches(connection, [job.touch.id], job.touch.state)
        if job.touch.id not in mine or mine[job.touch.id].check_at is None:
            return
        store.move_touches(connection, [job.touch], state, reason=job.touch.reason if follow_up else reason)
        entries = [*store.lines([job.touch], runs, "followed_up" if follow_up else reason)] if job.actions else []
        if not job.actions:
            entries = [] if follow_up else [*store.lines([job.touch], runs, reason)]
        if alert:
            entries.append(Entry(reason=f"alert:{reason}", sop=job.run.sop, step=job.touch.step))
        _journal.write(connection, context.corp_id, tick.now(), entries)
    tick.counts["performed" if state in store.DELIVERED else reason] += 1


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
    with transaction(context.engine) as connection:
        if not store.lock_touches(connection, [job.touch.id], TouchStatus.DUE):
            return
        connection.execute(sa.insert(t.staff_tasks).values(row))
        store.move_touches(connection, [job.touch], TouchStatus.OPEN, reason="requested", check_at=deadline)
        _journal.write(connection, context.corp_id, now, store.lines([job.touch], {job.run.id: job.run}, "requested"))
    tick.counts["staff_tasks"] += 1
    tell(
        context, job.run.userid, f"待办：{task.title}（截止 {deadline.astimezone(context.settings.zone):%m-%d %H:%M}）"
    )


def _overdue(context: Context, tick: Tick, job: _Job) -> None:
    """Close a task whose deadline has passed, and tell the supervisor."""
    now = tick.now()
    with transaction(context.engine) as connection:
        if not store.lock_touches(connection, [job.touch.id], TouchStatus.OPEN):
            return
        mine = t.staff_tasks.c.touch_id == job.touch.id
        closed = {"state": TaskStatus.OVERDUE.value, "closed_at": now}
        connection.execute(sa.update(t.staff_tasks).where(mine).values(closed))
        store.move_touches(connection, [job.touch], TouchStatus.EXPIRED, reason="expired:task")
        entries = [*store.lines([job.touch], {job.run.id: job.run}, "expired:task")]
        entries.append(Entry(reason="alert:overdue", sop=job.run.sop, step=job.touch.step, detail=job.run.userid))
        _journal.write(connection, context.corp_id, now, entries)
    tick.counts["expired:task"] += 1
    tell(context, context.settings.supervisor(job.run.userid), f"{job.run.userid} 的待办已超时")
