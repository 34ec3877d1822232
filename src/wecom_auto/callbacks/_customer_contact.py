"""The events of customer contact (客户联系) as values. Holds facts only: reads no bytes and calls no API.

Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/92130>`_.
What is done through the API causes no event there: apply your own changes yourself.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum, OpenStrEnum
from wecom_auto.callbacks._event import KnownEvent, masked
from wecom_auto.callbacks._wire import number_of, wire

__all__ = [
    "ArchiveApproved",
    "CustomerAdded",
    "CustomerDeleted",
    "CustomerEdited",
    "CustomerEvent",
    "CustomerHalfAdded",
    "CustomerTransferFailed",
    "CustomerUnfollowed",
    "DeleteSource",
    "GroupCreated",
    "GroupDismissed",
    "GroupEvent",
    "GroupUpdateDetail",
    "GroupUpdated",
    "JoinedBy",
    "LeftBy",
    "TagCreated",
    "TagDeleted",
    "TagEvent",
    "TagKind",
    "TagUpdated",
    "TagsShuffled",
    "TransferFailReason",
]


class DeleteSource(OpenStrEnum):
    """Why a customer was removed from a member."""

    TRANSFER = "DELETE_BY_TRANSFER"


class TransferFailReason(OpenStrEnum):
    """Why a customer did not go to another member."""

    CUSTOMER_REFUSED = "customer_refused"
    CUSTOMER_LIMIT_EXCEED = "customer_limit_exceed"


class GroupUpdateDetail(OpenStrEnum):
    """What changed in a customer group."""

    ADD_MEMBER = "add_member"
    DEL_MEMBER = "del_member"
    CHANGE_OWNER = "change_owner"
    CHANGE_NAME = "change_name"
    CHANGE_NOTICE = "change_notice"


class JoinedBy(OpenIntEnum):
    """How somebody came into a group; the manual lists 0 and 3, while its own sample says 1."""

    INVITATION = 0
    QR_CODE = 3


class LeftBy(OpenIntEnum):
    """How somebody left a group."""

    SELF = 0
    REMOVED = 1


class TagKind(OpenStrEnum):
    """Whether an event is about a tag or about a group of tags."""

    TAG = "tag"
    TAG_GROUP = "tag_group"


@frozen(kw_only=True, repr=False)
class CustomerEvent(KnownEvent):
    """Something between one member and one customer (``change_external_contact``).

    Args:
        userid: The member.
        external_userid: The customer.
    """

    FAMILY: ClassVar[str] = "change_external_contact"

    userid: str = field(metadata=wire("UserID"))
    external_userid: str = field(metadata=wire("ExternalUserID"))


@frozen(kw_only=True, repr=False)
class CustomerAdded(CustomerEvent):
    """A member and a customer became friends (添加企业客户).

    Not sent when the receiver of a transfer already had the customer.

    Args:
        state: The contact way's ``state``, up to 30 characters, or the ``customer_channel`` of an acquisition link,
            up to 64 bytes; empty otherwise.
        welcome_code: Good for one welcome message within 20 s of the event.
            Empty if a welcome is set in the console, they already chat, the code of `CustomerHalfAdded` was used,
            or the contact is a WeCom user.
    """

    CHANGE_TYPE: ClassVar[str] = "add_external_contact"

    state: str = field(default="", metadata=wire("State"))
    welcome_code: str = field(default="", metadata=wire("WelcomeCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class CustomerHalfAdded(CustomerEvent):
    """A customer added a member who asks for no confirmation (外部联系人免验证添加成员), and waits for theirs.

    They are no friends yet: customer calls may answer 84061.

    Args:
        state: As in `CustomerAdded`.
        welcome_code: As in `CustomerAdded`; once used, the later `CustomerAdded` brings none.
    """

    CHANGE_TYPE: ClassVar[str] = "add_half_external_contact"

    state: str = field(default="", metadata=wire("State"))
    welcome_code: str = field(default="", metadata=wire("WelcomeCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class CustomerEdited(CustomerEvent):
    """A member changed the remark, phone or tags of a customer by hand (编辑企业客户): read the customer again.

    It says nothing of what changed, and edits through the API cause none.
    """

    CHANGE_TYPE: ClassVar[str] = "edit_external_contact"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class CustomerDeleted(CustomerEvent):
    """A member deleted a customer (删除企业客户); calls about the two answer 84061 from now on.

    Args:
        source: `DeleteSource.TRANSFER` if a transfer did it; ``None`` if the member did.
    """

    CHANGE_TYPE: ClassVar[str] = "del_external_contact"

    source: DeleteSource | None = field(default=None, metadata=wire("Source", DeleteSource))


@frozen(kw_only=True, repr=False)
class CustomerUnfollowed(CustomerEvent):
    """A customer deleted a member (删除跟进成员); the member still has the customer, and calls still work."""

    CHANGE_TYPE: ClassVar[str] = "del_follow_user"


@frozen(kw_only=True, repr=False)
class CustomerTransferFailed(CustomerEvent):
    """A customer did not go to another member (客户接替失败); ``userid`` is the member who should have received them.

    Args:
        fail_reason: Why; ``None`` if the event does not say.
    """

    CHANGE_TYPE: ClassVar[str] = "transfer_fail"

    fail_reason: TransferFailReason | None = field(default=None, metadata=wire("FailReason", TransferFailReason))


@frozen(kw_only=True, repr=False)
class ArchiveApproved(CustomerEvent):
    """A customer agreed to the archiving of the conversation (客户同意进行聊天内容存档事件).

    Manual: `客户同意进行聊天内容存档事件回调 <https://developer.work.weixin.qq.com/document/path/92005>`_.

    Args:
        welcome_code: With archiving switched on, the welcome code comes here and not with `CustomerAdded`.
    """

    CHANGE_TYPE: ClassVar[str] = "msg_audit_approved"

    welcome_code: str = field(default="", metadata=wire("WelcomeCode"), repr=masked)


@frozen(kw_only=True, repr=False)
class GroupEvent(KnownEvent):
    """Something about a customer group (``change_external_chat``).

    Args:
        chat_id: The group. What the API says of it may lag the event by about 2 s.
    """

    FAMILY: ClassVar[str] = "change_external_chat"

    chat_id: str = field(metadata=wire("ChatId"))


@frozen(kw_only=True, repr=False)
class GroupCreated(GroupEvent):
    """A customer group was created (客户群创建事件); read it with ``groups.get``."""

    CHANGE_TYPE: ClassVar[str] = "create"


@frozen(kw_only=True, repr=False)
class GroupUpdated(GroupEvent):
    """A customer group changed (客户群变更事件).

    If ``last_mem_ver`` is the version you have, apply ``mem_change_list`` and store ``cur_mem_ver``;
    otherwise read the group and store its ``member_version``.

    Args:
        update_detail: What changed; ``None`` in the older form of the event, which only said that something did.
        join_scene: How they came, with `GroupUpdateDetail.ADD_MEMBER`.
        quit_scene: How they left, with `GroupUpdateDetail.DEL_MEMBER`.
        mem_change_cnt: Number of people who came or left.
        mem_change_list: Their userids and external_userids.
        last_mem_ver: Version of the member list before.
        cur_mem_ver: Version of the member list after.
    """

    CHANGE_TYPE: ClassVar[str] = "update"

    update_detail: GroupUpdateDetail | None = field(default=None, metadata=wire("UpdateDetail", GroupUpdateDetail))
    join_scene: JoinedBy | None = field(default=None, metadata=wire("JoinScene", number_of(JoinedBy)))
    quit_scene: LeftBy | None = field(default=None, metadata=wire("QuitScene", number_of(LeftBy)))
    mem_change_cnt: int | None = field(default=None, metadata=wire("MemChangeCnt", int))
    mem_change_list: tuple[str, ...] = field(default=(), metadata=wire("MemChangeList", item="Item"))
    last_mem_ver: str = field(default="", metadata=wire("LastMemVer"))
    cur_mem_ver: str = field(default="", metadata=wire("CurMemVer"))

    @property
    def tells_itself_apart(self) -> bool:
        """Whether it carries a member version: two joins of one second look the same without."""
        return bool(self.cur_mem_ver)


@frozen(kw_only=True, repr=False)
class GroupDismissed(GroupEvent):
    """A customer group was dissolved by its owner (客户群解散事件)."""

    CHANGE_TYPE: ClassVar[str] = "dismiss"


@frozen(kw_only=True, repr=False)
class TagEvent(KnownEvent):
    """Something about corp tags (``change_external_tag``)."""

    FAMILY: ClassVar[str] = "change_external_tag"


@frozen(kw_only=True, repr=False)
class TagCreated(TagEvent):
    """A corp tag or a group of them was created (企业客户标签创建事件).

    Args:
        id: Of the tag or of the group.
        tag_type: Which of the two.
        strategy_id: Rule group (规则组); sent to the customer-contact system app only.
    """

    CHANGE_TYPE: ClassVar[str] = "create"

    id: str = field(metadata=wire("Id"))
    tag_type: TagKind = field(metadata=wire("TagType", TagKind))
    strategy_id: str = field(default="", metadata=wire("StrategyId"))


@frozen(kw_only=True, repr=False)
class TagUpdated(TagEvent):
    """A corp tag or a group of them was changed (企业客户标签变更事件): read it again.

    Args:
        id: Of the tag or of the group.
        tag_type: Which of the two.
        strategy_id: Rule group (规则组); sent to the customer-contact system app only.
    """

    CHANGE_TYPE: ClassVar[str] = "update"
    READ_AGAIN: ClassVar[bool] = True

    id: str = field(metadata=wire("Id"))
    tag_type: TagKind = field(metadata=wire("TagType", TagKind))
    strategy_id: str = field(default="", metadata=wire("StrategyId"))


@frozen(kw_only=True, repr=False)
class TagDeleted(TagEvent):
    """A corp tag or a group of them was deleted (企业客户标签删除事件).

    The tags of a deleted group vanish without events of their own.

    Args:
        id: Of the tag or of the group.
        tag_type: Which of the two.
        strategy_id: Rule group (规则组); sent to the customer-contact system app only.
    """

    CHANGE_TYPE: ClassVar[str] = "delete"

    id: str = field(metadata=wire("Id"))
    tag_type: TagKind = field(metadata=wire("TagType", TagKind))
    strategy_id: str = field(default="", metadata=wire("StrategyId"))


@frozen(kw_only=True, repr=False)
class TagsShuffled(TagEvent):
    """Corp tags were put into another order (企业客户标签重排事件): read all ``order`` values again.

    Args:
        id: The group of tags; empty means all groups.
        strategy_id: Rule group (规则组).
    """

    CHANGE_TYPE: ClassVar[str] = "shuffle"
    READ_AGAIN: ClassVar[bool] = True

    id: str = field(default="", metadata=wire("Id"))
    strategy_id: str = field(default="", metadata=wire("StrategyId"))


EVENTS: Final = (
    CustomerAdded,
    CustomerHalfAdded,
    CustomerEdited,
    CustomerDeleted,
    CustomerUnfollowed,
    CustomerTransferFailed,
    ArchiveApproved,
    GroupCreated,
    GroupUpdated,
    GroupDismissed,
    TagCreated,
    TagUpdated,
    TagDeleted,
    TagsShuffled,
)
"""The classes of this chapter that name an event."""
