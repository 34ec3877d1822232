"""Mass messages: tasks that members confirm, and what became of them (企业群发, manual 92135, 93338)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, OpenStrEnum, wire
from wecom_auto.errors import ValidationError
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table
from wecom_auto.models.attachments import Attachment, Text

__all__ = [
    "ChatType",
    "CreateType",
    "FilterType",
    "MassMessage",
    "MassMessageCreated",
    "MassMessageResult",
    "MassMessageTask",
    "SendStatus",
    "TagFilter",
    "TagFilterGroup",
    "TaskStatus",
]


class ChatType(OpenStrEnum):
    """Whom a mass message is for (群发任务的类型)."""

    SINGLE = "single"
    """Customers one by one (发送给客户)."""
    GROUP = "group"
    """Customer groups (发送给客户群)."""


class CreateType(OpenIntEnum):
    """Who made a mass message or a moment (创建来源)."""

    CORP = 0
    """The corp: by API or in the console (企业)."""
    PERSONAL = 1
    """A member (个人)."""


class FilterType(OpenIntEnum):
    """Which mass messages or moments to list (创建人类型, 朋友圈类型)."""

    CORP = 0
    PERSONAL = 1
    ALL = 2


class TaskStatus(OpenIntEnum):
    """What a member did with the task (成员发送状态). There is no 1, although the manual's example answers one."""

    NOT_SENT = 0
    """未发送."""
    SENT = 2
    """已发送: the member confirmed. Single customers may still have failed."""


class SendStatus(OpenIntEnum):
    """What became of one message (发送状态)."""

    NOT_SENT = 0
    """未发送."""
    SENT = 1
    """已发送."""
    NOT_FRIEND = 2
    """因客户不是好友导致发送失败."""
    QUOTA = 3
    """因客户已经收到其他群发消息导致发送失败: the customer's quota is used up."""


@frozen(kw_only=True)
class TagFilterGroup(Model):
    """Tags of which a customer must carry one.

    Attributes:
        tag_list: Ids of corp or strategy tags, up to 100.
    """

    tag_list: tuple[str, ...]


@frozen(kw_only=True)
class TagFilter(Model):
    """Choose customers by tags: one tag of every group.

    Attributes:
        group_list: The groups; all must match.
    """

    group_list: tuple[TagFilterGroup, ...]

    @classmethod
    def all_of(cls, *any_of: tuple[str, ...]) -> TagFilter:
        """Return a filter for customers who carry a tag of every one of `any_of`.

        Raises:
            ValidationError: One text where tuples of tags belong.
        """
        if any(isinstance(tags, str) for tags in any_of):  # pyright: ignore[reportUnnecessaryIsInstance]
            field, fix = "tag_filter.group_list[].tag_list", "write (tag_id,) with a comma"
            raise ValidationError(field, value="one text", limit="a tuple of texts", fix=fix)
        return cls(group_list=tuple(TagFilterGroup(tag_list=tags) for tags in any_of))


@frozen(kw_only=True)
class MassMessageCreated(Model):
    """What `mass_messages.create` answers: a task exists. Nothing was sent yet.

    Attributes:
        msgid: The id, for tasks, results, reminding and cancelling.
        fail_list: Recipients that cannot be reached: external_userids, or chat_ids for groups.
            Later failures show in the results only.
    """

    msgid: str
    fail_list: tuple[str, ...] = ()


@frozen(kw_only=True)
class MassMessage(Model):
    """A mass message that exists (群发记录).

    Attributes:
        msgid: The id.
        creator: The member who made it; empty if it was made by API.
        created_at: When it was made.
        create_type: By the corp or by a member.
        text: The text, if there is one.
        attachments: Up to 9.
    """

    msgid: str
    creator: str = ""
    created_at: datetime | None = wire("create_time", None)
    create_type: CreateType = CreateType.CORP
    text: Text | None = None
    attachments: tuple[Attachment, ...] = ()

    def _repr_html_(self) -> str:
        return html_table(self.msgid, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.msgid, self._rows())

    def _rows(self) -> Rows:
        yield "created_at", self.created_at
        yield "creator", self.creator
        yield "text", self.text and self.text.content
        yield "attachments", ", ".join(type(attachment).__name__ for attachment in self.attachments)


@frozen(kw_only=True)
class MassMessageTask(Model):
    """One member's part of a mass message (成员发送任务).

    Attributes:
        userid: The member.
        status: Confirmed or not.
        sent_at: When the member confirmed.
    """

    userid: str
    status: TaskStatus = TaskStatus.NOT_SENT
    sent_at: datetime | None = wire("send_time", None)


@frozen(kw_only=True)
class MassMessageResult(Model):
    """What became of the message to one recipient (成员执行结果).

    Attributes:
        external_userid: The customer; empty for a group message.
        chat_id: The group; empty for a message to a customer.
        userid: The member who sends.
        status: Sent, not yet, or why not.
        sent_at: When it was sent.
    """

    external_userid: str = ""
    chat_id: str = ""
    userid: str = ""
    status: SendStatus = SendStatus.NOT_SENT
    sent_at: datetime | None = wire("send_time", None)
