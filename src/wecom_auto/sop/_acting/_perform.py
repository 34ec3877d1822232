"""Go through the touches that are due: server actions are done, staff tasks handed out, failures tried again later.

What one action does is in its own module; this one decides about order, repetition and the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from wecom_auto.errors import InvalidRequestError, NotFoundError, WeComError
from wecom_auto.sop import store
from wecom_auto.sop._acting._server_actions import BlockedError, WebhookError, act
from wecom_auto.sop._document._actions import ServerAction, StaffTask, Welcome
from wecom_auto.sop._rows import _work
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop._runs import _attributes
from wecom_auto.sop._runs._jobs import Job, close, forget, postpone
from wecom_auto.sop._runs._judge import judge
from wecom_auto.sop._sending._handing_out import hand_out
from wecom_auto.sop._shared._context import Context, CustomerFacts, Tick
from wecom_auto.sop._shared._faults import apart
from wecom_auto.sop._shared._putting_off import put_off_touches, touches_with_definition
from wecom_auto.sop._shared._subjects import facts_of
from wecom_auto.sop.definition import Step
from wecom_auto.sop.planner import DecisionKind
from wecom_auto.sop.sending import Trouble
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading

_MOST: Final = 500
_ATTEMPTS: Final = 8
_PAUSE: Final = timedelta(minutes=5)
_FRESH: Final = timedelta(minutes=1)
"""What was decided less than this ago need not be decided again."""


def perform(context: Context, tick: Tick, shard: int | None = None) -> None:
    """Carry out everything that is due, of one shard or of all, a few hundred touches at a time."""
    seen: set[int] = set()
    aside, sieve = partial(put_off_touches, context, tick), partial(touches_with_definition, context, tick)
    while due := _due(context, tick.now(), shard):
        fresh = [touch for touch in due if touch.id not in seen]
        for jobs in apart(fresh, partial(_jobs, context), aside, tick.faults, sieve):
            for job in jobs:
                if not tick.may_call():
                    return
                seen.add(job.touch.id)
                apart([job.touch], partial(_do, context, tick, job), aside, tick.faults)
        seen |= {touch.id for touch in fresh}
        if not fresh or len(due) < _MOST:
            return


def _do(context: Context, tick: Tick, job: Job, _touch: Sequence[Touch]) -> None:
    _carry_out(context, tick, job)


def _due(context: Context, now: datetime, shard: int | None) -> list[Touch]:
    with reading(context.engine) as connection:
        return store.due_touches(connection, context.corp_id, now, "perform", _MOST, shard)


def _jobs(context: Context, due: Sequence[Touch]) -> list[Job]:
    with reading(context.engine) as connection:
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in due])
    facts = facts_of(context, runs.values())
    return [_job(context, touch, runs[touch.enrolment_id], facts) for touch in due]


def _job(context: Context, touch: Touch, run: Enrolment, facts: Mapping[int, CustomerFacts]) -> Job:
    definition = context.catalogue.cached(context.engine, run.sop, run.version)
    step = definition.find(touch.step) or _earlier(context, run, touch)
    actions = [one for one in step.do if isinstance(one, ServerAction) and not isinstance(one, Welcome)]
    task = next((one for one in step.do if isinstance(one, StaffTask)), None)
    return Job(touch=touch, run=run, facts=facts[run.id], definition=definition, actions=actions, task=task)


def _earlier(context: Context, run: Enrolment, touch: Touch) -> Step:
    with reading(context.engine) as connection:
        return context.catalogue.step(connection, run.sop, run.version, touch.step)


def _carry_out(context: Context, tick: Tick, job: Job) -> None:
    match job.touch.state:
        case TouchStatus.DUE if job.run.withdrawn:
            close(context, tick, job, TouchStatus.SKIPPED, "dropped:ended")
        case TouchStatus.DUE if job.touch.kind == "staff_task" and job.task is not None:
            _consider(context, tick, job, job.task)
        case TouchStatus.REQUESTED:
            # The process died between the welcome call and its answer; the code is long dead.
            close(context, tick, job, TouchStatus.EXPIRED, "unknown:welcome")
        case _:
            _act(context, tick, job)


def _act(context: Context, tick: Tick, job: Job) -> None:
    done = TouchStatus.DONE if job.touch.state is TouchStatus.DUE else job.touch.state
    reason = job.touch.reason if job.touch.state in _work.DELIVERED else "done"
    try:
        changed = act(context, tick, job)
    except BlockedError as blocked:
        failed = done if job.touch.state in _work.DELIVERED else TouchStatus.FAILED
        close(context, tick, job, failed, str(blocked), alert=True)
    except (WeComError, WebhookError) as error:
        _try_later(context, tick, job, error)
    else:
        close(context, tick, job, done, reason, follow_up=job.touch.state in _work.DELIVERED)
        for kind, name in changed:
            _attributes.changed_by_us(context, job.run, kind, name, tick.now(), job.definition.target)


def _try_later(context: Context, tick: Tick, job: Job, error: WeComError | WebhookError) -> None:
    if isinstance(error, WeComError) and tick.failed(error) is Trouble.EVERYTHING:
        # No fault of this action: it stays due, and costs none of its attempts.
        return
    attempts = job.touch.attempts + 1
    final = isinstance(error, InvalidRequestError | NotFoundError) or attempts >= _ATTEMPTS
    code = getattr(error, "errcode", type(error).__name__.removesuffix("Error").lower())
    if final:
        state = job.touch.state if job.touch.state in _work.DELIVERED else TouchStatus.FAILED
        close(context, tick, job, state, f"failed:{code}", alert=True)
        return
    later = tick.now() + _PAUSE * 2 ** (attempts - 1)
    tick.counts["retries"] += postpone(context, job, later, f"retry:{code}", attempts)


def _consider(context: Context, tick: Tick, job: Job, task: StaffTask) -> None:
    """Look at a staff task again before a person is asked: the SOP may have rested, and it may be too late by now."""
    now = tick.now()
    if job.touch.check_at is not None and now - job.touch.check_at < _FRESH:
        hand_out(context, tick, job, task)
        return
    (verdict,) = judge(context, [job.touch], now, wanted=DecisionKind.STAFF_TASK, apart=False)
    if verdict.state is TouchStatus.BATCHED:
        hand_out(context, tick, job, task)
    elif verdict.undo:
        tick.counts[verdict.reason] += forget(context, job, verdict.reason, now)
    elif verdict.later is not None:
        tick.counts[verdict.reason] += postpone(context, job, verdict.later, verdict.reason, job.touch.attempts)
    else:
        close(context, tick, job, TouchStatus.SKIPPED, verdict.reason)
