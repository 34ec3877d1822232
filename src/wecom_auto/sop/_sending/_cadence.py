"""Decide when a created task is polled, nudged, escalated and withdrawn. Pure: reads no clock, calls nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from wecom_auto.sop._rows._batches import BatchRow
from wecom_auto.sop._shared._context import Settings

_EARLY: Final = (timedelta(minutes=15), *(timedelta(hours=hours) for hours in (1, 4, 24, 48, 72)))
_DAYS: Final = tuple(timedelta(days=days) for days in range(4, 16))
POLLS: Final = (*_EARLY, *_DAYS)
"""After a task was created; the platform is said to stop updating results after half a month. Unverified."""
_SECOND: Final = timedelta(hours=24)


@frozen(kw_only=True)
class Chores:
    """What is due for a created task, apart from reading its results.

    Attributes:
        remind: Nudge the member at the platform.
        tell: The nudge is the second one: tell the member by application message, too.
        escalate: Tell the supervisor.
        expire: Withdraw the task.
    """

    remind: bool = False
    tell: bool = False
    escalate: bool = False
    expire: bool = False


def created_at(row: BatchRow) -> datetime:
    """When the task came to be."""
    return row.batch.created_at or row.slot_at


def chores(row: BatchRow, now: datetime, settings: Settings) -> Chores:
    """What is due now; members are left alone outside working hours."""
    working = _working(now, settings)
    nudge = next_remind(row, settings)
    return Chores(
        remind=working and nudge is not None and nudge <= now,
        tell=row.reminds == 1,
        escalate=row.escalated_at is None and escalate_at(row, settings) <= now,
        expire=row.expires_at is not None and row.expires_at <= now,
    )


def next_remind(row: BatchRow, settings: Settings) -> datetime | None:
    """When the member is nudged next: twice in all, moved into working hours."""
    if row.reminds > 1:
        return None
    first = timedelta(seconds=row.remind_seconds) if row.remind_seconds is not None else settings.remind_after
    return into_working_hours(created_at(row) + (first if not row.reminds else max(first + _SECOND, _SECOND)), settings)


def escalate_at(row: BatchRow, settings: Settings) -> datetime:
    """When the supervisor hears that the member has not tapped."""
    after = row.escalate_seconds
    return created_at(row) + (settings.escalate_after if after is None else timedelta(seconds=after))


def next_look(row: BatchRow, now: datetime, settings: Settings) -> datetime:
    """The earliest time after now at which anything is due for a created task."""
    born = created_at(row)
    times = [born + after for after in POLLS]
    times += [at for at in (next_remind(row, settings), row.expires_at) if at is not None]
    if row.escalated_at is None:
        times.append(escalate_at(row, settings))
    return min((at for at in times if at > now), default=now + timedelta(days=1))


def into_working_hours(moment: datetime, settings: Settings) -> datetime:
    """The moment itself, or the next opening if people do not work then."""
    local = moment.astimezone(settings.zone)
    opens, closes = settings.working_hours
    start = local.replace(hour=opens.hour, minute=opens.minute, second=0, microsecond=0)
    if local.time() < opens:
        return start.astimezone(moment.tzinfo)
    return moment if local.time() < closes else (start + timedelta(days=1)).astimezone(moment.tzinfo)


def _working(now: datetime, settings: Settings) -> bool:
    return into_working_hours(now, settings) == now
