"""What the tests know of `wecom.contact_ways`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
from tests.chapters import Make
from tests.chapters._shared import CONCLUSIONS, MINI, NOW, at, calls
from tests.contract._play import Case, Play, refused
from tests.unit._models import filled

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import Conclusions, ContactWayScene, ContactWayType, Text
from wecom_auto.testing import FakeWeCom, Settings

WAY: Final[Mapping[str, Any]] = {
    "users": ["u"],
    "parties": [1],
    "style": 1,
    "remark": "x",
    "skip_verify": True,
    "state": "x",
    "expires_in_seconds": 1,
    "chat_expires_in_seconds": 1,
    "unionid": "x",
    "mark_source": True,
    "conclusions": filled(Conclusions),
}

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/add_contact_way": [
        calls.contact_ways.create(type=ContactWayType.MULTIPLE, is_temp=True, is_exclusive=True, **WAY)
    ],
    "externalcontact/get_contact_way": [calls.contact_ways.get("c")],
    "externalcontact/list_contact_way": [
        calls.contact_ways.list(start_at=NOW, end_at=NOW, cursor="c", limit=1),
        calls.contact_ways.iter_all(start_at=NOW, end_at=NOW, cursor="c", limit=1),
    ],
    "externalcontact/update_contact_way": [calls.contact_ways.update("c", **WAY)],
    "externalcontact/del_contact_way": [calls.contact_ways.delete("c")],
    "externalcontact/close_temp_chat": [calls.contact_ways.close_temp_chat("u", "wm")],
}

# In typed models of other projects, not on the page of this endpoint.
BEYOND_REACH = {"externalcontact/update_contact_way": ("is_temp", "is_exclusive")}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/add_contact_way", calls.contact_ways.create(users=["u"])),
    ("externalcontact/get_contact_way", calls.contact_ways.get("c")),
    ("externalcontact/list_contact_way", calls.contact_ways.list()),
    ("externalcontact/update_contact_way", calls.contact_ways.update("c")),
    ("externalcontact/del_contact_way", calls.contact_ways.delete("c")),
    ("externalcontact/close_temp_chat", calls.contact_ways.close_temp_chat("u", "wm")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/add_contact_way",
        lambda: calls.contact_ways.create(
            type=ContactWayType.SINGLE,
            scene=ContactWayScene.MINI_PROGRAM,
            style=1,
            remark="渠道客户",
            skip_verify=True,
            state="teststate",
            users=["zhangsan", "lisi", "wangwu"],
            parties=[2, 3],
            is_temp=True,
            expires_in_seconds=86400,
            chat_expires_in_seconds=86400,
            unionid="oxTWIuGaIt6gTKsQRLau2M0AAAA",
            conclusions=CONCLUSIONS,
        ),
    ),
    ("externalcontact/get_contact_way", lambda: calls.contact_ways.get("42b34949e138eb6e027c123cba77fad7")),
    (
        "externalcontact/list_contact_way",
        lambda: calls.contact_ways.list(
            start_at=at(1_622_476_800), end_at=at(1_625_068_800), cursor="CURSOR", limit=1000
        ),
    ),
    (
        "externalcontact/update_contact_way",
        lambda: calls.contact_ways.update(
            "42b34949e138eb6e027c123cba77fAAA",
            remark="渠道客户",
            skip_verify=True,
            style=1,
            state="teststate",
            users=["zhangsan", "lisi", "wangwu"],
            parties=[2, 3],
            expires_in_seconds=86400,
            chat_expires_in_seconds=86400,
            unionid="oxTWIuGaIt6gTKsQRLau2M0AAAA",
            conclusions=attrs.evolve(CONCLUSIONS, mini_program=attrs.evolve(MINI, page="/path/index")),
        ),
    ),
    ("externalcontact/del_contact_way", lambda: calls.contact_ways.delete("42b34949e138eb6e027c123cba77fAAA")),
    (
        "externalcontact/close_temp_chat",
        lambda: calls.contact_ways.close_temp_chat("zhangyisheng", "woAJ2GCAAAXtWyujaWJHDDGi0mACHAAA"),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("user / party", calls.contact_ways.create),
    ("user", lambda: calls.contact_ways.create(users=["a", "b"], type=1)),
    ("user", lambda: calls.contact_ways.create(users=[f"u{i}" for i in range(101)])),
    ("party", lambda: calls.contact_ways.create(users=["a"], parties=[1], type=1)),
    ("state", lambda: calls.contact_ways.create(users=["a"], state="s" * 31)),
    ("type", lambda: calls.contact_ways.create(users=["a"], type=0)),
    ("scene", lambda: calls.contact_ways.create(users=["a"], scene=3)),
    ("style", lambda: calls.contact_ways.create(users=["a", "b"], scene=1, style=3)),
    ("remark", lambda: calls.contact_ways.create(users=["a"], remark="字" * 31)),
    ("expires_in", lambda: calls.contact_ways.create(users=["a"], is_temp=True, expires_in_seconds=1_209_601)),
    (
        "conclusions.text.content",
        lambda: calls.contact_ways.create(users=["a"], conclusions=Conclusions(text=Text(content="字" * 1334))),
    ),
    ("state", lambda: calls.contact_ways.update("c", state="s" * 31)),
    ("limit", lambda: calls.contact_ways.list(limit=1001)),
]

ACCEPTED: list[Make] = [
    lambda: calls.contact_ways.create(users=["a"], parties=[1], state="s" * 30),
    lambda: calls.contact_ways.create(users=["a"]),
    lambda: calls.contact_ways.create(users=["a"], scene=1, style=3),
]


def contact_ways(fake: FakeWeCom) -> Play:
    """A channel code is made, read, changed, listed, used, and deleted."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    made = yield lambda app: app.contact_ways.create(
        users=["zhangsan", "lisi"], state="bj01-showroom", remark="北京一店展厅", skip_verify=True
    )
    assert made.config_id
    assert made.qr_code.startswith("https://")
    assert (yield lambda app: app.contact_ways.update(made.config_id, remark="北京一店", users=["zhangsan"])) is None
    way = yield lambda app: app.contact_ways.get(made.config_id)
    assert (way.config_id, way.remark, way.state, way.users) == (
        made.config_id,
        "北京一店",
        "bj01-showroom",
        ("zhangsan",),
    )
    assert (way.skip_verify, way.qr_code) == (True, made.qr_code)
    customer = fake.scan(made.config_id, name="李四").external_userid
    detail = yield lambda app: app.customers.get(customer)
    assert (detail.follows[0].userid, detail.follows[0].state) == ("zhangsan", "bj01-showroom")
    second = yield lambda app: app.contact_ways.create(users=["lisi"])
    page = yield lambda app: app.contact_ways.list(limit=1)
    assert len(page.items) == 1
    assert page.next_cursor
    start = fake.clock.now() - timedelta(days=1)
    refs = yield lambda app: app.contact_ways.iter_all(start_at=start, end_at=fake.clock.now(), limit=1)
    assert {ref.config_id for ref in refs} == {made.config_id, second.config_id}
    assert (yield lambda app: app.contact_ways.delete(second.config_id)) is None
    try:
        yield lambda app: app.contact_ways.get(second.config_id)
    except NotFoundError as error:
        refused(NotFoundError, 41044, error)
    else:
        raise AssertionError


def temporary_chats(fake: FakeWeCom) -> Play:
    """A temporary chat is opened by its code and closed by a call."""
    fake.settings = Settings(temp_chat=True)
    fake.add_member("yisheng")
    made = yield lambda app: app.contact_ways.create(
        users=["yisheng"], is_temp=True, expires_in_seconds=3600, chat_expires_in_seconds=7200
    )
    customer = fake.scan(made.config_id, name="李四").external_userid
    assert (yield lambda app: app.contact_ways.close_temp_chat("yisheng", customer)) is None


CASES: tuple[Case, ...] = (contact_ways, temporary_chats)
