"""Changes of calendars, schedules and meeting rooms (日程, 会议室) as values. Holds facts only: calls no API.

Only what was made through the API has events.
Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`_ and its neighbours.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "CalendarDeleted",
    "CalendarEvent",
    "CalendarModified",
    "MeetingRoomBooked",
    "MeetingRoomCancelled",
    "MeetingRoomEvent",
    "ScheduleAdded",
    "ScheduleAnswered",
    "ScheduleDeleted",
    "ScheduleEvent",
    "ScheduleModified",
]


@frozen(kw_only=True, repr=False)
class CalendarEvent(KnownEvent):
    """Something in a calendar that an API call made; ``from_user`` did it.

    Args:
        cal_id: The calendar.
    """

    cal_id: str = field(metadata=wire("CalId"))


@frozen(kw_only=True, repr=False)
class ScheduleEvent(CalendarEvent):
    """Something about a schedule.

    Args:
        schedule_id: The schedule.
    """

    schedule_id: str = field(metadata=wire("ScheduleId"))


@frozen(kw_only=True, repr=False)
class ScheduleAdded(ScheduleEvent):
    """A schedule was added to a calendar (添加日程).

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.
    """

    FAMILY: ClassVar[str] = "add_schedule"


@frozen(kw_only=True, repr=False)
class ScheduleModified(ScheduleEvent):
    """A schedule was changed (修改日程): read it again.

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.
    """

    FAMILY: ClassVar[str] = "modify_schedule"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class ScheduleDeleted(ScheduleEvent):
    """A schedule was deleted (删除日程).

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.
    """

    FAMILY: ClassVar[str] = "delete_schedule"


@frozen(kw_only=True, repr=False)
class ScheduleAnswered(ScheduleEvent):
    """Somebody accepted or declined a schedule (日程回执): read it again.

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.

    Unverified: no sample is published where we could read it.
    """

    FAMILY: ClassVar[str] = "respond_schedule"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class CalendarModified(CalendarEvent):
    """A calendar was changed (修改日历): read it again.

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.
    """

    FAMILY: ClassVar[str] = "modify_calendar"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class CalendarDeleted(CalendarEvent):
    """A calendar was deleted (删除日历).

    Sent to every kind of app. Manual: `日程回调通知 <https://developer.work.weixin.qq.com/document/path/97728>`__.
    """

    FAMILY: ClassVar[str] = "delete_calendar"


@frozen(kw_only=True, repr=False)
class MeetingRoomEvent(KnownEvent):
    """Something about a booking of a meeting room.

    Args:
        meeting_room_id: The room.
        booking_id: The booking.
    """

    meeting_room_id: int | None = field(default=None, metadata=wire("MeetingRoomId", int))
    booking_id: str = field(default="", metadata=wire("BookingId"))


@frozen(kw_only=True, repr=False)
class MeetingRoomBooked(MeetingRoomEvent):
    """A meeting room was booked (会议室预定).

    Sent to self-built and provider-built apps. Manual: `会议室回调通知
    <https://developer.work.weixin.qq.com/document/path/95333>`__.

    Unverified: names and fields; no sample is published where we could read it.
    """

    FAMILY: ClassVar[str] = "book_meeting_room"


@frozen(kw_only=True, repr=False)
class MeetingRoomCancelled(MeetingRoomEvent):
    """A booking of a meeting room was cancelled (会议室取消).

    Sent to self-built and provider-built apps. Manual: `会议室回调通知
    <https://developer.work.weixin.qq.com/document/path/95333>`__.

    Unverified: names and fields; no sample is published where we could read it.
    """

    FAMILY: ClassVar[str] = "cancel_meeting_room"


EVENTS: Final = (
    ScheduleAdded,
    ScheduleModified,
    ScheduleDeleted,
    ScheduleAnswered,
    CalendarModified,
    CalendarDeleted,
    MeetingRoomBooked,
    MeetingRoomCancelled,
)
"""The classes of this chapter that name an event."""
