"""The archive and the data zone (会话内容存档, 数据与智能专区; manual 91614, 91774, 91782, 92951, 99811).

Messages have no call here, as on the platform: `fake.finance_sdk()` plays the vendor's native library, and
`fake.serve_zone(...)` a program in the zone.

Unverified: that 48002 is what an app without the archive's secret gets; that a pair which was never asked is left out
of the answer; the errcodes of an unknown group (40050), robot (40058), ability (40058), and of a notify id that has
expired (40058); that a program which was never put there answers 790006.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import integer, objects, text
from wecom_auto.testing._state_archive import Agreed, Archive
from wecom_auto.testing._wire import Body, Refusal

MISSING, BAD, NO_PERMISSION = 40063, 40058, 48002
EXPIRED, OFF, CUSTOMER_GROUP, NO_ROOM, NO_IMAGE = 301052, 301053, 301059, 40050, 790006
PAIRS: Final = 100
ROOMID = text("roomid", required=MISSING)
PERSON: Final = "exteranalopenid"
"""As the manual spells it."""


@endpoint("POST", "msgaudit/get_permit_user_list", integer("type", enum=(1, 2, 3)))
def get_permit_user_list(ask: Ask) -> Mapping[str, object]:
    """List who is archived."""
    wanted = ask.body.get("type")
    return {"ids": [userid for userid, edition in _archive(ask).seats.items() if wanted in (None, edition)]}


@endpoint(
    "POST",
    "msgaudit/check_single_agree",
    objects("info", text("userid", required=MISSING), text(PERSON, required=MISSING), required=MISSING, most=PAIRS),
)
def check_single_agree(ask: Ask) -> Mapping[str, object]:
    """Answer what people have said about one-to-one chats."""
    archive = _archive(ask)
    pairs = [(one["userid"], one[PERSON]) for one in ask.body["info"]]
    found = [(userid, who, archive.agreed.get((userid, who))) for userid, who in pairs]
    return {"agreeinfo": [{"userid": userid, **_said(who, one)} for userid, who, one in found if one is not None]}


@endpoint("POST", "msgaudit/check_room_agree", ROOMID)
def check_room_agree(ask: Ask) -> Mapping[str, object]:
    """Answer what the people outside in a group have said."""
    archive, roomid = _archive(ask), ask.body["roomid"]
    if roomid not in ask.state.groups and roomid not in archive.rooms:
        raise Refusal(NO_ROOM, f"roomid {roomid}: fake.create_group(...) makes one")
    return {"agreeinfo": [_said(who, one) for (place, who), one in archive.agreed.items() if place == roomid]}


@endpoint("POST", "msgaudit/groupchat/get", ROOMID)
def get_room(ask: Ask) -> Mapping[str, object]:
    """Answer an internal group."""
    archive, roomid = _archive(ask), ask.body["roomid"]
    if roomid in ask.state.groups:
        raise Refusal(CUSTOMER_GROUP, "a customer group: externalcontact/groupchat/get reads it")
    room = archive.rooms.get(roomid)
    if room is None:
        raise Refusal(NO_ROOM, f"roomid {roomid}: fake.create_internal_group(...) makes one")
    members = [{"memberid": userid, "jointime": at} for userid, at in room.members.items()]
    head: Body = {"roomname": room.name, "creator": room.creator, "room_create_time": room.created_at, "notice": ""}
    return {**head, "members": members}


@endpoint("GET", "msgaudit/get_robot_info", text("robot_id", required=MISSING))
def get_robot_info(ask: Ask) -> Mapping[str, object]:
    """Answer a robot."""
    robot = _archive(ask).robots.get(ask.body["robot_id"])
    if robot is None:
        raise Refusal(BAD, f"robot_id {ask.body['robot_id']}: fake.add_robot(...) makes one")
    return {"data": {"robot_id": robot.robot_id, "name": robot.name, "creator_userid": robot.creator}}


@endpoint(
    "POST",
    "chatdata/sync_call_program",
    text("program_id", required=MISSING),
    text("ability_id", required=MISSING),
    text("notify_id", octets=128),
    text("request_data", required=MISSING),
)
def sync_call_program(ask: Ask) -> Mapping[str, object]:
    """Let a program in the zone answer."""
    body, archive = ask.body, ask.state.archive
    if body["program_id"] not in archive.images:
        raise Refusal(NO_IMAGE, f"program {body['program_id']}: fake.add_zone_program(...) puts one there")
    ability = archive.programs.get((body["program_id"], body["ability_id"]))
    notice = body.get("notify_id", "")
    if ability is None or (notice and archive.notices.get(notice, 0.0) < ask.time):
        raise Refusal(BAD, f"ability {body['ability_id']}, or a notify_id that is not known or older than 10 minutes")
    return {"response_data": ability(body["request_data"], notice)}


def _archive(ask: Ask) -> Archive:
    archive = ask.state.archive
    if not archive.state:
        raise Refusal(OFF, "fake.open_archive(...) switches it on")
    if archive.state == "expired":
        raise Refusal(EXPIRED)
    if ask.app.agent_id != archive.agent_id:
        raise Refusal(NO_PERMISSION, "the archive's own secret only: see agent_id= of fake.open_archive(...)")
    return archive


def _said(external_userid: str, one: Agreed) -> Body:
    return {PERSON: external_userid, "agree_status": one.status, "status_change_time": one.at}
