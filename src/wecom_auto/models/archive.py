"""Seats, agreements, groups and robots of the archive (会话内容存档, manual 91614, 91774, 91782, 92951).

None of them holds a message: see `wecom_auto.archive`.
"""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from wecom_auto._model import Model, OpenIntEnum, OpenStrEnum, named, wire

__all__ = [
    "AgreeStatus",
    "ArchiveAgreement",
    "ArchiveEdition",
    "ArchiveRobot",
    "ArchiveRoom",
    "ArchiveRoomMember",
]


class ArchiveEdition(OpenIntEnum):
    """What a member's seat pays for (会话内容存档版本)."""

    OFFICE = 1
    """办公版."""
    SERVICE = 2
    """服务版."""
    ENTERPRISE = 3
    """企业版."""


class AgreeStatus(OpenStrEnum):
    """Whether somebody outside has agreed to being archived (外部联系人同意)."""

    AGREE = "Agree"
    DISAGREE = "Disagree"
    DEFAULT_AGREE = "Default_Agree"
    """Taken as agreed without being asked. Unverified: known from other implementations."""


@frozen(kw_only=True)
class ArchiveAgreement(Model):
    """What somebody outside has said about being archived.

    Attributes:
        external_userid: The person; the wire spells it ``exteranalopenid``.
        userid: The member of a one-to-one chat; empty for a group.
        status: What they said; None if the platform does not say.
        changed_at: When.
    """

    external_userid: str = field(metadata=named("exteranalopenid"))
    userid: str = ""
    status: AgreeStatus | None = wire("agree_status", None)
    changed_at: datetime | None = wire("status_change_time", None)


@frozen(kw_only=True)
class ArchiveRoomMember(Model):
    """A member of an internal group.

    Attributes:
        userid: The member.
        joined_at: Since when.
    """

    userid: str = wire("memberid", "")
    joined_at: datetime | None = wire("jointime", None)


@frozen(kw_only=True)
class ArchiveRoom(Model):
    """An internal group (内部群) that is seen in the archive.

    Attributes:
        name: What it is called.
        creator: The member who made it.
        notice: The group's notice (群公告).
        created_at: When it was made.
        members: Who is in it.
    """

    name: str = wire("roomname", "")
    creator: str = ""
    notice: str = ""
    created_at: datetime | None = wire("room_create_time", None)
    members: tuple[ArchiveRoomMember, ...] = ()


@frozen(kw_only=True)
class ArchiveRobot(Model):
    """A robot (机器人) that is seen in the archive.

    Attributes:
        robot_id: Its id, which begins with ``wb``.
        name: What it is called.
        creator_userid: The member who made it.
    """

    robot_id: str
    name: str = ""
    creator_userid: str = ""
