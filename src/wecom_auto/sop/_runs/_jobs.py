"""One touch that has to be carried out, and how its end is written down. Carries nothing out itself.

Every write looks whether the touch is still as it was read: another worker may have dealt with it, and it is counted
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._actions import ServerAction, StaffTask
from wecom_auto.sop._rows import _journal, _work
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop._shared._context import Context, CustomerFacts, Tick
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import repeatable, transaction


@frozen(kw_only=True)
class Job:
    """One touch with everything that is needed to carry it out.

    Attributes:
        touch: The touch.
        run: Its run.
        facts: What is known about the subject.
        definition: The run's definition.
        actions: What a server does by itself.
        task: What a person does; `None` for nothing.
    """

    touch: Touch
    run: Enrolment
    facts: CustomerFacts
    definition: Definition
    actions: Sequence[ServerAction]
    task: StaffTask | None


def still_mine(connection: Connection, job: Job) -> list[Touch]:
    """The job's touch, unless another worker has dealt with it since it was read: it is counted once."""
    found = store.lock_touches(connection, [job.touch.id], job.touch.state)
    return [touch for touch in found.values() if touch.check_at == job.touch.check_at]


def told(job: Job, reason: str, detail: str = "") -> list[Entry]:
    """The line of the log about a job."""
    return [*store.lines([job.touch], {job.run.id: job.run}, reason, detail)]


@repeatable
def postpone(context: Context, job: Job, later: datetime, reason: str, attempts: int) -> bool:
    """Look at a touch again later; False if another worker has dealt with it."""
    # What a delivered message says about itself is not written over because its tag has to wait.
    kept = job.touch.reason if job.touch.state in _work.DELIVERED else reason
    with transaction(context.engine) as connection:
        mine = still_mine(connection, job)
        store.move_touches(connection, mine, job.touch.state, reason=kept, check_at=later, attempts=attempts)
    return bool(mine)


@repeatable
def forget(context: Context, job: Job, reason: str, now: datetime) -> bool:
    """Let the planner decide the step anew."""
    with transaction(context.engine) as connection:
        mine = still_mine(connection, job)
        store.delete_touches(connection, mine)
        _journal.write(connection, context.corp_id, now, told(job, reason) if mine else [])
    return bool(mine)


def close(
    context: Context,
    tick: Tick,
    job: Job,
    state: TouchStatus,
    reason: str,
    *,
    alert: bool = False,
    follow_up: bool = False,
) -> None:
    """End a touch.

    Args:
        context: The runner.
        tick: Counts it.
        job: The touch.
        state: What becomes of it.
        reason: For the log.
        alert: Whether a person has to hear of it.
        follow_up: Whether it was done before, and only what follows it was to do.
    """
    outcome = job.touch.reason if follow_up else reason
    entries = [] if follow_up and not job.actions else told(job, "followed_up" if follow_up else reason)
    if alert:
        entries.append(Entry(reason=f"alert:{reason}", sop=job.run.sop, step=job.touch.step))
    if _write_end(context, job, state, outcome, entries, tick.now()):
        tick.counts["performed" if state in _work.DELIVERED else reason] += 1


@repeatable
def _write_end(
    context: Context, job: Job, state: TouchStatus, reason: str, entries: Sequence[Entry], now: datetime
) -> bool:
    with transaction(context.engine) as connection:
        mine = still_mine(connection, job)
        if mine:
            store.move_touches(connection, mine, state, reason=reason)
            _journal.write(connection, context.corp_id, now, entries)
    return bool(mine)
