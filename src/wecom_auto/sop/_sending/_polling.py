"""Follow a created task: read who tapped and what arrived, nudge, escalate, withdraw (T11, T12).

Everything here may be repeated. A nudge is counted before it is sent, because the platform allows three in 24 hours.
Manual: https://developer.work.weixin.qq.com/document/path/93338 (获取企业的全部群发记录).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from attrs import evolve
from sqlalchemy.engine import Connection

from wecom_auto.errors import WeComError
from wecom_auto.models import SendStatus
from wecom_auto.sop import sending, store
from wecom_auto.sop._document._actions import ServerAction
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows._batches import BatchRow, SupersededError
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import BatchKind, BatchStatus, EnrolmentStatus, TouchStatus
from wecom_auto.sop._sending import _cadence, _publications
from wecom_auto.sop._sending._channels import Reading, channel_of, job_outcome, say
from wecom_auto.sop._sending._dispatch import Steps, put_back
from wecom_auto.sop._sending._handing_out import ask_who, pass_on
from wecom_auto.sop._sending._publications import News
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop.sending import Move, Outcome
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.sop.tasks import AuditLine, _audit
from wecom_auto.sop.tasks._notices import say as put_notice
from wecom_auto.store import reading, repeatable, transaction

_SETTLED: Final = timedelta(days=1)
"""How long after the owner's tap a group that the results do not name may still turn up. Unverified."""
_MESSAGE_USERS: Final = 1000
_NAMED: Final = 20
_CALLED: Final = {BatchKind.SINGLE: "群发", BatchKind.GROUP: "客户群群发", BatchKind.MOMENT: "朋友圈发表"}
_OUTCOMES: Final = {
    SendStatus.SENT: (TouchStatus.DELIVERED, "sent"),
    SendStatus.NOT_FRIEND: (TouchStatus.NOT_FRIEND, "blocked:not_friend"),
    SendStatus.QUOTA: (TouchStatus.CAPPED, "dropped:cap"),
}


def follow(context: Context, tick: Tick, row: BatchRow) -> Steps:
    """Work on a claimed, created batch."""
    due = _cadence.chores(row, tick.now(), context.settings)
    try:
        if row.batch.msgid is None:
            row = _named(context, row, tick)
            yield "K9"
        task = row.batch.msgid
        if task is None:
            return
        row = _asked_back(context, row)
        reason = row.batch.cancel_reason or ("expired:unconfirmed" if due.expire else "")
        answer = channel_of(row).read(context.client, row)
        if reason and answer.waiting:
            # Withdrawn first and read afterwards: what was sent in between is in the results.
            channel_of(row).withdraw(context.client, task)
            yield "K9"
            answer = channel_of(row).read(context.client, row)
        news = _publications.look(context, row, answer, tick.now())
    except WeComError as error:
        put_back(context, row, tick, "poll", error)
        return
    yield "K9"
    row, settled = _settle(context, row, answer, news, reason, tick.now())
    tick.counts["settled"] += settled
    tick.counts[f"batch_{row.batch.state.value}"] += row.batch.state.final
    if row.batch.state is BatchStatus.CREATED and answer.waiting:
        yield from _nag(context, tick, row, answer.waiting, due)


def _named(context: Context, row: BatchRow, tick: Tick) -> BatchRow:
    """The same batch with the moment that its job has made; without one while the job goes on, or if it has failed."""
    outcome = job_outcome(context.client, row.batch.jobid)
    if outcome is None:
        return _later(context, row, "job:running", tick.now())
    return _write_job(context, row, outcome, tick.now())


@repeatable
def _later(context: Context, row: BatchRow, reason: str, now: datetime) -> BatchRow:
    move = sending.postpone(row.batch, now + context.settings.timing.backoff, reason)
    with transaction(context.engine) as connection:
        return _batches.save(connection, context.corp_id, row, move, now)


@repeatable
def _write_job(context: Context, row: BatchRow, outcome: Outcome, now: datetime) -> BatchRow:
    move = sending.job_ended(row.batch, outcome, now, context.settings.timing)
    if move is None:
        raise SupersededError(row.batch.id)
    with transaction(context.engine) as connection:
        return _batches.save(connection, context.corp_id, row, move, now)


def _asked_back(context: Context, row: BatchRow) -> BatchRow:
    """The same batch, to be withdrawn if everybody in it has left the SOP meanwhile."""
    if row.batch.cancel_reason:
        return row
    with reading(context.engine) as connection:
        wanted = _batches.is_wanted(connection, row.batch.id)
        touches = not wanted and store.touches_in_batch(connection, row.batch.id, TouchStatus.REQUESTED)
    return evolve(row, batch=evolve(row.batch, cancel_reason="dropped:ended")) if touches else row


@repeatable
def _settle(
    context: Context, row: BatchRow, answer: Reading, news: News, reason: str, now: datetime
) -> tuple[BatchRow, int]:
    """Write the results down; close the batch if nothing is open any more. Returns how many touches were settled."""
    unsent = ask_who(context, row, now) if reason == "expired:unconfirmed" and not answer.confirmed else None
    with transaction(context.engine) as connection:
        held = _batches.hold(connection, row)
        open_touches = store.touches_in_batch(connection, row.batch.id, TouchStatus.REQUESTED)
        after = evolve(row, polls=row.polls + 1, confirmed_at=row.confirmed_at or _tapped_at(answer, now))
        settled = _write_results(connection, context, after, open_touches, answer, now)
        _publications.write(connection, context.corp_id, news)
        if unsent is not None:
            # Withdrawn and read since, and nobody has tapped: proved unsent.
            runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in open_touches])
            pass_on(connection, context, unsent, open_touches, runs, now)
        if news.more:
            move = sending.postpone(row.batch, now + context.settings.timing.backoff, row.batch.reason)
        else:
            move = _next(context, after, answer, reason, now, left=len(open_touches) - settled)
        saved = _batches.save(
            connection, context.corp_id, row, move, now, held=held, polls=after.polls, confirmed_at=after.confirmed_at
        )
    return saved, settled


def _tapped_at(answer: Reading, now: datetime) -> datetime | None:
    return (answer.confirmed_at or now) if answer.confirmed else None


def _next(context: Context, row: BatchRow, answer: Reading, reason: str, now: datetime, *, left: int) -> Move:
    closing: Move | None = None
    moment = row.batch.kind is BatchKind.MOMENT
    if moment and not reason:
        # Customers go on commenting after the last member has published.
        pass
    elif not (answer.waiting if moment else left):
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
    # Two steps of one customer may share one message, and share what becomes of it.
    by_customer: defaultdict[str, list[Touch]] = defaultdict(list)
    for touch in open_touches:
        by_customer[touch.external_userid].append(touch)
    groups: defaultdict[tuple[TouchStatus, str, datetime | None, datetime | None], list[Touch]] = defaultdict(list)
    if not answer.confirmed:
        return 0
    runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in open_touches])
    for one in answer.results:
        for touch in by_customer.pop(one.target, ()):
            if one.status not in _OUTCOMES:
                continue
            state, reason = _outcome(one.status, touch, runs[touch.enrolment_id])
            goes_on = state is TouchStatus.DELIVERED and _goes_on(context, connection, runs[touch.enrolment_id], touch)
            soon = goes_on or state is TouchStatus.DUE
            groups[state, reason, one.sent_at, now if soon else None].append(touch)
    if answer.everybody is not None:
        groups[*_OUTCOMES[answer.everybody], now, now].extend(chain(*by_customer.values()))
        by_customer.clear()
    if (refusal := _verdict_on_unnamed(row, answer, now)) is not None:
        groups[TouchStatus.REFUSED, refusal, None, None].extend(chain(*by_customer.values()))
    for (state, reason, sent_at, check_at), touches in groups.items():
        batch_id = None if state is TouchStatus.DUE else row.batch.id
        store.move_touches(
            connection, touches, state, reason=reason, sent_at=sent_at, check_at=check_at, batch_id=batch_id
        )
        _journal.write(connection, context.corp_id, now, store.lines(touches, runs, reason, row.batch.id))
    return sum(map(len, groups.values()))


def _outcome(status: SendStatus, touch: Touch, run: Enrolment) -> tuple[TouchStatus, str]:
    """What a result means: who is no friend of the asked member any more may be the successor's."""
    handed_over = run.userid != touch.userid and run.state == EnrolmentStatus.ACTIVE.value
    if status is SendStatus.NOT_FRIEND and handed_over:
        return TouchStatus.DUE, "reassigned:transfer"
    return _OUTCOMES[status]


def _verdict_on_unnamed(row: BatchRow, answer: Reading, now: datetime) -> str | None:
    """Why recipients that the results do not name get nothing, if that is certain by now."""
    if channel_of(row).lists_unsent:
        # Tapped, and the complete results do not know the customer: the platform had refused it at creation.
        return "failed:refused" if answer.confirmed and answer.results else None
    # Of groups only those are named that were sent to, and results may lag behind the tap.
    late = row.confirmed_at is not None and now >= row.confirmed_at + _SETTLED
    return "failed:not_sent" if answer.confirmed and late else None


def _goes_on(context: Context, connection: Connection, run: Enrolment, touch: Touch) -> bool:
    """Whether the step has server actions ("tag") that follow its delivery."""
    step = context.catalogue.step(connection, run.sop, run.version, touch.step)
    return any(isinstance(action, ServerAction) for action in step.do)


def _nag(context: Context, tick: Tick, row: BatchRow, waiting: Sequence[str], due: _cadence.Chores) -> Steps:
    now, what = tick.now(), _CALLED[row.batch.kind]
    if due.escalate:
        row = _count(context, row, now, Entry(reason="alert:unconfirmed", detail=row.batch.id), escalated_at=now)
        tick.counts["escalated"] += 1
        for supervisor, members in _by_supervisor(context, waiting).items():
            _tell(context, [supervisor], f"{'、'.join(members)} 有一条{what}任务超时未确认", now)
    if due.remind:
        row = _count(context, row, now, Entry(reason="reminded", detail=row.batch.id), reminds=row.reminds + 1)
        yield "K9"
        tick.counts["reminded"] += 1
        _remind(context, row)
        # The platform nudges nobody about a moment.
        if due.tell or row.batch.kind is BatchKind.MOMENT:
            _tell(context, waiting, f"您有一条{what}任务待确认，请在企业微信中点击发送", now)


def _by_supervisor(context: Context, waiting: Sequence[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for userid in waiting:
        found[context.office.roster.supervisor(userid)].append(userid)
    # A message has room for so many names.
    return {who: members if len(members) <= _NAMED else [*members[:_NAMED], "…"] for who, members in found.items()}


@repeatable
def _count(context: Context, row: BatchRow, now: datetime, entry: Entry, **others: Any) -> BatchRow:
    """Write a nudge or escalation down before it is made."""
    after = evolve(row, **others)
    move = sending.postpone(row.batch, _cadence.next_look(after, now, context.settings), row.batch.reason)
    with transaction(context.engine) as connection:
        _journal.write(connection, context.corp_id, now, [entry])
        action = "mass:reminded" if entry.reason == "reminded" else "mass:escalated"
        line = AuditLine(at=now, action=action, userid=row.sender, batch_id=row.batch.id)
        _audit.write(connection, context.corp_id, [line])
        return _batches.save(connection, context.corp_id, row, move, now, **others)


def _remind(context: Context, row: BatchRow) -> None:
    try:
        channel_of(row).remind(context.client, row.batch.msgid or "")
    except WeComError:
        # It was counted: one nudge less is better than a fourth one, which the platform refuses anyway.
        return


def _tell(context: Context, userids: Sequence[str], text: str, now: datetime) -> None:
    """Send members a message if that is switched on; a failure is no reason to stop anything.

    A few are told in their working hours, and counted. Many at once are told in one call for all of them.
    """
    who = [one for one in userids if one]
    if not context.settings.notify:
        return
    if len(who) <= _NAMED:
        _put(context, who, text, now)
        return
    for some in store.chunked(who, _MESSAGE_USERS):
        say(context.client, some, text)


@repeatable
def _put(context: Context, userids: Sequence[str], text: str, now: datetime) -> None:
    with transaction(context.engine) as connection:
        for userid in userids:
            put_notice(connection, context.office, userid, text, now)
