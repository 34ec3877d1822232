"""Moments: tasks that members publish, who can see them, and what customers do (客户朋友圈, manual 95094, 93333)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, TypeAlias

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, Tagged, wire
from wecom_auto.models._render import RichTable, Rows, html_table, rich_table
from wecom_auto.models.attachments import ImageAttachment, Text, VideoAttachment
from wecom_auto.models.mass_messages import CreateType

__all__ = [
    "Moment",
    "MomentAttachment",
    "MomentCreated",
    "MomentCustomer",
    "MomentImage",
    "MomentInteractions",
    "MomentJob",
    "MomentJobStatus",
    "MomentLink",
    "MomentLocation",
    "MomentPage",
    "MomentReaction",
    "MomentSenders",
    "MomentTags",
    "MomentTask",
    "MomentVideo",
    "PublishStatus",
    "VisibleType",
]


class MomentJobStatus(OpenIntEnum):
    """How far the making of a moment has come (任务状态)."""

    STARTED = 1
    """开始创建任务."""
    CREATING = 2
    """正在创建任务中."""
    DONE = 3
    """创建任务已完成: there is a result."""


class PublishStatus(OpenIntEnum):
    """What a member did with the task (成员发表状态)."""

    NOT_PUBLISHED = 0
    """未发表."""
    PUBLISHED = 1
    """已发表."""


class VisibleType(OpenIntEnum):
    """Who may see a moment (可见范围类型)."""

    PARTLY = 0
    """部分可见: customers that were chosen."""
    PUBLIC = 1
    """公开: every customer of the member who publishes."""


@frozen(kw_only=True)
class MomentLink(Tagged):
    """A link with a cover, to be published (图文链接).

    Attributes:
        url: Where it leads.
        media_id: The cover, from `media.upload_attachment`; it dies after 3 days.
        title: Up to 64 characters.
    """

    MSGTYPE: ClassVar[str] = "link"

    url: str
    media_id: str
    title: str = ""


MomentAttachment: TypeAlias = ImageAttachment | VideoAttachment | MomentLink
"""What a moment can hold; every ``media_id`` comes from `media.upload_attachment`."""


@frozen(kw_only=True)
class MomentSenders(Model):
    """Members and departments of a task (发表任务的执行者).

    Attributes:
        userids: Members.
        department_ids: Departments.
    """

    userids: tuple[str, ...] = wire("user_list", ())
    department_ids: tuple[int, ...] = wire("department_list", ())


@frozen(kw_only=True)
class MomentTags(Model):
    """Tags of the customers who may see a moment (可见到该朋友圈的客户标签).

    Attributes:
        tag_ids: Corp tags.
    """

    tag_ids: tuple[str, ...] = wire("tag_list", ())


@frozen(kw_only=True)
class MomentCreated(Model):
    """What became of a job (任务创建结果): a task for members. Nothing is published yet.

    Attributes:
        errcode: 0 if the moment exists.
        errmsg: What the platform says about it.
        moment_id: The moment.
        invalid_senders: Members and departments that do not exist or that the app cannot see; the others got the task.
        invalid_tags: Tags that do not exist.
    """

    errcode: int = 0
    errmsg: str = ""
    moment_id: str = ""
    invalid_senders: MomentSenders = wire("invalid_sender_list", MomentSenders())
    invalid_tags: MomentTags = wire("invalid_external_contact_list", MomentTags())

    @property
    def complete(self) -> bool:
        """Whether the moment exists and nothing that was asked for was left out."""
        left_out = (self.invalid_senders.userids, self.invalid_senders.department_ids, self.invalid_tags.tag_ids)
        return self.errcode == 0 and not any(left_out)


@frozen(kw_only=True)
class MomentJob(Model):
    """How far the making of a moment has come.

    Attributes:
        status: Started, under way, or done.
        type: Always ``add_moment_task``.
        result: What became of it; count on it only when `done`.
    """

    status: MomentJobStatus
    type: str = ""
    result: MomentCreated | None = None

    @property
    def done(self) -> bool:
        """Whether the result is final."""
        return self.status == MomentJobStatus.DONE


@frozen(kw_only=True)
class MomentImage(Model):
    """A picture of a moment (图片).

    Attributes:
        media_id: The picture.
    """

    media_id: str


@frozen(kw_only=True)
class MomentVideo(Model):
    """The video of a moment (视频).

    Attributes:
        media_id: The video.
        thumb_media_id: Its cover.
    """

    media_id: str
    thumb_media_id: str = ""


@frozen(kw_only=True)
class MomentPage(Model):
    """The link of a moment (网页链接).

    Attributes:
        url: Where it leads.
        title: What it says.
    """

    url: str = ""
    title: str = ""


@frozen(kw_only=True)
class MomentLocation(Model):
    """The place that a member added (地理位置).

    Attributes:
        latitude: In degrees, as the platform writes it.
        longitude: In degrees, as the platform writes it.
        name: What the place is called.
    """

    latitude: str = ""
    longitude: str = ""
    name: str = ""


@frozen(kw_only=True)
class Moment(Model):
    """A moment that exists (朋友圈).

    Attributes:
        moment_id: The id.
        creator: The member who made it; empty if it was made by API.
        created_at: When it was made.
        create_type: By the corp, for members to publish, or by a member.
        visible_type: For all customers of who publishes it, or for some.
        text: The text, if there is one.
        images: Up to 9.
        video: The video, if there is one.
        link: The link, if there is one.
        location: The place, if a member added one.
    """

    moment_id: str
    creator: str = ""
    created_at: datetime | None = wire("create_time", None)
    create_type: CreateType = CreateType.CORP
    visible_type: VisibleType = VisibleType.PARTLY
    text: Text | None = None
    images: tuple[MomentImage, ...] = wire("image", ())
    video: MomentVideo | None = None
    link: MomentPage | None = None
    location: MomentLocation | None = None

    def _repr_html_(self) -> str:
        return html_table(self.moment_id, self._rows())

    def __rich__(self) -> RichTable:
        return rich_table(self.moment_id, self._rows())

    def _rows(self) -> Rows:
        yield "created_at", self.created_at
        yield "creator", self.creator
        yield "text", self.text and self.text.content
        yield "images", len(self.images) or None
        yield "link", self.link and self.link.url


@frozen(kw_only=True)
class MomentTask(Model):
    """One member's part of a moment of the corp (企业发表的成员执行情况).

    Attributes:
        userid: The member.
        status: Published or not.
    """

    userid: str
    status: PublishStatus = wire("publish_status", PublishStatus.NOT_PUBLISHED)


@frozen(kw_only=True)
class MomentCustomer(Model):
    """A customer among those a moment is for (可见客户).

    Attributes:
        external_userid: The customer.
        userid: The member who published it; empty in the list of those whom it reached.
    """

    external_userid: str
    userid: str = ""


@frozen(kw_only=True)
class MomentReaction(Model):
    """A comment or a like: who and when, never the words (评论, 点赞).

    Attributes:
        external_userid: The customer; empty if a member reacted.
        userid: The member; empty if a customer reacted.
        created_at: When.
    """

    external_userid: str = ""
    userid: str = ""
    created_at: datetime | None = wire("create_time", None)


@frozen(kw_only=True)
class MomentInteractions(Model):
    """What people did with a moment of one member (互动数据).

    Attributes:
        comments: Who commented, and when; one entry for each comment.
        likes: Who liked it, and when.
    """

    comments: tuple[MomentReaction, ...] = wire("comment_list", ())
    likes: tuple[MomentReaction, ...] = wire("like_list", ())

    @property
    def external_userids(self) -> tuple[str, ...]:
        """The customers who commented or liked it, each once."""
        return tuple(dict.fromkeys(self._customers()))

    def _customers(self) -> Iterator[str]:
        for one in (*self.comments, *self.likes):
            if one.external_userid:
                yield one.external_userid
