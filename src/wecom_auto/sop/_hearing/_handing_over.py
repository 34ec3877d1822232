"""What becomes of runs whose customer has another member: they go on, rest or end, as their SOP says.

Works inside a transaction that the caller opened. What the old member was asked for and has not sent is withdrawn as
far as a whole task can be; nothing is planned anew that is not proved unsent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Transfer
from wecom_auto.sop._rows import _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchStatus, EnrolmentStatus, TouchStatus
from wecom_auto.sop._runs._ending import close_touches, leave
from wecom_auto.sop._runs._entry import live_key
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.store import Enrolment

_ENDED: Final = "ended:transfer"
_LIVE: Final = (TouchStatus.BATCHED.value, TouchStatus.REQUESTED.value)


def runs_of(connection: Connection, corp_id: str, customer: str, member: str) -> list[Enrolment]:
    """The active runs of a customer with a member, taken."""
    e = t.enrolments.c
    ids = store.lock_active(connection, corp_id, sa.and_(e.external_userid == customer, e.userid == member))
    return [*store.enrolments_by_id(connection, ids).values()]


def hand_over(context: Context, connection: Connection, run: Enrolment, successor: str, now: datetime) -> None:
    """Let one run follow its customer to the successor, rest, or end."""
    wish = context.catalogue.load(connection, run.sop, run.version).policy.on_transfer
    if wish is Transfer.END or _is_taken(context, connection, run, successor):
        end(context, connection, [run.id], _ENDED, now)
        _log(context, connection, run, _ENDED, now)
        return
    rests = wish is Transfer.PAUSE
    if rests:
        # The planner decides its steps anew when a person lets it go on.
        waiting = store.touches_of(connection, [run.id]).get(run.id, {}).values()
        due = store.lock_touches(connection, [one.id for one in waiting], TouchStatus.DUE, wait=True)
        store.delete_touches(connection, [*due.values()])
    definition = context.catalogue.load(connection, run.sop, run.version)
    values = {
        "userid": successor,
        "live_key": live_key(context.corp_id, definition, run.external_userid, successor, run.occurrence),
        "wake_at": None if rests else now,
        "news": t.enrolments.c.news + 1,
    }
    connection.execute(sa.update(t.enrolments).where(t.enrolments.c.id == run.id).values(values))
    _rebind(connection, run, successor, now)
    _log(context, connection, run, "paused:transfer" if rests else "reassigned:transfer", now, detail=successor)


def _is_taken(context: Context, connection: Connection, run: Enrolment, successor: str) -> bool:
    """Whether the successor's own run of this SOP, or an earlier one of the same occasion, leaves no room for it."""
    others = store.enrolments_of(connection, context.corp_id, run.external_userid, run.sop)
    return any(
        one.userid == successor and (one.state == EnrolmentStatus.ACTIVE.value or one.occurrence == run.occurrence)
        for one in others
        if one.id != run.id
    )


def _rebind(connection: Connection, run: Enrolment, successor: str, now: datetime) -> None:
    """What nobody was asked for yet is the successor's; it is looked at again at once."""
    u = t.touches.c
    due = (u.enrolment_id == run.id, u.state == TouchStatus.DUE.value)
    connection.execute(sa.update(t.touches).where(*due).values(userid=successor, check_at=now))


def end(context: Context, connection: Connection, ids: Sequence[int], reason: str, now: datetime) -> None:
    """Close runs with whatever nobody was asked for yet, and hurry after what somebody was."""
    close_touches(connection, context.corp_id, ids, reason, now, TouchStatus.DUE)
    store.end_enrolments(connection, ids, reason, now, goal=False)
    leave(connection, context.corp_id, ids, now)


def lonely_batches(connection: Connection, corp_id: str, sender: str, moving: frozenset[str]) -> list[str]:
    """Open tasks of a member whose last recipients are all on their way to somebody else."""
    u, b = t.touches.c, t.batches.c
    open_ones = [one.value for one in BatchStatus if not one.final]
    query = sa.select(u.batch_id, u.external_userid).join(t.batches, b.id == u.batch_id)
    query = query.where(b.corp_id == corp_id, b.sender == sender, b.state.in_(open_ones), u.state.in_(_LIVE))
    recipients: dict[str, set[str]] = {}
    for row in connection.execute(query):
        recipients.setdefault(row.batch_id, set()).add(row.external_userid)
    return sorted(batch_id for batch_id, customers in recipients.items() if customers <= moving)


def _log(
    context: Context, connection: Connection, run: Enrolment, reason: str, now: datetime, *, detail: str = ""
) -> None:
    entry = _journal.Entry(
        reason=reason, external_userid=run.external_userid, sop=run.sop, enrolment_id=run.id, detail=detail
    )
    _journal.write(connection, context.corp_id, now, [entry])
