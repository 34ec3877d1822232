"""Calendars of the app (日历) for members: make, change, read, delete. Touches none that people have made."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final, cast

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._values import flag, listed
from wecom_auto.models import CalendarFailures, MemberCalendar, SavedCalendar

__all__ = ["CalendarEndpoints"]

_CHECKS: Final[tuple[Check, ...]] = (
    AnyOf("calendar.summary"),
    AnyOf("calendar.color"),
    Limit("calendar.summary", chars=128),
    Limit("calendar.color", chars=7, least=7),
    Limit("calendar.description", chars=512),
    Limit("calendar.admins", items=3),
    Limit("calendar.shares", items=2_000),
    Limit("calendar.public_range.userids", items=1_000),
    Limit("calendar.public_range.partyids", items=100),
)


class CalendarEndpoints(Endpoints[C]):
    """Calendars (日历) of the app; see `schedules` for what stands in them."""

    __slots__ = ()

    @endpoint
    def create(self, calendar: MemberCalendar) -> Call[SavedCalendar]:
        """Make a calendar; members who cannot be shared with are told and do not stop it.

        Manual: `创建日历 <https://developer.work.weixin.qq.com/document/path/93647>`__

        Args:
            calendar: With a title and a colour, without an id.

        Raises:
            QuotaExceededError: 90481 somebody has too many.
        """
        call = Call.post(Effect.CREATE, "/cgi-bin/oa/calendar/add", SavedCalendar, calendar=calendar)
        return call.checked(*_CHECKS)

    @endpoint
    def update(
        self, calendar: MemberCalendar, *, keep_public_range: bool | Unset = UNSET
    ) -> Call[CalendarFailures | None]:
        """Write a calendar anew: what is not given is emptied, the members who see it included.

        Manual: `更新日历 <https://developer.work.weixin.qq.com/document/path/97716>`__

        Args:
            calendar: With its id, and everything that shall stay.
            keep_public_range: Leave who may subscribe as it is.

        Returns:
            Members who do not see it, if there are any.

        Raises:
            NotFoundError: 90459 it was deleted.
            PermissionDeniedError: 90466 another app has made it.
        """
        call = Call.post(
            Effect.SET,
            "/cgi-bin/oa/calendar/update",
            cast("type[CalendarFailures | None]", CalendarFailures | None),
            skip_public_range=flag(keep_public_range),
            calendar=calendar,
        )
        return call.unwrap("fail_result").checked(AnyOf("calendar.cal_id"), *_CHECKS)

    @endpoint
    def get(self, cal_ids: Sequence[str]) -> Call[tuple[MemberCalendar, ...]]:
        """Fetch calendars.

        Manual: `获取日历详情 <https://developer.work.weixin.qq.com/document/path/97717>`__

        Args:
            cal_ids: Up to 1,000.

        Raises:
            NotFoundError: 90459 one of them was deleted.
        """
        call = Call.post(
            Effect.READ, "/cgi-bin/oa/calendar/get", tuple[MemberCalendar, ...], cal_id_list=listed("cal_ids", cal_ids)
        )
        return call.unwrap("calendar_list").checked(Limit("cal_id_list", items=1_000, least=1))

    @endpoint
    def delete(self, cal_id: str) -> Call[None]:
        """Delete a calendar, with what stands in it.

        Manual: `删除日历 <https://developer.work.weixin.qq.com/document/path/97718>`__

        Args:
            cal_id: The calendar.

        Raises:
            NotFoundError: 90459 it was deleted before.
        """
        call = Call.post(Effect.DELETE, "/cgi-bin/oa/calendar/del", NoneType, cal_id=cal_id)
        return call.checked(Limit("cal_id", least=1))
