"""Rule groups (规则组, manual 94883, 94890): who administers whom, with which rights, in customer contact and moments.

The two kinds share how they are nested and whom they hold; their rights have nothing in common and are kept apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import attrs
from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, wire
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table

__all__ = [
    "CustomerPrivilege",
    "CustomerStrategy",
    "MomentPrivilege",
    "MomentStrategy",
    "RangeNode",
    "RangeNodeType",
    "StrategyRef",
]


class RangeNodeType(OpenIntEnum):
    """What a node of a range is (节点类型)."""

    UNKNOWN = 0
    """Not said."""
    MEMBER = 1
    """成员."""
    DEPARTMENT = 2
    """部门, with everybody below it."""


@frozen(kw_only=True)
class RangeNode(Model):
    """A member or a department that a rule group manages (管理范围节点); make one with `member` or `department`.

    Attributes:
        type: Which of the two.
        userid: The member; empty for a department.
        partyid: The department; 0 for a member.
    """

    type: RangeNodeType = RangeNodeType.UNKNOWN
    userid: str = ""
    partyid: int = 0

    @classmethod
    def member(cls, userid: str) -> Self:
        """Return the node of one member."""
        return cls(type=RangeNodeType.MEMBER, userid=userid)

    @classmethod
    def department(cls, partyid: int) -> Self:
        """Return the node of a department and everybody below it."""
        return cls(type=RangeNodeType.DEPARTMENT, partyid=partyid)


@frozen(kw_only=True)
class _Privilege(Model):
    """Rights of a rule group. None is "not said": in a request the platform takes its default, which is True."""

    def complete(self) -> Self:
        """Return the same rights with the manual's default, True, for those that are not said."""
        return self.merged(type(self)(), default=True)

    def merged(self, change: Self, *, default: bool | None = None) -> Self:
        """Return these rights with those that `change` says; what neither says becomes `default`."""
        changes: dict[str, Any] = {}
        for field in attrs.fields(type(self)):
            if field.name == "extra":
                continue
            said, known = getattr(change, field.name), getattr(self, field.name)
            changes[field.name] = next((one for one in (said, known) if one is not None), default)
        return attrs.evolve(self, **changes)


@frozen(kw_only=True)
class CustomerPrivilege(_Privilege):
    """What the administrators of a customer strategy may do (权限配置).

    A right is True, False, or None where nobody said it; the manual's default is True for all of them.
    `complete` fills in the defaults, `merged` changes a few rights and keeps the rest.

    Attributes:
        view_customer_list: See the customers (查看客户列表); basic, cannot be turned off.
        view_customer_data: See statistics of customers (查看客户统计数据); basic, cannot be turned off.
        view_room_list: See the customer groups (查看群聊列表); basic, cannot be turned off.
        contact_me: Use contact ways (可使用联系我); basic, cannot be turned off.
        join_room: Use group codes (可加入群聊); basic, cannot be turned off.
        share_customer: Share customers with other members (分享客户).
        oper_resign_customer: Assign customers of members who left (分配离职成员客户).
        oper_resign_group: Assign groups of members who left (分配离职成员客户群).
        send_customer_msg: Send mass messages to customers (给企业客户发送消息).
        edit_welcome_msg: Set up welcome messages (配置欢迎语).
        view_behavior_data: See how members keep contact (查看成员联系客户统计).
        view_room_data: See statistics of groups (查看群聊数据统计).
        send_group_msg: Send mass messages to customer groups (发送消息到企业的客户群).
        room_deduplication: Remove people who are in several groups (客户群去重).
        rapid_reply: Set up quick replies (配置快捷回复).
        onjob_customer_transfer: Pass on customers of members who stay (转接在职成员的客户).
        edit_anti_spam_rule: Edit the rules against spam (编辑企业成员防骚扰规则).
        export_customer_list: Export the customers (导出客户列表).
        export_customer_data: Export statistics of customers (导出成员客户统计).
        export_customer_group_list: Export the customer groups (导出客户群列表).
        manage_customer_tag: Manage the tags of the rule group (配置企业客户标签).
    """

    view_customer_list: bool | None = None
    view_customer_data: bool | None = None
    view_room_list: bool | None = None
    contact_me: bool | None = None
    join_room: bool | None = None
    share_customer: bool | None = None
    oper_resign_customer: bool | None = None
    oper_resign_group: bool | None = None
    send_customer_msg: bool | None = None
    edit_welcome_msg: bool | None = None
    view_behavior_data: bool | None = None
    view_room_data: bool | None = None
    send_group_msg: bool | None = None
    room_deduplication: bool | None = None
    rapid_reply: bool | None = None
    onjob_customer_transfer: bool | None = None
    edit_anti_spam_rule: bool | None = None
    export_customer_list: bool | None = None
    export_customer_data: bool | None = None
    export_customer_group_list: bool | None = None
    manage_customer_tag: bool | None = None


@frozen(kw_only=True)
class MomentPrivilege(_Privilege):
    """What the administrators of a moment strategy may do (朋友圈规则组权限); None and `merged` as for customers.

    Attributes:
        view_moment_list: See all moments of the members (查看成员的全部客户朋友圈发表).
        send_moment: Have moments published (发表客户朋友圈).
        manage_moment_cover_and_sign: Set up cover and signature (配置封面和签名).
    """

    view_moment_list: bool | None = None
    send_moment: bool | None = None
    manage_moment_cover_and_sign: bool | None = None


@frozen(kw_only=True)
class StrategyRef(Model):
    """The id of a rule group, as the lists answer it.

    Attributes:
        strategy_id: The id.
    """

    strategy_id: int


@frozen(kw_only=True)
class _Strategy(Model):
    """What both kinds of rule groups have in common."""

    strategy_id: int
    parent_id: int = 0
    name: str = wire("strategy_name", "")
    created_at: datetime | None = wire("create_time", None)
    admins: tuple[str, ...] = wire("admin_list", ())

    @property
    def is_top(self) -> bool:
        """Whether it has no parent; only such a customer strategy may have tags of its own."""
        return self.parent_id == 0

    def _repr_html_(self) -> str:
        return html_table(self.name, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.name, self._rows())

    def _rows(self) -> Rows:
        yield "strategy_id", self.strategy_id
        yield "parent_id", self.parent_id or ""
        yield "admins", ", ".join(self.admins)


@frozen(kw_only=True)
class CustomerStrategy(_Strategy):
    """A rule group for customer contact (客户联系规则组).

    Attributes:
        strategy_id: The id.
        parent_id: The rule group that it lies in; 0 at the top.
        name: The name.
        created_at: When it was made.
        admins: Its administrators (负责人), up to 20.
        privilege: What they may do; below the top this is what the parent says.
    """

    privilege: CustomerPrivilege = CustomerPrivilege()


@frozen(kw_only=True)
class MomentStrategy(_Strategy):
    """A rule group for moments (客户朋友圈规则组).

    Attributes:
        strategy_id: The id.
        parent_id: The rule group that it lies in; 0 at the top.
        name: The name.
        created_at: When it was made.
        admins: Its administrators (负责人), up to 20.
        privilege: What they may do; below the top this is what the parent says.
    """

    privilege: MomentPrivilege = MomentPrivilege()
