"""Progress of approvals in the approval app (审批) as values. Holds facts only: reads no bytes and calls no API.

Those that an app started itself are `ApprovalFlowChanged`.
Manual: `审批申请状态变化回调通知 <https://developer.work.weixin.qq.com/document/path/91815>`_.
Names, pictures and what people wrote are not in a repr.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum
from wecom_auto.callbacks._approval_flows import ApprovalRule, ApproverStatus
from wecom_auto.callbacks._discreet import Part, aware, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import SIBLINGS, moment, moment_unless_zero, number_of, wire

__all__ = [
    "Approval",
    "ApprovalChange",
    "ApprovalChanged",
    "ApprovalComment",
    "ApprovalDecision",
    "ApprovalPerson",
    "ApprovalProcess",
    "ApprovalProcessNode",
    "ApprovalStatus",
    "ApprovalStep",
    "ApprovalSubNode",
]


class ApprovalStatus(OpenIntEnum):
    """State of an approval of the approval app."""

    PENDING = 1
    APPROVED = 2
    REJECTED = 3
    WITHDRAWN = 4
    WITHDRAWN_AFTER_APPROVAL = 6
    DELETED = 7
    PAID = 10


class ApprovalChange(OpenIntEnum):
    """What happened to an approval of the approval app."""

    SUBMITTED = 1
    AGREED = 2
    REJECTED = 3
    HANDED_ON = 4
    URGED = 5
    WITHDRAWN = 6
    WITHDRAWN_AFTER_APPROVAL = 8
    COMMENTED = 10
    SENT_BACK = 11
    APPROVER_ADDED = 12
    CO_SIGNED_AND_AGREED = 13
    HANDLED = 14
    TRANSFERRED = 15


@frozen(kw_only=True, repr=False)
class ApprovalPerson(Part):
    """A member in an approval.

    Args:
        userid: Who.
        department: Id of their department; of the applicant only.
    """

    userid: str = field(default="", metadata=wire("UserId"))
    department: str = field(default="", metadata=wire("Party"))


@frozen(kw_only=True, repr=False)
class ApprovalDecision(Part):
    """What one approver decided.

    Args:
        approver: Who.
        speech: What they wrote.
        status: What they decided.
        decided_at: When; ``None`` if they did not yet.
        media_ids: What they attached. Unverified.
    """

    approver: ApprovalPerson | None = field(default=None, metadata=wire("Approver", of=ApprovalPerson))
    speech: str = field(default="", metadata=wire("Speech"), repr=masked)
    status: ApproverStatus | None = field(default=None, metadata=wire("SpStatus", number_of(ApproverStatus)))
    decided_at: datetime | None = field(default=None, validator=aware, metadata=wire("SpTime", moment_unless_zero))
    media_ids: tuple[str, ...] = field(default=(), metadata=wire("MediaId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class ApprovalStep(Part):
    """One step of an approval.

    Args:
        status: Its state.
        rule: How many of them decide.
        decisions: The approvers.
    """

    status: ApproverStatus | None = field(default=None, metadata=wire("SpStatus", number_of(ApproverStatus)))
    rule: ApprovalRule | None = field(default=None, metadata=wire("ApproverAttr", number_of(ApprovalRule)))
    decisions: tuple[ApprovalDecision, ...] = field(
        default=(), metadata=wire("Details", item=SIBLINGS, of=ApprovalDecision)
    )


@frozen(kw_only=True, repr=False)
class ApprovalComment(Part):
    """A comment on an approval.

    Args:
        id: Its id.
        author: Who.
        commented_at: When.
        content: What they wrote.
        attachments: Media ids of what they attached. Unverified.
    """

    id: str = field(default="", metadata=wire("CommentId"))
    author: ApprovalPerson | None = field(default=None, metadata=wire("CommentUserInfo", of=ApprovalPerson))
    commented_at: datetime | None = field(default=None, validator=aware, metadata=wire("CommentTime", moment))
    content: str = field(default="", metadata=wire("CommentContent"), repr=masked)
    attachments: tuple[str, ...] = field(default=(), metadata=wire("Attach", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class ApprovalSubNode(Part):
    """What one person decided in a node of the newer view.

    Unverified: all of it.

    Args:
        user: Who.
        speech: What they wrote.
        status: What they decided.
        decided_at: When; ``None`` if they did not yet.
        media_ids: What they attached.
    """

    user: ApprovalPerson | None = field(default=None, metadata=wire("UserInfo", of=ApprovalPerson))
    speech: str = field(default="", metadata=wire("Speech"), repr=masked)
    status: ApproverStatus | None = field(default=None, metadata=wire("SpYj", number_of(ApproverStatus)))
    decided_at: datetime | None = field(default=None, validator=aware, metadata=wire("Sptime", moment_unless_zero))
    media_ids: tuple[str, ...] = field(default=(), metadata=wire("MediaIds", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class ApprovalProcessNode(Part):
    """One node of the newer view.

    Unverified: all of it.

    Args:
        type: Whether it approves, tells, handles …
        status: Its state.
        rule: How many of them decide.
        members: The people in it.
    """

    type: int | None = field(default=None, metadata=wire("NodeType", int))
    status: ApproverStatus | None = field(default=None, metadata=wire("SpStatus", number_of(ApproverStatus)))
    rule: int | None = field(default=None, metadata=wire("ApvRel", int))
    members: tuple[ApprovalSubNode, ...] = field(
        default=(), metadata=wire("SubNodeList", item=SIBLINGS, of=ApprovalSubNode)
    )


@frozen(kw_only=True, repr=False)
class ApprovalProcess(Part):
    """The newer view of the steps of an approval.

    Unverified: all of it.

    Args:
        nodes: Its nodes.
    """

    nodes: tuple[ApprovalProcessNode, ...] = field(
        default=(), metadata=wire("NodeList", item=SIBLINGS, of=ApprovalProcessNode)
    )


@frozen(kw_only=True, repr=False)
class Approval(Part):
    """An approval as it is now.

    Args:
        number: Its number.
        old_number: Its number as it used to be sent; prefer `number`. Schools get none.
        name: Name of the template.
        status: Its state.
        template_id: The template.
        applied_at: When it was started.
        applicant: Who started it.
        steps: Its steps.
        told: Who gets a copy.
        comments: Comments so far.
        process: The newer view of its steps.
        change: What happened now.
    """

    number: str = field(metadata=wire("SpNoStr"))
    old_number: str = field(default="", metadata=wire("SpNo"))
    name: str = field(default="", metadata=wire("SpName"))
    status: ApprovalStatus | None = field(default=None, metadata=wire("SpStatus", number_of(ApprovalStatus)))
    template_id: str = field(default="", metadata=wire("TemplateId"))
    applied_at: datetime | None = field(default=None, validator=aware, metadata=wire("ApplyTime", moment))
    applicant: ApprovalPerson | None = field(default=None, metadata=wire("Applyer", of=ApprovalPerson))
    steps: tuple[ApprovalStep, ...] = field(default=(), metadata=wire("SpRecord", item=SIBLINGS, of=ApprovalStep))
    told: tuple[ApprovalPerson, ...] = field(default=(), metadata=wire("Notifyer", item=SIBLINGS, of=ApprovalPerson))
    comments: tuple[ApprovalComment, ...] = field(
        default=(), metadata=wire("Comments", item=SIBLINGS, of=ApprovalComment)
    )
    process: ApprovalProcess | None = field(default=None, metadata=wire("ProcessList", of=ApprovalProcess))
    change: ApprovalChange | None = field(default=None, metadata=wire("StatuChangeEvent", number_of(ApprovalChange)))


@frozen(kw_only=True, repr=False)
class ApprovalChanged(KnownEvent):
    """Something happened to an approval of the approval app (审批申请状态变化回调通知).

    Sent to self-built apps that may call approvals, provider-built apps, and suites on the command URL. Manual:
    `审批申请状态变化回调通知 <https://developer.work.weixin.qq.com/document/path/91815>`__.

    Args:
        approval: The approval as it is now.
    """

    FAMILY: ClassVar[str] = "sys_approval_change"

    approval: Approval = field(metadata=wire("ApprovalInfo", of=Approval))


EVENTS: Final = (ApprovalChanged,)
"""The classes of this chapter that name an event."""
