"""Mail that came for an app or a public mailbox (邮件) as values. Holds facts only: reads no bytes and calls no API.

Manual: `应用邮箱接收邮件事件 <https://developer.work.weixin.qq.com/document/path/97495>`_.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "AppMailReceived",
    "PublicMailReceived",
]


@frozen(kw_only=True, repr=False)
class AppMailReceived(KnownEvent):
    """The mailbox of the app got mail (应用邮箱接收邮件): fetch it.

    Sent to self-built and provider-built apps. Manual: `应用邮箱接收邮件事件
    <https://developer.work.weixin.qq.com/document/path/97495>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        amount: How many.
    """

    FAMILY: ClassVar[str] = "app_email_change"
    CHANGE_TYPE: ClassVar[str] = "receive_email"
    READ_AGAIN: ClassVar[bool] = True

    amount: int | None = field(default=None, metadata=wire("Amount", int))


@frozen(kw_only=True, repr=False)
class PublicMailReceived(KnownEvent):
    """A public mailbox got mail (公共邮箱接收邮件): fetch it.

    Sent to self-built and provider-built apps. Manual: `公共邮箱接收邮件事件
    <https://developer.work.weixin.qq.com/document/path/100180>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        id: The mailbox.
        amount: How many.
    """

    FAMILY: ClassVar[str] = "public_email_change"
    CHANGE_TYPE: ClassVar[str] = "receive_email"
    READ_AGAIN: ClassVar[bool] = True

    id: int = field(metadata=wire("Id", int))
    amount: int | None = field(default=None, metadata=wire("Amount", int))


EVENTS: Final = (
    AppMailReceived,
    PublicMailReceived,
)
"""The classes of this chapter that name an event."""
