"""Ask once what a tick has to do: one statement for everything that waits in a table. Does nothing of it.

Most phases of most ticks have nothing to do, and each would spend a query of its own on finding that out.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._rows._moving import DUE as TRANSFERS
from wecom_auto.sop._shared._context import Context
from wecom_auto.store import reading


class Phase(StrEnum):
    """A part of a tick, in the order in which they follow each other."""

    UPKEEP = "upkeep"
    """Transfers, counting, the sweep: what others have sent takes from the allowance of what is frozen below."""
    DAYS = "days"
    """Dates that let somebody in."""
    RUNS = "runs"
    """The timetable."""
    ACTIONS = "actions"
    """What a server does, and tasks to be handed out."""
    MESSAGES = "messages"
    """Messages that wait for a batch."""
    BATCHES = "batches"
    """Batches to be sent, read, reminded of, withdrawn or looked for."""
    TASKS = "tasks"
    """Staff tasks, and what members are to be told."""


def find_due(context: Context, now: datetime) -> frozenset[Phase]:
    """The phases that have something to do now."""
    with reading(context.engine) as connection:
        counted, swept, *found = connection.execute(_query(), {"corp": context.corp_id, "now": now}).one()
    due = {phase for phase, waits in zip(_PHASES, found, strict=True) if waits}
    settings = context.settings
    if (settings.count_every and not counted) or (settings.sweep_every and not swept):
        due.add(Phase.UPKEEP)
    return frozenset(due)


_PHASES: Final = (*Phase, Phase.TASKS)


@cache
def _query() -> sa.Select[*tuple[Any, ...]]:
    o, e = s.scans.c, t.enrolments.c
    touch = (*_work.TOUCHES, e.id == t.touches.c.enrolment_id, _work.is_running(e.sop))
    resting = (o.corp_id == _work.CORP, o.check_at > _work.NOW)
    rows = {
        "counted": (*resting, o.kind == "count"),
        "swept": (*resting, o.kind == "sweep"),
        "transfers": TRANSFERS,
        "days": _work.DAYS,
        "runs": (*_work.RUNS, _work.is_running(e.sop)),
        "actions": (*touch, _work.WORK["perform"]),
        "messages": (*touch, _work.WORK["freeze"]),
        "batches": _work.BATCHES,
        "tasks": _work.TASKS,
        "notices": _work.NOTICES,
    }
    return sa.select(*(sa.exists().where(*where).label(name) for name, where in rows.items()))
