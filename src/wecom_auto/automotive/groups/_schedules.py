"""Put the calendar of groups (群日历) into the calendars of members (日程), who then are reminded by WeCom itself.

It keeps no state: what it has made carries a mark, and nothing else in the calendar is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.groups._calendar import CalendarEntry, GroupCalendar
from wecom_auto.errors import ValidationError
from wecom_auto.models import Schedule, ScheduleAttendee, ScheduleReminders

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_BEFORE: Final = (0, 300, 900, 3_600, 86_400)
_CHARS: Final = 1_000
_QUARTER: Final = timedelta(minutes=15)


@frozen(kw_only=True)
class ScheduleReport:
    """What `put_into_schedules` did, as ids of events.

    Attributes:
        created: New ones.
        updated: Those whose note, end or people have changed.
        deleted: Those that the group calendar does not have any more.
        kept: How many were as they should be.
    """

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: int = 0


def put_into_schedules(
    client: WeCom,
    calendar: GroupCalendar,
    *,
    cal_id: str,
    userids: Sequence[str],
    now: datetime,
    remind_before: timedelta = _QUARTER,
) -> ScheduleReport:
    """Make the events of members those of a group calendar, from now on; what is over stays as it was.

    Stopped half-way, it goes on; run twice, it doubles nothing. An entry is known by its beginning and title.

    Args:
        client: Its app has made the calendar.
        calendar: What happens in the groups.
        cal_id: Of `calendars.create`; events without this calendar's mark are left alone.
        userids: Who has to do with it, such as the owners of the groups; up to 1,000.
        now: The time; aware.
        remind_before: How long before they are reminded: 0, 5 or 15 minutes, an hour, or a day.

    Raises:
        ValidationError: Nobody is named, a naive time, or another time of reminding.
        NotFoundError: 90459 the calendar was deleted.
    """
    seconds = remind_before / timedelta(seconds=1)
    if seconds not in _BEFORE:
        limit = f"one of {', '.join(map(str, _BEFORE))} seconds"
        raise ValidationError(field="remind_before", value=str(remind_before), limit=limit)
    if not userids:
        raise ValidationError(field="userids", value="nobody", limit="at least one member")
    first = require_aware(now, "now")
    reminders = ScheduleReminders(remind=True, offsets=(-int(seconds),))
    mark = f"【群日历】{calendar.name}"
    people = tuple(ScheduleAttendee(userid=one) for one in dict.fromkeys(userids))
    coming = (one for one in calendar.entries if one.at > first)
    wanted = {_key(one.at, one.title): _event(one, cal_id, mark, people, reminders) for one in coming}
    there, spare = _made_here(client.schedules.list_all_of(cal_id), mark, first)
    created = [client.schedules.create(event) for key, event in wanted.items() if key not in there]
    updated = []
    for key, event in wanted.items():
        old = there.get(key)
        if old is not None and _said(old) != _said(event):
            client.schedules.update(evolve(event, schedule_id=old.schedule_id, cal_id=""))
            updated.append(old.schedule_id)
    deleted = [*spare, *(old.schedule_id for key, old in there.items() if key not in wanted)]
    for schedule_id in deleted:
        client.schedules.delete(schedule_id)
    return ScheduleReport(
        created=tuple(created),
        updated=tuple(updated),
        deleted=tuple(deleted),
        kept=len(wanted) - len(created) - len(updated),
    )


_Key = tuple[int, str]


def _key(at: datetime, title: str) -> _Key:
    return int(at.timestamp()), title


def _event(
    one: CalendarEntry, cal_id: str, mark: str, people: tuple[ScheduleAttendee, ...], reminders: ScheduleReminders
) -> Schedule:
    note = f"{one.note[: _CHARS - len(mark) - 1]}\n{mark}" if one.note else mark
    return Schedule(
        start_at=one.at,
        end_at=one.at + one.takes,
        summary=one.title,
        description=note,
        cal_id=cal_id,
        attendees=people,
        reminders=reminders,
    )


def _made_here(events: Iterable[Schedule], mark: str, now: datetime) -> tuple[dict[_Key, Schedule], list[str]]:
    """The events to come that carry the mark, and the ids of those that stand there twice."""
    found: dict[_Key, Schedule] = {}
    spare: list[str] = []
    for one in events:
        if one.start_at is None or one.start_at <= now or one.description.rpartition("\n")[2] != mark:
            continue
        key = _key(one.start_at, one.summary)
        if key in found:
            spare.append(one.schedule_id)
        else:
            found[key] = one
    return found, spare


def _said(event: Schedule) -> tuple[object, ...]:
    """What a change is told by; what members have answered is theirs."""
    people = frozenset(one.userid for one in event.attendees)
    offsets = event.reminders.offsets if event.reminders else ()
    return event.end_at, event.description, people, offsets
