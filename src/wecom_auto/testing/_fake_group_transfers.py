"""Groups that change hands (在职继承, 离职继承, manual 92127, 95703): at once, or after `Settings.inherit_lag`.

Unverified: which errcode a group gets that is given too often (40128) or on a full day (45009), and that both stand in
`failed_chat_list`; that the new owner joins the group if they were not in it, and the old one stays; that both changes
are told (change_owner, add_member); 60011 for a group whose owner the app does not see; that the groups of an owner
who left over a year ago answer 90501.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeAlias

from wecom_auto._time import CHINA
from wecom_auto.callbacks.events import Event, GroupUpdated, GroupUpdateDetail, JoinedBy
from wecom_auto.errors import error_code
from wecom_auto.testing import _lookups as look
from wecom_auto.testing._fake_transfers import YEAR, given_lately, taker
from wecom_auto.testing._records import moment
from wecom_auto.testing._registry import Ask, Tick, endpoint, over_time
from wecom_auto.testing._spec import items, text
from wecom_auto.testing._state import Group, GroupMember, State
from wecom_auto.testing._wire import Body

MISSING, NO_CHAT, TOO_OFTEN, FULL_DAY, NOT_VISIBLE = 40063, 40050, 40128, 45009, 60011
STILL_HERE, NO_CUSTOMER_GROUP, HAS_LEFT, UNCHANGED, INHERITING, INHERITED = 90500, 90501, 90502, 90504, 90507, 90508
OWNER_LEFT, BEING_INHERITED, WAS_INHERITED = 1, 2, 3
STAFF, INVITED = 1, 1

Emit: TypeAlias = Callable[[Event], None]

GIVING = (items("chat_id_list", required=MISSING, most=100), text("new_owner", required=MISSING))


@endpoint("POST", "externalcontact/groupchat/onjob_transfer", *GIVING)
def onjob_transfer(ask: Ask) -> Mapping[str, object]:
    """Give groups of active owners to somebody else, at once (95703)."""
    return _give(ask, _staying)


@endpoint("POST", "externalcontact/groupchat/transfer", *GIVING)
def transfer(ask: Ask) -> Mapping[str, object]:
    """Give groups of owners who have left to somebody else (92127)."""
    return _give(ask, _leaving)


@over_time
def settle(tick: Tick) -> None:
    """Let groups have their new owners."""
    heirs = tick.state.transfers.heirs
    if heirs:
        for chat_id in [one for one, (_, at) in heirs.items() if at <= tick.time]:
            new_owner, at = heirs.pop(chat_id)
            group = tick.state.groups[chat_id]
            if group.dismissed:
                continue
            if tick.state.members[new_owner].active:
                _inherit(tick.state, group, new_owner, at, tick.emit)
            else:
                group.status = OWNER_LEFT


def _give(ask: Ask, objection: Callable[[Ask, Group], int]) -> Mapping[str, object]:
    heir = taker(ask, ask.body["new_owner"])
    failed: list[Body] = []
    for chat_id in ask.body["chat_id_list"]:
        group = ask.state.groups.get(chat_id)
        code = NO_CHAT if group is None or group.dismissed else _refusal(ask, group, heir.userid, objection)
        if code or group is None:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": error_code(code).name})
        else:
            _change_hands(ask, group, heir.userid)
    return {"failed_chat_list": failed}


def _refusal(ask: Ask, group: Group, heir: str, objection: Callable[[Ask, Group], int]) -> int:
    if not look.visible(ask, group.owner):
        return NOT_VISIBLE
    if group.owner == heir:
        return UNCHANGED
    full = ask.state.transfers.groups_given.get(_day(ask, group), 0) >= ask.limits.groups_given
    return objection(ask, group) or (FULL_DAY if full else 0)


def _staying(ask: Ask, group: Group) -> int:
    if not ask.state.members[group.owner].active:
        return HAS_LEFT
    return TOO_OFTEN if given_lately(ask, group.chat_id) else 0


def _leaving(ask: Ask, group: Group) -> int:
    owner = ask.state.members[group.owner]
    if group.status in {BEING_INHERITED, WAS_INHERITED}:
        return INHERITING if group.status == BEING_INHERITED else INHERITED
    if owner.active:
        return STILL_HERE
    return NO_CUSTOMER_GROUP if ask.time >= owner.left_at + YEAR else 0


def _day(ask: Ask, group: Group) -> str:
    return f"{group.owner} {datetime.fromtimestamp(ask.time, CHINA).date()}"


def _change_hands(ask: Ask, group: Group, heir: str) -> None:
    transfers, day = ask.state.transfers, _day(ask, group)
    transfers.groups_given[day] = transfers.groups_given.get(day, 0) + 1
    if ask.state.members[group.owner].active:
        transfers.done_at.setdefault(group.chat_id, []).append(ask.now)
        _own(ask.state, group, heir, ask.now, ask.emit)
        return
    group.status = BEING_INHERITED
    if ask.settings.inherit_lag:
        transfers.heirs[group.chat_id] = (heir, ask.now + int(ask.settings.inherit_lag.total_seconds()))
    else:
        _inherit(ask.state, group, heir, ask.now, ask.emit)


def _inherit(state: State, group: Group, heir: str, at: int, emit: Emit) -> None:
    group.status = WAS_INHERITED
    _own(state, group, heir, at, emit)


def _own(state: State, group: Group, heir: str, at: int, emit: Emit) -> None:
    """Let a group have a new owner, who joins it if need be."""
    updated = partial(GroupUpdated, created_at=moment(at), to_user=state.corp_id, chat_id=group.chat_id)
    if heir not in group.members:
        name = state.members[heir].name
        group.members[heir] = GroupMember(userid=heir, type=STAFF, name=name, join_time=at, join_scene=INVITED)
        before, group.version = group.version, state.ids.hexa("member_version")
        emit(
            updated(
                update_detail=GroupUpdateDetail.ADD_MEMBER,
                join_scene=JoinedBy.INVITATION,
                mem_change_cnt=1,
                mem_change_list=(heir,),
                last_mem_ver=before,
                cur_mem_ver=group.version,
            )
        )
    group.owner = heir
    emit(updated(update_detail=GroupUpdateDetail.CHANGE_OWNER))
