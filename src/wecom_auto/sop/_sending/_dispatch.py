"""Carry out the create call of one batch: the I/O around the moves T1 to T8 of `wecom_auto.sop.sending`.

Each worker is a generator that pauses at the crash points of the protocol (K1, K2, …).
The runner lets it run through; a test stops it, kills it, or lets two of them take turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve
from sqlalchemy.engine import Connection

from wecom_auto.errors import ConfigurationError, WeComError
from wecom_auto.sop import sending, store
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows._batches import BatchRow, SupersededError
from wecom_auto.sop._rows._states import BatchStatus, EnrolmentStatus, TouchStatus
from wecom_auto.sop._runs._judge import Verdict, faults_of, judge
from wecom_auto.sop._sending import _media
from wecom_auto.sop._sending._channels import channel_of
from wecom_auto.sop._shared import _faults
from wecom_auto.sop._shared._context import Context, Now, Tick
from wecom_auto.sop.contents import Content
from wecom_auto.sop.sending import Move, NotCreated, Outcome, outcome_of
from wecom_auto.store import reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

Steps: TypeAlias = Generator[str, None, None]
"""Yields the name of a crash point each time one is passed."""
_DEAD_MEDIUM: Final = 40007


@repeatable
def claim(context: Context, batch_id: str, now: datetime, *, create: bool = True) -> BatchRow | None:
    """Take a batch for one piece of work (T1), or find out that its last worker died (T8).

    Without `create` batches that wait for the create call are left alone.
    """
    timing = context.settings.timing
    with transaction(context.engine) as connection:
        row = _batches.read(connection, batch_id, "skip")
        if row is None or (row.batch.state is BatchStatus.PLANNED and not create):
            return None
        rival = row.batch.state is BatchStatus.PLANNED and _batches.has_rival(connection, context.corp_id, row)
        move = sending.abandoned(row.batch, now, timing) or sending.claim(row.batch, now, timing, rival=rival)
        if move is None:
            return None
        claimed = _batches.save(connection, context.corp_id, row, move, now, held=row)
    return claimed if move.rule == "T1" else None


def dispatch(context: Context, tick: Tick, row: BatchRow) -> Steps:
    """Ask the platform for the task of a claimed, planned batch."""
    yield "K1"
    content = _prepare(context, tick, row)
    if content is None:
        return
    calling, dropped = _begin(context, row, tick.now)
    tick.counts["dropped"] += dropped
    if calling is None:
        return
    yield "K2"
    outcome = _call(context, calling, content, tick.now)
    yield "K5"
    if isinstance(outcome, NotCreated) and outcome.trouble:
        tick.troubles[outcome.reason] = outcome.trouble
    move = record(context, calling, outcome, tick.now())
    tick.counts[move.batch.state.value if move is not None else "superseded"] += 1
    yield "K6"


def _prepare(context: Context, tick: Tick, row: BatchRow) -> Content | None:
    """Fetch the content with media that live long enough; `None` if the batch has to wait or cannot be sent at all.

    Before the intent is written down: whatever fails here has certainly created no task.
    """
    content, now = row.message(), tick.now()
    if not content.is_valid_on(now.astimezone(context.settings.zone).date()):
        _close(context, row, sending.drop(row.batch, "expired:content"), now)
        tick.counts["expired:content"] += 1
        return None
    try:
        life, purpose = _media.task_life(context.settings), channel_of(row).purpose
        return _media.provide(context, content, now, lives=life, purpose=purpose)
    except ConfigurationError:
        _close(context, row, sending.unsendable(row.batch, "failed:content"), now)
        tick.counts["failed"] += 1
    except WeComError as error:
        put_back(context, row, tick, "upload", error)
    return None


@repeatable
def _close(context: Context, row: BatchRow, move: Move, now: datetime) -> None:
    with transaction(context.engine) as connection:
        _batches.save(connection, context.corp_id, row, move, now)


@repeatable
def _begin(context: Context, row: BatchRow, clock: Now) -> tuple[BatchRow | None, int]:
    """Check everybody again, then commit the intent (T2); say how many fell out."""
    with reading(context.engine) as connection:
        touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.BATCHED)
        running = set(context.catalogue.running(connection))
    verdicts = judge(context, touches, clock())
    with transaction(context.engine) as connection:
        now, held = clock(), _batches.hold(connection, row)
        cancel = held.batch.cancel_reason
        keep, rest = _sort(verdicts, running, cancel, now)
        _take_out(connection, context, rest, now)
        if not keep:
            drop = sending.drop(row.batch, cancel or "dropped:empty")
            _batches.save(connection, context.corp_id, row, drop, now, held=held)
            return None, len(rest)
        move = sending.begin(row.batch, now, context.settings.timing)
        if move is None:
            raise SupersededError(row.batch.id)
        return _batches.save(connection, context.corp_id, row, move, now, held=held), len(rest)


def _sort(
    verdicts: Sequence[Verdict], running: set[str], cancel: str, now: datetime
) -> tuple[list[Verdict], list[Verdict]]:
    keep: list[Verdict] = []
    rest: list[Verdict] = []
    for one in verdicts:
        anew = _batches.AGAIN.get(cancel, "")
        if anew and one.run.state == EnrolmentStatus.ACTIVE.value:
            rest.append(evolve(one, state=TouchStatus.DUE, reason=anew, later=now, undo=False))
        elif cancel:
            rest.append(evolve(one, state=TouchStatus.CANCELLED, reason=cancel, later=None, undo=False))
        elif one.state is not TouchStatus.BATCHED:
            rest.append(one)
        elif one.run.sop not in running:
            # It waits as a due touch: nobody looks at those of a paused SOP.
            later = one.touch.due_at
            rest.append(evolve(one, state=TouchStatus.DUE, reason="deferred:paused", later=later, undo=False))
        else:
            keep.append(one)
    return _whole_messages(keep, rest, now)


def _whole_messages(
    keep: Sequence[Verdict], rest: Sequence[Verdict], now: datetime
) -> tuple[list[Verdict], list[Verdict]]:
    """Take a merged message back from a customer who must not get a part of it: the other part is frozen anew."""
    partly = {one.touch.external_userid for one in rest}
    alone = [one for one in keep if one.touch.external_userid in partly]
    again = [evolve(one, state=TouchStatus.DUE, reason="deferred:merge", later=now, undo=False) for one in alone]
    return [one for one in keep if one.touch.external_userid not in partly], [*rest, *again]


def _take_out(connection: Connection, context: Context, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Remove from the batch whoever must not get it any more; their reservations are given back."""
    groups: defaultdict[tuple[TouchStatus, str, datetime | None, bool], list[Verdict]] = defaultdict(list)
    for one in verdicts:
        groups[one.state, one.reason, one.later, one.undo].append(one)
    for (state, reason, later, undo), group in groups.items():
        touches = [one.touch for one in group]
        if undo:
            store.delete_touches(connection, touches)
        else:
            store.move_touches(connection, touches, state, reason=reason, check_at=later, due_at=later, batch_id=None)
        runs = {one.run.id: one.run for one in group}
        _journal.write(connection, context.corp_id, now, store.lines(touches, runs, reason))
    _faults.write(connection, context.corp_id, now, faults_of(verdicts))


def _call(context: Context, row: BatchRow, content: Content, now: Now) -> Outcome:
    timing = context.settings.timing
    with reading(context.engine) as connection:
        touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.BATCHED)
        present = _batches.read(connection, row.batch.id, "no")
    recipients = list(dict.fromkeys(touch.external_userid for touch in touches))
    # T3: read and compared as late as this process can, because the platform itself compares nothing.
    ours = present is not None and present.batch.fence == row.batch.fence
    if not ours or not sending.may_write(row.batch, now(), timing):
        return NotCreated(reason="blocked:lease")
    try:
        return channel_of(row).create(create_client(context), row, content, recipients)
    except WeComError as error:
        if getattr(error, "errcode", 0) == _DEAD_MEDIUM and row.message().files:
            _media.forget(context, row.message(), now())
            return NotCreated(reason="blocked:media")
        return outcome_of(error)


def create_client(context: Context) -> WeCom:
    """The client of the create call: one attempt, no waiting, and a hard limit."""
    # A limit holds for connecting, writing and reading each: half of it keeps the whole call inside.
    half = context.settings.timing.call_max.total_seconds() / 2
    return context.client.with_options(attempts=1, timeout_seconds=half, max_wait_seconds=0)


def record(context: Context, row: BatchRow, outcome: Outcome, now: datetime) -> Move | None:
    """Write the answer down (T4 to T7); `None` if the batch was taken over meanwhile."""
    move = sending.record(row.batch, outcome, now, context.settings.timing)
    if move is None:
        return None
    try:
        _write_answer(context, row, move, now)
    except SupersededError:
        return None
    return move


@repeatable
def _write_answer(context: Context, row: BatchRow, move: Move, now: datetime) -> None:
    with transaction(context.engine) as connection:
        expires_at = expiry(context, row, now) if move.batch.state is BatchStatus.CREATED else row.expires_at
        _batches.save(connection, context.corp_id, row, move, now, expires_at=expires_at)


def put_back(context: Context, row: BatchRow, tick: Tick, what: str, error: WeComError) -> None:
    """Give a batch back whose task could not be read; it is looked at again soon."""
    tick.failed(error)
    _postpone(context, row, f"{what}:{type(error).__name__}", tick.now())
    tick.counts["postponed"] += 1


@repeatable
def _postpone(context: Context, row: BatchRow, reason: str, now: datetime) -> None:
    move = sending.postpone(row.batch, now + context.settings.timing.backoff, reason)
    with transaction(context.engine) as connection:
        _batches.save(connection, context.corp_id, row, move, now)


def expiry(context: Context, row: BatchRow, now: datetime) -> datetime:
    """When an unconfirmed task is withdrawn: never before the escalation has had a day."""
    settings = context.settings
    escalated = row.escalate_seconds or settings.escalate_after.total_seconds()
    return now + max(settings.expire_after, timedelta(days=1, seconds=escalated))
