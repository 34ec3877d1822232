"""Customers and the members who follow them (客户管理, manual 92113–92115, 92994)."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from wecom_auto._model import Form, Model, OpenIntEnum, named, wire
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table
from wecom_auto.models.profiles import ExternalProfile

__all__ = [
    "AddWay",
    "ChannelsSource",
    "ContactType",
    "Customer",
    "CustomerDetail",
    "Follow",
    "FollowChannels",
    "FollowTag",
    "FollowedCustomer",
    "Gender",
    "ServedContact",
    "SubscriberInfo",
    "TagType",
]


class ContactType(OpenIntEnum):
    """Where a customer chats from (外部联系人的类型)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    WECHAT = 1
    """A WeChat user (微信用户)."""
    WECOM = 2
    """A WeCom user of another corp (企业微信用户)."""


class Gender(OpenIntEnum):
    """The gender that a customer entered (性别)."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2


class AddWay(OpenIntEnum):
    """How a customer and a member became contacts (来源, manual 92114)."""

    UNKNOWN = 0
    QR_CODE = 1
    """Scanned a code (扫描二维码), contact ways included."""
    MOBILE_SEARCH = 2
    CARD_SHARE = 3
    GROUP_CHAT = 4
    PHONE_CONTACTS = 5
    WECHAT_CONTACTS = 6
    THIRD_PARTY_SERVICE = 8
    """Service member of an installed third-party app."""
    EMAIL_SEARCH = 9
    CHANNELS = 10
    """WeChat Channels (视频号); see `Follow.wechat_channels`."""
    CALENDAR = 11
    MEETING = 12
    WECHAT_FRIEND = 13
    """The WeCom account of a WeChat friend."""
    SMART_HARDWARE = 14
    HOME_SERVICE = 15
    """Door-to-door service (上门服务)."""
    ACQUISITION_LINK = 16
    """A customer-acquisition link (获客链接)."""
    CUSTOM_DEVELOPMENT = 17
    DEMAND_REPLY = 18
    THIRD_PARTY_PRESALES = 21
    BUSINESS_PARTNER = 22
    WECHAT_REQUEST_ACCEPTED = 24
    """Accepted a request that the member's WeChat account had received."""
    SHARED_BY_COLLEAGUE = 201
    """Shared inside the corp (内部成员共享)."""
    ASSIGNED_BY_ADMIN = 202
    """Assigned by an administrator or a leader (管理员/负责人分配)."""


class TagType(OpenIntEnum):
    """Who made a tag (标签类型)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    CORP = 1
    """A corp tag (企业设置)."""
    PERSONAL = 2
    """The member's own (用户自定义); it has no id."""
    STRATEGY = 3
    """A tag of a customer strategy (规则组标签)."""


class ChannelsSource(OpenIntEnum):
    """Where in WeChat Channels a customer came from (视频号添加场景)."""

    UNKNOWN = 0
    HOME = 1
    LIVE_ROOM = 2
    LEAD_SERVICE = 3


@frozen(kw_only=True)
class SubscriberInfo(Model):
    """What a school entered for a parent (家校沟通); only for corps of the education trade.

    Attributes:
        tag_ids: Ids of the parent's tags.
        remark: The remark.
        remark_mobiles: Mobile numbers; not shown in a repr.
    """

    tag_ids: tuple[str, ...] = wire("tag_id", ())
    remark: str = ""
    remark_mobiles: tuple[str, ...] = wire("", (), show=False)


@frozen(kw_only=True)
class Customer(Model):
    """A person outside the corp (外部联系人).

    Attributes:
        external_userid: The id, ``wm…`` for WeChat and ``wo…`` for WeCom users. It differs between corps and app kinds.
        name: The WeChat nickname, or the alias or real name of a WeCom user.
        avatar: URL of the picture; third-party and delegated apps do not get it.
        type: WeChat or WeCom user.
        gender: As the customer entered it.
        unionid: The same in all apps of one bound WeChat developer account; only WeChat users, only with a binding.
        position: Job title; WeCom users only.
        corp_name: Short name of the corp; WeCom users only.
        corp_full_name: Full name of the corp; self-built apps only.
        external_profile: The card; WeCom users only.
        foreign_key: The key that was given when parents were imported; schools only.
        is_subscribed: Follows the school's notices; schools only.
        subscriber_info: What the school entered; schools only.
    """

    external_userid: str
    name: str = ""
    avatar: str = ""
    type: ContactType = ContactType.UNKNOWN
    gender: Gender = Gender.UNKNOWN
    unionid: str = ""
    position: str = ""
    corp_name: str = ""
    corp_full_name: str = ""
    external_profile: ExternalProfile | None = None
    foreign_key: str = ""
    is_subscribed: bool | None = wire("is_subscribe", None, Form.FLAG)
    subscriber_info: SubscriberInfo | None = None

    def _repr_html_(self) -> str:
        return html_table(self.name or self.external_userid, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.name or self.external_userid, self._rows())

    def _rows(self) -> Rows:
        yield "external_userid", self.external_userid
        yield "type", self.type.name.lower()
        yield "gender", "" if self.gender is Gender.UNKNOWN else self.gender.name.lower()
        yield "unionid", self.unionid
        yield "corp", self.corp_full_name or self.corp_name
        yield "position", self.position


@frozen(kw_only=True)
class FollowTag(Model):
    """A tag that a member put on a customer (标签).

    Attributes:
        type: Corp, personal or strategy tag.
        tag_id: The id; empty for personal tags.
        name: The tag's name.
        group_name: The name of its group.
    """

    type: TagType = TagType.UNKNOWN
    tag_id: str = ""
    name: str = wire("tag_name", "")
    group_name: str = ""


@frozen(kw_only=True)
class FollowChannels(Model):
    """The Channels account that a customer came through (视频号信息).

    Attributes:
        nickname: Name of the account.
        source: Home page, live room or lead service.
    """

    nickname: str = ""
    source: ChannelsSource = ChannelsSource.UNKNOWN


@frozen(kw_only=True)
class Follow(Model):
    """What one member knows of one customer (跟进信息).

    Attributes:
        userid: The member.
        remark: The name that the member gave the customer (备注).
        description: Longer notes (描述).
        created_at: When the two became contacts.
        tags: The tags with their names; filled by `customers.get` only.
        tag_ids: Ids of corp and strategy tags; filled by `customers.list_by_user` only.
            `marked_tag_ids` reads whichever is there.
        add_way: How they became contacts.
        state: The channel parameter (渠道参数) of the contact way or link.
        oper_userid: Who started it: the member, the customer, or the administrator who shared.
        remark_mobiles: Mobile numbers in the remark; self-built apps only; not shown in a repr.
        remark_company: The company in the remark.
        wechat_channels: The Channels account, if `add_way` is `AddWay.CHANNELS`.
    """

    userid: str
    remark: str = ""
    description: str = ""
    created_at: datetime | None = wire("createtime", None)
    tags: tuple[FollowTag, ...] = ()
    tag_ids: tuple[str, ...] = wire("tag_id", ())
    add_way: AddWay = AddWay.UNKNOWN
    state: str = ""
    oper_userid: str = ""
    remark_mobiles: tuple[str, ...] = wire("", (), show=False)
    remark_company: str = wire("remark_corp_name", "")
    wechat_channels: FollowChannels | None = None

    @property
    def marked_tag_ids(self) -> tuple[str, ...]:
        """Ids of the corp and strategy tags, from whichever of `tag_ids` and `tags` the answer filled."""
        return self.tag_ids or tuple(tag.tag_id for tag in self.tags if tag.tag_id)


@frozen(kw_only=True)
class CustomerDetail(Model):
    """A customer with every member who follows them, as `customers.get` answers.

    Attributes:
        customer: The customer.
        follows: The members who follow them, up to 500 a page.
        next_cursor: For the next followers; empty on the last page.
    """

    customer: Customer = field(metadata=named("external_contact"))
    follows: tuple[Follow, ...] = wire("follow_user", ())
    next_cursor: str = ""

    def followed_by(self, userid: str) -> Follow | None:
        """Return what the member `userid` knows of the customer, None if they do not follow them."""
        return next((follow for follow in self.follows if follow.userid == userid), None)


@frozen(kw_only=True)
class FollowedCustomer(Model):
    """A customer as one member follows them, as `customers.list_by_user` answers.

    Attributes:
        customer: The customer.
        follow: What the member knows of them.
    """

    customer: Customer = field(metadata=named("external_contact"))
    follow: Follow = field(metadata=named("follow_info"))

    @property
    def external_userid(self) -> str:
        """The customer's id."""
        return self.customer.external_userid

    @property
    def name(self) -> str:
        """The customer's name."""
        return self.customer.name

    @property
    def add_way(self) -> AddWay:
        """How the customer and the member became contacts."""
        return self.follow.add_way


@frozen(kw_only=True)
class ServedContact(Model):
    """Somebody outside whom the corp serves, as `customers.list_served` answers: once for every member and group.

    Attributes:
        tmp_openid: Tells whether two lines are about the same person; dies after 4 hours, so do not store it.
        external_userid: The id; empty if nobody has marked the person as a customer.
        is_customer: A member has marked them as a customer.
        name: The nickname, partly hidden; only of those who are no customers.
        userid: The member who added them, or the owner of the group.
        chat_id: The customer group that they are in; empty if the line is about a friendship.
        chat_name: The name of a group that is not marked as a customer group.
        added_at: When they were added, or joined the group.
    """

    tmp_openid: str
    external_userid: str = ""
    is_customer: bool = False
    name: str = ""
    userid: str = wire("follow_userid", "")
    chat_id: str = ""
    chat_name: str = ""
    added_at: datetime | None = wire("add_time", None)
