"""Customers and groups that change hands (在职继承 and 离职继承, manual 92124, 92125, 92127, 94081, 95703)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto._model import Model, OpenIntEnum, wire
from wecom_auto.errors import ErrorCode, error_code

__all__ = [
    "CustomerTransfer",
    "CustomerTransferResult",
    "GroupTransferFailure",
    "TransferStatus",
    "UnassignedCustomer",
]


class TransferStatus(OpenIntEnum):
    """How far the transfer of one customer has come (接替状态)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    DONE = 1
    """接替完毕: the customer has the new member."""
    WAITING = 2
    """等待接替: started; it takes effect 24 hours after the start unless the customer refuses."""
    REFUSED = 3
    """客户拒绝: the customer declined."""
    LIMIT_EXCEEDED = 4
    """接替成员客户达到上限: the new member may not have more customers."""
    NO_RECORD = 5
    """无接替记录. Unverified: in older sources, no longer on the page."""

    @property
    def settled(self) -> bool:
        """Whether asking again is pointless; False while waiting, and for numbers that this version does not know."""
        status = TransferStatus
        return self in {status.DONE, status.REFUSED, status.LIMIT_EXCEEDED, status.NO_RECORD}


@frozen(kw_only=True)
class CustomerTransfer(Model):
    """Whether the transfer of one customer has started (客户分配结果).

    Attributes:
        external_userid: The customer.
        errcode: 0: it started, which does not mean that it will succeed. Otherwise why it did not start.
    """

    external_userid: str
    errcode: int = 0

    @property
    def started(self) -> bool:
        """Whether the transfer has started."""
        return self.errcode == 0

    @property
    def code(self) -> ErrorCode:
        """What the errcode means, and what to do about it."""
        return error_code(self.errcode)


@frozen(kw_only=True)
class CustomerTransferResult(Model):
    """How far the transfer of one customer has come (客户接替状态).

    Attributes:
        external_userid: The customer.
        status: Done, waiting, or why not.
        takeover_at: When it took effect, or will while it waits; None if it never will (接替时间).
    """

    external_userid: str
    status: TransferStatus = TransferStatus.UNKNOWN
    takeover_at: datetime | None = wire("takeover_time", None)


@frozen(kw_only=True)
class UnassignedCustomer(Model):
    """A customer whose member has left, and who has nobody yet (待分配的客户).

    Attributes:
        external_userid: The customer.
        handover_userid: The member who left.
        left_at: When they left (成员离职时间).
    """

    external_userid: str
    handover_userid: str = ""
    left_at: datetime | None = wire("dimission_time", None)


@frozen(kw_only=True)
class GroupTransferFailure(Model):
    """A group that did not get its new owner (没能成功继承的群).

    Attributes:
        chat_id: The group.
        errcode: Why not.
        errmsg: The platform's text.
    """

    chat_id: str
    errcode: int = 0
    errmsg: str = ""

    @property
    def code(self) -> ErrorCode:
        """What the errcode means, and what to do about it."""
        return error_code(self.errcode)
