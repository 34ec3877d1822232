"""Changes of chains of corps (上下游) as values. Holds facts only: reads no bytes and calls no API.

Spaces and groups go to the system app of chains; corps that come and go, to self-built apps that may call chains.
What the system app does itself causes no event.
Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`_.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "ChainCorpsJoined",
    "ChainCorpsRemoved",
    "ChainCorpsUpdated",
    "ChainCreated",
    "ChainDeleted",
    "ChainEvent",
    "ChainGroupsCreated",
    "ChainGroupsDeleted",
    "ChainGroupsUpdated",
    "ChainUpdated",
]


@frozen(kw_only=True, repr=False)
class ChainEvent(KnownEvent):
    """Something about a chain (``change_chain``).

    Args:
        chain_id: The chain.
    """

    FAMILY: ClassVar[str] = "change_chain"

    chain_id: str = field(metadata=wire("ChainId"))


@frozen(kw_only=True, repr=False)
class ChainCreated(ChainEvent):
    """A chain was made (新建上下游).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "create_chain"


@frozen(kw_only=True, repr=False)
class ChainUpdated(ChainEvent):
    """A chain was changed: read it again (更新上下游).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "update_chain"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class ChainDeleted(ChainEvent):
    """A chain was deleted (删除上下游).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_chain"


@frozen(kw_only=True, repr=False)
class ChainGroupsCreated(ChainEvent):
    """Groups of a chain were made (新建分组).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        group_ids: The groups.
    """

    CHANGE_TYPE: ClassVar[str] = "create_group"

    group_ids: tuple[str, ...] = field(default=(), metadata=wire("GroupIds", item="GroupId"))


@frozen(kw_only=True, repr=False)
class ChainGroupsUpdated(ChainEvent):
    """Groups of a chain were changed: read them again (更新分组).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        group_ids: The groups.
    """

    CHANGE_TYPE: ClassVar[str] = "update_group"
    READ_AGAIN: ClassVar[bool] = True

    group_ids: tuple[str, ...] = field(default=(), metadata=wire("GroupIds", item="GroupId"))


@frozen(kw_only=True, repr=False)
class ChainGroupsDeleted(ChainEvent):
    """Groups of a chain were deleted (删除分组).

    Sent to the system app of chains. Manual: `上下游变更回调 <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        group_ids: The groups.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_group"

    group_ids: tuple[str, ...] = field(default=(), metadata=wire("GroupIds", item="GroupId"))


@frozen(kw_only=True, repr=False)
class ChainCorpsJoined(ChainEvent):
    """Corps joined a chain (企业加入).

    Sent to self-built apps that may call chains. Manual: `上下游变更回调
    <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        corp_ids: The corps.
    """

    CHANGE_TYPE: ClassVar[str] = "corp_join"

    corp_ids: tuple[str, ...] = field(default=(), metadata=wire("CorpIds", item="CorpId"))


@frozen(kw_only=True, repr=False)
class ChainCorpsUpdated(ChainEvent):
    """Corps of a chain came into another group (更新企业).

    Sent to self-built apps that may call chains. Manual: `上下游变更回调
    <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        corp_ids: The corps.
    """

    CHANGE_TYPE: ClassVar[str] = "update_corp"
    READ_AGAIN: ClassVar[bool] = True

    corp_ids: tuple[str, ...] = field(default=(), metadata=wire("CorpIds", item="CorpId"))


@frozen(kw_only=True, repr=False)
class ChainCorpsRemoved(ChainEvent):
    """Corps were taken out of a chain (移除企业).

    Sent to self-built apps that may call chains. Manual: `上下游变更回调
    <https://developer.work.weixin.qq.com/document/path/95796>`__.

    Args:
        corp_ids: The corps.
    """

    CHANGE_TYPE: ClassVar[str] = "remove_corp"

    corp_ids: tuple[str, ...] = field(default=(), metadata=wire("CorpIds", item="CorpId"))


EVENTS: Final = (
    ChainCreated,
    ChainUpdated,
    ChainDeleted,
    ChainGroupsCreated,
    ChainGroupsUpdated,
    ChainGroupsDeleted,
    ChainCorpsJoined,
    ChainCorpsUpdated,
    ChainCorpsRemoved,
)
"""The classes of this chapter that name an event."""
