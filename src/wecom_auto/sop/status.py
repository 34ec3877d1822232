"""How a corp's SOPs stand right now, as one value, and whether that is healthy. Reads only, calls nobody.

A snapshot is a handful of counts over indexed columns: cheap enough for a probe every few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection

from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.inbox import InboxState
from wecom_auto.inbox import _tables as inbox
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._rows._states import BatchStatus, TaskStatus
from wecom_auto.sop._shared._faults import FAULT, LATEST
from wecom_auto.store import repeatable, transaction, upsert

__all__ = ["Health", "HealthLimits", "Status"]

_NONE: Final = timedelta(0)
_DAY: Final = timedelta(days=1)
LAST_TICK: Final = "last_tick"


@frozen(kw_only=True)
class Status:
    """One corp's SOPs at one moment.

    Attributes:
        at: The moment.
        active: Runs that are going on.
        due: Runs and steps of running SOPs that somebody should look at now.
        due_lag: How long the oldest of those has been waiting; 0 if nothing is due.
        batches: Send batches by state, those of the last days too.
        unknown: Batches of which nobody knows whether the task exists; they are looked for by themselves.
        held: Batches that a person must settle: `Runner.resolve`.
        unconfirmed: Tasks at the platform that no member has tapped.
        cap_losses: Touches lost to the customers' allowance in the last 24 hours.
        open_tasks: Staff tasks that are open.
        overdue_tasks: Open staff tasks whose deadline has passed.
        alerts: Alerts of the last 24 hours, by kind.
        last_tick: When a tick was last finished; `None` if never.
        dead_letters: Callbacks of the inbox that were given up.
        clock_skew: How far the database's clock is ahead of ours; `None` on SQLite, which has none of its own.
        faults: Runs, steps, batches and parts of a tick that have failed with an error in the last hours; each is
            tried again, and the log says where (``alert:fault``).
    """

    at: datetime
    active: int = 0
    due: int = 0
    due_lag: timedelta = _NONE
    batches: Mapping[str, int] = field(factory=dict[str, int])
    unknown: int = 0
    held: int = 0
    unconfirmed: int = 0
    cap_losses: int = 0
    open_tasks: int = 0
    overdue_tasks: int = 0
    alerts: Mapping[str, int] = field(factory=dict[str, int])
    last_tick: datetime | None = None
    dead_letters: int = 0
    clock_skew: timedelta | None = None
    faults: int = 0

    def document(self) -> dict[str, JSON]:
        """The status as JSON; spans in seconds."""
        return {
            "at": self.at.isoformat(),
            "active": self.active,
            "due": self.due,
            "due_lag_seconds": self.due_lag.total_seconds(),
            "batches": dict(sorted(self.batches.items())),
            "unknown": self.unknown,
            "held": self.held,
            "unconfirmed": self.unconfirmed,
            "cap_losses": self.cap_losses,
            "open_tasks": self.open_tasks,
            "overdue_tasks": self.overdue_tasks,
            "alerts": dict(sorted(self.alerts.items())),
            "last_tick": None if self.last_tick is None else self.last_tick.isoformat(),
            "dead_letters": self.dead_letters,
            "clock_skew_seconds": None if self.clock_skew is None else self.clock_skew.total_seconds(),
            "faults": self.faults,
        }


@frozen(kw_only=True)
class HealthLimits:
    """From when on a number is a reason to wake somebody; `None` never wakes anybody.

    Attributes:
        due_lag: The oldest thing that is due has waited so long: nobody ticks, or too few workers do.
        tick_age: The last tick is older than this.
        unknown: More batches than this of unknown outcome: the platform or the network is ill.
        held: More batches than this wait for a person.
        unconfirmed: More tasks than this wait for a tap.
        overdue_tasks: More staff tasks than this are overdue.
        dead_letters: More callbacks than this were given up.
        clock_skew: The clocks differ by more than this; the send protocol allows for 5 seconds.
        faults: More things than this fail with an error.
    """

    due_lag: timedelta | None = timedelta(minutes=10)
    tick_age: timedelta | None = timedelta(minutes=10)
    unknown: int | None = 5
    held: int | None = 0
    unconfirmed: int | None = None
    overdue_tasks: int | None = None
    dead_letters: int | None = 0
    clock_skew: timedelta | None = timedelta(seconds=5)
    faults: int | None = 0


@frozen(kw_only=True)
class Health:
    """Whether somebody has to look.

    Attributes:
        status: What it was read off.
        reasons: One sentence for each limit that is exceeded; none is healthy.
    """

    status: Status
    reasons: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether no limit is exceeded."""
        return not self.reasons

    @property
    def state(self) -> str:
        """``healthy`` or ``degraded``."""
        return "healthy" if self.healthy else "degraded"

    @property
    def exit_code(self) -> int:
        """For a probe: 0 or 1."""
        return int(not self.healthy)

    def document(self) -> dict[str, JSON]:
        """The health as JSON."""
        return {"state": self.state, "reasons": [*self.reasons], "status": self.status.document()}


def judge(status: Status, limits: HealthLimits) -> Health:
    """Hold a status against limits. Pure."""
    late = _NONE if status.last_tick is None else status.at - status.last_tick
    skew = abs(status.clock_skew) if status.clock_skew is not None else _NONE
    spans = (
        (status.due_lag, limits.due_lag, "the oldest due work waits for {0}: tick more often, or add a worker"),
        (late, limits.tick_age, "the last tick was {0} ago: is the service running?"),
        (skew, limits.clock_skew, "the database's clock is {0} away from this machine's: check NTP"),
    )
    counts = (
        (status.unknown, limits.unknown, "{0} batches of unknown outcome: is the platform reachable?"),
        (status.held, limits.held, "{0} batches wait for a person: look into the console, then Runner.resolve"),
        (status.unconfirmed, limits.unconfirmed, "{0} tasks wait for a member's tap"),
        (status.overdue_tasks, limits.overdue_tasks, "{0} staff tasks are overdue"),
        (status.dead_letters, limits.dead_letters, "{0} callbacks were given up: wecom-auto inbox"),
        (status.faults, limits.faults, "{0} things fail with an error and wait: look for alert:fault in the log"),
    )
    told = [text.format(value) for value, limit, text in spans if limit is not None and value > limit]
    told += [text.format(value) for value, limit, text in counts if limit is not None and value > limit]
    return Health(status=status, reasons=tuple(told))


def snapshot(connection: Connection, corp_id: str, now: datetime) -> Status:
    """Read the status of one corp."""
    moment = require_aware(now, "now").astimezone(UTC)
    batches = _batches(connection, corp_id)
    due, oldest = _due(connection, corp_id, moment)
    s, d = t.staff_tasks.c, t.decisions.c
    tasks = (s.corp_id == corp_id, s.state == TaskStatus.OPEN.value)
    lately = (d.corp_id == corp_id, d.at > moment - _DAY)
    return Status(
        at=moment,
        active=_count(connection, t.enrolments, t.enrolments.c.corp_id == corp_id, _work.ACTIVE),
        due=due,
        due_lag=_NONE if oldest is None else max(moment - oldest, _NONE),
        batches=batches,
        unknown=sum(batches.get(state.value, 0) for state in BatchStatus if state.unsettled),
        held=batches.get(BatchStatus.HELD.value, 0),
        unconfirmed=_count(
            connection,
            t.batches,
            t.batches.c.corp_id == corp_id,
            t.batches.c.state == BatchStatus.CREATED.value,
            t.batches.c.confirmed_at.is_(None),
        ),
        cap_losses=_count(connection, t.decisions, *lately, d.reason == "dropped:cap"),
        open_tasks=_count(connection, t.staff_tasks, *tasks),
        overdue_tasks=_count(connection, t.staff_tasks, *tasks, s.deadline_at < moment),
        alerts=_alerts(connection, *lately),
        last_tick=_last_tick(connection, corp_id),
        dead_letters=_count(
            connection,
            inbox.events,
            inbox.events.c.corp_id == corp_id,
            inbox.events.c.state == InboxState.DEAD.value,
        ),
        clock_skew=_skew(connection),
        faults=_faults(connection, corp_id, moment),
    )


def _count(connection: Connection, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*which)) or 0


def _batches(connection: Connection, corp_id: str) -> dict[str, int]:
    b = t.batches.c
    query = sa.select(b.state, sa.func.count()).where(b.corp_id == corp_id).group_by(b.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _due(connection: Connection, corp_id: str, now: datetime) -> tuple[int, datetime | None]:
    e, u, b = t.enrolments.c, t.touches.c, t.batches.c
    running = {"corp": corp_id}
    runs = sa.select(sa.func.count(), sa.func.min(e.wake_at)).where(
        e.corp_id == corp_id, _work.ACTIVE, e.wake_at <= now, e.sop.in_(_work.running_sops())
    )
    touches = (
        sa.select(sa.func.count(), sa.func.min(u.check_at))
        .join(t.enrolments, e.id == u.enrolment_id)
        .where(u.corp_id == corp_id, u.check_at <= now, e.sop.in_(_work.running_sops()))
    )
    batches = sa.select(sa.func.count(), sa.func.min(b.check_at)).where(b.corp_id == corp_id, b.check_at <= now)
    rows = [connection.execute(query, running).one() for query in (runs, touches)]
    rows.append(connection.execute(batches).one())
    return sum(row[0] for row in rows), min((row[1] for row in rows if row[1] is not None), default=None)


def _alerts(connection: Connection, *which: sa.ColumnElement[bool]) -> dict[str, int]:
    d = t.decisions.c
    query = sa.select(d.reason, sa.func.count()).where(*which, d.reason.startswith("alert:")).group_by(d.reason)
    return {row[0].removeprefix("alert:"): row[1] for row in connection.execute(query)}


def _faults(connection: Connection, corp_id: str, now: datetime) -> int:
    d = t.decisions.c
    # Whatever goes on failing is tried, and written down, within this time.
    mine = (d.corp_id == corp_id, d.reason == FAULT, d.at > now - LATEST - timedelta(hours=1))
    each = sa.select(d.external_userid, d.sop, d.step, d.detail).where(*mine).distinct().subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(each)) or 0


def _last_tick(connection: Connection, corp_id: str) -> datetime | None:
    u = t.turns.c
    return connection.scalar(sa.select(u.slot_at).where(u.corp_id == corp_id, u.name == LAST_TICK))


def _skew(connection: Connection) -> timedelta | None:
    if connection.dialect.name == "sqlite":
        return None
    text = "SELECT now()" if connection.dialect.name == "postgresql" else "SELECT UTC_TIMESTAMP(6)"
    theirs: datetime = connection.exec_driver_sql(text).scalar_one()
    return (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - datetime.now(UTC)


@repeatable
def note_tick(context_engine: sa.Engine, corp_id: str, now: datetime) -> None:
    """Remember that a tick is over."""
    row = {"corp_id": corp_id, "name": LAST_TICK, "slot_at": now, "taken_until": now}
    with transaction(context_engine) as connection:
        upsert(connection, t.turns, [row], newer="slot_at")
