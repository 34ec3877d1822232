"""Follow customers from one member to another: wait, ask what became of it, let their runs follow.

A transfer takes 24 hours and the customer may refuse it; meanwhile no SOP sends to the customer.
The platform calls back for some transfers only, so the rest is asked for.
Manual: https://developer.work.weixin.qq.com/document/path/94088 (查询客户接替状态).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.callbacks.events import CustomerAdded, CustomerDeleted, CustomerTransferFailed, DeleteSource, Event
from wecom_auto.errors import WeComError
from wecom_auto.models import AddWay, TransferStatus
from wecom_auto.sop import store
from wecom_auto.sop._hearing import _handing_over as handing
from wecom_auto.sop._rows import _batches, _journal, _work
from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._moving import ASK, DUE, GRACE, State, on_the_move, wait
from wecom_auto.sop._runs import _control
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.store import reading, repeatable, transaction

_TO: Final = s.transfers.c
_AWAITED: Final = (
    sa.select(_TO.external_userid)
    .where(
        _TO.corp_id == sa.bindparam("corp"),
        _TO.external_userid == sa.bindparam("customer"),
        _TO.takeover_userid == sa.bindparam("member"),
        sa.or_(_TO.state == State.WAITING.value, _TO.started_at > sa.bindparam("since")),
    )
    .limit(1)
)
"""Built once: it is asked whenever a member has a new customer."""
_COLUMNS: Final = (_TO.external_userid, _TO.handover_userid, _TO.takeover_userid, _TO.resigned, _TO.started_at)
_DUE: Final = sa.select(*_COLUMNS).where(*DUE).order_by(_TO.external_userid, _TO.handover_userid)
"""This one at every tick."""


@frozen(kw_only=True)
class _Row:
    """One customer on the move."""

    external_userid: str
    handover_userid: str
    takeover_userid: str
    resigned: bool
    started_at: datetime


@repeatable
def start(
    context: Context, customers: Sequence[str], handover: str, takeover: str, now: datetime, *, resigned: bool
) -> None:
    """Remember that customers were given away; what the giver was asked for is withdrawn where nobody else wants it."""
    with transaction(context.engine) as connection:
        wait(connection, context.corp_id, customers, handover, now, takeover=takeover, resigned=resigned)
        _withdraw(context, connection, handover, customers, now)


def _withdraw(context: Context, connection: Connection, handover: str, customers: Iterable[str], now: datetime) -> None:
    moving = on_the_move(connection, context.corp_id, customers)
    lonely = handing.lonely_batches(connection, context.corp_id, handover, moving)
    _control.cancel(context, connection, lonely, _batches.TRANSFERRED, now)


@repeatable
def arrived(context: Context, customer: str, takeover: str, now: datetime) -> bool:
    """The successor has the customer: finish the transfer that waits for it, or remember that one has happened.

    Returns:
        Whether a transfer to this member was known.
    """
    r = s.transfers.c
    with transaction(context.engine) as connection:
        known = _rows(connection, context.corp_id, r.external_userid == customer, r.state == State.WAITING.value)
        mine = [row for row in known if row.takeover_userid in {"", takeover}]
        for row in mine:
            _complete(context, connection, row, takeover, now)
        done = (r.external_userid == customer, r.takeover_userid == takeover, r.state == State.DONE.value)
        return bool(mine or _rows(connection, context.corp_id, *done))


@repeatable
def note_arrival(context: Context, customer: str, takeover: str, now: datetime) -> None:
    """An administrator has assigned the customer, and of the giver nothing was heard yet."""
    with transaction(context.engine) as connection:
        wait(connection, context.corp_id, [customer], "", now, takeover=takeover, state=State.ARRIVED)


@repeatable
def departed(context: Context, customer: str, handover: str, now: datetime) -> None:
    """A transfer has taken the customer from the giver: finish it if the successor is known, else wait for one."""
    r = s.transfers.c
    with transaction(context.engine) as connection:
        rows = _rows(connection, context.corp_id, r.external_userid == customer)
        told = next((one for one in rows if one.handover_userid == handover and one.takeover_userid), None)
        seen = next((one for one in rows if not one.handover_userid and one.takeover_userid), None)
        if told is not None:
            _complete(context, connection, told, told.takeover_userid, now)
        elif seen is not None:
            wait(connection, context.corp_id, [customer], handover, now, takeover=seen.takeover_userid)
            _close(connection, context.corp_id, seen, State.DONE)
            (row,) = _rows(connection, context.corp_id, r.external_userid == customer, r.handover_userid == handover)
            _complete(context, connection, row, seen.takeover_userid, now)
        else:
            wait(connection, context.corp_id, [customer], handover, now)
            _withdraw(context, connection, handover, [customer], now)


@repeatable
def failed(context: Context, customer: str, takeover: str, now: datetime) -> None:
    """The customer stays, or is lost if the giver has left the company."""
    r = s.transfers.c
    with transaction(context.engine) as connection:
        for row in _rows(connection, context.corp_id, r.external_userid == customer, r.state == State.WAITING.value):
            if row.takeover_userid in {"", takeover}:
                _release(context, connection, row, State.REFUSED, now)


@repeatable
def resume(context: Context, sop: str, customer: str, now: datetime) -> int:
    """Let runs go on that rest since their customer changed hands; returns how many."""
    e = t.enrolments.c
    mine = (e.corp_id == context.corp_id, e.sop == sop, e.external_userid == customer, _work.ACTIVE)
    with transaction(context.engine) as connection:
        awake = sa.update(t.enrolments).where(*mine, e.wake_at.is_(None)).values(wake_at=now, news=e.news + 1)
        return connection.execute(awake).rowcount


def hear(context: Context, event: Event, now: datetime) -> bool:
    """Take what the platform tells about transfers; True if the event is about nothing else."""
    match event:
        case CustomerAdded() if _was_assigned(context, event) or _is_awaited(context, event):
            if not arrived(context, event.external_userid, event.userid, now):
                note_arrival(context, event.external_userid, event.userid, now)
            # A successor's new customer is an old one: no prospect, no welcome.
            entry = _journal.Entry(reason="entry:transferred", external_userid=event.external_userid)
            _journal.note(context.engine, context.corp_id, now, entry)
        case CustomerDeleted(source=DeleteSource.TRANSFER):
            departed(context, event.external_userid, event.userid, now)
        case CustomerTransferFailed():
            failed(context, event.external_userid, event.userid, now)
        case _:
            return False
    return True


def _was_assigned(context: Context, event: CustomerAdded) -> bool:
    """Whether the directory says that somebody assigned the customer (add_way 202).

    A customer whom a colleague has shared (201) is a new one: nobody has given that customer away.
    """
    pair = event.external_userid, event.userid
    facts = context.book.facts_for([pair])[pair]
    ways = {one.relation.add_way for one in facts.followers if one.relation.userid == event.userid}
    return AddWay.ASSIGNED_BY_ADMIN in ways


def _is_awaited(context: Context, event: CustomerAdded) -> bool:
    """Whether the customer is on the way to this member, whatever the directory knows yet."""
    known = {"corp": context.corp_id, "customer": event.external_userid, "member": event.userid}
    with reading(context.engine) as connection:
        return connection.scalar(_AWAITED, known | {"since": event.created_at - GRACE}) is not None


def poll(context: Context, tick: Tick) -> None:
    """Ask what became of transfers that nobody was told about, and give up those that never end."""
    now = tick.now()
    with reading(context.engine) as connection:
        known = {"corp": context.corp_id, "now": now}
        due = [_Row(**row) for row in connection.execute(_DUE, known).mappings()]
    pairs: defaultdict[tuple[str, str, bool], list[_Row]] = defaultdict(list)
    for row in due:
        pairs[row.handover_userid, row.takeover_userid, row.resigned].append(row)
    for (handover, takeover, resigned), rows in pairs.items():
        answers = _ask(context, tick, handover, takeover, resigned=resigned) if takeover else {}
        if answers is None:
            return
        for row in rows:
            _settle(context, row, answers.get(row.external_userid, TransferStatus.UNKNOWN), now)
            tick.counts["transfers"] += 1


def _ask(
    context: Context, tick: Tick, handover: str, takeover: str, *, resigned: bool
) -> dict[str, TransferStatus] | None:
    api = context.client.transfers
    ask = api.iter_resigned_results if resigned else api.iter_results
    try:
        return {one.external_userid: one.status for one in ask(handover, takeover_userid=takeover)}
    except WeComError as error:
        tick.failed(error)
        return None


@repeatable
def _settle(context: Context, row: _Row, status: TransferStatus, now: datetime) -> None:
    r = s.transfers.c
    key = (r.external_userid == row.external_userid, r.handover_userid == row.handover_userid)
    with transaction(context.engine) as connection:
        if not _rows(connection, context.corp_id, *key, r.state == State.WAITING.value):
            return
        if status is TransferStatus.DONE:
            _complete(context, connection, row, row.takeover_userid, now)
        elif status.settled:
            _release(context, connection, row, State.REFUSED, now)
        elif now - row.started_at >= GRACE:
            _release(context, connection, row, State.EXPIRED, now)
        else:
            later = sa.update(s.transfers).where(r.corp_id == context.corp_id, *key).values(check_at=now + ASK)
            connection.execute(later)


def _rows(connection: Connection, corp_id: str, *which: sa.ColumnElement[bool]) -> list[_Row]:
    r = s.transfers.c
    query = sa.select(*_COLUMNS).where(r.corp_id == corp_id, *which).order_by(r.external_userid, r.handover_userid)
    return [_Row(**row) for row in connection.execute(query.with_for_update()).mappings()]


def _close(connection: Connection, corp_id: str, row: _Row, state: State, *, takeover: str = "") -> None:
    r = s.transfers.c
    key = (r.external_userid == row.external_userid, r.handover_userid == row.handover_userid)
    values = {"state": state.value, "check_at": None, "takeover_userid": takeover or row.takeover_userid}
    connection.execute(sa.update(s.transfers).where(r.corp_id == corp_id, *key).values(values))


def _complete(context: Context, connection: Connection, row: _Row, takeover: str, now: datetime) -> None:
    for run in handing.runs_of(connection, context.corp_id, row.external_userid, row.handover_userid):
        handing.hand_over(context, connection, run, takeover, now)
    _withdraw(context, connection, row.handover_userid, [row.external_userid], now)
    _close(connection, context.corp_id, row, State.DONE, takeover=takeover)


def _release(context: Context, connection: Connection, row: _Row, state: State, now: datetime) -> None:
    """Let the runs go on with the giver; one who has left the company has nobody to go on with."""
    _close(connection, context.corp_id, row, state)
    runs = handing.runs_of(connection, context.corp_id, row.external_userid, row.handover_userid)
    ids = [run.id for run in runs]
    if row.resigned and ids:
        handing.end(context, connection, ids, _batches.MEMBER_LEFT, now)
        return
    store.wake_enrolments(connection, ids, now)
    u = t.touches.c
    due = (u.enrolment_id.in_(ids), _work.WORK["freeze"])
    connection.execute(sa.update(t.touches).where(*due).values(check_at=now))
