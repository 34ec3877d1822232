"""What people decide about running SOPs: stop, end, settle by hand.

Calls nobody: withdrawals are left to the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import _batches, _rounds, sending, store
from wecom_auto.sop import _tables as t
from wecom_auto.sop._batches import FROZEN
from wecom_auto.sop._context import Context
from wecom_auto.sop._ending import close_touches
from wecom_auto.sop._policies import Target
from wecom_auto.sop._states import SopStatus, TouchStatus
from wecom_auto.sop._subjects import subject_book
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.tasks._notices import rest as rest_notices
from wecom_auto.store import repeatable, transaction


@repeatable
def publish(context: Context, definition: Definition, now: datetime) -> bool:
    """Publish a version; see `Catalogue.publish`. A trigger that is a date gets its next day."""
    if definition.target is not Target.CUSTOMER or definition.entry.recurring:
        subject_book(context)
    with transaction(context.engine) as connection:
        before = context.catalogue.sops(connection).get(definition.sop)
        last = None if before is None else context.catalogue.load(connection, before.sop, before.version)
        if not context.catalogue.publish(connection, definition, now):
            return False
        goes_on = last is not None and last.entry.on == definition.entry.on
        _rounds.schedule(context, connection, definition, now, goes_on=goes_on)
    return True


@repeatable
def resume(context: Context, sop: str, now: datetime) -> None:
    """Let a paused SOP go on."""
    with transaction(context.engine) as connection:
        context.catalogue.set_state(connection, sop, SopStatus.RUNNING, now)


@repeatable
def rest(context: Context, now: datetime, *, creates_only: bool) -> None:
    """Let whatever is due wait for a while; see `_batches.rest`."""
    with transaction(context.engine) as connection:
        until = now + context.settings.timing.backoff
        _batches.rest(connection, context.corp_id, now, until, creates_only=creates_only)
        if not creates_only:
            rest_notices(connection, context.corp_id, now, until)


@repeatable
def stop(context: Context, sop: str, state: SopStatus, reason: str, now: datetime) -> None:
    """Pause or end a SOP and ask for its unconfirmed tasks to be withdrawn."""
    with transaction(context.engine) as connection:
        context.catalogue.set_state(connection, sop, state, now)
        _cancel(context, connection, _batches.live_batches_of(connection, context.corp_id, sop=sop), reason, now)


@repeatable
def member_left(context: Context, userid: str, now: datetime) -> None:
    """Close a member's runs and withdraw the member's unconfirmed tasks; what others' runs want goes to others."""
    with transaction(context.engine) as connection:
        # Runs first: what is withdrawn afterwards sees which of them go on without the member.
        # A group outlives its owner: its runs wait for the heir.
        groups = context.catalogue.of_target(connection, Target.GROUP)
        mine = sa.and_(t.enrolments.c.userid == userid, t.enrolments.c.sop.not_in(groups))
        _end_runs(context, connection, mine, _batches.MEMBER_LEFT, now)
        live = _batches.live_batches_of(connection, context.corp_id, sender=userid)
        _cancel(context, connection, live, _batches.MEMBER_LEFT, now)


@repeatable
def withdraw_from(context: Context, subject: str, now: datetime) -> None:
    """Withdraw unconfirmed tasks that would reach a frozen group; the others in them are asked for again."""
    with transaction(context.engine) as connection:
        live = _batches.live_batches_of(connection, context.corp_id, subject=subject)
        _cancel(context, connection, live, FROZEN, now)


def _cancel(context: Context, connection: Connection, batch_ids: Iterable[str], reason: str, now: datetime) -> None:
    for batch_id in batch_ids:
        row = _batches.read(connection, batch_id, "wait")
        move = None if row is None else sending.cancel(row.batch, reason, now)
        if row is not None and move is not None:
            _batches.save(connection, context.corp_id, row, move, now, held=row)


@repeatable
def end_runs(context: Context, which: sa.ColumnElement[bool], reason: str, now: datetime) -> None:
    """Close runs with whatever of theirs nobody has been asked for yet."""
    with transaction(context.engine) as connection:
        _end_runs(context, connection, which, reason, now)


def _end_runs(
    context: Context, connection: Connection, which: sa.ColumnElement[bool], reason: str, now: datetime
) -> None:
    # Locked first: a worker that is about to advance one of them adds no touch that nobody would close.
    ids = store.lock_active(connection, context.corp_id, which)
    close_touches(connection, context.corp_id, ids, reason, now, TouchStatus.DUE, TouchStatus.OPEN)
    store.end_enrolments(connection, ids, reason, now, goal=False)


@repeatable
def resolve(context: Context, batch_id: str, msgid: str, now: datetime) -> bool:
    """Settle a held batch; False if it is not held."""
    with transaction(context.engine) as connection:
        row = _batches.read(connection, batch_id, "wait")
        move = None if row is None else sending.resolve(row.batch, msgid, now)
        if row is None or move is None:
            return False
        _batches.save(connection, context.corp_id, row, move, now, held=row)
    return True
