"""Close runs early, together with what only a person could still do for them. Sends and withdraws nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop.tasks._rows import cancel_of_touches

_WAITING: Final = sa.select(t.touches.c.id).where(
    t.touches.c.enrolment_id.in_(sa.bindparam("runs", expanding=True)),
    t.touches.c.state.in_(sa.bindparam("states", expanding=True)),
)


def close_touches(
    connection: Connection, corp_id: str, ids: Sequence[int], reason: str, now: datetime, *states: TouchStatus
) -> None:
    """Cancel the touches of runs that are in one of `states`, with the tasks of members that hang on them.

    Args:
        connection: A transaction that holds the runs.
        corp_id: The corp.
        ids: The runs.
        reason: For the log.
        now: Aware.
        *states: DUE, OPEN or both: nobody has been asked for a message of these.
    """
    known, steps = {"states": [state.value for state in states]}, list[int]()
    for chunk in store.chunked(ids):
        # Asked for by their states: what this release cannot read must not keep anybody from ending a SOP.
        steps.extend(connection.scalars(_WAITING, known | {"runs": chunk}))
    waiting = [*store.lock_touches(connection, steps, *states, wait=True).values()]
    store.move_touches(connection, waiting, TouchStatus.CANCELLED, reason=reason)
    asked = [touch.id for touch in waiting if touch.state is TouchStatus.OPEN]
    cancel_of_touches(connection, corp_id, asked, reason, now)
    runs = store.enrolments_by_id(connection, [touch.enrolment_id for touch in waiting])
    _journal.write(connection, corp_id, now, store.lines(waiting, runs, reason))


def leave(connection: Connection, corp_id: str, ids: Sequence[int], now: datetime) -> None:
    """Take back what runs that have just left by an exit have asked for, as far as it can be taken back."""
    close_touches(connection, corp_id, ids, "dropped:ended", now, TouchStatus.OPEN)
    _batches.hurry(connection, ids, now)
