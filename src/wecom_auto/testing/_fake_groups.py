"""The customer-group chapter (客户群, manual 92120, 92122, 92229): groups and their join codes.

Unverified: what a group list answers to a limit outside 1..1000 (40058, here); that a group of an owner whom the
app does not see answers 60011, and is left out of the list when the owner is named.
"""

from __future__ import annotations

from collections.abc import Mapping

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._fake_contact_ways import full
from wecom_auto.testing._paging import page
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import flag, integer, items, nested, text
from wecom_auto.testing._state import Group, GroupMember, JoinWay
from wecom_auto.testing._wire import Body, Refusal

MISSING, NO_CONFIG, BAD_CONFIG, TOO_MANY, TOO_WIDE = 40063, 41043, 41044, 41091, 81017
REMARK_CHARS, MEMBERS_WITHOUT_FILTER = 30, 1_000

JOIN_WAY = (
    integer("scene", required=41038, enum=(1, 2), bad=41040),
    text("remark"),
    integer("auto_create_room", enum=(0, 1)),
    text("room_base_name", chars=40),
    integer("room_base_id"),
    items("chat_id_list", required=MISSING, most=5, bad=TOO_MANY),
    text("state", chars=30),
    flag("mark_source"),
)


@endpoint("POST", "externalcontact/groupchat/add_join_way", *JOIN_WAY)
def add_join_way(ask: Ask) -> Mapping[str, object]:
    """Create a code that lets customers into up to five groups."""
    full(ask)
    config_id = ask.state.ids.hexa("config")
    ask.state.join_ways[config_id] = JoinWay(
        config_id=config_id,
        agent_id=ask.app.agent_id,
        fields=_fields(ask),
        qr_code=f"https://wework.qpic.cn/wwpic/{config_id}/0",
    )
    return {"config_id": config_id}


@endpoint("POST", "externalcontact/groupchat/get_join_way", text("config_id", required=NO_CONFIG))
def get_join_way(ask: Ask) -> Mapping[str, object]:
    """Answer one join code."""
    way = _own(ask)
    return {"join_way": {"config_id": way.config_id, **way.fields, "qr_code": way.qr_code}}


@endpoint("POST", "externalcontact/groupchat/update_join_way", text("config_id", required=NO_CONFIG), *JOIN_WAY)
def update_join_way(ask: Ask) -> None:
    """Overwrite a join code whole: a field that is left out goes back to its default."""
    _own(ask).fields = _fields(ask)


@endpoint("POST", "externalcontact/groupchat/del_join_way", text("config_id", required=NO_CONFIG))
def del_join_way(ask: Ask) -> None:
    """Delete a join code."""
    del ask.state.join_ways[_own(ask).config_id]


@endpoint(
    "POST",
    "externalcontact/groupchat/list",
    integer("status_filter", enum=(0, 1, 2, 3)),
    nested("owner_filter", items("userid_list", most=100)),
    integer("limit", required=MISSING, least=1, most=1000),
    text("cursor"),
)
def list_groups(ask: Ask) -> Mapping[str, object]:
    """List customer groups by owner and status; groups of owners who left must be asked for by name."""
    owners: list[str] = (ask.body.get("owner_filter") or {}).get("userid_list") or []
    wanted = ask.body.get("status_filter", 0)
    if not owners and _visible_members(ask) > MEMBERS_WITHOUT_FILTER:
        raise Refusal(TOO_WIDE, "more than 1000 visible members; give owner_filter")
    rows = [one for one in ask.state.groups.values() if not one.dismissed and _listed(ask, one, owners)]
    rows = [one for one in rows if not wanted or one.status == wanted]
    found, cursor = page(ask, rows, lambda one: one.seq, int(ask.body["limit"]))
    return {"group_chat_list": [{"chat_id": one.chat_id, "status": one.status} for one in found], "next_cursor": cursor}


@endpoint(
    "POST",
    "externalcontact/groupchat/get",
    text("chat_id", required=MISSING),
    integer("need_name", enum=(0, 1)),
)
def get_group(ask: Ask) -> Mapping[str, object]:
    """Answer one customer group with its members."""
    group = look.group(ask, ask.body["chat_id"])
    named = ask.body.get("need_name") == 1
    return {
        "group_chat": {
            "chat_id": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "create_time": group.created_at,
            "notice": group.notice,
            "member_list": [_member(ask, one, named=named) for one in group.members.values()],
            "admin_list": [{"userid": one} for one in group.admins],
            "member_version": group.version,
        }
    }


def _fields(ask: Ask) -> Body:
    for chat_id in ask.body["chat_id_list"]:
        look.group(ask, chat_id)
    defaults: Body = {"remark": "", "auto_create_room": 1, "room_base_name": "", "room_base_id": 0, "state": ""}
    given = {name: value for name, value in ask.body.items() if name != "config_id"}
    # A remark that is too long is cut and not refused (92229).
    return defaults | given | {"remark": str(given.get("remark", ""))[:REMARK_CHARS]}


def _own(ask: Ask) -> JoinWay:
    way = ask.state.join_ways.get(ask.body["config_id"])
    if way is None or way.agent_id != ask.app.agent_id:
        raise Refusal(BAD_CONFIG, "unknown to this app")
    return way


def _visible_members(ask: Ask) -> int:
    return sum(one.active and look.visible(ask, one.userid) for one in ask.state.members.values())


def _listed(ask: Ask, group: Group, owners: list[str]) -> bool:
    wanted = group.owner in owners if owners else ask.state.members[group.owner].active
    return wanted and look.visible(ask, group.owner)


def _member(ask: Ask, one: GroupMember, *, named: bool) -> Body:
    shown: Body = {
        "userid": one.userid,
        "type": one.type,
        "join_time": one.join_time,
        "join_scene": one.join_scene,
        "group_nickname": "",
    }
    person = ask.state.people.get(one.userid)
    if person is not None and person.unionid:
        shown["unionid"] = person.unionid
    if one.invitor:
        shown["invitor"] = {"userid": one.invitor}
    if one.state:
        shown["state"] = one.state
    return shown | ({"name": one.name} if named else {})
