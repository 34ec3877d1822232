"""Do what is due now and then, beside the timetable: transfers, counting, the sweep. Rides on ticks, has no timer.

Each part takes its turn from a row of the database, so any number of workers may call it.
"""

from __future__ import annotations

from functools import partial

from wecom_auto.sop._hearing import _transfers
from wecom_auto.sop._sending import _outside, _sweep
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop._shared._faults import attempt
from wecom_auto.store import reading


def upkeep(context: Context, tick: Tick) -> None:
    """Do whatever is due; nothing as long as no SOP is running."""
    with reading(context.engine) as connection:
        running = context.catalogue.running(connection)
    if not running:
        return
    for part in (_transfers.poll, _outside.count, _sweep.sweep_if_due):
        if tick.may_call():
            attempt(context.engine, context.corp_id, tick, part.__name__, partial(part, context, tick))
