"""Calendars and events of members (日历, 日程), as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["CalendarRow", "ScheduleRow"]


@define(kw_only=True)
class CalendarRow:
    """A calendar. `fields` are as on the wire."""

    cal_id: str
    agent_id: int
    fields: Body


@define(kw_only=True)
class ScheduleRow:
    """An event. `fields` are as on the wire, `answers` what members have said, by userid."""

    schedule_id: str
    agent_id: int
    fields: Body
    sequence: int = 0
    cancelled: bool = False
    answers: dict[str, int] = field(factory=dict[str, int])
