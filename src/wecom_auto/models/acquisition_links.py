"""Customer-acquisition links: what they are, whom they brought, what is left (获客助手, manual 97297, 97298, 97375).

The addresses that are made of a link are in `_link_addresses`; nothing here opens one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import field, frozen

from wecom_auto._model import Model, OpenIntEnum, named, wire
from wecom_auto.models._link_addresses import channel_url
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table

__all__ = [
    "AcquisitionAuthorization",
    "AcquisitionChat",
    "AcquisitionChatInfo",
    "AcquisitionCustomer",
    "AcquisitionLink",
    "AcquisitionLinkDetail",
    "AcquisitionPermit",
    "AcquisitionPriority",
    "AcquisitionQuota",
    "AcquisitionQuotaBatch",
    "AcquisitionRange",
    "AcquisitionStatistics",
    "AuthorizedApp",
    "ChatStatus",
    "LinkAuthMode",
    "PayMode",
    "PriorityType",
]


class PriorityType(OpenIntEnum):
    """Among whom a customer's own contact is looked for first (优先分配类型)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    CORP = 1
    """Everybody of the corp who has the customer already (全企业范围内优先分配给有好友关系的)."""
    MEMBERS = 2
    """Those of the listed members who have the customer already (指定范围内优先分配有好友关系的)."""


class ChatStatus(OpenIntEnum):
    """Whether a customer has written (会话状态)."""

    SILENT = 0
    """客户未发消息: the customer has sent nothing."""
    WROTE = 1
    """客户已发送消息: the customer has sent a message."""
    UNKNOWN = 2
    """客户发送消息状态未知: the platform does not know, or the answer does not say."""


class PayMode(OpenIntEnum):
    """Whose quota a link uses up (使用扣除方式)."""

    CORP = 0
    """The corp's (扣企业的)."""
    PROVIDER = 1
    """The service provider's (扣服务商的)."""


class LinkAuthMode(OpenIntEnum):
    """Which links a component may see (链接授权方式)."""

    CHOSEN = 0
    """Those the corp chose (企业选择链接进行授权)."""
    BY_APPS = 1
    """Those made by the linked apps (关联应用创建的链接)."""


@frozen(kw_only=True)
class AcquisitionRange(Model):
    """Who may get the customers of a link (使用范围); at most 500 people in all.

    Attributes:
        userids: Members, up to 500.
        department_ids: Departments; everybody in them counts.
    """

    userids: tuple[str, ...] = wire("user_list", ())
    department_ids: tuple[int, ...] = wire("department_list", ())


@frozen(kw_only=True)
class AcquisitionPriority(Model):
    """Send who has a contact here already to that contact (优先分配); some trades only (客户与成员关系绑定).

    Attributes:
        type: Among whom; see `corp_wide` and `among`.
        userids: The members, up to 1,000; for `PriorityType.MEMBERS` only.
    """

    type: PriorityType = wire("priority_type", PriorityType.UNKNOWN)
    userids: tuple[str, ...] = wire("priority_userid_list", ())

    @classmethod
    def corp_wide(cls) -> AcquisitionPriority:
        """Prefer whoever of the corp has the customer already."""
        return cls(type=PriorityType.CORP)

    @classmethod
    def among(cls, userids: Iterable[str]) -> AcquisitionPriority:
        """Prefer those of `userids` who have the customer already.

        Args:
            userids: 1 to 1,000 members.
        """
        return cls(type=PriorityType.MEMBERS, userids=tuple(userids))


@frozen(kw_only=True)
class AcquisitionLink(Model):
    """A customer-acquisition link (获客链接).

    Attributes:
        link_id: The id; empty in the answer of `acquisition_links.get`, which leaves it out.
        name: For yourselves, up to 30 characters.
        url: What customers open; see `channel_url` for one address per lead.
        skip_verify: Customers are added without confirmation by the member; None where the answer does not say.
        mark_source: The customer's source names this app; 营销获客 apps only.
        created_at: When it was made.
    """

    link_id: str = ""
    name: str = wire("link_name", "")
    url: str = ""
    skip_verify: bool | None = None
    mark_source: bool | None = None
    created_at: datetime | None = wire("create_time", None)

    def channel_url(self, customer_channel: str) -> str:
        """Return the address for one lead or channel; see the function `channel_url`."""
        return channel_url(self.url, customer_channel)

    def _repr_html_(self) -> str:
        return html_table(self.name or self.link_id, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.name or self.link_id, self._rows())

    def _rows(self) -> Rows:
        yield "link_id", self.link_id
        yield "url", self.url
        yield "skip_verify", self.skip_verify
        yield "created_at", self.created_at


@frozen(kw_only=True)
class AcquisitionLinkDetail(Model):
    """A link with the people behind it, as `acquisition_links.get` answers.

    Attributes:
        link: The link; its `link_id` is empty.
        range: Who may get its customers.
        priority: Whom customers with a contact of their own go to; None if nothing is set.
    """

    link: AcquisitionLink = field(metadata=named("link"))
    range: AcquisitionRange = AcquisitionRange()
    priority: AcquisitionPriority | None = wire("priority_option", None)


@frozen(kw_only=True)
class AcquisitionCustomer(Model):
    """Somebody who was added through a link (获客客户).

    Attributes:
        external_userid: The customer.
        userid: The member who was added.
        chat_status: Whether the customer has written.
        state: The ``customer_channel`` of the address that was opened, up to 64 UTF-8 bytes; empty without one.
    """

    external_userid: str
    userid: str = ""
    chat_status: ChatStatus = ChatStatus.UNKNOWN
    state: str = ""


@frozen(kw_only=True)
class AcquisitionQuotaBatch(Model):
    """A part of the quota that ends on one day.

    Attributes:
        balance: How many uses end.
        expires_at: Midnight in China at the beginning of the last day; the hour depends on when it was bought.
    """

    balance: int = 0
    expires_at: datetime | None = wire("expire_date", None)


@frozen(kw_only=True)
class AcquisitionQuota(Model):
    """The uses of all links of the corp (使用量).

    Attributes:
        used: Uses since the beginning (历史累计使用量); the wire calls it ``total``.
        balance: Uses that are left; with 0 no link works.
        batches: When they end.
    """

    used: int = wire("total", 0)
    balance: int = 0
    batches: tuple[AcquisitionQuotaBatch, ...] = wire("quota_list", ())


@frozen(kw_only=True)
class AcquisitionStatistics(Model):
    """How much a link was used in some days.

    Attributes:
        clicked: Customers who opened it (点击链接客户数).
        added: Customers who were added (新增客户数).
    """

    clicked: int = wire("click_link_customer_cnt", 0)
    added: int = wire("new_customer_cnt", 0)


@frozen(kw_only=True)
class AcquisitionChatInfo(Model):
    """Where a customer who writes came from.

    Attributes:
        link_id: The link they came by.
        state: The ``customer_channel`` of the address that they opened.
        received: Messages that the member got from the customer.
    """

    link_id: str = ""
    state: str = ""
    received: int = wire("recv_msg_cnt", 0)


@frozen(kw_only=True)
class AcquisitionChat(Model):
    """Who stands behind a chat key (成员多次收消息详情).

    Attributes:
        userid: The member.
        external_userid: The customer.
        chat_info: Link, channel and number of messages.
    """

    userid: str = ""
    external_userid: str = ""
    chat_info: AcquisitionChatInfo = AcquisitionChatInfo()


@frozen(kw_only=True)
class AuthorizedApp(Model):
    """An app whose links a component may see.

    Attributes:
        agentid: The app's id.
    """

    agentid: int


@frozen(kw_only=True)
class AcquisitionAuthorization(Model):
    """How a corp authorised a provider's acquisition component (获客助手组件授权信息).

    Attributes:
        pay_mode: Whose quota is used up.
        price_fen: What one use costs in fen (分); for `PayMode.PROVIDER` only.
        link_auth_mode: Which links it may see.
        apps: The linked apps; for `LinkAuthMode.BY_APPS` only.
    """

    pay_mode: PayMode = PayMode.CORP
    price_fen: int | None = wire("price", None)
    link_auth_mode: LinkAuthMode = LinkAuthMode.CHOSEN
    apps: tuple[AuthorizedApp, ...] = wire("auth_apps", ())


@frozen(kw_only=True)
class AcquisitionPermit(Model):
    """Whom a 营销获客 app may connect customers to (客户可建联的成员范围).

    Attributes:
        userids: Members.
        department_ids: Departments.
        tag_ids: Ids of the address book's tags (标签).
    """

    userids: tuple[str, ...] = wire("user_list", ())
    department_ids: tuple[int, ...] = wire("department_list", ())
    tag_ids: tuple[int, ...] = wire("tag_list", ())
