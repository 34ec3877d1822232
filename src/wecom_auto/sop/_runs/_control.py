"""What people decide about running SOPs: stop, end, settle by hand.

Calls nobody: withdrawals are left to the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import sending, store
from wecom_auto.sop._document._policies import Target, Transfer
from wecom_auto.sop._rows import _batches, _moving, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import FROZEN
from wecom_auto.sop._rows._states import SopStatus, TouchStatus
from wecom_auto.sop._runs import _rounds
from wecom_auto.sop._runs._ending import close_touches
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop._shared._subjects import subject_book
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.tasks._notices import rest as rest_notices
from wecom_auto.store import repeatable, transaction


@repeatable
def publish(context: Context, definition: Definition, now: datetime) -> bool:
    """Publish a version; see `Catalogue.publish`. A trigger that is a date gets its next day."""
    # What builders accept and the format does not could be written down, and never be read again.
    Definition.from_json(definition.to_json())
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
        cancel(context, connection, _batches.live_batches_of(connection, context.corp_id, sop=sop), reason, now)


@repeatable
def member_left(context: Context, userid: str, now: datetime) -> None:
    """Withdraw a member's unconfirmed tasks; the member's runs wait for a successor or end, as their SOPs say."""
    with transaction(context.engine) as connection:
        # Runs first: what is withdrawn afterwards sees which of them go on without the member.
        # A group outlives its owner: its runs wait for the heir.
        groups = context.catalogue.of_target(connection, Target.GROUP)
        mine = sa.and_(t.enrolments.c.userid == userid, t.enrolments.c.sop.not_in(groups))
        _end_runs(context, connection, sa.and_(mine, _ending(context, connection, userid)), _batches.MEMBER_LEFT, now)
        # The others wait for the successor of their customer.
        wait = sa.select(t.enrolments.c.external_userid).where(t.enrolments.c.corp_id == context.corp_id, mine)
        customers = list(connection.scalars(wait.where(_work.ACTIVE).distinct()))
        _moving.wait(connection, context.corp_id, customers, userid, now, resigned=True)
        live = _batches.live_batches_of(connection, context.corp_id, sender=userid)
        cancel(context, connection, live, _batches.MEMBER_LEFT, now)


@repeatable
def withdraw_from(context: Context, subject: str, now: datetime) -> None:
    """Withdraw unconfirmed tasks that would reach a frozen group; the others in them are asked for again."""
    with transaction(context.engine) as connection:
        live = _batches.live_batches_of(connection, context.corp_id, subject=subject)
        cancel(context, connection, live, FROZEN, now)


def _ending(context: Context, connection: Connection, userid: str) -> sa.ColumnElement[bool]:
    """Which of a member's runs end with the member, because their SOP says so."""
    e = t.enrolments.c
    versions = sa.select(e.sop, e.version).where(e.corp_id == context.corp_id, e.userid == userid, _work.ACTIVE)
    ending = [
        sa.and_(e.sop == row.sop, e.version == row.version)
        for row in connection.execute(versions.distinct())
        if context.catalogue.load(connection, row.sop, row.version).policy.on_transfer is Transfer.END
    ]
    return sa.or_(sa.false(), *ending)


def cancel(context: Context, connection: Connection, batch_ids: Iterable[str], reason: str, now: datetime) -> None:
    """Ask for batches to be withdrawn, inside a transaction of the caller."""
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
