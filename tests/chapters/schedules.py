"""What the tests know of `wecom.schedules`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import (
    MemberCalendar,
    Schedule,
    ScheduleAttendee,
    ScheduleReminders,
    ScheduleRepeat,
    ScheduleResponse,
    ScheduleScope,
    ScheduleState,
)
from wecom_auto.testing import FakeWeCom

schedules = calls.schedules
AT = datetime(2026, 3, 20, 19, tzinfo=UTC)
EXAMPLE = ScheduleReminders(
    remind=True,
    before_seconds=3600,
    repeat=True,
    repeat_type=ScheduleRepeat.WORKDAYS,
    repeat_until=datetime.fromtimestamp(1606976813, UTC),
    custom=True,
    interval=1,
    days_of_week=(3, 7),
    days_of_month=(10, 21),
    utc_offset=8,
)
REMINDERS = ScheduleReminders(
    remind=True,
    before_seconds=0,
    offsets=(-900,),
    repeat=True,
    repeat_type=ScheduleRepeat.DAILY,
    repeat_until=AT,
    custom=True,
    interval=1,
    days_of_week=(1,),
    days_of_month=(1,),
    utc_offset=0,
)
FULL: Mapping[str, Any] = {
    "start_at": AT,
    "end_at": AT + timedelta(hours=1),
    "summary": "s",
    "description": "d",
    "location": "l",
    "admins": ("u",),
    "attendees": (ScheduleAttendee(userid="u"),),
    "whole_day": True,
    "reminders": REMINDERS,
    "organizer": "u",
}


def event(**values: Any) -> Schedule:
    """An event of an hour."""
    return Schedule(**({"start_at": AT, "end_at": AT + timedelta(hours=1)} | values))


def repeated(**values: Any) -> Schedule:
    """An event that comes back."""
    return event(reminders=ScheduleReminders(repeat=True, **values))


CALLS: Mapping[str, list[Call[Any]]] = {
    "oa/schedule/add": [schedules.create(Schedule(cal_id="c", **FULL))],
    "oa/schedule/update": [
        schedules.update(
            Schedule(schedule_id="s", **FULL), keep_attendees=True, scope=ScheduleScope.ONE, occurrence_at=AT
        )
    ],
    "oa/schedule/get": [schedules.get(["s"])],
    "oa/schedule/get_by_calendar": [schedules.list_by_calendar("c", offset=1, limit=1)],
    "oa/schedule/del": [schedules.delete("s", scope=ScheduleScope.FROM_HERE, occurrence_at=AT)],
    "oa/schedule/add_attendees": [schedules.add_attendees("s", userids=["u"])],
    "oa/schedule/del_attendees": [schedules.remove_attendees("s", userids=["u"])],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("oa/schedule/add", schedules.create(event())),
    ("oa/schedule/update", schedules.update(event(schedule_id="s"))),
    ("oa/schedule/get", schedules.get(["s"])),
    ("oa/schedule/get_by_calendar", schedules.list_by_calendar("c")),
    ("oa/schedule/del", schedules.delete("s")),
    ("oa/schedule/add_attendees", schedules.add_attendees("s", userids=["u"])),
    ("oa/schedule/del_attendees", schedules.remove_attendees("s", userids=["u"])),
]

ID, CAL_ID = "17c7d2bd9f20d652840f72f59e796AAA", "wcjgewCwAAqeJcPI1d8Pwbjt7nttzAAA"
OFFICIAL: Mapping[str, Any] = {
    "organizer": "userid1",
    "start_at": datetime.fromtimestamp(1571274600, UTC),
    "end_at": datetime.fromtimestamp(1571320210, UTC),
    "attendees": (ScheduleAttendee(userid="userid2"),),
    "reminders": EXAMPLE,
}
REQUESTS: list[tuple[str, Make]] = [
    (
        "oa/schedule/add",
        lambda: schedules.create(
            Schedule(
                summary="需求评审会议",
                description="2.0版本需求初步评审",
                location="广州国际媒体港10楼1005会议室",
                cal_id=CAL_ID,
                **OFFICIAL,
            )
        ),
    ),
    (
        "oa/schedule/update",
        lambda: schedules.update(
            Schedule(
                schedule_id=ID,
                summary="test_summary",
                description="test_description",
                location="test_place",
                **OFFICIAL,
            )
        ),
    ),
    ("oa/schedule/get", lambda: schedules.get([ID])),
    ("oa/schedule/get_by_calendar", lambda: schedules.list_by_calendar(CAL_ID, offset=100, limit=1000)),
    ("oa/schedule/del", lambda: schedules.delete(ID)),
    ("oa/schedule/add_attendees", lambda: schedules.add_attendees(ID, userids=["userid2"])),
    ("oa/schedule/del_attendees", lambda: schedules.remove_attendees(ID, userids=["userid2"])),
]

REFUSED: list[tuple[str, Make]] = [
    ("schedule.summary", lambda: schedules.create(event(summary="程" * 129))),
    ("schedule.description", lambda: schedules.create(event(description="程" * 1001))),
    ("schedule.location", lambda: schedules.create(event(location="程" * 129))),
    ("schedule.cal_id", lambda: schedules.create(event(cal_id="c" * 65))),
    ("schedule.admins", lambda: schedules.create(event(admins=("u",) * 4))),
    ("schedule.attendees", lambda: schedules.create(event(attendees=(ScheduleAttendee(userid="u"),) * 1001))),
    (
        "schedule.attendees[0].userid",
        lambda: schedules.create(event(attendees=(ScheduleAttendee(userid="u" * 65),))),
    ),
    ("schedule.reminders.repeat_day_of_week[0]", lambda: schedules.create(repeated(days_of_week=(8,)))),
    ("schedule.reminders.repeat_day_of_month[1]", lambda: schedules.create(repeated(days_of_month=(1, 0)))),
    ("schedule.reminders.timezone", lambda: schedules.create(repeated(utc_offset=13))),
    ("schedule.start_time / schedule.end_time", lambda: schedules.create(Schedule(summary="x"))),
    ("schedule.schedule_id", lambda: schedules.update(event())),
    ("schedule_id_list", lambda: schedules.get([])),
    ("schedule_id_list", lambda: schedules.get(["s"] * 1001)),
    ("cal_id", lambda: schedules.list_by_calendar("")),
    ("offset", lambda: schedules.list_by_calendar("c", offset=-1)),
    ("limit", lambda: schedules.list_by_calendar("c", limit=0)),
    ("limit", lambda: schedules.list_by_calendar("c", limit=1001)),
    ("schedule_id", lambda: schedules.delete("")),
    ("occurrence_at", lambda: schedules.delete("s", occurrence_at=AT.replace(tzinfo=None))),
    ("schedule_id", lambda: schedules.add_attendees("", userids=["u"])),
    ("attendees", lambda: schedules.add_attendees("s", userids=[])),
    ("attendees", lambda: schedules.add_attendees("s", userids=["u"] * 1001)),
    ("attendees", lambda: schedules.remove_attendees("s", userids=["u"] * 1001)),
]

ACCEPTED: list[Make] = [
    lambda: schedules.create(
        event(
            summary="程" * 128,
            description="程" * 1000,
            location="程" * 128,
            cal_id="c" * 64,
            admins=("u",) * 3,
            attendees=(ScheduleAttendee(userid="u" * 64),) * 1000,
        )
    ),
    lambda: schedules.create(repeated(days_of_week=(1, 7), days_of_month=(1, 31), utc_offset=-12)),
    lambda: schedules.list_by_calendar("c", offset=0, limit=1000),
    lambda: schedules.remove_attendees("s", userids=["u"] * 1000),
]

ARGUMENTS: Mapping[str, Any] = {
    "schedule": event(schedule_id="s"),
    "schedule_ids": ["s"],
    "schedule_id": "s",
    "cal_id": "c",
    "userids": ["u"],
}
BEYOND_REACH: Mapping[str, tuple[str, ...]] = {"oa/schedule/add": ("agentid",)}


def schedules_of_members(fake: FakeWeCom) -> Play:
    """An event is put into members' calendars, answered, changed, joined by more, and cancelled."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    made = yield lambda app: app.calendars.create(MemberCalendar(summary="群日历", color="#FF3030"))
    at = fake.clock.now() + timedelta(days=1)
    new = Schedule(
        start_at=at,
        end_at=at + timedelta(minutes=15),
        summary="播报",
        cal_id=made.cal_id,
        attendees=(ScheduleAttendee(userid="zhangsan"),),
        reminders=ScheduleReminders(remind=True, offsets=(-900,)),
    )
    schedule_id = yield lambda app: app.schedules.create(new)
    assert fake.schedule_of("zhangsan") == ("播报",)
    fake.answer_schedule(schedule_id, "zhangsan", "accepted")
    assert (yield lambda app: app.schedules.add_attendees(schedule_id, userids=["lisi"])) is None
    (found,) = yield lambda app: app.schedules.get([schedule_id])
    assert [(one.userid, one.response) for one in found.attendees] == [
        ("zhangsan", ScheduleResponse.ACCEPTED),
        ("lisi", ScheduleResponse.NONE),
    ]
    changed = Schedule(schedule_id=schedule_id, start_at=at, end_at=at + timedelta(hours=1), summary="新车播报")
    assert (yield lambda app: app.schedules.update(changed, keep_attendees=True)) is None
    assert (yield lambda app: app.schedules.remove_attendees(schedule_id, userids=["zhangsan"])) is None
    (listed,) = yield lambda app: app.schedules.list_by_calendar(made.cal_id)
    assert (listed.summary, listed.start_at, listed.reminders, listed.sequence) == ("新车播报", at, None, 1)
    assert (fake.schedule_of("zhangsan"), fake.schedule_of("lisi")) == ((), ("新车播报",))
    assert (yield lambda app: app.schedules.list_all_of(made.cal_id)) == (listed,)
    assert (yield lambda app: app.schedules.delete(schedule_id)) is None
    assert (yield lambda app: app.schedules.list_by_calendar(made.cal_id)) == ()
    (gone,) = yield lambda app: app.schedules.get([schedule_id])
    assert gone.state is ScheduleState.CANCELLED
    try:
        yield lambda app: app.schedules.delete(schedule_id)
    except NotFoundError as error:
        refused(NotFoundError, 90460, error)
    else:
        raise AssertionError
    try:
        yield lambda app: app.schedules.get(["unknown"])
    except InvalidRequestError as error:
        refused(InvalidRequestError, 90461, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (schedules_of_members,)
