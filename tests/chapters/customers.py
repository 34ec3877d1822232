"""What the tests know of `wecom.customers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import AddWay, ContactType
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/list": [calls.customers.list("u")],
    "externalcontact/get": [calls.customers.get("wm", cursor="c")],
    "externalcontact/batch/get_by_user": [
        calls.customers.list_by_user(["u"], cursor="c", limit=1),
        calls.customers.iter_by_user(["u"], cursor="c", limit=1),
    ],
    "externalcontact/remark": [
        calls.customers.remark(
            "wm",
            userid="u",
            remark="x",
            description="x",
            remark_company="x",
            remark_mobiles=["1"],
            remark_pic_mediaid="m",
        )
    ],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/list", calls.customers.list("u")),
    ("externalcontact/get", calls.customers.get("wm")),
    ("externalcontact/batch/get_by_user", calls.customers.list_by_user(["u"])),
    ("externalcontact/remark", calls.customers.remark("wm", userid="u", remark="x")),
]

REQUESTS: list[tuple[str, Make]] = [
    ("externalcontact/batch/get_by_user", lambda: calls.customers.list_by_user(["zhangsan", "lisi"])),
    (
        "externalcontact/remark",
        lambda: calls.customers.remark(
            "woAJ2GCAAAd1asdasdjO4wKmE8Aabj9AAA",
            userid="zhangsan",
            remark="备注信息",
            description="描述信息",
            remark_company="腾讯科技",
            remark_mobiles=["13800000001", "13800000002"],
            remark_pic_mediaid="MEDIAID",
        ),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("userid_list", lambda: calls.customers.list_by_user([])),
    ("userid_list", lambda: calls.customers.list_by_user([f"u{i}" for i in range(101)])),
    ("limit", lambda: calls.customers.iter_by_user(["u"], limit=101)),
    ("limit", lambda: calls.customers.iter_by_user(["u"], limit=0)),
    ("remark", lambda: calls.customers.remark("wm", userid="u", remark="字" * 21)),
    ("description", lambda: calls.customers.remark("wm", userid="u", description="字" * 151)),
    ("remark_company", lambda: calls.customers.remark("wm", userid="u", remark_company="字" * 21)),
    (
        "remark / description / remark_company / remark_mobiles / remark_pic_mediaid",
        lambda: calls.customers.remark("wm", userid="u"),
    ),
]

ACCEPTED: list[Make] = [
    lambda: calls.customers.list_by_user([f"u{i}" for i in range(100)], limit=100),
    lambda: calls.customers.remark("wm", userid="u", remark="字" * 20, description="字" * 150),
    lambda: calls.customers.remark("wm", userid="u", remark=""),
    lambda: calls.customers.remark("wm", userid="u", remark_mobiles=[]),
]


def customers(fake: FakeWeCom) -> Play:
    """Customers are listed, read one by one and in pages, and remarked."""
    ids = [
        fake.add_customer(name=name, followed_by="zhangsan", state="bj01", gender=1).external_userid
        for name in ("李四", "王五", "赵六")
    ]
    fake.add_customer(name="孙七", followed_by="lisi")
    listed = yield lambda app: app.customers.list("zhangsan")
    assert sorted(listed) == sorted(ids)
    page = yield lambda app: app.customers.list_by_user(["zhangsan", "lisi"], limit=3)
    assert len(page.items) == 3
    assert page.next_cursor
    rest = yield lambda app: app.customers.list_by_user(["zhangsan", "lisi"], cursor=page.next_cursor, limit=3)
    assert len(rest.items) == 1
    assert rest.next_cursor == ""
    everybody = yield lambda app: app.customers.iter_by_user(["zhangsan", "lisi"], limit=1)
    assert sorted(one.name for one in everybody) == sorted(["李四", "王五", "赵六", "孙七"])
    assert {one.add_way for one in everybody if one.follow.state} == {AddWay.QR_CODE}
    done = yield lambda app: app.customers.remark(
        ids[0],
        userid="zhangsan",
        remark="李部长",
        description="看过 Model Y",
        remark_company="腾讯",
        remark_mobiles=["13800000001"],
    )
    assert done is None
    detail = yield lambda app: app.customers.get(ids[0])
    assert (detail.customer.name, detail.customer.type) == ("李四", ContactType.WECHAT)
    (follow,) = detail.follows
    assert (follow.remark, follow.description, follow.remark_company) == ("李部长", "看过 Model Y", "腾讯")
    assert len(follow.remark_mobiles) == 1
    assert (follow.state, follow.add_way, follow.created_at) == ("bj01", AddWay.QR_CODE, fake.clock.now())


def nobodys_customer(fake: FakeWeCom) -> Play:
    """A customer whom the member does not follow is not found."""
    fake.add_member("lisi")
    stranger = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    try:
        yield lambda app: app.customers.remark(stranger, userid="lisi", remark="x")
    except NotFoundError as error:
        refused(NotFoundError, 84061, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (customers, nobodys_customer)
