"""The calendars and events of members (日历, 日程; manual 93647, 93648, 97716 to 97718, 97720 to 97725).

Repeated events are kept as they were given: nothing counts their times, and a part of one is refused (90484), because
the fake does not split them. Nobody is reminded, no callback tells of changes, and rooms are not booked.

Unverified: that an event that begins after its end, a member who is none, and too many answer 40058; that a cancelled
event can be read, and is no longer listed; that deleting a calendar cancels its events; that an event without a
calendar belongs to none here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import Check, integer, items, nested, objects, text
from wecom_auto.testing._state_schedules import CalendarRow, ScheduleRow
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD = 40063, 40058
BAD_CALENDAR, NO_CALENDARS, GONE_CALENDAR = 90457, 90458, 90459
GONE, BAD_SCHEDULE, NO_SCHEDULES, OTHERS, NO_RANGE, NOT_REPEATED = 90460, 90461, 90462, 90466, 90483, 90484
NO_MEMBER: Final = 60111
PEOPLE, IDS = 1_000, 1_000
FLAG: Final = (0, 1)
SCOPE: Final = (integer("op_mode", enum=(0, 1, 2)), integer("op_start_time"))
CAL_ID: Final = text("cal_id", required=BAD_CALENDAR)
SCHEDULE_ID: Final = text("schedule_id", required=BAD_SCHEDULE)
_WHO: Final = text("userid", required=MISSING, octets=64)
_CALENDAR: Final[tuple[Check, ...]] = (
    text("summary", required=MISSING, chars=128),
    text("color", required=MISSING, chars=7),
    text("description", chars=512),
    items("admins", most=3),
    objects("shares", _WHO, integer("permission", enum=(1, 3)), integer("readonly", enum=FLAG), most=2_000),
    nested("public_range", items("userids", most=1_000), items("partyids", int, most=100)),
    *(integer(name, enum=FLAG) for name in ("is_public", "is_corp_calendar", "set_as_default", "readonly")),
    text("organizer"),
)
_SCHEDULE: Final[tuple[Check, ...]] = (
    integer("start_time", required=MISSING),
    integer("end_time", required=MISSING),
    text("summary", chars=128),
    text("description", chars=1_000),
    text("location", chars=128),
    items("admins", most=3),
    objects("attendees", _WHO, most=PEOPLE),
    integer("is_whole_day", enum=FLAG),
    nested(
        "reminders",
        *(integer(name, enum=FLAG) for name in ("is_remind", "is_repeat", "is_custom_repeat")),
        integer("remind_before_event_secs", enum=(0, 300, 900, 3_600, 86_400)),
        items("remind_time_diffs", int),
        integer("repeat_type", enum=(0, 1, 2, 5, 7)),
        integer("repeat_until"),
        integer("repeat_interval"),
        items("repeat_day_of_week", int, most=7),
        items("repeat_day_of_month", int, most=31),
        integer("timezone", least=-12, most=12),
    ),
    text("organizer"),
)


@endpoint("POST", "oa/calendar/add", nested("calendar", *_CALENDAR, required=MISSING), also=("agentid",))
def add_calendar(ask: Ask) -> Mapping[str, object]:
    """Make a calendar."""
    given = ask.body["calendar"]
    if (given.get("is_public") or given.get("is_corp_calendar")) and not given.get("public_range"):
        raise Refusal(NO_RANGE)
    cal_id = ask.state.ids.letters("wc", "calendar", 32)
    kept, failed = _shared(ask, given)
    ask.state.calendars[cal_id] = CalendarRow(cal_id=cal_id, agent_id=ask.app.agent_id, fields=kept)
    return {"cal_id": cal_id, **failed}


@endpoint(
    "POST",
    "oa/calendar/update",
    integer("skip_public_range", enum=FLAG),
    nested("calendar", CAL_ID, *_CALENDAR, required=MISSING),
)
def update_calendar(ask: Ask) -> Mapping[str, object]:
    """Write a calendar anew."""
    given = ask.body["calendar"]
    row = _calendar(ask, given["cal_id"])
    kept, failed = _shared(ask, {name: value for name, value in given.items() if name != "cal_id"})
    fixed = ("is_public", "is_corp_calendar", *(("public_range",) if ask.body.get("skip_public_range") else ()))
    old = {name: row.fields[name] for name in fixed if name in row.fields}
    row.fields = {**kept, **old}
    return failed


@endpoint("POST", "oa/calendar/get", items("cal_id_list", required=NO_CALENDARS, most=IDS))
def get_calendars(ask: Ask) -> Mapping[str, object]:
    """Answer calendars."""
    rows = [_calendar(ask, one) for one in ask.body["cal_id_list"]]
    return {"calendar_list": [{"cal_id": one.cal_id, **one.fields} for one in rows]}


@endpoint("POST", "oa/calendar/del", CAL_ID)
def delete_calendar(ask: Ask) -> None:
    """Delete a calendar, with its events."""
    row = _calendar(ask, ask.body["cal_id"])
    del ask.state.calendars[row.cal_id]
    ask.state.dead_calendars.add(row.cal_id)
    for one in ask.state.schedules.values():
        one.cancelled = one.cancelled or one.fields.get("cal_id") == row.cal_id


@endpoint(
    "POST", "oa/schedule/add", nested("schedule", *_SCHEDULE, text("cal_id"), required=MISSING), also=("agentid",)
)
def add(ask: Ask) -> Mapping[str, object]:
    """Put an event into calendars."""
    given = ask.body["schedule"]
    if given.get("cal_id"):
        _calendar(ask, given["cal_id"])
    _sensible(ask, given)
    row = ScheduleRow(schedule_id=ask.state.ids.hexa("schedule"), agent_id=ask.app.agent_id, fields=given)
    ask.state.schedules[row.schedule_id] = row
    return {"schedule_id": row.schedule_id}


@endpoint(
    "POST",
    "oa/schedule/update",
    integer("skip_attendees", enum=FLAG),
    *SCOPE,
    nested("schedule", SCHEDULE_ID, *_SCHEDULE, text("cal_id"), required=MISSING),
)
def update(ask: Ask) -> None:
    """Write an event anew."""
    given = ask.body["schedule"]
    row = _living(ask, given["schedule_id"])
    _whole(ask)
    _sensible(ask, given)
    keep = ("cal_id", *(("attendees",) if ask.body.get("skip_attendees") else ()))
    old = {name: row.fields[name] for name in keep if name in row.fields}
    new = {name: value for name, value in given.items() if name not in ("schedule_id", *keep)}
    row.fields = {**new, **old}
    row.sequence += 1


@endpoint("POST", "oa/schedule/get", items("schedule_id_list", required=NO_SCHEDULES, most=IDS))
def get(ask: Ask) -> Mapping[str, object]:
    """Answer events."""
    return {"schedule_list": [_shown(_schedule(ask, one)) for one in ask.body["schedule_id_list"]]}


@endpoint("POST", "oa/schedule/get_by_calendar", CAL_ID, integer("offset"), integer("limit", least=1, most=1_000))
def get_by_calendar(ask: Ask) -> Mapping[str, object]:
    """Answer the events of a calendar."""
    cal_id = _calendar(ask, ask.body["cal_id"]).cal_id
    rows = [one for one in ask.state.schedules.values() if one.fields.get("cal_id") == cal_id and not one.cancelled]
    start = ask.body.get("offset", 0)
    found = rows[start : start + ask.body.get("limit", 500)]
    return {"schedule_list": [{**_shown(one), "sequence": one.sequence} for one in found]}


@endpoint("POST", "oa/schedule/del", SCHEDULE_ID, *SCOPE)
def delete(ask: Ask) -> None:
    """Cancel an event."""
    row = _living(ask, ask.body["schedule_id"])
    _whole(ask)
    row.cancelled = True


@endpoint("POST", "oa/schedule/add_attendees", SCHEDULE_ID, objects("attendees", _WHO, required=MISSING, most=PEOPLE))
def add_attendees(ask: Ask) -> None:
    """Let more members take part."""
    row = _living(ask, ask.body["schedule_id"])
    _known(ask, ask.body["attendees"])
    names = dict.fromkeys(one["userid"] for one in (*row.fields.get("attendees", ()), *ask.body["attendees"]))
    if len(names) > PEOPLE:
        raise Refusal(BAD, f"{len(names)} people, at most {PEOPLE}")
    row.fields = {**row.fields, "attendees": [{"userid": one} for one in names]}


@endpoint("POST", "oa/schedule/del_attendees", SCHEDULE_ID, objects("attendees", _WHO, required=MISSING, most=PEOPLE))
def remove_attendees(ask: Ask) -> None:
    """Let members take part no longer."""
    row = _living(ask, ask.body["schedule_id"])
    gone = {one["userid"] for one in ask.body["attendees"]}
    rest = [one for one in row.fields.get("attendees", ()) if one["userid"] not in gone]
    row.fields = {**row.fields, "attendees": rest}


def _calendar(ask: Ask, cal_id: str) -> CalendarRow:
    if cal_id in ask.state.dead_calendars:
        raise Refusal(GONE_CALENDAR)
    row = ask.state.calendars.get(cal_id)
    if row is None:
        raise Refusal(BAD_CALENDAR, f"cal_id {cal_id}: oa/calendar/add makes one")
    if row.agent_id != ask.app.agent_id:
        raise Refusal(OTHERS)
    return row


def _schedule(ask: Ask, schedule_id: str) -> ScheduleRow:
    row = ask.state.schedules.get(schedule_id)
    if row is None:
        raise Refusal(BAD_SCHEDULE, f"schedule_id {schedule_id}: oa/schedule/add makes one")
    if row.agent_id != ask.app.agent_id:
        raise Refusal(OTHERS)
    return row


def _living(ask: Ask, schedule_id: str) -> ScheduleRow:
    row = _schedule(ask, schedule_id)
    if row.cancelled:
        raise Refusal(GONE)
    return row


def _whole(ask: Ask) -> None:
    if ask.body.get("op_mode"):
        raise Refusal(NOT_REPEATED, "this fake does not split repeated events")


def _sensible(ask: Ask, given: Body) -> None:
    if given["end_time"] < given["start_time"]:
        raise Refusal(BAD, "end_time: before start_time")
    _known(ask, given.get("attendees", ()))


def _known(ask: Ask, people: Any) -> None:
    for one in people:
        if one["userid"] not in ask.state.members:
            raise Refusal(BAD, f"userid {one['userid']}: fake.add_member(...) adds them")


def _shared(ask: Ask, given: Body) -> tuple[Body, Body]:
    """Return a calendar without the members who are none, and who they are."""
    shares = given.get("shares", ())
    strange = [
        one["userid"]
        for one in shares
        if one["userid"] not in ask.state.members or not look.visible(ask, one["userid"])
    ]
    kept = {**given, **({"shares": [one for one in shares if one["userid"] not in strange]} if shares else {})}
    failed = [{"errcode": NO_MEMBER, "errmsg": "userid not found", "userid": one} for one in strange]
    return kept, {"fail_result": {"shares": failed}} if failed else {}


def _shown(row: ScheduleRow) -> Body:
    people = [{**one, "response_status": row.answers.get(one["userid"], 0)} for one in row.fields.get("attendees", ())]
    return {"schedule_id": row.schedule_id, **row.fields, "attendees": people, "status": int(row.cancelled)}
