"""Progress of flows that an app started with the approval engine (审批流程引擎) as values. Calls no API.

They come to that app. Those of the approval app are `ApprovalChanged`.
Manual: `事件格式 <https://developer.work.weixin.qq.com/document/path/90240>`_.
Names, pictures and what people wrote are not in a repr.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum
from wecom_auto.callbacks._discreet import Part, aware, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import moment, moment_unless_zero, number_of, wire

__all__ = [
    "ApprovalFlow",
    "ApprovalFlowChanged",
    "ApprovalFlowStatus",
    "ApprovalItem",
    "ApprovalNode",
    "ApprovalNodeType",
    "ApprovalRule",
    "ApproverStatus",
]


class ApproverStatus(OpenIntEnum):
    """What an approver decided, and the state of a step."""

    PENDING = 1
    AGREED = 2
    REJECTED = 3
    HANDED_ON = 4


class ApprovalRule(OpenIntEnum):
    """How many approvers of a step decide."""

    ANY_ONE = 1
    ALL = 2


class ApprovalNodeType(OpenIntEnum):
    """How the approvers of a node were chosen."""

    MEMBER = 1
    TAG = 2
    LEADER = 3


class ApprovalFlowStatus(OpenIntEnum):
    """State of a flow that an app started."""

    PENDING = 1
    APPROVED = 2
    REJECTED = 3
    CANCELLED = 4


@frozen(kw_only=True, repr=False)
class ApprovalItem(Part):
    """One approver of a node, or one who is told.

    Args:
        userid: Who.
        name: Their name.
        image: Address of their picture.
        status: What they decided.
        speech: What they wrote.
        decided_at: When; ``None`` if they did not yet.
    """

    userid: str = field(default="", metadata=wire("ItemUserId"))
    name: str = field(default="", metadata=wire("ItemName"), repr=masked)
    image: str = field(default="", metadata=wire("ItemImage"), repr=masked)
    status: ApproverStatus | None = field(default=None, metadata=wire("ItemStatus", number_of(ApproverStatus)))
    speech: str = field(default="", metadata=wire("ItemSpeech"), repr=masked)
    decided_at: datetime | None = field(default=None, validator=aware, metadata=wire("ItemOpTime", moment_unless_zero))


@frozen(kw_only=True, repr=False)
class ApprovalNode(Part):
    """One step of a flow.

    Args:
        status: Its state.
        attr: How many of them decide.
        type: How they were chosen.
        items: The approvers.
    """

    status: ApproverStatus | None = field(default=None, metadata=wire("NodeStatus", number_of(ApproverStatus)))
    attr: ApprovalRule | None = field(default=None, metadata=wire("NodeAttr", number_of(ApprovalRule)))
    type: ApprovalNodeType | None = field(default=None, metadata=wire("NodeType", number_of(ApprovalNodeType)))
    items: tuple[ApprovalItem, ...] = field(default=(), metadata=wire("Items", item="Item", of=ApprovalItem))


@frozen(kw_only=True, repr=False)
class ApprovalFlow(Part):
    """A flow that an app started, as it is now.

    Args:
        third_no: Its number, chosen by the app.
        name: Name of the template.
        template_id: The template.
        status: Its state.
        applied_at: When it was started.
        applicant_userid: Who started it.
        applicant_name: Their name.
        applicant_department: Name of their department.
        applicant_image: Address of their picture.
        nodes: Its steps.
        told: Who gets a copy.
        step: Which node it is at; 0 is the first.
    """

    third_no: str = field(metadata=wire("ThirdNo"))
    name: str = field(default="", metadata=wire("OpenSpName"))
    template_id: str = field(default="", metadata=wire("OpenTemplateId"))
    status: ApprovalFlowStatus | None = field(
        default=None, metadata=wire("OpenSpStatus", number_of(ApprovalFlowStatus))
    )
    applied_at: datetime | None = field(default=None, validator=aware, metadata=wire("ApplyTime", moment))
    applicant_userid: str = field(default="", metadata=wire("ApplyUserId"))
    applicant_name: str = field(default="", metadata=wire("ApplyUserName"), repr=masked)
    applicant_department: str = field(default="", metadata=wire("ApplyUserParty"))
    applicant_image: str = field(default="", metadata=wire("ApplyUserImage"), repr=masked)
    nodes: tuple[ApprovalNode, ...] = field(
        default=(), metadata=wire("ApprovalNodes", item="ApprovalNode", of=ApprovalNode)
    )
    told: tuple[ApprovalItem, ...] = field(default=(), metadata=wire("NotifyNodes", item="NotifyNode", of=ApprovalItem))
    step: int | None = field(default=None, metadata=wire("approverstep", int))


@frozen(kw_only=True, repr=False)
class ApprovalFlowChanged(KnownEvent):
    """A flow that the app started changed its state, or an approver acted (审批状态通知).

    Sent to self-built and provider-built apps. Manual: `事件格式
    <https://developer.work.weixin.qq.com/document/path/90240>`__.

    Args:
        flow: The flow as it is now.
    """

    FAMILY: ClassVar[str] = "open_approval_change"

    flow: ApprovalFlow = field(metadata=wire("ApprovalInfo", of=ApprovalFlow))


EVENTS: Final = (ApprovalFlowChanged,)
"""The classes of this chapter that name an event."""
