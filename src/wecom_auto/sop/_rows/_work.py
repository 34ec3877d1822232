"""What is due, as conditions on the tables: written once, for the tick that asks whether, and the phase that asks what.

All of them are about a corp (``corp``) at an instant (``now``). Asks nothing itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import EnrolmentStatus, SopStatus, TouchStatus
from wecom_auto.store import UtcDateTime, one_of

CORP: Final[sa.BindParameter[str]] = sa.bindparam("corp")
NOW: Final[sa.BindParameter[datetime]] = sa.bindparam("now", type_=UtcDateTime())
_NONE: Final[sa.ColumnElement[int]] = sa.literal_column("0")
# A literal, not a parameter: a database uses a partial index only if it can see the number.
ACTIVE: Final = t.enrolments.c.state == sa.literal_column(str(EnrolmentStatus.ACTIVE.value))
DELIVERED: Final = frozenset({TouchStatus.DELIVERED, TouchStatus.DONE})
_DUE_ONES: Final = sa.and_(t.touches.c.state == TouchStatus.DUE.value, t.touches.c.kind != "mass")
_OTHERS: Final = one_of(t.touches.c.state, (TouchStatus.REQUESTED, *sorted(DELIVERED)))
Work: TypeAlias = Literal["freeze", "perform"]
"""Messages that wait for a batch, and everything else."""
WORK: Final = {
    "freeze": sa.and_(t.touches.c.kind == "mass", t.touches.c.state == TouchStatus.DUE.value),
    "perform": sa.or_(_DUE_ONES, _OTHERS),
}
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every SOP."""


@cache
def running_sops() -> sa.Select[str]:
    """The SOPs of ``corp`` that work, inside a query that reads all its rows; here and below a pause takes effect."""
    mine = (t.sops.c.corp_id == sa.bindparam("corp"), t.sops.c.state == SopStatus.RUNNING.value)
    query: sa.Select[str] = sa.select(t.sops.c.sop).where(*mine)
    return query


def is_running(sop: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether a SOP of ``corp`` works, asked row by row, inside a query that wants the first few rows of an index.

    Given a list of SOPs instead, MariaDB begins with it, and sorts all that is due for each few hundred rows. Counted,
    because of ``state = 'running'`` PostgreSQL would believe that it is seldom so, and read all rows, too.
    """
    mine = (t.sops.c.corp_id == sa.bindparam("corp"), t.sops.c.sop == sop)
    works = sa.select(sa.func.count()).where(*mine, one_of(t.sops.c.state, [SopStatus.RUNNING]))
    return works.correlate(sop.table).scalar_subquery() > _NONE


def first_of(at: sa.ColumnElement[datetime | None]) -> sa.Select[datetime | None]:
    """A query for the earliest time; with ``min`` a server would read all rows, because the SOP stands elsewhere.

    Rows without a time are left out by a comparison: MariaDB would read through them to find one that has a time.
    """
    query: sa.Select[datetime | None] = sa.select(at).where(at > _EVER).order_by(at).limit(1)
    return query


def is_wanted() -> sa.ColumnElement[bool]:
    """Whether a staff task is of a running SOP, or of none; asked row by row and counted, like `is_running`."""
    k, u, e = t.staff_tasks.c, t.touches.c, t.enrolments.c
    mine = (u.id == k.touch_id, e.id == u.enrolment_id, is_running(e.sop))
    running = sa.select(sa.func.count()).select_from(t.touches, t.enrolments).where(*mine).correlate(t.staff_tasks)
    return sa.or_(k.touch_id.is_(None), running.scalar_subquery() > _NONE)


_C: Final = t.calendars.c
RUNS: Final = (t.enrolments.c.corp_id == CORP, ACTIVE, t.enrolments.c.wake_at <= NOW)
"""Runs of the timetable, of running SOPs and of others."""
TOUCHES: Final = (t.touches.c.corp_id == CORP, t.touches.c.check_at <= NOW)
"""Touches of every kind, see `WORK`, of running SOPs and of others."""
BATCHES: Final = (t.batches.c.corp_id == CORP, t.batches.c.check_at <= NOW)
DAYS: Final = (
    _C.corp_id == CORP,
    _C.due_at <= NOW,
    sa.or_(_C.lease_until.is_(None), _C.lease_until <= NOW),
    _C.sop.in_(running_sops()),
)
"""Dates that let somebody in, and that no worker is at."""
TASKS: Final = (t.staff_tasks.c.corp_id == CORP, t.staff_tasks.c.check_at <= NOW, is_wanted())
NOTICES: Final = (t.notices.c.corp_id == CORP, t.notices.c.due_at <= NOW)
