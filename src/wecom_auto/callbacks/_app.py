"""What happens to an app and at its door (应用) as values. Holds facts only: reads no bytes and calls no API.

They come to the app itself.
Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`_.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._discreet import aware, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import decimal, moment, wire

__all__ = [
    "ActivityRestored",
    "AppDisabled",
    "AppDisablingSoon",
    "AppEntered",
    "AppEvent",
    "AppReopened",
    "ChainAppChanged",
    "LicenseMissing",
    "LocationReported",
    "LowActivityAhead",
    "LowActivityBegan",
    "MemberSubscribed",
    "MemberUnsubscribed",
    "SharedAppChanged",
    "WorkbenchModeSwitched",
]


@frozen(kw_only=True, repr=False)
class AppEvent(KnownEvent):
    """Something about one app, which is ``agent_id``."""


@frozen(kw_only=True, repr=False)
class MemberSubscribed(AppEvent):
    """A member got the app (成员关注): came into its visible range, joined the corp, or was enabled.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        event_key: Empty so far.
    """

    FAMILY: ClassVar[str] = "subscribe"

    event_key: str = field(default="", metadata=wire("EventKey"))


@frozen(kw_only=True, repr=False)
class MemberUnsubscribed(AppEvent):
    """A member lost the app (取消关注): left its visible range or the corp, or was disabled.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        event_key: Empty so far.
    """

    FAMILY: ClassVar[str] = "unsubscribe"

    event_key: str = field(default="", metadata=wire("EventKey"))


@frozen(kw_only=True, repr=False)
class AppEntered(AppEvent):
    """A member opened the app (进入应用).

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        event_key: Empty so far.
    """

    FAMILY: ClassVar[str] = "enter_agent"

    event_key: str = field(default="", metadata=wire("EventKey"))


@frozen(kw_only=True, repr=False)
class LocationReported(AppEvent):
    """Where a member was on opening the app (上报地理位置); the app has to have it switched on.

    Sent to every kind of app. Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        latitude: Degrees north.
        longitude: Degrees east.
        precision: Accuracy, in metres.
        app_type: ``wxwork`` if the member uses WeCom; empty in WeChat.
    """

    FAMILY: ClassVar[str] = "LOCATION"

    latitude: float = field(metadata=wire("Latitude", decimal), repr=masked)
    longitude: float = field(metadata=wire("Longitude", decimal), repr=masked)
    precision: float | None = field(default=None, metadata=wire("Precision", decimal))
    app_type: str = field(default="", metadata=wire("AppType"))


@frozen(kw_only=True, repr=False)
class SharedAppChanged(AppEvent):
    """The app was shared with a subordinate corp or taken back (企业互联共享应用): list the shares again.

    Sent to self-built apps, and to suites, for which ``sharer_corp_id`` says where.
    Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__,
    for suites `共享应用事件回调 <https://developer.work.weixin.qq.com/document/path/93373>`__.

    Args:
        sharer_corp_id: The parent corp; empty for self-built apps.
    """

    FAMILY: ClassVar[str] = "share_agent_change"
    READ_AGAIN: ClassVar[bool] = True

    sharer_corp_id: str = field(default="", metadata=wire("CorpId"))


@frozen(kw_only=True, repr=False)
class ChainAppChanged(AppEvent):
    """The app was shared with a downstream corp or taken back (上下游共享应用): list the shares again.

    Sent to self-built apps, and to suites, for which ``sharer_corp_id`` says where.
    Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`__,
    for suites `共享应用事件回调 <https://developer.work.weixin.qq.com/document/path/93373>`__.

    Args:
        sharer_corp_id: The upstream corp; empty for self-built apps.
    """

    FAMILY: ClassVar[str] = "share_chain_change"
    READ_AGAIN: ClassVar[bool] = True

    sharer_corp_id: str = field(default="", metadata=wire("CorpId"))


@frozen(kw_only=True, repr=False)
class WorkbenchModeSwitched(AppEvent):
    """An administrator changed how the app shows on the workbench (切换工作台自定义展示模式).

    Sent to self-built and provider-built apps. Manual: `设置工作台自定义展示
    <https://developer.work.weixin.qq.com/document/path/92535>`__.

    Args:
        mode: 1 if the app's own display is on. Unverified: what else it can be.
    """

    FAMILY: ClassVar[str] = "switch_workbench_mode"

    mode: int = field(metadata=wire("Mode", int))


@frozen(kw_only=True, repr=False)
class AppDisablingSoon(AppEvent):
    """The app will be disabled because nobody uses it (长期未使用应用即将停用): tell an operator.

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        effective_at: When.
    """

    FAMILY: ClassVar[str] = "inactive_alert"

    effective_at: datetime = field(validator=aware, metadata=wire("EffectTime", moment))


@frozen(kw_only=True, repr=False)
class AppDisabled(AppEvent):
    """The app was disabled because nobody used it (长期未使用应用临时停用): calls now fail with 48006 or 50003.

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "close_inactive_agent"


@frozen(kw_only=True, repr=False)
class AppReopened(AppEvent):
    """An administrator enabled the app again (长期未使用应用重新启用).

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "reopen_inactive_agent"


@frozen(kw_only=True, repr=False)
class LowActivityAhead(AppEvent):
    """The app will lose part of its customer data for low activity (低活跃应用提醒): tell an operator.

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        effective_at: When.
    """

    FAMILY: ClassVar[str] = "low_active_alert"

    effective_at: datetime = field(validator=aware, metadata=wire("EffectTime", moment))


@frozen(kw_only=True, repr=False)
class LowActivityBegan(AppEvent):
    """The app counts as little used (低活跃应用): it reads only the customers of its active members.

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "low_active"


@frozen(kw_only=True, repr=False)
class ActivityRestored(AppEvent):
    """The app is used again and reads all customers (恢复活跃).

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.
    """

    FAMILY: ClassVar[str] = "active_restored"


@frozen(kw_only=True, repr=False)
class LicenseMissing(AppEvent):
    """A member without a valid licence opened the app (接口许可失效通知): ``from_user`` is the member.

    Sent to provider-built apps; not for members outside the visible range. Manual: `接口许可失效通知
    <https://developer.work.weixin.qq.com/document/path/97195>`__.

    Unverified: everything; no sample is published where we could read it.
    """

    FAMILY: ClassVar[str] = "unlicensed_notify"


EVENTS: Final = (
    MemberSubscribed,
    MemberUnsubscribed,
    AppEntered,
    LocationReported,
    SharedAppChanged,
    ChainAppChanged,
    WorkbenchModeSwitched,
    AppDisablingSoon,
    AppDisabled,
    AppReopened,
    LowActivityAhead,
    LowActivityBegan,
    ActivityRestored,
    LicenseMissing,
)
"""The classes of this chapter that name an event."""
