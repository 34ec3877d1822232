"""Ask once what a tick has to do: one statement for everything that waits in a table. Does nothing of it.

Most phases of most ticks have nothing to do, and each would spend a query of its own on finding that out.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from wecom_auto.sop import store
from wecom_auto.sop._rows import _sending_tables as s
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._moving import State
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.tasks._rows import wanted
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
    corp: sa.BindParameter[str] = sa.bindparam("corp")
    now: sa.BindParameter[datetime] = sa.bindparam("now", type_=t.enrolments.c.wake_at.type)
    c, e, u, b, n = t.calendars.c, t.enrolments.c, t.touches.c, t.batches.c, t.notices.c
    k, r, o = t.staff_tasks.c, s.transfers.c, s.scans.c
    free = sa.or_(c.lease_until.is_(None), c.lease_until <= now)
    touch = (u.corp_id == corp, u.check_at <= now, e.id == u.enrolment_id, store.is_running(e.sop))
    resting = (o.corp_id == corp, o.check_at > now)
    rows = {
        "counted": (*resting, o.kind == "count"),
        "swept": (*resting, o.kind == "sweep"),
        "transfers": (r.corp_id == corp, r.check_at <= now, r.state == State.WAITING.value),
        "days": (c.corp_id == corp, c.due_at <= now, free, c.sop.in_(store.running_sops())),
        "runs": (e.corp_id == corp, store.ACTIVE, e.wake_at <= now, store.is_running(e.sop)),
        "actions": (*touch, store.WORK["perform"]),
        "messages": (*touch, store.WORK["freeze"]),
        "batches": (b.corp_id == corp, b.check_at <= now),
        "tasks": (k.corp_id == corp, k.check_at <= now, wanted()),
        "notices": (n.corp_id == corp, n.due_at <= now),
    }
    return sa.select(*(sa.exists().where(*where).label(name) for name, where in rows.items()))
