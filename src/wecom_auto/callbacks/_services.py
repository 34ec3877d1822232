"""News of customer service, the archive and the data zone (微信客服, 会话内容存档, 数据专区) as values.

They say that there is something to fetch, and nothing of what it is. Reads no bytes and calls no API.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._discreet import masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import SIBLINGS, wire

__all__ = [
    "ArchiveMessagesWaiting",
    "KfAccountsChanged",
    "KfMessagesWaiting",
    "ProgramNotified",
]


@frozen(kw_only=True, repr=False)
class KfMessagesWaiting(KnownEvent):
    """A customer-service account has messages or events (微信客服消息): fetch them with ``kf/sync_msg``.

    It names no sender. Run one loop of fetching per account until nothing is left, however many of these come.

    Sent to apps that may call customer service, of every kind. Manual: `接收消息和事件
    <https://developer.work.weixin.qq.com/document/path/94670>`__.

    Args:
        token: Lifts the strict limit of fetching for 10 minutes; a secret.
        open_kfid: The account.
    """

    FAMILY: ClassVar[str] = "kf_msg_or_event"
    READ_AGAIN: ClassVar[bool] = True

    token: str = field(metadata=wire("Token"), repr=masked)
    open_kfid: str = field(metadata=wire("OpenKfId"))


@frozen(kw_only=True, repr=False)
class KfAccountsChanged(KnownEvent):
    """Customer-service accounts were granted to the app or taken away (客服账号授权变更).

    Sent to apps of every kind that may call customer service. Manual: `客服账号授权变更事件
    <https://developer.work.weixin.qq.com/document/path/97712>`__.

    Args:
        added_open_kfids: Accounts granted.
        removed_open_kfids: Accounts taken away.
    """

    FAMILY: ClassVar[str] = "kf_account_auth_change"
    READ_AGAIN: ClassVar[bool] = True

    added_open_kfids: tuple[str, ...] = field(default=(), metadata=wire("AuthAddOpenKfId", item=SIBLINGS))
    removed_open_kfids: tuple[str, ...] = field(default=(), metadata=wire("AuthDelOpenKfId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class ArchiveMessagesWaiting(KnownEvent):
    """There are new messages in the archive (产生会话回调): fetch them; comes at most every 15 s.

    Sent to the archive app. Manual: `产生会话回调事件 <https://developer.work.weixin.qq.com/document/path/95039>`__.
    """

    FAMILY: ClassVar[str] = "msgaudit_notify"


@frozen(kw_only=True, repr=False)
class ProgramNotified(KnownEvent):
    """A program in the data zone has something for the app (应用接收专区通知).

    Sent to self-built and provider-built apps. Manual: `应用接收专区通知
    <https://developer.work.weixin.qq.com/document/path/99843>`__.

    Args:
        notify_id: Fetch it with it within 10 minutes; up to 128 bytes; a secret.
        scene: Why; the program's own numbers.
    """

    FAMILY: ClassVar[str] = "program_notify"

    notify_id: str = field(metadata=wire("NotifyId"), repr=masked)
    scene: int | None = field(default=None, metadata=wire("NotifyScene", int))


EVENTS: Final = (
    KfMessagesWaiting,
    KfAccountsChanged,
    ArchiveMessagesWaiting,
    ProgramNotified,
)
"""The classes of this chapter that name an event."""
