"""What members and groups did, day by day (统计管理, manual 92132 and 92133). Values only."""

from __future__ import annotations

from datetime import date, datetime

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, wire
from wecom_auto._time import CHINA

__all__ = ["BehaviorDay", "GroupDay", "GroupFigures", "GroupOrder", "MemberBehavior", "OwnerGroups"]


class GroupOrder(OpenIntEnum):
    """What owners are sorted by (排序方式)."""

    NEW_GROUPS = 1
    """新增群的数量."""
    GROUPS = 2
    """群总数."""
    NEW_MEMBERS = 3
    """新增群人数."""
    MEMBERS = 4
    """群总人数."""


@frozen(kw_only=True)
class BehaviorDay(Model):
    """What the members of a question did together on one day (联系客户统计).

    Figures of a day are ready on the next one. Asked too early, the platform answers zeros and not an error.

    Attributes:
        stat_at: Midnight in Beijing, when the day begins.
        chats: One-to-one chats in which the members wrote (聊天总数).
        messages: Messages that the members wrote in them (发送消息数).
        reply_percentage: 0 to 100: of the chats that customers began, those that were answered on the same day
            (已回复聊天占比). None on a day without chats.
        avg_reply_minutes: Minutes until the first answer, on average (平均首次回复时长). None on a day without chats.
        negative_feedbacks: Customers who deleted or blocked a member (删除/拉黑成员的客户数).
        new_applies: Friend requests that the members sent (发起申请数).
        new_contacts: New customers (新增客户数).
    """

    stat_at: datetime | None = wire("stat_time", None)
    chats: int | None = wire("chat_cnt", None)
    messages: int | None = wire("message_cnt", None)
    reply_percentage: float | None = None
    avg_reply_minutes: float | None = wire("avg_reply_time", None)
    negative_feedbacks: int | None = wire("negative_feedback_cnt", None)
    new_applies: int | None = wire("new_apply_cnt", None)
    new_contacts: int | None = wire("new_contact_cnt", None)

    @property
    def day(self) -> date | None:
        """The day in Beijing."""
        return _day(self.stat_at)


@frozen(kw_only=True)
class MemberBehavior:
    """What one member did, day by day.

    Attributes:
        userid: The member.
        days: Their days, oldest first.
    """

    userid: str
    days: tuple[BehaviorDay, ...] = ()


@frozen(kw_only=True)
class GroupFigures(Model):
    """Figures about customer groups (群聊数据统计). None means that the platform told nothing.

    Attributes:
        new_chats: Groups opened in the days of the question (新增客户群数量).
        chats: Groups at the end of the last day (客户群总数量).
        chats_with_messages: Groups in which somebody had written by then (有发过消息的客户群数量).
        new_members: People who joined in the days of the question (客户群新增群人数).
        members: People at the end of the last day (客户群总人数).
        members_with_messages: People who had written by then (有发过消息的群成员数).
        messages: Messages by then (客户群消息总数).
        migrated_chats: Groups that were moved from WeChat (迁移群数); training companies only.
    """

    new_chats: int | None = wire("new_chat_cnt", None)
    chats: int | None = wire("chat_total", None)
    chats_with_messages: int | None = wire("chat_has_msg", None)
    new_members: int | None = wire("new_member_cnt", None)
    members: int | None = wire("member_total", None)
    members_with_messages: int | None = wire("member_has_msg", None)
    messages: int | None = wire("msg_total", None)
    migrated_chats: int | None = wire("migrate_trainee_chat_cnt", None)


@frozen(kw_only=True)
class OwnerGroups(Model):
    """The groups of one owner over some days (按群主聚合).

    Attributes:
        owner: The member.
        figures: What happened in their groups.
    """

    owner: str
    figures: GroupFigures = wire("data", GroupFigures())


@frozen(kw_only=True)
class GroupDay(Model):
    """The groups of some owners on one day (按自然日聚合).

    Attributes:
        stat_at: Midnight in Beijing, when the day begins.
        figures: What happened in their groups.
    """

    stat_at: datetime | None = wire("stat_time", None)
    figures: GroupFigures = wire("data", GroupFigures())

    @property
    def day(self) -> date | None:
        """The day in Beijing."""
        return _day(self.stat_at)


def _day(moment: datetime | None) -> date | None:
    return moment and moment.astimezone(CHINA).date()
