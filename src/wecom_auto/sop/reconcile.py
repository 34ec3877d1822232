"""Find out whether a task exists of which nobody knows: look in the platform's list before asking again.

The list does not name the creator of tasks made by API, so a task is recognised by its content, time, sender and
recipients.
Reads only; the one thing it changes at the platform is to withdraw a second task that turned out to be ours, too.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from wecom_auto.errors import WeComError
from wecom_auto.sop import sending, store
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows._batches import BatchRow, SupersededError
from wecom_auto.sop._rows._states import BatchStatus, TouchStatus
from wecom_auto.sop._sending import _media
from wecom_auto.sop._sending._channels import Listed, Search, channel_of
from wecom_auto.sop._sending._dispatch import Steps, expiry, put_back
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop.sending import Batch, Move, Timing
from wecom_auto.store import reading, repeatable, transaction


def window(batch: Batch, timing: Timing) -> tuple[datetime, datetime]:
    """Between which times the task must have been created, if it was."""
    first, last = batch.first_call_at, batch.last_call_at
    if first is None or last is None:
        msg = f"batch {batch.id} was never called: there is nothing to look for"
        raise ValueError(msg)
    return first - timing.skew, last + timing.call_max + timing.making(batch.kind) + timing.skew


def matches(
    tasks: Iterable[Listed], row: BatchRow, recipients: Iterable[str], owned: Iterable[str]
) -> tuple[Listed, ...]:
    """Which tasks are ours, the oldest first: our sender, a recipient of ours, and no other batch's (I7)."""
    wanted, taken, channel = frozenset(recipients), frozenset(owned), channel_of(row)
    ours = [task for task in tasks if task.id not in taken and channel.owns(task, row, wanted)]
    return tuple(sorted(ours, key=lambda task: (task.made_at, task.id)))


def reconcile(context: Context, tick: Tick, row: BatchRow) -> Steps:
    """Settle a claimed batch of unknown outcome (T9, T10)."""
    try:
        tasks = _look(context, row)
    except WeComError as error:
        put_back(context, row, tick, "reconcile", error)
        return
    yield "K7"
    state, ours = _write_verdict(context, row, tasks, tick.now())
    tick.counts[f"unknown_to_{state.value}"] += 1
    yield "K8"
    if len(ours) > 1:
        withdraw_younger(context, tick, row, ours)


@repeatable
def _write_verdict(
    context: Context, row: BatchRow, tasks: Sequence[Listed], now: datetime
) -> tuple[BatchStatus, Sequence[Listed]]:
    with transaction(context.engine) as connection:
        held = _batches.hold(connection, row)
        touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.BATCHED)
        owners = _batches.owners(connection, [task.id for task in tasks])
        others = [msgid for msgid, owner in owners.items() if owner != row.batch.id]
        ours = matches(tasks, row, [touch.external_userid for touch in touches], others)
        move = _verdict(row, ours, now, context.settings.timing)
        if move is None:
            raise SupersededError(row.batch.id)
        expires_at = expiry(context, row, now) if move.batch.state is BatchStatus.CREATED else row.expires_at
        after = _batches.save(connection, context.corp_id, row, move, now, held=held, expires_at=expires_at)
    return after.batch.state, ours


def _verdict(row: BatchRow, ours: Sequence[Listed], now: datetime, timing: Timing) -> Move | None:
    if ours:
        return sending.found(row.batch, ours[0].id, now, timing)
    return sending.missing(row.batch, now, timing)


def _look(context: Context, row: BatchRow) -> Sequence[Listed]:
    """Read the whole list of the time in question, and more about whatever may be ours."""
    since, until = window(row.batch, context.settings.timing)

    def fresh(ids: Sequence[str]) -> Sequence[str]:
        # What is known to be another batch's need not be read.
        with reading(context.engine) as connection:
            owners = _batches.owners(connection, ids)
        return [one for one in ids if owners.get(one, row.batch.id) == row.batch.id]

    def origins(media_ids: Iterable[str]) -> Mapping[str, str]:
        return _media.origins(context, media_ids) if row.message().files else {}

    return channel_of(row).listed(context.client, row, Search(since, until, fresh, origins))


def withdraw_younger(context: Context, tick: Tick, row: BatchRow, ours: Sequence[Listed]) -> None:
    """Cancel every task but the oldest: the residual that no client can exclude, made small.

    A process that was frozen between its last check and the write can have made a second task.
    """
    for task in ours[1:]:
        try:
            channel_of(row).withdraw(context.client, task.id)
            detail = f"{task.id} withdrawn"
        except WeComError as error:
            detail = f"{task.id} not withdrawn: {error}"
        _journal.note(
            context.engine, context.corp_id, tick.now(), _journal.Entry(reason="alert:duplicate", detail=detail)
        )
        tick.counts["duplicates"] += 1
