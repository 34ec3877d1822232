"""Orders of a provider's customers as events: licences and paid apps. Holds facts only, and knows no price.

The events of licences (接口调用许可) come to the provider's system event URL (系统事件接收URL) and name no suite.
Those of paid apps (收银台) come to the suite's command URL and name the buyer as ``PaidCorpId``.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum
from wecom_auto.callbacks._discreet import Part, aware, masked
from wecom_auto.callbacks._suites import SuiteEvent
from wecom_auto.callbacks._wire import SIBLINGS, moment_unless_zero, number_of, wire

__all__ = [
    "ActivatedLicense",
    "AppEditionChanged",
    "AppOrderChanged",
    "AppOrderEvent",
    "AppOrderOpened",
    "AppOrderPaid",
    "AppOrderRefunded",
    "LicenseEvent",
    "LicenseKind",
    "LicensePaid",
    "LicenseRefundStatus",
    "LicenseRefunded",
    "LicenseScene",
    "LicenseStatus",
    "LicensesActivated",
]


class LicenseRefundStatus(OpenIntEnum):
    """How a refund ended."""

    DONE = 1
    REFUSED = 2


class LicenseScene(OpenIntEnum):
    """What activated a licence by itself (许可自动激活的时机)."""

    MEMBER_OPENED_APP = 1
    MESSAGE_SENT = 2
    EXTERNAL_CALL = 3


class LicenseKind(OpenIntEnum):
    """What a licence allows."""

    BASIC = 1
    EXTERNAL_CONTACT = 2


class LicenseStatus(OpenIntEnum):
    """What licence a member had before."""

    NONE = 1
    ACTIVE = 2
    EXPIRED = 3


@frozen(kw_only=True, repr=False)
class LicenseEvent(SuiteEvent):
    """Something about the licences for a customer's members; ``auth_corp_id`` is the customer.

    Args:
        service_corp_id: The provider's own corp.
    """

    service_corp_id: str = field(default="", metadata=wire("ServiceCorpId"))


@frozen(kw_only=True, repr=False)
class LicensePaid(LicenseEvent):
    """An order of licences was paid and its codes are there (支付成功通知).

    Manual: `支付成功通知 <https://developer.work.weixin.qq.com/document/path/97196>`_.

    Args:
        order_id: The order; of an order for several corps, the part for this one.
        buyer_userid: Who ordered, a member of the provider.
    """

    FAMILY: ClassVar[str] = "license_pay_success"

    order_id: str = field(default="", metadata=wire("OrderId"))
    buyer_userid: str = field(default="", metadata=wire("BuyerUserId"))


@frozen(kw_only=True, repr=False)
class LicenseRefunded(LicenseEvent):
    """The refund of an order of licences was decided (退款结果通知).

    Manual: `退款结果通知 <https://developer.work.weixin.qq.com/document/path/95805>`_.

    Args:
        order_id: The order.
        status: How it ended; ``None`` if the event does not say.
    """

    FAMILY: ClassVar[str] = "license_refund"

    order_id: str = field(default="", metadata=wire("OrderId"))
    status: LicenseRefundStatus | None = field(
        default=None, metadata=wire("OrderStatus", number_of(LicenseRefundStatus))
    )


@frozen(kw_only=True, repr=False)
class ActivatedLicense(Part):
    """A licence that was activated.

    Args:
        active_code: The code that was used; a secret.
        kind: Which licence.
        expires_at: When it ends.
        userid: The member.
        previous_status: What the member had before.
        previous_active_code: The code that the member had before, if any; a secret.
    """

    active_code: str = field(default="", metadata=wire("ActiveCode"), repr=masked)
    kind: LicenseKind | None = field(default=None, metadata=wire("Type", number_of(LicenseKind)))
    expires_at: datetime | None = field(default=None, validator=aware, metadata=wire("ExpireTime", moment_unless_zero))
    userid: str = field(default="", metadata=wire("UserId"))
    previous_status: LicenseStatus | None = field(
        default=None, metadata=wire("PreviousStatus", number_of(LicenseStatus))
    )
    previous_active_code: str = field(default="", metadata=wire("PreviousActiveCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class LicensesActivated(LicenseEvent):
    """Licences of members were activated by themselves (自动激活回调通知).

    Manual: `自动激活回调通知 <https://developer.work.weixin.qq.com/document/path/95994>`_.

    Args:
        scene: What activated them; ``None`` if the event does not say.
        licenses: The licences.
    """

    FAMILY: ClassVar[str] = "auto_activate"

    scene: LicenseScene | None = field(default=None, metadata=wire("Scene", number_of(LicenseScene)))
    licenses: tuple[ActivatedLicense, ...] = field(
        default=(), metadata=wire("AccountList", item=SIBLINGS, of=ActivatedLicense)
    )


@frozen(kw_only=True, repr=False)
class AppOrderEvent(SuiteEvent):
    """Something about what a corp pays for an app (收银台).

    Args:
        paid_corp_id: The corp that pays.
    """

    paid_corp_id: str = field(default="", metadata=wire("PaidCorpId"))

    @property
    def corp_id(self) -> str:
        """The corp that pays."""
        return self.paid_corp_id or self.auth_corp_id


@frozen(kw_only=True, repr=False)
class AppOrderOpened(AppOrderEvent):
    """A corp ordered an app, or the provider did for it (下单成功通知).

    Manual: `下单成功通知 <https://developer.work.weixin.qq.com/document/path/99387>`_.

    Args:
        order_id: The order, up to 32 characters.
        operator_userid: Who ordered; empty if the provider did.
    """

    FAMILY: ClassVar[str] = "open_order"

    order_id: str = field(default="", metadata=wire("OrderId"))
    operator_userid: str = field(default="", metadata=wire("OperatorId"))


@frozen(kw_only=True, repr=False)
class AppOrderChanged(AppOrderEvent):
    """The provider changed the price of an order, which gave it a new number (改单通知).

    Manual: `改单通知 <https://developer.work.weixin.qq.com/document/path/91930>`_.

    Args:
        old_order_id: The order until now.
        new_order_id: The order from now on.
    """

    FAMILY: ClassVar[str] = "change_order"

    old_order_id: str = field(default="", metadata=wire("OldOrderId"))
    new_order_id: str = field(default="", metadata=wire("NewOrderId"))


@frozen(kw_only=True, repr=False)
class AppOrderPaid(AppOrderEvent):
    """A corp paid for an app (支付成功通知).

    Manual: `支付成功通知 <https://developer.work.weixin.qq.com/document/path/99389>`_.

    Args:
        order_id: The order.
    """

    FAMILY: ClassVar[str] = "pay_for_app_success"

    order_id: str = field(default="", metadata=wire("OrderId"))


@frozen(kw_only=True, repr=False)
class AppOrderRefunded(AppOrderEvent):
    """A corp got its money for an app back (退款通知): read what it still may use.

    Manual: `退款通知 <https://developer.work.weixin.qq.com/document/path/91932>`_.

    Args:
        order_id: The order.
    """

    FAMILY: ClassVar[str] = "refund"

    order_id: str = field(default="", metadata=wire("OrderId"))


@frozen(kw_only=True, repr=False)
class AppEditionChanged(AppOrderEvent):
    """The edition of an app that a corp has was bought, ran out or changed (应用版本变更通知): read the grant again.

    Manual: `应用版本变更通知 <https://developer.work.weixin.qq.com/document/path/91933>`_;
    the platform spells its name ``change_editon``.
    """

    FAMILY: ClassVar[str] = "change_editon"
    READ_AGAIN: ClassVar[bool] = True


EVENTS: Final = (
    LicensePaid,
    LicenseRefunded,
    LicensesActivated,
    AppOrderOpened,
    AppOrderChanged,
    AppOrderPaid,
    AppOrderRefunded,
    AppEditionChanged,
)
"""The classes of this chapter that name an event."""
