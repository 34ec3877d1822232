"""Customer groups (客户群, manual 92120 and 92122)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, wire

__all__ = [
    "GroupAdmin",
    "GroupChat",
    "GroupMember",
    "GroupMemberType",
    "GroupRef",
    "GroupStatus",
    "Invitor",
    "JoinScene",
]


class GroupMemberType(OpenIntEnum):
    """Who somebody in a group is (成员类型)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    MEMBER = 1
    """A member of the corp (企业成员)."""
    CUSTOMER = 2
    """A person outside the corp (外部联系人), friend or not."""


class JoinScene(OpenIntEnum):
    """How somebody came into a group (入群方式)."""

    UNKNOWN = 0
    """Not said in the answer; in events 0 may also stand for an unknown way."""
    INVITED = 1
    """Invited by a member of the group (直接邀请入群)."""
    INVITE_LINK = 2
    """By an invitation link (通过邀请链接入群)."""
    QR_CODE = 3
    """By a QR code (通过扫描群二维码入群), join ways included."""


class GroupStatus(OpenIntEnum):
    """Whether a group has to change hands (客户群跟进状态)."""

    NORMAL = 0
    OWNER_LEFT = 1
    """The owner left the corp; the group waits to be inherited (跟进人离职)."""
    INHERITING = 2
    """离职继承中."""
    INHERITED = 3
    """离职继承完成."""


@frozen(kw_only=True)
class GroupRef(Model):
    """A line of `groups.list`.

    Attributes:
        chat_id: The group's id, ``wr…``.
        status: Whether it has to change hands.
    """

    chat_id: str
    status: GroupStatus = GroupStatus.NORMAL


@frozen(kw_only=True)
class Invitor(Model):
    """The member who brought somebody in (邀请者).

    Attributes:
        userid: The member.
    """

    userid: str = ""


@frozen(kw_only=True)
class GroupAdmin(Model):
    """An administrator of a group (群管理员).

    Attributes:
        userid: The member.
    """

    userid: str = ""


@frozen(kw_only=True)
class GroupMember(Model):
    """Somebody in a group (群成员).

    Attributes:
        userid: A userid, or an external_userid (``wm…``, ``wo…``) for people outside the corp.
        type: Member of the corp, or not.
        unionid: Of WeChat users, with a bound developer account.
        joined_at: When they came in.
        join_scene: How they came in.
        invitor: Who brought them in; only if it was a member of the corp.
        state: The channel parameter of the join way they used.
        name: Their name; only with ``need_name=True``.
        group_nickname: Their name in this group.
    """

    userid: str
    type: GroupMemberType = GroupMemberType.UNKNOWN
    unionid: str = ""
    joined_at: datetime | None = wire("join_time", None)
    join_scene: JoinScene = JoinScene.UNKNOWN
    invitor: Invitor | None = None
    state: str = ""
    name: str = ""
    group_nickname: str = ""


@frozen(kw_only=True)
class GroupChat(Model):
    """A customer group with its members (客户群详情).

    Attributes:
        chat_id: The id, ``wr…``.
        name: The name; empty if nobody gave one.
        owner: The owner's userid (群主).
        created_at: When it was made.
        notice: The notice on top (群公告).
        members: Everybody in it, the owner included.
        admins: The administrators.
        member_version: Changes when the list of members does; compare it to save calls.
    """

    chat_id: str
    name: str = ""
    owner: str = ""
    created_at: datetime | None = wire("create_time", None)
    notice: str = ""
    members: tuple[GroupMember, ...] = wire("member_list", ())
    admins: tuple[GroupAdmin, ...] = wire("admin_list", ())
    member_version: str = ""
