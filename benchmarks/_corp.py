"""A corp for the stub: 50,000 customers of 50 members, 200 groups, 2,000 channel codes. It checks nothing.

Every answer is made from the request alone, so the corp takes no memory and is the same in every run.
"""

from __future__ import annotations

import json
from typing import Any

MEMBERS, EACH, GROUPS, WAYS = 50, 1_000, 200, 2_000
PAGE = 100
NEAR, OFTEN = "etTagNearAAAXtWyujaWJHDDGi0mAC", "etTagOftenAAAXtWyujaWJHDDGi0mA"
_OLD = 1_700_000_000


def answer(path: str, body: bytes) -> bytes:
    """Return what the corp answers."""
    asked = json.loads(body) if body else {}
    made = _ANSWERS[path.rsplit("externalcontact/", 1)[1]](asked)
    return json.dumps({"errcode": 0, "errmsg": "ok", **made}, ensure_ascii=False).encode()


def people_in(group: int) -> int:
    """Return how many are in a group: 100 to 199."""
    return 100 + group * 37 % 100


def _members(asked: dict[str, Any]) -> dict[str, Any]:
    del asked
    return {"follow_user": [f"u{number}" for number in range(MEMBERS)]}


def _library(asked: dict[str, Any]) -> dict[str, Any]:
    del asked
    tags = [{"id": id_, "name": name, "create_time": _OLD, "order": 1} for id_, name in ((NEAR, "近"), (OFTEN, "常来"))]
    return {"tag_group": [{"group_id": "etG", "group_name": "阶段", "create_time": _OLD, "order": 1, "tag": tags}]}


def _customers(asked: dict[str, Any]) -> dict[str, Any]:
    """Return a page of the customers of some members, one member after the other."""
    start = int(asked.get("cursor") or 0)
    end = min(start + PAGE, EACH * len(asked["userid_list"]))
    rows = [_customer(asked["userid_list"][place // EACH], place % EACH) for place in range(start, end)]
    more = end < EACH * len(asked["userid_list"])
    return {"external_contact_list": rows, "next_cursor": str(end) if more else ""}


def _customer(userid: str, number: int) -> dict[str, Any]:
    place = int(userid[1:]) * EACH + number
    return {
        "external_contact": {
            "external_userid": f"wmqfasd1e19278asdasAA{place:08d}",
            "name": f"李四{place}",
            "type": 1,
            "avatar": f"https://wx.example.com/mmhead/{place}",
            "gender": place % 3,
            "unionid": f"ozynqsulJFCZ2z1aYeS8h-nuasd{place}",
        },
        "follow_info": {
            "userid": userid,
            "remark": f"展厅 {place}",
            "description": "对接采购事务",
            "createtime": _OLD + place,
            "tag_id": [NEAR, OFTEN],
            "remark_mobiles": [],
            "oper_userid": userid,
            "add_way": 3,
            "state": "bj01-showroom",
        },
    }


def _groups(asked: dict[str, Any]) -> dict[str, Any]:
    del asked
    return {"group_chat_list": [{"chat_id": f"wrGroup{number:05d}", "status": 0} for number in range(GROUPS)]}


def _group(asked: dict[str, Any]) -> dict[str, Any]:
    number = int(asked["chat_id"][-5:])
    owner = f"u{number % MEMBERS}"
    people = [_person(number, place, owner) for place in range(people_in(number))]
    chat = {
        "chat_id": asked["chat_id"],
        "name": f"意向客户{number}群",
        "owner": owner,
        "create_time": _OLD + number,
        "notice": "",
        "member_list": [{"userid": owner, "type": 1, "join_time": _OLD, "join_scene": 1, "name": "顾问"}, *people],
        "admin_list": [],
        "member_version": f"v{number}",
    }
    return {"group_chat": chat}


def _person(group: int, place: int, owner: str) -> dict[str, Any]:
    customer = (group * 250 + place) % (MEMBERS * EACH)
    return {
        "userid": f"wmqfasd1e19278asdasAA{customer:08d}",
        "type": 2,
        "join_time": _OLD + place,
        "join_scene": 3,
        "invitor": {"userid": owner},
        "name": f"李四{customer}",
        "group_nickname": "",
        "state": "bj01-hall",
    }


def _ways(asked: dict[str, Any]) -> dict[str, Any]:
    start = int(asked.get("cursor") or 0)
    end = min(start + 1_000, WAYS)
    rows = [{"config_id": f"42b34949e138eb6e027c123cba77fad{number:05d}"} for number in range(start, end)]
    return {"contact_way": rows, "next_cursor": str(end) if end < WAYS else ""}


def _way(asked: dict[str, Any]) -> dict[str, Any]:
    number = int(asked["config_id"][-5:])
    way = {
        "config_id": asked["config_id"],
        "type": 1,
        "scene": 2,
        "remark": f"渠道 {number}",
        "skip_verify": True,
        "state": f"bj{number:05d}",
        "qr_code": f"https://wework.example.com/ca/{number}",
        "user": [f"u{number % MEMBERS}"],
        "party": [],
    }
    return {"contact_way": way}


_ANSWERS = {
    "get_follow_user_list": _members,
    "get_corp_tag_list": _library,
    "batch/get_by_user": _customers,
    "groupchat/list": _groups,
    "groupchat/get": _group,
    "list_contact_way": _ways,
    "get_contact_way": _way,
}
