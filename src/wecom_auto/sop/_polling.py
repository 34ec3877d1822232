"""Follow a created task: read who tapped and what arrived, nudge, escalate, withdraw (T11, T12).

Everything here may be repeated. A nudge is counted before it is sent, because the platform allows three in 24 hours.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from attrs import evolve, field, frozen
from sqlalchemy.engine import Connection

from wecom_auto.errors import APIError, WeComError
from wecom_auto.models import MassMessageResult, SendStatus, TaskStatus, TextMessage
from wecom_auto.sop import _batches, _cadence, _journal, sending, store
from wecom_auto.sop._actions import ServerAction
from wecom_auto.sop._batches import BatchRow
from wecom_auto.sop._context import Context, Tick
from wecom_auto.sop._dispatch import Steps, put_back
from wecom_auto.sop._journal import Entry
from wecom_auto.sop._states import BatchStatus, TouchStatus
from wecom_auto.sop.sending import Move
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction

_ALREADY_CANCELLED: Final = 41093
_OUTCOMES: Final = {
    SendStatus.SENT: (TouchStatus.DELIVERED, "sent"),
    SendStatus.NOT_FRIEND: (TouchStatus.NOT_FRIEND, "blocked:not_friend"),
    SendStatus.QUOTA: (TouchStatus.CAPPED, "dropped:cap"),
}


@frozen(kw_only=True)
class Reading:
    """What the platform says about a task.

    Attributes:
        confirmed_at: When our sender tapped; `None` if that has not happened.
        confirmed: Whether our sender tapped.
        results: What became of each customer.
    """

    confirmed: bool = False
    confirmed_at: datetime | None = None
    results: tuple[MassMessageResult, ...] = field(default=(), repr=False)


def follow(context: Context, tick: Tick, row: BatchRow) -> Steps:
    """Work on a claimed, created batch."""
    msgid = row.batch.msgid or ""
    due = _cadence.chores(row, tick.now(), context.settings)
    row = _asked_back(context, row)
    reason = row.batch.cancel_reason or ("expired:unconfirmed" if due.expire else "")
    try:
        answer = _read(context, row.sender, msgid)
        if reason and not answer.confirmed:
            # Withdrawn first and read afterwards: what was sent in between is in the results.
            _withdraw(context, msgid)
            yield "K9"
            answer = _read(context, row.sender, msgid)
    except WeComError as error:
        put_back(context, row, tick, "poll", error)
        return
    yield "K9"
    row, settled = _settle(context, row, answer, reason, tick.now())
    tick.counts["settled"] += settled
    tick.counts[f"batch_{row.batch.state.value}"] += row.batch.state.final
    if row.batch.state is BatchStatus.CREATED and not answer.confirmed:
        yield from _nag(context, tick, row, due)


def _asked_back(context: Context, row: BatchRow) -> BatchRow:
    """The same batch, to be withdrawn if everybody in it has left the SOP meanwhile."""
    if row.batch.cancel_reason:
        return row
    with reading(context.engine) as connection:
        wanted = _batches.is_wanted(connection, row.batch.id)
        touches = not wanted and store.touches_in_batch(connection, row.batch.id, TouchStatus.REQUESTED)
    return evolve(row, batch=evolve(row.batch, cancel_reason="dropped:ended")) if touches else row


def _read(context: Context, sender: str, msgid: str) -> Reading:
    api = context.client.mass_messages
    mine = next((task for task in api.iter_members(msgid) if task.userid == sender), None)
    confirmed = mine is not None and mine.status is TaskStatus.SENT
    # Results change only by a tap, so they are read only after one.
    results = tuple(api.iter_results(msgid, userid=sender)) if confirmed else ()
    return Reading(confirmed=confirmed, confirmed_at=mine.sent_at if mine else None, results=results)


def _withdraw(context: Context, msgid: str) -> None:
    try:
        context.client.mass_messages.cancel(msgid)
    except APIError as error:
        if error.errcode != _ALREADY_CANCELLED:
            raise


@repeatable
def _settle(context: Context, row: BatchRow, answer: Reading, reason: str, now: datetime) -> tuple[BatchRow, int]:
    """Write the results down; close the batch if nothing is open any more. Returns how many touches were settled."""
    with transaction(context.engine) as connection:
        held = _batches.hold(connection, row)
        open_touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.REQUESTED)
        settled = _write_results(connection, context, row, open_touches, answer, now)
        after = evolve(row, polls=row.polls + 1, confirmed_at=row.confirmed_at or answer.confirmed_at)
        move = _next(context, after, reason, now, left=len(open_touches) - settled)
        saved = _batches.save(
            connection, context.corp_id, row, move, now, held=held, polls=after.polls, confirmed_at=after.confirmed_at
        )
    return saved, settled


def _next(context: Context, row: BatchRow, reason: str, now: datetime, *, left: int) -> Move:
    closing: Move | None = None
    if not left:
        closing = sending.finish(row.batch, BatchStatus.DONE, "done")
    elif row.batch.cancel_reason:
        closing = sending.finish(row.batch, BatchStatus.CANCELLED, row.batch.cancel_reason)
    elif reason:
        closing = sending.finish(row.batch, BatchStatus.EXPIRED, reason)
    if closing is not None:
        return closing
    return sending.postpone(row.batch, _cadence.next_look(row, now, context.settings), row.batch.reason)


def _write_results(
    connection: Connection,
    context: Context,
    row: BatchRow,
    open_touches: list[Touch],
    answer: Reading,
    now: datetime,
) -> int:
    by_customer = {touch.external_userid: touch for touch in open_touches}
    groups: defaultdict[tuple[TouchStatus, str, datetime | None, datetime | None], list[Touch]] = defaultdict(list)
    if not answer.results:
        return 0
    runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in open_touches])
    for one in answer.results:
        touch = by_customer.pop(one.external_userid, None)
        if touch is not None and one.status in _OUTCOMES:
            state, reason = _OUTCOMES[one.status]
            goes_on = state is TouchStatus.DELIVERED and _goes_on(context, connection, runs[touch.enrolment_id], touch)
            groups[state, reason, one.sent_at, now if goes_on else None].append(touch)
    if answer.confirmed:
        # Tapped, and the complete results do not know the customer: the platform had refused it at creation.
        groups[TouchStatus.REFUSED, "failed:refused", None, None].extend(by_customer.values())
    for (state, reason, sent_at, check_at), touches in groups.items():
        store.move_touches(connection, touches, state, reason=reason, sent_at=sent_at, check_at=check_at)
        _journal.write(connection, context.corp_id, now, store.lines(touches, runs, reason, row.batch.id))
    return sum(map(len, groups.values()))


def _goes_on(context: Context, connection: Connection, run: Enrolment, touch: Touch) -> bool:
    """Whether the step has server actions ("tag") that follow its delivery."""
    step = context.catalogue.load(connection, run.sop, run.version).step(touch.step)
    return any(isinstance(action, ServerAction) for action in step.do)


def _nag(context: Context, tick: Tick, row: BatchRow, due: _cadence.Chores) -> Steps:
    now = tick.now()
    if due.escalate:
        row = _count(context, row, now, Entry(reason="alert:unconfirmed", detail=row.batch.id), escalated_at=now)
        tick.counts["escalated"] += 1
        _tell(context, context.settings.supervisor(row.sender), f"{row.sender} 有一条群发任务超时未确认")
    if due.remind:
        row = _count(context, row, now, Entry(reason="reminded", detail=row.batch.id), reminds=row.reminds + 1)
        yield "K9"
        tick.counts["reminded"] += 1
        _remind(context, row.batch.msgid or "")
        if due.tell:
            _tell(context, row.sender, "您有一条客户群发任务待确认，请在企业微信中点击发送")


@repeatable
def _count(context: Context, row: BatchRow, now: datetime, entry: Entry, **others: Any) -> BatchRow:
    """Write a nudge or escalation down before it is made."""
    after = evolve(row, **others)
    move = sending.postpone(row.batch, _cadence.next_look(after, now, context.settings), row.batch.reason)
    with transaction(context.engine) as connection:
        _journal.write(connection, context.corp_id, now, [entry])
        return _batches.save(connection, context.corp_id, row, move, now, **others)


def _remind(context: Context, msgid: str) -> None:
    try:
        context.client.mass_messages.remind(msgid)
    except WeComError:
        # It was counted: one nudge less is better than a fourth one, which the platform refuses anyway.
        return


def _tell(context: Context, userid: str, text: str) -> None:
    if not (context.settings.notify and userid):
        return
    try:
        context.client.messages.send(TextMessage(content=text), users=[userid])
    except WeComError:
        return


def tell(context: Context, userid: str, text: str) -> bool:
    """Send an application message if that is switched on; a failure is no reason to stop anything."""
    _tell(context, userid, text)
    return context.settings.notify and bool(userid)
