"""The transfer chapters (在职继承, 离职继承, manual 92124, 92125, 94081, 94082, 94088): customers who change hands.

Unverified: which errcode stands for which mistake (the manual names none but 40096 for a customer; the names of 40097,
40098 and 40128 to 40131 in the table of codes are taken for what they say); that a member who stays may give away only
who is a friend on both sides; that only transfers that succeeded count among the two in 90 days; that a customer leaves
the list of the unassigned when a transfer starts; that they are nobody's (40131) a year after their member left.
Who logged in when, and who has activated WeCom, is not played: everybody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from wecom_auto._time import CHINA
from wecom_auto.testing import _lookups as look
from wecom_auto.testing._paging import page
from wecom_auto.testing._registry import Ask, Tick, endpoint, over_time
from wecom_auto.testing._spec import integer, items, text
from wecom_auto.testing._state import Member, Relation
from wecom_auto.testing._state_transfers import Transfer
from wecom_auto.testing._transferring import DONE, WAITING, add, due, pair, take_effect, way
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["given_lately", "taker"]

MISSING, NO_MEMBER, NO_CUSTOMER = 40063, 60111, 40096
STILL_HERE, UNVERIFIED, TOO_OFTEN, UNDER_WAY, SAME, NOT_THEIRS = 40097, 40098, 40128, 40129, 40130, 40131
DAY, YEAR = 86_400, 365 * 86_400
TWICE, SPAN = 2, 90
RESULTS = 1_000

MEMBERS = (text("handover_userid", required=MISSING), text("takeover_userid", required=MISSING))
HANDING = (*MEMBERS, items("external_userid", required=MISSING, most=100))


@endpoint("POST", "externalcontact/transfer_customer", *HANDING, text("transfer_success_msg", chars=200))
def transfer_customer(ask: Ask) -> Mapping[str, object]:
    """Start to hand customers of an active member to another; each may fail by itself (92125)."""
    giver = _member(ask, ask.body["handover_userid"])
    if not giver.active:
        raise Refusal(NO_MEMBER, f"userid {giver.userid} has left: resigned/transfer_customer hands their customers on")
    return _start(ask, giver)


@endpoint("POST", "externalcontact/resigned/transfer_customer", *HANDING)
def resigned_transfer_customer(ask: Ask) -> Mapping[str, object]:
    """Start to hand customers of a member who has left to another (94081)."""
    giver = _member(ask, ask.body["handover_userid"])
    if giver.active:
        raise Refusal(STILL_HERE, f"userid {giver.userid}: fake.leave({giver.userid!r}) lets them resign")
    return _start(ask, giver)


@endpoint("POST", "externalcontact/transfer_result", *MEMBERS, text("cursor"))
def transfer_result(ask: Ask) -> Mapping[str, object]:
    """Say how far the transfers from an active member to another have come (94088)."""
    return _results(ask, resigned=False)


@endpoint("POST", "externalcontact/resigned/transfer_result", *MEMBERS, text("cursor"))
def resigned_transfer_result(ask: Ask) -> Mapping[str, object]:
    """Say how far the transfers from a member who has left have come (94082)."""
    return _results(ask, resigned=True)


@endpoint(
    "POST",
    "externalcontact/get_unassigned_list",
    integer("page_id"),
    integer("page_size", least=1, most=RESULTS),
    text("cursor"),
)
def get_unassigned_list(ask: Ask) -> Mapping[str, object]:
    """List the customers of members who have left; the old way, by page number, answers no cursor (92124)."""
    size, number = ask.body.get("page_size") or RESULTS, ask.body.get("page_id")
    rows = [one for member in ask.state.members.values() for one in _unassigned(ask, member)]
    rows.sort(key=lambda one: one.seq)
    if number is not None and not ask.body.get("cursor"):
        start = number * size
        found = rows[start : start + size]
        return {"info": [_left(ask, one) for one in found], "is_last": start + size >= len(rows)}
    some, following = page(ask, rows, lambda one: one.seq, size)
    return {"info": [_left(ask, one) for one in some], "is_last": not following, "next_cursor": following}


@over_time
def settle(tick: Tick) -> None:
    """Let the transfers happen that were started 24 hours ago."""
    for transfer in due(tick.state, tick.time):
        take_effect(tick.state, transfer, tick.limits.customers_per_member, tick.emit)


def taker(ask: Ask, userid: str) -> Member:
    """Return who may take customers or groups over.

    Raises:
        Refusal: 40098 for a name that is not verified, and what `look.member` raises.
    """
    found = look.member(ask, userid)
    if not found.verified:
        raise Refusal(UNVERIFIED, f"userid {userid}: added with verified=False")
    return found


def given_lately(ask: Ask, what: str) -> bool:
    """Whether a customer or a group has changed hands twice in the last 90 natural days."""
    today = datetime.fromtimestamp(ask.time, CHINA).date()
    days = [datetime.fromtimestamp(at, CHINA).date() for at in ask.state.transfers.done_at.get(what, ())]
    return sum(today - day < timedelta(days=SPAN) for day in days) >= TWICE


def _start(ask: Ask, giver: Member) -> Mapping[str, object]:
    if ask.body["takeover_userid"] == giver.userid:
        raise Refusal(SAME)
    heir = taker(ask, ask.body["takeover_userid"])
    codes = [(one, _begin(ask, giver, heir, one)) for one in ask.body["external_userid"]]
    return {"customer": [{"external_userid": one, "errcode": code} for one, code in codes]}


def _begin(ask: Ask, giver: Member, heir: Member, external_userid: str) -> int:
    """Start one transfer; return 0, or why it does not start."""
    relation = _theirs(ask, giver, external_userid)
    code = _objection(ask, giver, relation, external_userid)
    if code == 0:
        giver.unassigned.pop(external_userid, None)
        transfer = Transfer(
            seq=ask.state.ids.number("transfer"),
            external_userid=external_userid,
            handover_userid=giver.userid,
            takeover_userid=heir.userid,
            started_at=ask.now,
            due_at=ask.now + DAY,
            message=ask.body.get("transfer_success_msg") or "",
            left_behind=None if giver.active else relation,
        )
        add(ask.state, transfer)
    return code


def _objection(ask: Ask, giver: Member, relation: Relation | None, external_userid: str) -> int:
    if external_userid not in ask.state.people:
        return NO_CUSTOMER
    if way(giver.userid, external_userid) in ask.state.transfers.waiting:
        return UNDER_WAY
    if relation is None:
        return NOT_THEIRS
    return TOO_OFTEN if giver.active and given_lately(ask, external_userid) else 0


def _theirs(ask: Ask, giver: Member, external_userid: str) -> Relation | None:
    """Return what a member can give away of a customer, if they are friends."""
    held = giver.relations if giver.active else _held(ask, giver)
    one = held.get(external_userid)
    return one if one is not None and _friends(one) else None


def _unassigned(ask: Ask, member: Member) -> list[Relation]:
    return [one for one in _held(ask, member).values() if _friends(one)]


def _held(ask: Ask, member: Member) -> dict[str, Relation]:
    """Return whom a member has left behind, as long as they can be given away."""
    return {} if member.active or ask.time >= member.left_at + YEAR else member.unassigned


def _friends(one: Relation) -> bool:
    return not one.half and not one.unfriended


def _left(ask: Ask, one: Relation) -> Body:
    left_at = ask.state.members[one.userid].left_at
    return {"handover_userid": one.userid, "external_userid": one.external_userid, "dimission_time": left_at}


def _results(ask: Ask, *, resigned: bool) -> Mapping[str, object]:
    giver, heir = (_member(ask, ask.body[name]).userid for name in ("handover_userid", "takeover_userid"))
    rows = list(ask.state.transfers.rows.get(pair(giver, heir, resigned=resigned), {}).values())
    found, cursor = page(ask, rows, lambda one: one.seq, RESULTS)
    return {"customer": [_result(one) for one in found], "next_cursor": cursor}


def _result(one: Transfer) -> Body:
    at = one.due_at if one.status in {DONE, WAITING} else 0
    return {"external_userid": one.external_userid, "status": one.status, "takeover_time": at}


def _member(ask: Ask, userid: str) -> Member:
    found = ask.state.members.get(userid)
    if found is None:
        raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
    return found
