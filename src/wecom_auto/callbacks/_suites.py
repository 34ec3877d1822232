"""The events of a provider's suite (第三方应用, 代开发) as values. Holds facts only: reads no bytes and calls no API.

They come to the command URL (指令回调URL) and are encrypted for the suite id.
Manual: `授权通知事件 <https://developer.work.weixin.qq.com/document/path/90642>`_ and its neighbours.
Events that come to apps and to suites alike, such as those of customers, are one class each and are not here.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenStrEnum
from wecom_auto.callbacks._discreet import Part, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "AcquisitionPermitChanged",
    "ArchiveAgreedInChat",
    "ArchiveAgreedInGroup",
    "AuthCancelled",
    "AuthChanged",
    "AuthCreated",
    "AuthExtraInfo",
    "PermanentCodeReset",
    "SpecialAuth",
    "SpecialAuthApproved",
    "SpecialAuthCancelled",
    "SuiteEvent",
    "SuiteTicketPushed",
]


class SpecialAuth(OpenStrEnum):
    """A right that the customer's administrator has to confirm once more."""

    CUSTOMER_ACQUISITION = "customer_acquisition"


@frozen(kw_only=True, repr=False)
class SuiteEvent(KnownEvent):
    """An event that only providers get, in their envelope (``InfoType``).

    ``auth_corp_id`` is the corp of the customer, where the event names one.
    """

    @property
    def is_for_provider(self) -> bool:
        """True, with a suite id or without: some name the provider's corp instead."""
        return True


@frozen(kw_only=True, repr=False)
class SuiteTicketPushed(SuiteEvent):
    """The ticket of the suite (推送suite_ticket), every 10 minutes: keep the newest.

    Manual: `推送suite_ticket <https://developer.work.weixin.qq.com/document/path/90628>`_.

    Args:
        ticket: Buys the ``suite_access_token`` for 30 minutes; up to 512 bytes; a secret.
    """

    FAMILY: ClassVar[str] = "suite_ticket"

    ticket: str = field(metadata=wire("SuiteTicket"), repr=masked)


@frozen(kw_only=True, repr=False)
class AuthExtraInfo(Part):
    """What the grant of a component says beyond the usual (ExtraInfo).

    Manual: `授权通知事件 <https://developer.work.weixin.qq.com/document/path/99401>`_.

    Args:
        open_kfids: The customer-service accounts that were granted, for the customer-service component.
    """

    open_kfids: tuple[str, ...] = field(default=(), metadata=wire("AuthOpenKfIdList", item="OpenKfId"))


@frozen(kw_only=True, repr=False)
class AuthCreated(SuiteEvent):
    """A corp installed the app (授权成功通知); store the code, answer within 1 s, and exchange it later.

    Not sent when the installation began on the provider's own site. It names no corp: the exchange does.

    Args:
        auth_code: Buys the corp's permanent code once, within 10 minutes; up to 512 bytes; a secret.
        state: The ``state`` of the address that led to the installation.
        extra_info: What the grant of a component says beyond that.
    """

    FAMILY: ClassVar[str] = "create_auth"

    auth_code: str = field(metadata=wire("AuthCode"), repr=masked)
    state: str = field(default="", metadata=wire("State"))
    extra_info: AuthExtraInfo | None = field(default=None, metadata=wire("ExtraInfo", of=AuthExtraInfo))


@frozen(kw_only=True, repr=False)
class AuthChanged(SuiteEvent):
    """A corp changed what the app may see or do, or switched it off or on (变更授权通知): read the grant again.

    Args:
        state: The ``state`` of the address, if the change came by one.
        extra_info: What the grant of a component says beyond that.
    """

    FAMILY: ClassVar[str] = "change_auth"
    READ_AGAIN: ClassVar[bool] = True

    state: str = field(default="", metadata=wire("State"))
    extra_info: AuthExtraInfo | None = field(default=None, metadata=wire("ExtraInfo", of=AuthExtraInfo))


@frozen(kw_only=True, repr=False)
class AuthCancelled(SuiteEvent):
    """A corp removed the app (取消授权通知).

    Its permanent code is dead: stop all work for it, and delete what you keep of it, as the manual demands.
    """

    FAMILY: ClassVar[str] = "cancel_auth"


@frozen(kw_only=True, repr=False)
class PermanentCodeReset(SuiteEvent):
    """Somebody fetched a new secret for an app built by a provider (重置永久授权码通知).

    Manual: `重置永久授权码通知 <https://developer.work.weixin.qq.com/document/path/97175>`_.
    Answer within 1 s, and exchange the code later.

    Args:
        auth_code: Buys the new secret within 10 minutes; up to 512 bytes; a secret.
            Unverified: may be missing, and the event may name the corp.
    """

    FAMILY: ClassVar[str] = "reset_permanent_code"

    auth_code: str = field(default="", metadata=wire("AuthCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class SpecialAuthApproved(SuiteEvent):
    """A customer's administrator confirmed a special right (获客助手权限确认事件); its calls work from now on.

    Manual: `获客助手权限变更通知 <https://developer.work.weixin.qq.com/document/path/98959>`_.
    Unverified: the fields are known from other implementations.

    Args:
        auth_type: Which right; ``None`` if the event does not say.
    """

    FAMILY: ClassVar[str] = "approve_special_auth"

    auth_type: SpecialAuth | None = field(default=None, metadata=wire("AuthType", SpecialAuth))


@frozen(kw_only=True, repr=False)
class SpecialAuthCancelled(SuiteEvent):
    """A customer's administrator took a special right back (获客助手权限取消事件); its calls are refused from now on.

    Manual: `获客助手权限变更通知 <https://developer.work.weixin.qq.com/document/path/98959>`_.
    Unverified: the fields are known from other implementations.

    Args:
        auth_type: Which right; ``None`` if the event does not say.
    """

    FAMILY: ClassVar[str] = "cancel_special_auth"

    auth_type: SpecialAuth | None = field(default=None, metadata=wire("AuthType", SpecialAuth))


@frozen(kw_only=True, repr=False)
class AcquisitionPermitChanged(SuiteEvent):
    """The members whose customers an acquisition app may win changed (客户可建联成员范围变动事件): read them again.

    Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/92277>`_. Unverified: it has no fields.
    """

    FAMILY: ClassVar[str] = "customer_acquisition_permit_change"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class ArchiveAgreedInChat(SuiteEvent):
    """A customer agreed in a chat with a member to the archiving of it (客户同意进行聊天内容存档事件, 单聊).

    Manual: `客户同意进行聊天内容存档事件回调 <https://developer.work.weixin.qq.com/document/path/99532>`_.
    Unverified: the fields are known from other implementations.

    Args:
        open_userid: The member.
        external_userid: The customer.
    """

    FAMILY: ClassVar[str] = "chat_archive_audit_approved_single"

    open_userid: str = field(default="", metadata=wire("OpenUserID"))
    external_userid: str = field(default="", metadata=wire("ExternalUserID"))


@frozen(kw_only=True, repr=False)
class ArchiveAgreedInGroup(SuiteEvent):
    """A customer agreed in a group to the archiving of it (客户同意进行聊天内容存档事件, 群聊).

    Manual: `客户同意进行聊天内容存档事件回调 <https://developer.work.weixin.qq.com/document/path/99532>`_.
    Unverified: the fields are known from other implementations.

    Args:
        chat_id: The group.
        external_userid: The customer.
    """

    FAMILY: ClassVar[str] = "chat_archive_audit_approved_room"

    chat_id: str = field(default="", metadata=wire("ChatId"))
    external_userid: str = field(default="", metadata=wire("ExternalUserID"))

    @property
    def tells_itself_apart(self) -> bool:
        """Whether it names the customer: two of them may agree in one second."""
        return bool(self.external_userid)


EVENTS: Final = (
    SuiteTicketPushed,
    AuthCreated,
    AuthChanged,
    AuthCancelled,
    PermanentCodeReset,
    SpecialAuthApproved,
    SpecialAuthCancelled,
    AcquisitionPermitChanged,
    ArchiveAgreedInChat,
    ArchiveAgreedInGroup,
)
"""The classes of this chapter that name an event."""
