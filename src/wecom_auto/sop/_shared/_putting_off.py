"""Put runs, touches and batches off that have failed, with an alert. Judges no error and tries nothing again.

A batch leaves by the moves of the protocol: one whose request may have been written becomes unknown, like any other
of which nobody has recorded the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import sending, store
from wecom_auto.sop._outcomes import Lost
from wecom_auto.sop._rows import _batches, _work
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._rows._journal import Entry
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop._shared import _faults
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop._shared._faults import FAULT, is_general, name_of
from wecom_auto.sop.store import Enrolment, Touch
from wecom_auto.store import reading, repeatable, transaction


def with_definition(
    context: Context,
    tick: Tick,
    runs: Sequence[Enrolment],
    put_off: Callable[[Sequence[Enrolment], Exception], None],
) -> list[Enrolment]:
    """Those of the runs whose version this release can read; the others are put off together, version by version."""
    versions: defaultdict[tuple[str, int], list[Enrolment]] = defaultdict(list)
    for run in runs:
        versions[run.sop, run.version].append(run)
    unreadable: set[tuple[str, int]] = set()
    for version, some in versions.items():
        try:
            context.catalogue.cached(context.engine, *version)
        except Exception as error:
            if is_general(error):
                raise
            unreadable.add(version)
            tick.faults.first = tick.faults.first or error
            put_off(some, error)
    return [run for run in runs if (run.sop, run.version) not in unreadable] if unreadable else [*runs]


def touches_with_definition(context: Context, tick: Tick, touches: Sequence[Touch]) -> list[Touch]:
    """Those of the touches whose run is of a version that this release can read; see `with_definition`."""
    with reading(context.engine) as connection:
        runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in touches])
    mine: defaultdict[int, list[Touch]] = defaultdict(list)
    for touch in touches:
        mine[touch.enrolment_id].append(touch)

    def put_off(some: Sequence[Enrolment], error: Exception) -> None:
        put_off_touches(context, tick, [touch for run in some for touch in mine[run.id]], error)

    sound = {run.id for run in with_definition(context, tick, [*runs.values()], put_off)}
    return [touch for touch in touches if touch.enrolment_id in sound]


def put_off_runs(context: Context, tick: Tick, runs: Sequence[Enrolment], error: Exception) -> None:
    """Look at runs again later; several at once have failed for a reason that is not each one's own."""
    _put_off_runs(context, runs, name_of(error), tick.now())
    tick.counts["faults"] += len(runs)


@repeatable
def _put_off_runs(context: Context, runs: Sequence[Enrolment], what: str, now: datetime) -> None:
    e, first = t.enrolments.c, runs[0]
    with transaction(context.engine) as connection:
        wait = _wait(connection, context, [run.external_userid for run in runs], now)
        for chunk in store.chunked([run.id for run in runs]):
            # A run that another worker has moved meanwhile is none of ours.
            mine = (e.id.in_(chunk), _work.ACTIVE, e.wake_at <= now)
            connection.execute(sa.update(t.enrolments).where(*mine).values(wake_at=now + wait))
        alone = len(runs) == 1
        entry = Entry(
            reason=FAULT,
            sop=first.sop if len({run.sop for run in runs}) == 1 else "",
            external_userid=first.external_userid if alone else "",
            enrolment_id=first.id if alone else None,
            detail=what,
        )
        _faults.write(connection, context.corp_id, now, [entry])


def put_off_touches(context: Context, tick: Tick, touches: Sequence[Touch], error: Exception) -> None:
    """Look at touches again later, in the state in which they are."""
    _put_off_touches(context, touches, name_of(error), tick.now())
    tick.counts["faults"] += len(touches)


@repeatable
def _put_off_touches(context: Context, touches: Sequence[Touch], what: str, now: datetime) -> None:
    u, first = t.touches.c, touches[0]
    with transaction(context.engine) as connection:
        wait = _wait(connection, context, [touch.external_userid for touch in touches], now)
        for chunk in store.chunked([touch.id for touch in touches]):
            mine = (u.id.in_(chunk), u.check_at <= now)
            connection.execute(sa.update(t.touches).where(*mine).values(check_at=now + wait))
        run = store.enrolments_by_id(connection, [first.enrolment_id]).get(first.enrolment_id)
        alone = len(touches) == 1
        entry = Entry(
            reason=FAULT,
            sop=run.sop if run is not None else "",
            step=first.step if alone else "",
            external_userid=first.external_userid if alone else "",
            enrolment_id=first.enrolment_id if alone else None,
            detail=what,
        )
        _faults.write(connection, context.corp_id, now, [entry])


def _wait(connection: Connection, context: Context, customers: Sequence[str], now: datetime) -> timedelta:
    if len(customers) > 1:
        return _faults.SOON
    return _faults.delay(connection, context.corp_id, customers[0], now)


def put_off_batch(context: Context, tick: Tick, row: BatchRow, error: Exception) -> None:
    """Give a batch back on which a worker has failed, as if the worker had died; but at once, and with an alert."""
    _put_off_batch(context, row, name_of(error), tick.now())
    tick.counts["faults"] += 1


@repeatable
def _put_off_batch(context: Context, row: BatchRow, what: str, now: datetime) -> None:
    with transaction(context.engine) as connection:
        entry = Entry(reason=FAULT, detail=f"{row.batch.id}: {what}")
        _faults.write(connection, context.corp_id, now, [entry])
        present = _batches.read(connection, row.batch.id, "wait")
        if present is None or present.batch.fence != row.batch.fence or present.batch.state.final:
            # Somebody else has taken it, or it was closed before the worker failed.
            return
        if present.batch.state is BatchStatus.CALLING:
            # Whether the request was written nobody can tell from here.
            move = sending.record(present.batch, Lost(reason="unknown:fault"), now, context.settings.timing)
        else:
            later = now + _faults.within(now - present.slot_at)
            move = sending.postpone(present.batch, later, "fault")
        if move is not None and present.batch.state is not BatchStatus.HELD:
            _batches.save(connection, context.corp_id, present, move, now, held=present)
