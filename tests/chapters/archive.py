"""What the tests know of `wecom.archive`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import APIError, InvalidRequestError, LicenseError, NotFoundError, PermissionDeniedError
from wecom_auto.models import AgreeStatus, ArchiveEdition
from wecom_auto.testing import FakeWeCom

archive = calls.archive

CALLS: Mapping[str, list[Call[Any]]] = {
    "msgaudit/get_permit_user_list": [archive.list_users(edition=ArchiveEdition.OFFICE)],
    "msgaudit/check_single_agree": [archive.list_agreements([("u", "wm1")])],
    "msgaudit/check_room_agree": [archive.list_room_agreements("wr1")],
    "msgaudit/groupchat/get": [archive.get_room("wr1")],
    "msgaudit/get_robot_info": [archive.get_robot("wb1")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("msgaudit/get_permit_user_list", archive.list_users()),
    ("msgaudit/check_single_agree", archive.list_agreements([("u", "wm1")])),
    ("msgaudit/check_room_agree", archive.list_room_agreements("wr1")),
    ("msgaudit/groupchat/get", archive.get_room("wr1")),
    ("msgaudit/get_robot_info", archive.get_robot("wb1")),
]

REQUESTS: list[tuple[str, Make]] = [
    ("msgaudit/get_permit_user_list", lambda: archive.list_users(edition=ArchiveEdition.OFFICE)),
    (
        "msgaudit/check_single_agree",
        lambda: archive.list_agreements(
            [
                ("XuJinSheng", "wmeDKaCQAAGd9oGiQWxVsAKwV2HxNAAA"),
                ("XuJinSheng", "wmeDKaCQAAIQ_p7ACn_jpLVBJSGocAAA"),
                ("XuJinSheng", "wmeDKaCQAAPE_p7ABnxkpLBBJSGocAAA"),
            ]
        ),
    ),
    ("msgaudit/check_room_agree", lambda: archive.list_room_agreements("wrjc7bDwAASxc8tZvBErFE02BtPWyAAA")),
    ("msgaudit/groupchat/get", lambda: archive.get_room("wrNplhCgAAIVZohLe57zKnvIV7xBKrig")),
]

REFUSED: list[tuple[str, Make]] = [
    ("info", lambda: archive.list_agreements([])),
    ("info", lambda: archive.list_agreements([("u", "wm1")] * 101)),
    ("info[0].userid", lambda: archive.list_agreements([("", "wm1")])),
    ("info[0].exteranalopenid", lambda: archive.list_agreements([("u", "")])),
    ("roomid", lambda: archive.list_room_agreements("")),
    ("roomid", lambda: archive.get_room("")),
    ("robot_id", lambda: archive.get_robot("")),
]

ACCEPTED: list[Make] = [lambda: archive.list_agreements([("u", "wm1")] * 100)]

ARGUMENTS: Mapping[str, Any] = {"pairs": [("u", "wm1")], "roomid": "wr1", "robot_id": "wb1"}


def archive_agreements(fake: FakeWeCom) -> Play:
    """Who has a seat, and what people have said in chats and in a group; a contract that is over says so."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    yes, no = (fake.add_customer(name=name, followed_by="zhangsan") for name in ("王五", "赵六"))
    group = fake.create_group("zhangsan", "潜客群")
    fake.join_group(group, yes)
    try:
        yield lambda app: app.archive.list_users()
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 301053, error)
    else:
        raise AssertionError
    fake.open_archive(["zhangsan"], edition=2)
    fake.open_archive(["lisi"], edition=1)
    assert (yield lambda app: app.archive.list_users()) == ("zhangsan", "lisi")
    assert (yield lambda app: app.archive.list_users(edition=ArchiveEdition.SERVICE)) == ("zhangsan",)
    said_at = fake.clock.now()
    fake.agree_to_archive(yes, userid="zhangsan")
    fake.agree_to_archive(no, userid="zhangsan", agrees=False)
    fake.agree_to_archive(yes, group=group)
    pairs = [("zhangsan", yes.external_userid), ("zhangsan", no.external_userid), ("lisi", yes.external_userid)]
    first, second = yield lambda app: app.archive.list_agreements(pairs)
    assert (first.userid, first.external_userid, first.status) == ("zhangsan", yes.external_userid, AgreeStatus.AGREE)
    assert (second.status, second.changed_at) == (AgreeStatus.DISAGREE, said_at)
    (one,) = yield lambda app: app.archive.list_room_agreements(group.chat_id)
    assert (one.userid, one.external_userid) == ("", yes.external_userid)
    fake.expire_archive()
    try:
        yield lambda app: app.archive.list_users()
    except LicenseError as error:
        refused(LicenseError, 301052, error)
    else:
        raise AssertionError


def archive_rooms(fake: FakeWeCom) -> Play:
    """An internal group and a robot are read, a customer group is not, and neither is what nobody knows."""
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid)
    fake.open_archive(["zhangsan"])
    group = fake.create_group("zhangsan", "潜客群")
    roomid = fake.create_internal_group("内部群", "zhangsan", ["lisi"])
    robot_id = fake.add_robot("播报", "lisi")
    room = yield lambda app: app.archive.get_room(roomid)
    assert (room.name, room.creator) == ("内部群", "zhangsan")
    assert [one.userid for one in room.members] == ["zhangsan", "lisi"]
    robot = yield lambda app: app.archive.get_robot(robot_id)
    assert (robot.name, robot.creator_userid) == ("播报", "lisi")
    for question, kind, code in (
        (lambda app: app.archive.get_room(group.chat_id), PermissionDeniedError, 301059),
        (lambda app: app.archive.get_room("wr-nobody"), NotFoundError, 40050),
        (lambda app: app.archive.list_room_agreements("wr-nobody"), NotFoundError, 40050),
        (lambda app: app.archive.get_robot("wb-nobody"), InvalidRequestError, 40058),
    ):
        try:
            yield question
        except APIError as error:
            refused(kind, code, error)
        else:
            raise AssertionError


CASES: tuple[Case, ...] = (archive_agreements, archive_rooms)
