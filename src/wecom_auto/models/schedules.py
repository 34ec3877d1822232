"""Calendars and events of members (日历, 日程; manual 93647, 93648, 97717, 97724). Values only.

Customers have none of them: an event stands in the calendar of members.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire
from wecom_auto._types import UNSET, Unset

__all__ = [
    "CalendarFailures",
    "CalendarPermission",
    "CalendarRange",
    "CalendarShare",
    "CalendarShareFailure",
    "MemberCalendar",
    "SavedCalendar",
    "Schedule",
    "ScheduleAttendee",
    "ScheduleException",
    "ScheduleReminders",
    "ScheduleRepeat",
    "ScheduleResponse",
    "ScheduleScope",
    "ScheduleState",
]


class CalendarPermission(OpenIntEnum):
    """What a member may see of a calendar."""

    VIEW = 1
    FREE_BUSY = 3
    """Only whether somebody is free (仅闲忙)."""


class ScheduleRepeat(OpenIntEnum):
    """How an event comes back (重复类型)."""

    DAILY = 0
    WEEKLY = 1
    MONTHLY = 2
    YEARLY = 5
    WORKDAYS = 7


class ScheduleState(OpenIntEnum):
    """Whether an event stands (日程状态)."""

    NORMAL = 0
    CANCELLED = 1


class ScheduleResponse(OpenIntEnum):
    """What somebody has answered (参与者的接受状态); the later ones are about single times of a repeated event."""

    NONE = 0
    TENTATIVE = 1
    ACCEPTED = 2
    ACCEPTED_ONE = 3
    DECLINED = 4
    ACCEPTED_FROM_HERE = 5
    TENTATIVE_ONE = 6
    TENTATIVE_FROM_HERE = 7
    DECLINED_ONE = 8
    DECLINED_FROM_HERE = 9


class ScheduleScope(OpenIntEnum):
    """Which times of a repeated event are meant (操作模式)."""

    ALL = 0
    ONE = 1
    FROM_HERE = 2


@frozen(kw_only=True)
class CalendarShare(Model):
    """A member who sees a calendar.

    Attributes:
        userid: The member.
        permission: What they see; all of it if not given.
        readonly: The older field for the same.
    """

    userid: str
    permission: CalendarPermission | None = None
    readonly: bool = wire("", False, Form.FLAG)


@frozen(kw_only=True)
class CalendarRange(Model):
    """Who may subscribe to a public calendar.

    Attributes:
        userids: Members, up to 1,000.
        department_ids: Departments, up to 100.
    """

    userids: tuple[str, ...] = ()
    department_ids: tuple[int, ...] = wire("partyids", ())


@frozen(kw_only=True)
class MemberCalendar(Model):
    """A calendar (日历) of the app.

    Attributes:
        cal_id: Its id; empty for a new one.
        summary: Its title, 1 to 128 characters.
        color: ``#RRGGBB``.
        description: Up to 512 characters.
        admins: Userids of who may change it, up to 3, all among those who see it.
        shares: Who sees it, up to 2,000.
        public: Others may subscribe (公共日历); fixed when it is made, up to 100 for each person.
        public_range: Who may.
        corp_wide: Of the whole corp (全员日历); fixed when it is made, up to 20.
        default: Events without a calendar go here; only when it is made.
        organizer: The older field for `admins`.
        readonly: An older field.
    """

    cal_id: str = ""
    summary: str = ""
    color: str = ""
    description: str = ""
    admins: tuple[str, ...] = ()
    shares: tuple[CalendarShare, ...] = ()
    public: bool = wire("is_public", False, Form.FLAG)
    public_range: CalendarRange | None = None
    corp_wide: bool = wire("is_corp_calendar", False, Form.FLAG)
    default: bool = wire("set_as_default", False, Form.FLAG)
    organizer: str = ""
    readonly: bool = wire("", False, Form.FLAG)


@frozen(kw_only=True)
class CalendarShareFailure(Model):
    """A member who does not see a calendar, and why.

    Attributes:
        userid: The member.
        errcode: Why.
        errmsg: In words.
    """

    userid: str = ""
    errcode: int = 0
    errmsg: str = ""


@frozen(kw_only=True)
class CalendarFailures(Model):
    """What of a calendar was not taken, although the rest was.

    Attributes:
        shares: Members who do not see it.
    """

    shares: tuple[CalendarShareFailure, ...] = ()


@frozen(kw_only=True)
class SavedCalendar(Model):
    """What making a calendar answers.

    Attributes:
        cal_id: Its id.
        failures: What was not taken.
    """

    cal_id: str = ""
    failures: CalendarFailures = wire("fail_result", CalendarFailures())


@frozen(kw_only=True)
class ScheduleAttendee(Model):
    """A member who takes part.

    Attributes:
        userid: The member, up to 64 bytes.
        response: What they have answered; only in answers.
        event_at: About which time of a repeated event.
    """

    userid: str
    response: ScheduleResponse | None = wire("response_status", None)
    event_at: datetime | None = wire("event_time", None)


@frozen(kw_only=True)
class ScheduleException(Model):
    """A time that was cut out of a repeated event.

    Attributes:
        start_at: When it would have begun.
    """

    start_at: datetime | None = wire("start_time", None)


@frozen(kw_only=True)
class ScheduleReminders(Model):
    """When members are reminded, and how an event comes back.

    Attributes:
        remind: Remind at all.
        before_seconds: How long before: 0, 300, 900, 3,600 or 86,400; `offsets` says more.
        offsets: In seconds from the beginning: 0, -300, -900, -3,600, -86,400; for whole days also 32,400, -172,800 and
            -604,800.
        repeat: It comes back.
        repeat_type: How.
        repeat_until: Until when; for ever if not given.
        custom: The three fields below count.
        interval: Every so many days, weeks or months.
        days_of_week: 1 Monday to 7 Sunday.
        days_of_month: 1 to 31.
        utc_offset: In hours, -12 to 12; 8 if not given.
        excluded: Times that were cut out; only in answers.
    """

    remind: bool = wire("is_remind", False, Form.FLAG)
    before_seconds: int | Unset = wire("remind_before_event_secs", UNSET)
    offsets: tuple[int, ...] = wire("remind_time_diffs", ())
    repeat: bool = wire("is_repeat", False, Form.FLAG)
    repeat_type: ScheduleRepeat | None = None
    repeat_until: datetime | None = None
    custom: bool = wire("is_custom_repeat", False, Form.FLAG)
    interval: int = wire("repeat_interval", 0)
    days_of_week: tuple[int, ...] = wire("repeat_day_of_week", ())
    days_of_month: tuple[int, ...] = wire("repeat_day_of_month", ())
    utc_offset: int | Unset = wire("timezone", UNSET)
    excluded: tuple[ScheduleException, ...] = wire("exclude_time_list", ())


@frozen(kw_only=True)
class Schedule(Model):
    """An event (日程) of members.

    Attributes:
        schedule_id: Its id; empty for a new one.
        start_at: When it begins; aware.
        end_at: When it ends; aware.
        summary: Its title, up to 128 characters.
        description: Up to 1,000 characters.
        location: Up to 128 characters.
        cal_id: The calendar, up to 64 bytes; the app's own if empty. It cannot be changed afterwards.
        admins: Userids of who may change it, up to 3.
        attendees: Who takes part, up to 1,000.
        whole_day: It takes whole days.
        reminders: When members are reminded, and how it comes back.
        state: Whether it stands; only in answers.
        sequence: How often it was changed; only in answers.
        organizer: The older field for `admins`.
    """

    schedule_id: str = ""
    start_at: datetime | None = wire("start_time", None)
    end_at: datetime | None = wire("end_time", None)
    summary: str = ""
    description: str = ""
    location: str = ""
    cal_id: str = ""
    admins: tuple[str, ...] = ()
    attendees: tuple[ScheduleAttendee, ...] = ()
    whole_day: bool = wire("is_whole_day", False, Form.FLAG)
    reminders: ScheduleReminders | None = None
    state: ScheduleState = wire("status", ScheduleState.NORMAL)
    sequence: int = 0
    organizer: str = ""
