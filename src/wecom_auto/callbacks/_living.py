"""What happens to live sessions (直播) as values. Holds facts only: reads no bytes and calls no API.

Only those made through the API have events.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import number_of, wire

__all__ = [
    "LivingStatus",
    "LivingStatusChanged",
]


class LivingStatus(OpenIntEnum):
    """State of a live session; `EXPIRED` is documented for suites only and not sent."""

    BOOKED = 0
    LIVE = 1
    ENDED = 2
    EXPIRED = 3
    CANCELLED = 4


@frozen(kw_only=True, repr=False)
class LivingStatusChanged(KnownEvent):
    """A live session changed its state (直播状态变更).

    Sent to every kind of app. Manual: `直播回调事件 <https://developer.work.weixin.qq.com/document/path/94145>`__.

    Args:
        living_id: The session.
        status: Its state from now on.
    """

    FAMILY: ClassVar[str] = "living_status_change"

    living_id: str = field(metadata=wire("LivingId"))
    status: LivingStatus = field(metadata=wire("Status", number_of(LivingStatus)))


EVENTS: Final = (LivingStatusChanged,)
"""The classes of this chapter that name an event."""
