"""What happens in a conversation of customer service (微信客服), as pulled with the messages. Values only.

Manual: `读取消息 <https://developer.work.weixin.qq.com/document/path/94670>`_.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, Tagged, wire

__all__ = [
    "KfChannelsScene",
    "KfChannelsSource",
    "KfCustomerMessageRecalled",
    "KfEvent",
    "KfMessageFailed",
    "KfRejectSwitched",
    "KfSendFailure",
    "KfServicerMessageRecalled",
    "KfServicerStatus",
    "KfServicerStatusChanged",
    "KfSessionChange",
    "KfSessionChanged",
    "KfSessionEntered",
    "KfStopKind",
]


class KfSendFailure(OpenIntEnum):
    """Why a message did not reach the customer."""

    UNKNOWN_REASON = 0
    ACCOUNT_DELETED = 1
    APP_CLOSED = 2
    OVER_48_HOURS = 4
    SESSION_CLOSED = 5
    OVER_5_MESSAGES = 6
    CORP_NOT_VERIFIED = 8
    REFUSED_BY_CUSTOMER = 10
    NOBODY_LOGGED_IN = 11
    KIND_BARRED = 12
    SAFETY_LIMIT = 13


class KfServicerStatus(OpenIntEnum):
    """Whether a servicer (接待人员) takes conversations."""

    SERVING = 1
    STOPPED = 2


class KfStopKind(OpenIntEnum):
    """How a servicer stopped."""

    STOPPED = 0
    SUSPENDED = 1


class KfSessionChange(OpenIntEnum):
    """What became of a conversation."""

    TAKEN_FROM_POOL = 1
    HANDED_ON = 2
    ENDED = 3
    REOPENED = 4


class KfChannelsScene(OpenIntEnum):
    """Where in the channels (视频号) a customer came from."""

    HOME = 1
    LIVE_GOODS = 2
    SHOWCASE = 3
    SHOP_PRODUCT = 4
    SHOP_ORDER = 5


@frozen(kw_only=True)
class KfEvent(Tagged):
    """An event of customer service; ``MSGTYPE`` is its ``event_type``.

    Attributes:
        open_kfid: The customer-service account.
    """

    open_kfid: str = ""


@frozen(kw_only=True)
class KfChannelsSource(Model):
    """The channels account that a customer came from.

    Attributes:
        nickname: The account.
        scene: Where in it.
        shop_nickname: The shop, for products and orders.
    """

    nickname: str = ""
    scene: KfChannelsScene | None = None
    shop_nickname: str = ""


@frozen(kw_only=True)
class KfSessionEntered(KfEvent):
    """A customer opened the conversation by a service link (用户进入会话事件).

    Attributes:
        external_userid: The customer.
        scene: The scene of the link.
        scene_param: What the link's ``scene_param`` said.
        welcome_code: Pays for one welcome message within 20 s; a secret.
            Absent if they were welcomed or wrote in the last 48 hours.
        wechat_channels: The channels account they came from, if they did.
    """

    MSGTYPE: ClassVar[str] = "enter_session"

    external_userid: str = ""
    scene: str = ""
    scene_param: str = ""
    welcome_code: str = wire("", "", show=False)
    wechat_channels: KfChannelsSource | None = None


@frozen(kw_only=True)
class KfMessageFailed(KfEvent):
    """A message did not reach the customer (消息发送失败事件).

    Attributes:
        external_userid: The customer.
        fail_msgid: The message.
        reason: Why.
    """

    MSGTYPE: ClassVar[str] = "msg_send_fail"

    external_userid: str = ""
    fail_msgid: str = ""
    reason: KfSendFailure | None = wire("fail_type", None)


@frozen(kw_only=True)
class KfServicerStatusChanged(KfEvent):
    """A servicer began or stopped to take conversations (接待人员接待状态变更事件).

    Attributes:
        servicer_userid: The member.
        status: What they do now.
        stop_kind: How they stopped, if they did.
    """

    MSGTYPE: ClassVar[str] = "servicer_status_change"

    servicer_userid: str = ""
    status: KfServicerStatus | None = None
    stop_kind: KfStopKind | None = wire("stop_type", None)


@frozen(kw_only=True)
class KfSessionChanged(KfEvent):
    """People took, handed on, ended or reopened a conversation in the client (会话状态变更事件); the API causes none.

    Attributes:
        external_userid: The customer.
        change: What became of it.
        old_servicer_userid: Who had it; with handing on, ending and reopening.
        new_servicer_userid: Who has it; with taking, handing on and reopening.
        msg_code: Pays for one message to the customer: 48 hours after taking, 20 s after the end; a secret.
    """

    MSGTYPE: ClassVar[str] = "session_status_change"

    external_userid: str = ""
    change: KfSessionChange | None = wire("change_type", None)
    old_servicer_userid: str = ""
    new_servicer_userid: str = ""
    msg_code: str = wire("", "", show=False)


@frozen(kw_only=True)
class KfCustomerMessageRecalled(KfEvent):
    """A customer took a message back (用户撤回消息事件).

    Attributes:
        external_userid: The customer.
        recall_msgid: The message.
    """

    MSGTYPE: ClassVar[str] = "user_recall_msg"

    external_userid: str = ""
    recall_msgid: str = ""


@frozen(kw_only=True)
class KfServicerMessageRecalled(KfEvent):
    """A servicer took a message back (接待人员撤回消息事件).

    Attributes:
        external_userid: The customer.
        recall_msgid: The message.
        servicer_userid: The member.
    """

    MSGTYPE: ClassVar[str] = "servicer_recall_msg"

    external_userid: str = ""
    recall_msgid: str = ""
    servicer_userid: str = ""


@frozen(kw_only=True)
class KfRejectSwitched(KfEvent):
    """A servicer refuses a customer's messages, or accepts them again (拒收客户消息变更事件).

    Attributes:
        servicer_userid: The member.
        external_userid: The customer.
        refuses: Whether they refuse; ``None`` if the event does not say.
    """

    MSGTYPE: ClassVar[str] = "reject_customer_msg_switch_change"

    servicer_userid: str = ""
    external_userid: str = ""
    refuses: bool | None = wire("reject_switch", None, Form.FLAG)
