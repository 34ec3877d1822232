"""Changes in the drive of a corp (微盘) as values. Holds facts only: reads no bytes and calls no API.

Manual: `微盘容量不足事件 <https://developer.work.weixin.qq.com/document/path/97898>`_ and its neighbours.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import SIBLINGS, wire

__all__ = [
    "DriveFileEvent",
    "DriveFilesCreated",
    "DriveFilesDeleted",
    "DriveFilesMoved",
    "DriveFilesRenamed",
    "DriveFilesUpdated",
    "DriveNearlyFull",
    "DriveSpaceEvent",
    "DriveSpaceMembersChanged",
    "DriveSpaceSecurityChanged",
    "DriveSpacesDismissed",
]


@frozen(kw_only=True, repr=False)
class DriveSpaceEvent(KnownEvent):
    """Something about spaces (``wedrive_space_change``).

    Args:
        space_ids: The spaces.
    """

    FAMILY: ClassVar[str] = "wedrive_space_change"

    space_ids: tuple[str, ...] = field(default=(), metadata=wire("SpaceId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class DriveSpacesDismissed(DriveSpaceEvent):
    """Spaces were dissolved (解散空间).

    Sent to self-built and provider-built apps. Manual: `解散空间
    <https://developer.work.weixin.qq.com/document/path/97901>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "dismiss_space"


@frozen(kw_only=True, repr=False)
class DriveSpaceMembersChanged(DriveSpaceEvent):
    """The members of spaces changed: read them again (空间成员变更).

    Sent to self-built and provider-built apps. Manual: `空间成员变更
    <https://developer.work.weixin.qq.com/document/path/97902>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "space_member_change"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DriveSpaceSecurityChanged(DriveSpaceEvent):
    """The security settings of spaces changed: read them again (空间安全设置变更).

    Sent to self-built and provider-built apps. Manual: `空间安全设置变更
    <https://developer.work.weixin.qq.com/document/path/97903>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "space_security_settings_change"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DriveFileEvent(KnownEvent):
    """Something about files (``wedrive_file_change``).

    Args:
        file_ids: The files.
    """

    FAMILY: ClassVar[str] = "wedrive_file_change"

    file_ids: tuple[str, ...] = field(default=(), metadata=wire("FileId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class DriveFilesCreated(DriveFileEvent):
    """Files were made (新建文件).

    Sent to self-built and provider-built apps. Manual: `文件变更事件
    <https://developer.work.weixin.qq.com/document/path/97900>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "create_file"


@frozen(kw_only=True, repr=False)
class DriveFilesRenamed(DriveFileEvent):
    """Files got other names: read them again (重命名文件).

    Sent to self-built and provider-built apps. Manual: `文件变更事件
    <https://developer.work.weixin.qq.com/document/path/97900>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "rename_file"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DriveFilesUpdated(DriveFileEvent):
    """Files were changed: read them again (更新文件).

    Sent to self-built and provider-built apps. Manual: `文件变更事件
    <https://developer.work.weixin.qq.com/document/path/97900>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "update_file"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DriveFilesDeleted(DriveFileEvent):
    """Files were deleted (删除文件).

    Sent to self-built and provider-built apps. Manual: `文件变更事件
    <https://developer.work.weixin.qq.com/document/path/97900>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_file"


@frozen(kw_only=True, repr=False)
class DriveFilesMoved(DriveFileEvent):
    """Files were moved: read them again (移动文件).

    Sent to self-built and provider-built apps. Manual: `文件变更事件
    <https://developer.work.weixin.qq.com/document/path/97900>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "move_file"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DriveNearlyFull(KnownEvent):
    """More than 90 % of the drive is in use (微盘容量不足); looked at once a day.

    Sent to self-built and provider-built apps. Manual: `微盘容量不足事件
    <https://developer.work.weixin.qq.com/document/path/97898>`__.

    Unverified: whether a corp's own apps get it; the manual speaks of providers.
    """

    FAMILY: ClassVar[str] = "wedrive_insufficient_capacity"


EVENTS: Final = (
    DriveSpacesDismissed,
    DriveSpaceMembersChanged,
    DriveSpaceSecurityChanged,
    DriveFilesCreated,
    DriveFilesRenamed,
    DriveFilesUpdated,
    DriveFilesDeleted,
    DriveFilesMoved,
    DriveNearlyFull,
)
"""The classes of this chapter that name an event."""
