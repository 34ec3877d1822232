"""The events of customer-acquisition links (获客助手) as values. Holds facts only: reads no bytes and calls no API.

Manual: `获客助手事件通知 <https://developer.work.weixin.qq.com/document/path/97299>`_.
Events about one link go to the app that made it. A link that is deleted through the API causes no event.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._discreet import aware, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import moment, wire

__all__ = [
    "AcquisitionEvent",
    "LinkChatStarted",
    "LinkCustomerLost",
    "LinkDeleted",
    "LinkFriendRequested",
    "LinkMessagesReceived",
    "LinkOpened",
    "LinkQuotaExhausted",
    "LinkQuotaExpiring",
    "LinkQuotaIncreased",
    "LinkQuotaLow",
    "LinkUnavailable",
    "ServicePriceChanged",
    "ServiceQuotaExhausted",
    "ServiceQuotaLow",
    "ServiceQuotaUsed",
]


@frozen(kw_only=True, repr=False)
class AcquisitionEvent(KnownEvent):
    """Something about customer-acquisition links or their quota (``customer_acquisition``)."""

    FAMILY: ClassVar[str] = "customer_acquisition"


@frozen(kw_only=True, repr=False)
class LinkQuotaLow(AcquisitionEvent):
    """Fewer than 20 uses are left (企业使用量即将耗尽事件)."""

    CHANGE_TYPE: ClassVar[str] = "balance_low"


@frozen(kw_only=True, repr=False)
class LinkQuotaExhausted(AcquisitionEvent):
    """No uses are left (使用量已经耗尽事件): the links stop working, so stop the campaigns that lead to them."""

    CHANGE_TYPE: ClassVar[str] = "balance_exhausted"


@frozen(kw_only=True, repr=False)
class LinkQuotaIncreased(AcquisitionEvent):
    """There are uses again after there were none (使用量增加事件)."""

    CHANGE_TYPE: ClassVar[str] = "balance_increased"


@frozen(kw_only=True, repr=False)
class LinkQuotaExpiring(AcquisitionEvent):
    """Uses end in 14, 7, 3, 2 or 1 days (获客使用量即将过期事件).

    Args:
        expires_at: Midnight in China at the beginning of the last day.
        uses: How many uses end.
    """

    CHANGE_TYPE: ClassVar[str] = "quota_expire_soon"

    expires_at: datetime = field(validator=aware, metadata=wire("ExpireTime", moment))
    uses: int = field(metadata=wire("ExpireQuotaNum", int))


@frozen(kw_only=True, repr=False)
class LinkUnavailable(AcquisitionEvent):
    """No member behind a link can add customers any more (获客链接异常事件).

    Args:
        link_id: The link.
    """

    CHANGE_TYPE: ClassVar[str] = "link_unavailable"

    link_id: str = field(metadata=wire("LinkId"))


@frozen(kw_only=True, repr=False)
class LinkDeleted(AcquisitionEvent):
    """Somebody deleted a link in the console or the client (删除获客链接事件); not sent if the API did.

    Args:
        link_id: The link.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_link"

    link_id: str = field(metadata=wire("LinkId"))


@frozen(kw_only=True, repr=False)
class LinkOpened(AcquisitionEvent):
    """A WeChat user saw the profile behind a link (微信客户打开获客链接事件); corps of some trades only.

    Args:
        link_id: The link.
        state: The ``customer_channel`` of the address. Unverified: without one there is no event.
    """

    CHANGE_TYPE: ClassVar[str] = "open_profile"
    READ_AGAIN: ClassVar[bool] = True

    link_id: str = field(metadata=wire("LinkId"))
    state: str = field(default="", metadata=wire("State"))


@frozen(kw_only=True, repr=False)
class LinkFriendRequested(AcquisitionEvent):
    """A WeChat user asked to be added through a link (通过获客链接发起好友请求事件); they are no customer yet.

    Args:
        link_id: The link.
        state: The ``customer_channel`` of the address; without one there is no event.
    """

    CHANGE_TYPE: ClassVar[str] = "friend_request"
    READ_AGAIN: ClassVar[bool] = True

    link_id: str = field(metadata=wire("LinkId"))
    state: str = field(default="", metadata=wire("State"))


@frozen(kw_only=True, repr=False)
class LinkChatStarted(AcquisitionEvent):
    """A member got the first message of a customer who came by a link (成员首次收消息事件); WeChat customers only.

    Args:
        userid: The member.
        external_userid: The customer.
        link_id: The link.
    """

    CHANGE_TYPE: ClassVar[str] = "customer_start_chat"

    userid: str = field(metadata=wire("UserID"))
    external_userid: str = field(metadata=wire("ExternalUserID"))
    link_id: str = field(metadata=wire("LinkId"))


@frozen(kw_only=True, repr=False)
class LinkMessagesReceived(AcquisitionEvent):
    """A member got the 3rd, 5th or 10th message of such a customer (成员多次收消息事件); WeChat customers only.

    Args:
        link_id: The link.
        chat_key: Pass it to `acquisition_links.get_chat` within 30 minutes to learn who; a secret until then.
        userid: The member; empty since 2024-12-19.
        external_userid: The customer; empty since 2024-12-19.
        chat_seq: Which message it was; None since 2024-12-19.
    """

    CHANGE_TYPE: ClassVar[str] = "message_from_customer"

    link_id: str = field(metadata=wire("LinkId"))
    chat_key: str = field(metadata=wire("ChatKey"), repr=masked)
    userid: str = field(default="", metadata=wire("UserID"))
    external_userid: str = field(default="", metadata=wire("ExternalUserID"))
    chat_seq: int | None = field(default=None, metadata=wire("ChatSeq", int))


@frozen(kw_only=True, repr=False)
class LinkCustomerLost(AcquisitionEvent):
    """A customer who came by a link deleted the member (获客链接客户删除跟进成员); WeChat customers only.

    Unverified: name and fields; `CustomerUnfollowed` says the same of every customer.

    Args:
        userid: The member.
        external_userid: The customer.
        link_id: The link.
    """

    CHANGE_TYPE: ClassVar[str] = "del_follow_user"

    userid: str = field(metadata=wire("UserID"))
    external_userid: str = field(metadata=wire("ExternalUserID"))
    link_id: str = field(metadata=wire("LinkId"))


@frozen(kw_only=True, repr=False)
class ServiceQuotaLow(AcquisitionEvent):
    """A provider's stock of uses runs out (服务商获客助手组件余量即将耗尽). Sent to third-party components.

    Unverified: name and fields.
    """

    CHANGE_TYPE: ClassVar[str] = "service_balance_low"


@frozen(kw_only=True, repr=False)
class ServiceQuotaExhausted(AcquisitionEvent):
    """A provider's stock of uses is used up (服务商获客助手组件余量已经耗尽). Sent to third-party components.

    Unverified: name and fields.
    """

    CHANGE_TYPE: ClassVar[str] = "service_balance_exhausted"


@frozen(kw_only=True, repr=False)
class ServiceQuotaUsed(AcquisitionEvent):
    """One use of a provider's stock was spent (服务商获客助手组件消耗余量). Sent to third-party components.

    Unverified: name and fields.

    Args:
        link_id: The link.
        state: The ``customer_channel`` of the address.
        once_key: Names this use; a secret.
    """

    CHANGE_TYPE: ClassVar[str] = "service_balance_consumed"

    link_id: str = field(metadata=wire("LinkId"))
    state: str = field(default="", metadata=wire("State"))
    once_key: str = field(default="", metadata=wire("OnceKey"), repr=masked)

    @property
    def tells_itself_apart(self) -> bool:
        """Whether it names the use: two may be spent in the same second."""
        return bool(self.once_key)


@frozen(kw_only=True, repr=False)
class ServicePriceChanged(AcquisitionEvent):
    """The price of a use changes for a provider (服务商获客助手组件价格变更). Sent to third-party components.

    Unverified: name and fields.

    Args:
        price_fen: The price from then on, in fen (分).
        effective_at: From when on.
    """

    CHANGE_TYPE: ClassVar[str] = "change_price"

    price_fen: int | None = field(default=None, metadata=wire("Price", int))
    effective_at: datetime | None = field(default=None, validator=aware, metadata=wire("EffectiveTime", moment))


EVENTS: Final = (
    LinkQuotaLow,
    LinkQuotaExhausted,
    LinkQuotaIncreased,
    LinkQuotaExpiring,
    LinkUnavailable,
    LinkDeleted,
    LinkOpened,
    LinkFriendRequested,
    LinkChatStarted,
    LinkMessagesReceived,
    LinkCustomerLost,
    ServiceQuotaLow,
    ServiceQuotaExhausted,
    ServiceQuotaUsed,
    ServicePriceChanged,
)
"""The classes of this chapter that name an event."""
