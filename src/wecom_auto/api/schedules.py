"""Events in the calendars of members (日程): make, change, read, cancel. Customers have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import NoneType
from typing import Final, cast

from attrs import frozen

from wecom_auto._binding import C, Endpoints, Step, endpoint, step, workflow
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit
from wecom_auto._types import JSON, UNSET, JSONObject, Unset
from wecom_auto.api._values import flag, listed, seconds
from wecom_auto.errors import ValidationError
from wecom_auto.models import Schedule, ScheduleScope

__all__ = ["ScheduleEndpoints"]

_ID: Final = Limit("schedule_id", least=1)
_PAGE, _MOST = 500, 1_000
_TIMES: Final = "schedule.reminders"


@frozen
class _Times:
    """An event with a beginning and an end."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` when one of them is missing, or they stand the wrong way round."""
        event = cast("Mapping[str, JSON]", fields.get("schedule") or {})
        start, end = event.get("start_time"), event.get("end_time")
        if not isinstance(start, int) or not isinstance(end, int) or end < start:
            field, limit = "schedule.start_time / schedule.end_time", "both of them, the end not before the beginning"
            raise ValidationError(field, value=f"{start} and {end}", limit=limit)


_CHECKS: Final[tuple[Check, ...]] = (
    _Times(),
    Limit("schedule.summary", chars=128),
    Limit("schedule.description", chars=1_000),
    Limit("schedule.location", chars=128),
    Limit("schedule.cal_id", bytes=64),
    Limit("schedule.admins", items=3),
    Limit("schedule.attendees", items=1_000),
    Limit("schedule.attendees[].userid", bytes=64, least=1),
    Limit(f"{_TIMES}.repeat_day_of_week[]", least=1, most=7),
    Limit(f"{_TIMES}.repeat_day_of_month[]", least=1, most=31),
    Limit(f"{_TIMES}.timezone", least=-12, most=12),
)


class ScheduleEndpoints(Endpoints[C]):
    """Events (日程) that the app puts into the calendars of members."""

    __slots__ = ()

    @endpoint
    def create(self, schedule: Schedule) -> Call[str]:
        """Put an event into the calendar of those who take part, and return its id.

        Manual: `创建日程 <https://developer.work.weixin.qq.com/document/path/93648>`__

        Args:
            schedule: With beginning and end, without an id.

        Raises:
            InvalidRequestError: 90457 the calendar is unknown.
        """
        call = Call.post(Effect.CREATE, "/cgi-bin/oa/schedule/add", str, schedule=schedule)
        return call.unwrap("schedule_id").checked(*_CHECKS)

    @endpoint
    def update(
        self,
        schedule: Schedule,
        *,
        keep_attendees: bool | Unset = UNSET,
        scope: ScheduleScope | Unset = UNSET,
        occurrence_at: datetime | Unset = UNSET,
    ) -> Call[str | None]:
        """Write an event anew: what is not given is emptied. Its calendar stays.

        Manual: `更新日程 <https://developer.work.weixin.qq.com/document/path/97720>`__

        Args:
            schedule: With its id, and everything that shall stay.
            keep_attendees: Leave who takes part as it is.
            scope: Which times of a repeated event; all if not given.
            occurrence_at: When the one begins that is meant, for the other scopes; aware.

        Returns:
            The id of the new event, if a part of a repeated one was changed.

        Raises:
            NotFoundError: 90460 it was cancelled.
            PermissionDeniedError: 90466 another app has made it.
        """
        call = Call.post(
            Effect.SET,
            "/cgi-bin/oa/schedule/update",
            cast("type[str | None]", str | None),
            skip_attendees=flag(keep_attendees),
            op_mode=scope,
            op_start_time=seconds("occurrence_at", occurrence_at),
            schedule=schedule,
        )
        return call.unwrap("schedule_id").checked(AnyOf("schedule.schedule_id"), *_CHECKS)

    @endpoint
    def get(self, schedule_ids: Sequence[str]) -> Call[tuple[Schedule, ...]]:
        """Fetch events.

        Manual: `获取日程详情 <https://developer.work.weixin.qq.com/document/path/97724>`__

        Args:
            schedule_ids: Up to 1,000.

        Raises:
            InvalidRequestError: 90461 one of them is unknown.
        """
        ids = listed("schedule_ids", schedule_ids)
        call = Call.post(Effect.READ, "/cgi-bin/oa/schedule/get", tuple[Schedule, ...], schedule_id_list=ids)
        return call.unwrap("schedule_list").checked(Limit("schedule_id_list", items=1_000, least=1))

    @endpoint
    def list_by_calendar(self, cal_id: str, *, offset: int = 0, limit: int = _PAGE) -> Call[tuple[Schedule, ...]]:
        """List the events of a calendar of the app, a part at a time; see `list_all_of`.

        Manual: `获取日历下的日程列表 <https://developer.work.weixin.qq.com/document/path/97723>`__

        Args:
            cal_id: The calendar.
            offset: How many to pass over.
            limit: How many, up to 1,000.

        Raises:
            InvalidRequestError: 90457 the calendar is unknown.
        """
        return _part(cal_id, offset, limit)

    @workflow
    def list_all_of(self, cal_id: str) -> Step[tuple[Schedule, ...]]:
        """List all events of a calendar of the app.

        Manual: `获取日历下的日程列表 <https://developer.work.weixin.qq.com/document/path/97723>`__

        Args:
            cal_id: The calendar.
        """
        found: list[Schedule] = []
        while True:
            part = yield from step(_part(cal_id, len(found), _MOST))
            found.extend(part)
            if len(part) < _MOST:
                return tuple(found)

    @endpoint
    def delete(
        self,
        schedule_id: str,
        *,
        scope: ScheduleScope | Unset = UNSET,
        occurrence_at: datetime | Unset = UNSET,
    ) -> Call[None]:
        """Cancel an event (取消日程).

        Manual: `取消日程 <https://developer.work.weixin.qq.com/document/path/97725>`__

        Args:
            schedule_id: The event.
            scope: Which times of a repeated event; all if not given.
            occurrence_at: When the one begins that is meant, for the other scopes; aware.

        Raises:
            NotFoundError: 90460 it was cancelled before.
        """
        at = seconds("occurrence_at", occurrence_at)
        path = "/cgi-bin/oa/schedule/del"
        call = Call.post(Effect.DELETE, path, NoneType, schedule_id=schedule_id, op_mode=scope, op_start_time=at)
        return call.checked(_ID)

    @endpoint
    def add_attendees(self, schedule_id: str, *, userids: Sequence[str]) -> Call[None]:
        """Let more members take part; up to 1,000 in all.

        Manual: `新增日程参与者 <https://developer.work.weixin.qq.com/document/path/97721>`__

        Args:
            schedule_id: The event.
            userids: The members.

        Raises:
            NotFoundError: 90460 it was cancelled.
        """
        return _attendees(Effect.SET, "add_attendees", schedule_id, userids)

    @endpoint
    def remove_attendees(self, schedule_id: str, *, userids: Sequence[str]) -> Call[None]:
        """Let members take part no longer.

        Manual: `删除日程参与者 <https://developer.work.weixin.qq.com/document/path/97722>`__

        Args:
            schedule_id: The event.
            userids: The members, up to 1,000.

        Raises:
            NotFoundError: 90460 it was cancelled.
        """
        return _attendees(Effect.DELETE, "del_attendees", schedule_id, userids)


def _part(cal_id: str, offset: int, limit: int) -> Call[tuple[Schedule, ...]]:
    path = "/cgi-bin/oa/schedule/get_by_calendar"
    call = Call.post(Effect.READ, path, tuple[Schedule, ...], cal_id=cal_id, offset=offset, limit=limit)
    return call.unwrap("schedule_list").checked(
        Limit("cal_id", least=1), Limit("offset", least=0), Limit("limit", least=1, most=_MOST)
    )


def _attendees(effect: Effect, what: str, schedule_id: str, userids: Sequence[str]) -> Call[None]:
    people: list[Mapping[str, str]] = [{"userid": one} for one in listed("userids", userids)]
    call = Call.post(effect, f"/cgi-bin/oa/schedule/{what}", NoneType, schedule_id=schedule_id, attendees=people)
    return call.checked(_ID, Limit("attendees", items=1_000, least=1))
