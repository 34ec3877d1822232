"""What happens when a transfer falls due, or comes to nothing. No HTTP, no requests.

Unverified: what goes along with a customer (remark, notes and corp tags, here; the channel's `state` does not), and
that the taker who knew the customer keeps their own notes and gets the tags; that refused customers of a resigned
member are lost, and those for whom the taker had no room wait for somebody else; that a giver or taker who leaves, or a
relation that ends before the 24 hours are over, gives status 5 or 3; that no welcome code comes with the new relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from attrs import evolve

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerDeleted,
    CustomerTransferFailed,
    DeleteSource,
    Event,
    TransferFailReason,
)
from wecom_auto.testing._records import moment
from wecom_auto.testing._state import Relation, State
from wecom_auto.testing._state_transfers import Transfer

__all__ = ["DONE", "FULL", "NO_RECORD", "REFUSED", "WAITING", "add", "due", "pair", "refuse", "take_effect", "way"]

DONE, WAITING, REFUSED, FULL, NO_RECORD = 1, 2, 3, 4, 5
ASSIGNED = 202

Emit: TypeAlias = Callable[[Event], None]


def pair(handover_userid: str, takeover_userid: str, *, resigned: bool) -> str:
    """Return under what the transfers between two members are filed."""
    return f"{handover_userid}>{takeover_userid}" + ("#resigned" if resigned else "")


def way(handover_userid: str, external_userid: str) -> str:
    """Return under what a transfer waits: a member and a customer."""
    return f"{handover_userid}>{external_userid}"


def add(state: State, transfer: Transfer) -> None:
    """File a transfer that has just started."""
    transfers = state.transfers
    name = pair(transfer.handover_userid, transfer.takeover_userid, resigned=transfer.resigned)
    rows = transfers.rows.setdefault(name, {})
    # Taken out first: the newest must also be the last, for cursors walk in that order.
    rows.pop(transfer.external_userid, None)
    rows[transfer.external_userid] = transfer
    transfers.waiting[way(transfer.handover_userid, transfer.external_userid)] = transfer


def due(state: State, now: float) -> Iterator[Transfer]:
    """Take out the transfers that are due, in order."""
    waiting = state.transfers.waiting
    while waiting and next(iter(waiting.values())).due_at <= now:
        yield waiting.pop(next(iter(waiting)))


def refuse(state: State, transfer: Transfer, now: int, emit: Emit) -> None:
    """Let the customer say no: whoever had them keeps them, and a resigned member's customer is lost."""
    state.transfers.waiting.pop(way(transfer.handover_userid, transfer.external_userid), None)
    _fail(state, transfer, REFUSED, TransferFailReason.CUSTOMER_REFUSED, now, emit)


def take_effect(state: State, transfer: Transfer, room: int, emit: Emit) -> None:
    """Let a transfer that is due happen, or fail.

    Args:
        state: The corp.
        transfer: No longer among those that wait.
        room: The most customers of the taker.
        emit: Sends a callback.
    """
    taker, given = state.members[transfer.takeover_userid], _given(state, transfer)
    if given is None or not taker.active:
        transfer.status = NO_RECORD
        _give_back(state, transfer)
    elif given.unfriended:
        _fail(state, transfer, REFUSED, TransferFailReason.CUSTOMER_REFUSED, transfer.due_at, emit)
    elif transfer.external_userid not in taker.relations and len(taker.relations) >= room:
        _fail(state, transfer, FULL, TransferFailReason.CUSTOMER_LIMIT_EXCEED, transfer.due_at, emit)
        _give_back(state, transfer)
    else:
        _move(state, transfer, given, emit)


def _given(state: State, transfer: Transfer) -> Relation | None:
    """Return what the giver has with the customer, wherever it is by now."""
    giver, who = state.members[transfer.handover_userid], transfer.external_userid
    return transfer.left_behind or giver.relations.get(who) or giver.unassigned.get(who)


def _give_back(state: State, transfer: Transfer) -> None:
    """Let a resigned member's customer wait for somebody else."""
    if transfer.left_behind is not None:
        state.members[transfer.handover_userid].unassigned[transfer.external_userid] = transfer.left_behind


def _fail(state: State, transfer: Transfer, status: int, reason: TransferFailReason, at: int, emit: Emit) -> None:
    transfer.status = status
    emit(
        CustomerTransferFailed(
            created_at=moment(at),
            to_user=state.corp_id,
            userid=transfer.takeover_userid,
            external_userid=transfer.external_userid,
            fail_reason=reason,
        )
    )


def _move(state: State, transfer: Transfer, given: Relation, emit: Emit) -> None:
    giver, taker = state.members[transfer.handover_userid], state.members[transfer.takeover_userid]
    who, transfers = transfer.external_userid, state.transfers
    known = taker.relations.get(who)
    transfer.status = DONE
    if giver.relations.get(who) is given:  # who left may be back, and have met the customer again
        del giver.relations[who], state.people[who].followers[giver.userid]
    giver.unassigned.pop(who, None)
    if known is not None and not known.half:
        known.tags |= given.tags
        known.unfriended = False
    else:
        taker.relations.pop(who, None)
        taker.relations[who] = state.people[who].followers[taker.userid] = _anew(state, transfer, given)
    if not transfer.resigned:
        transfers.done_at.setdefault(who, []).append(transfer.due_at)
    # Nobody is told of a taker who knew the customer, or had once given them away (92125).
    new = taker.relations[who] is not known and who not in transfers.gave.get(taker.userid, {})
    _tell(state, transfer, emit, new=new)
    transfers.gave.setdefault(giver.userid, {})[who] = None


def _tell(state: State, transfer: Transfer, emit: Emit, *, new: bool) -> None:
    at, who = moment(transfer.due_at), transfer.external_userid
    giver, taker = transfer.handover_userid, transfer.takeover_userid
    if not transfer.resigned:
        source = DeleteSource.TRANSFER
        emit(CustomerDeleted(created_at=at, to_user=state.corp_id, userid=giver, external_userid=who, source=source))
    if new:
        emit(CustomerAdded(created_at=at, to_user=state.corp_id, userid=taker, external_userid=who))


def _anew(state: State, transfer: Transfer, given: Relation) -> Relation:
    """Return what the taker has with a customer whom they did not know."""
    return evolve(
        given,
        seq=state.ids.number("relation"),
        userid=transfer.takeover_userid,
        created_at=transfer.due_at,
        add_way=ASSIGNED,
        state="",
        oper_userid=transfer.handover_userid,
        tags=dict(given.tags),
        mobiles=list(given.mobiles),
        chatted_at=0.0,
        welcome_used=False,
        temp_until=0.0,
    )
