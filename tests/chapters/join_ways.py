"""What the tests know of `wecom.join_ways`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import GroupMemberType, JoinScene
from wecom_auto.testing import FakeWeCom

JOIN: Final[Mapping[str, Any]] = {
    "chat_ids": ["c"],
    "remark": "x",
    "auto_create_room": True,
    "room_base_name": "x",
    "room_base_id": 1,
    "state": "x",
    "mark_source": True,
}

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/groupchat/add_join_way": [calls.join_ways.create(**JOIN)],
    "externalcontact/groupchat/get_join_way": [calls.join_ways.get("c")],
    "externalcontact/groupchat/update_join_way": [calls.join_ways.update("c", **JOIN)],
    "externalcontact/groupchat/del_join_way": [calls.join_ways.delete("c")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/groupchat/add_join_way", calls.join_ways.create(chat_ids=["c"])),
    ("externalcontact/groupchat/get_join_way", calls.join_ways.get("c")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/groupchat/add_join_way",
        lambda: calls.join_ways.create(
            remark="aa_remark",
            auto_create_room=True,
            room_base_name="销售客服群",
            room_base_id=10,
            chat_ids=["wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa", "wrOgQhDgAALPUthpRAKvl7mgiQRwAAA"],
            state="klsdup3kj3s1",
            mark_source=True,
        ),
    ),
    ("externalcontact/groupchat/get_join_way", lambda: calls.join_ways.get("9ad7fa5cdaa6511298498f979c472aaa")),
    (
        "externalcontact/groupchat/update_join_way",
        lambda: calls.join_ways.update(
            "9ad7fa5cdaa6511298498f979c4722de",
            remark="bb_remark",
            auto_create_room=True,
            room_base_name="销售客服群",
            room_base_id=10,
            chat_ids=["wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa", "wrOgQhDgAALPUthpRAKvl7mgiQRw_aaa"],
            state="klsdup3kj3s1",
            mark_source=True,
        ),
    ),
    ("externalcontact/groupchat/del_join_way", lambda: calls.join_ways.delete("42b34949e138eb6e027c123cba77faaa")),
]

REFUSED: list[tuple[str, Make]] = [
    ("chat_id_list", lambda: calls.join_ways.create(chat_ids=[])),
    ("chat_id_list", lambda: calls.join_ways.create(chat_ids=list("abcdef"))),
    ("room_base_name", lambda: calls.join_ways.update("c", chat_ids=["g"], room_base_name="字" * 41)),
    ("state", lambda: calls.join_ways.create(chat_ids=["g"], state="s" * 31)),
    ("room_base_id", lambda: calls.join_ways.create(chat_ids=["g"], room_base_id=-1)),
]

ACCEPTED: list[Make] = [lambda: calls.join_ways.create(chat_ids=list("abcde"), room_base_name="字" * 40)]


def join_ways(fake: FakeWeCom) -> Play:
    """A group code is made, read, replaced, used, and deleted."""
    fake.add_member("zhangsan")
    group = fake.create_group("zhangsan", "意向客户一群")
    customer = fake.add_customer(name="李四", followed_by="zhangsan")
    made = yield lambda app: app.join_ways.create(
        chat_ids=[group.chat_id],
        remark="展厅",
        auto_create_room=True,
        room_base_name="意向客户群",
        room_base_id=2,
        state="bj01",
    )
    way = yield lambda app: app.join_ways.get(made.config_id)
    assert (way.chat_ids, way.remark, way.state) == ((group.chat_id,), "展厅", "bj01")
    assert (way.auto_create_room, way.room_base_name, way.room_base_id) == (True, "意向客户群", 2)
    assert way.qr_code
    assert (
        yield lambda app: app.join_ways.update(
            made.config_id, chat_ids=[group.chat_id], auto_create_room=False, state="bj02"
        )
    ) is None
    changed = yield lambda app: app.join_ways.get(made.config_id)
    assert (changed.auto_create_room, changed.state, changed.remark) == (False, "bj02", "")
    fake.join_group(made.config_id, customer)
    chat = yield lambda app: app.groups.get(group.chat_id, need_name=True)
    (member,) = [one for one in chat.members if one.type == GroupMemberType.CUSTOMER]
    assert (member.userid, member.name, member.state) == (customer.external_userid, "李四", "bj02")
    assert (member.join_scene, member.joined_at) == (JoinScene.QR_CODE, fake.clock.now())
    assert (yield lambda app: app.join_ways.delete(made.config_id)) is None
    try:
        yield lambda app: app.join_ways.get(made.config_id)
    except NotFoundError:
        pass
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (join_ways,)
