"""What customers do when they are to get another member, and what a test may ask about it. Starts no transfer."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from wecom_auto.testing._records import moment
from wecom_auto.testing._scenes import CustomerLike, Scenes, scene
from wecom_auto.testing._state_transfers import Transfer
from wecom_auto.testing._transferring import refuse

__all__ = ["FakeTransfer", "TransferScenes"]


@frozen(kw_only=True)
class FakeTransfer:
    """One customer on the way from one member to another.

    Args:
        external_userid: The customer.
        handover_userid: Who gives them away.
        takeover_userid: Who gets them.
        status: 1 done, 2 waiting, 3 refused, 4 the taker has no room, 5 it came to nothing.
        resigned: Whether the giver had left.
        message: What the customer reads when it has happened; empty for the platform's own text.
        started_at: When it was started.
        due_at: When it takes effect, or was to.
    """

    external_userid: str
    handover_userid: str
    takeover_userid: str
    status: int
    resigned: bool
    message: str
    started_at: datetime
    due_at: datetime


class TransferScenes(Scenes):
    """Transfers (继承)."""

    @scene
    def transfers(self) -> tuple[FakeTransfer, ...]:
        """Return the last transfer of every customer between two members, the waiting ones included."""
        rows = self._core.state.transfers.rows.values()
        return tuple(_record(one) for some in rows for one in some.values())

    @scene
    def refuse_transfer(self, customer: CustomerLike, *, handover_userid: str = "") -> FakeTransfer:
        """Let a customer refuse another member while the transfer waits.

        A customer of a member who stays remains theirs; one of a member who has left is lost.

        Args:
            customer: The customer.
            handover_userid: Whose transfer, if several members give the same customer away.

        Raises:
            LookupError: No such transfer waits.
        """
        who, waiting = self._person(customer).external_userid, self._core.state.transfers.waiting.values()
        for one in waiting:
            if one.external_userid == who and handover_userid in {"", one.handover_userid}:
                refuse(self._core.state, one, self._now(), self._core.outbox.emit)
                return _record(one)
        msg = f"{who}: no transfer waits; transfers.customers(...) starts one, and it takes effect after 24 hours"
        raise LookupError(msg)


def _record(one: Transfer) -> FakeTransfer:
    return FakeTransfer(
        external_userid=one.external_userid,
        handover_userid=one.handover_userid,
        takeover_userid=one.takeover_userid,
        status=one.status,
        resigned=one.resigned,
        message=one.message,
        started_at=moment(one.started_at),
        due_at=moment(one.due_at),
    )
