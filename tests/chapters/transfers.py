"""What the tests know of `wecom.transfers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import AddWay, GroupStatus, TransferStatus
from wecom_auto.testing import FakeWeCom

TO = {"handover_userid": "zhangsan", "takeover_userid": "lisi"}
WHO = {"takeover_userid": "lisi"}

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/transfer_customer": [calls.transfers.customers(["wm"], **TO, success_message="x")],
    "externalcontact/transfer_result": [
        calls.transfers.list_results("zhangsan", **WHO, cursor="c"),
        calls.transfers.iter_results("zhangsan", **WHO, cursor="c"),
    ],
    "externalcontact/get_unassigned_list": [
        calls.transfers.list_unassigned(cursor="c", limit=1, page_id=1),
        calls.transfers.iter_unassigned(cursor="c", limit=1),
    ],
    "externalcontact/resigned/transfer_customer": [calls.transfers.resigned_customers(["wm"], **TO)],
    "externalcontact/resigned/transfer_result": [
        calls.transfers.list_resigned_results("zhangsan", **WHO, cursor="c"),
        calls.transfers.iter_resigned_results("zhangsan", **WHO, cursor="c"),
    ],
    "externalcontact/groupchat/transfer": [calls.transfers.resigned_groups(["wr"], new_owner="lisi")],
    "externalcontact/groupchat/onjob_transfer": [calls.transfers.groups(["wr"], new_owner="lisi")],
}

ARGUMENTS: Mapping[str, Any] = {
    "external_userids": ["wm"],
    "handover_userid": "zhangsan",
    "takeover_userid": "lisi",
    "new_owner": "lisi",
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/transfer_customer", calls.transfers.customers(["wm"], **TO)),
    ("externalcontact/transfer_result", calls.transfers.list_results("zhangsan", **WHO)),
    ("externalcontact/get_unassigned_list", calls.transfers.list_unassigned()),
    ("externalcontact/resigned/transfer_customer", calls.transfers.resigned_customers(["wm"], **TO)),
    ("externalcontact/resigned/transfer_result", calls.transfers.list_resigned_results("zhangsan", **WHO)),
    ("externalcontact/groupchat/transfer", calls.transfers.resigned_groups(["wr"], new_owner="lisi")),
    ("externalcontact/groupchat/onjob_transfer", calls.transfers.groups(["wr"], new_owner="lisi")),
]

_A, _B = "woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA", "woAJ2GCAAAXtWyujaWJHDDGi0mACBBBB"
_GROUPS = ["wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA", "wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA"]
_GOODBYE = "您好，您的服务已升级，后续将由我的同事李四@腾讯接替我的工作，继续为您服务。"

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/transfer_customer",
        lambda: calls.transfers.customers([_A, _B], **TO, success_message=_GOODBYE),
    ),
    ("externalcontact/transfer_result", lambda: calls.transfers.list_results("zhangsan", **WHO, cursor="CURSOR")),
    ("externalcontact/get_unassigned_list", lambda: calls.transfers.list_unassigned(page_id=0, limit=100)),
    ("externalcontact/resigned/transfer_customer", lambda: calls.transfers.resigned_customers([_B, _A], **TO)),
    (
        "externalcontact/resigned/transfer_result",
        lambda: calls.transfers.iter_resigned_results("zhangsan", **WHO, cursor="CURSOR"),
    ),
    (
        "externalcontact/groupchat/transfer",
        lambda: calls.transfers.resigned_groups(_GROUPS, new_owner="zhangsan"),
    ),
    ("externalcontact/groupchat/onjob_transfer", lambda: calls.transfers.groups(_GROUPS, new_owner="zhangsan")),
]

REFUSED: list[tuple[str, Make]] = [
    ("external_userid", lambda: calls.transfers.customers(["wm"] * 101, **TO)),
    ("external_userid", lambda: calls.transfers.customers([], **TO)),
    ("external_userid", lambda: calls.transfers.resigned_customers(["wm"] * 101, **TO)),
    ("external_userid", lambda: calls.transfers.resigned_customers([], **TO)),
    ("transfer_success_msg", lambda: calls.transfers.customers(["wm"], **TO, success_message="字" * 201)),
    ("takeover_userid", lambda: calls.transfers.customers(["wm"], handover_userid="zhangsan", takeover_userid="")),
    ("handover_userid", lambda: calls.transfers.resigned_customers(["wm"], handover_userid="", **WHO)),
    ("handover_userid", lambda: calls.transfers.list_results("", **WHO)),
    ("takeover_userid", lambda: calls.transfers.iter_resigned_results("zhangsan", takeover_userid="")),
    ("chat_id_list", lambda: calls.transfers.groups(["wr"] * 101, new_owner="lisi")),
    ("chat_id_list", lambda: calls.transfers.resigned_groups([], new_owner="lisi")),
    ("new_owner", lambda: calls.transfers.resigned_groups(["wr"], new_owner="")),
    ("page_size", lambda: calls.transfers.list_unassigned(limit=1001)),
    ("page_size", lambda: calls.transfers.iter_unassigned(limit=0)),
    ("page_id", lambda: calls.transfers.list_unassigned(page_id=-1)),
]

ACCEPTED: list[Make] = [
    lambda: calls.transfers.customers(["wm"] * 100, **TO, success_message="字" * 200),
    lambda: calls.transfers.resigned_customers(["wm"] * 100, **TO),
    lambda: calls.transfers.groups(["wr"] * 100, new_owner="lisi"),
    lambda: calls.transfers.list_unassigned(limit=1000, page_id=0),
]


def transfer_of_customers(fake: FakeWeCom) -> Play:
    """Customers go to a colleague after 24 hours, unless they refuse; what does not start says why."""
    fake.add_member("lisi")
    people = [fake.add_customer(name=name, followed_by="zhangsan") for name in ("甲", "乙", "丙")]
    ids = [one.external_userid for one in people]
    started = yield lambda app: app.transfers.customers(
        [*ids[:2], "wmNOSUCHCUSTOMER"], **TO, success_message="以后由李四为您服务"
    )
    assert [(one.external_userid, one.started, one.errcode) for one in started] == [
        (ids[0], True, 0),
        (ids[1], True, 0),
        ("wmNOSUCHCUSTOMER", False, 40096),
    ]
    (again,) = yield lambda app: app.transfers.customers([ids[0]], **TO)
    assert (again.errcode, again.code.zh) == (40129, "当前客户正在转接中")
    due_at = fake.transfers()[0].due_at
    page = yield lambda app: app.transfers.list_results("zhangsan", takeover_userid="lisi")
    assert {(one.status, one.takeover_at) for one in page.items} == {(TransferStatus.WAITING, due_at)}
    fake.refuse_transfer(people[1])
    fake.clock.advance(hours=24)
    results = yield lambda app: app.transfers.iter_results("zhangsan", takeover_userid="lisi")
    assert {one.external_userid: (one.status, one.takeover_at) for one in results} == {
        ids[0]: (TransferStatus.DONE, due_at),
        ids[1]: (TransferStatus.REFUSED, None),
    }
    assert (yield lambda app: app.customers.list("lisi")) == (ids[0],)
    detail = yield lambda app: app.customers.get(ids[0])
    assert [(one.userid, one.add_way) for one in detail.follows] == [("lisi", AddWay.ASSIGNED_BY_ADMIN)]
    try:
        yield lambda app: app.transfers.customers([ids[2]], handover_userid="zhangsan", takeover_userid="zhangsan")
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40130, error)
    else:
        raise AssertionError


def transfer_after_leaving(fake: FakeWeCom) -> Play:
    """The customers of a member who left are listed until somebody gets them."""
    fake.add_member("lisi")
    ids = [fake.add_customer(name=name, followed_by="zhangsan").external_userid for name in ("甲", "乙", "丙")]
    try:
        yield lambda app: app.transfers.resigned_customers([ids[0]], **TO)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40097, error)
    else:
        raise AssertionError
    fake.leave("zhangsan")
    left_at = fake.clock.now()
    page = yield lambda app: app.transfers.list_unassigned(limit=2)
    assert [(one.external_userid, one.handover_userid, one.left_at) for one in page.items] == [
        (ids[0], "zhangsan", left_at),
        (ids[1], "zhangsan", left_at),
    ]
    assert page.extra["is_last"] is False
    everybody = yield lambda app: app.transfers.iter_unassigned(limit=2)
    assert [one.external_userid for one in everybody] == ids
    old = yield lambda app: app.transfers.list_unassigned(limit=2, page_id=1)
    assert ([one.external_userid for one in old.items], old.next_cursor) == ([ids[2]], "")
    started = yield lambda app: app.transfers.resigned_customers(ids[:2], **TO)
    assert all(one.started for one in started)
    fake.refuse_transfer(ids[1])
    fake.clock.advance(hours=24)
    results = yield lambda app: app.transfers.iter_resigned_results("zhangsan", takeover_userid="lisi")
    assert [(one.external_userid, one.status) for one in results] == [
        (ids[0], TransferStatus.DONE),
        (ids[1], TransferStatus.REFUSED),
    ]
    page = yield lambda app: app.transfers.list_resigned_results("zhangsan", takeover_userid="lisi")
    assert len(page.items) == 2
    assert (yield lambda app: app.customers.list("lisi")) == (ids[0],)
    rest = yield lambda app: app.transfers.iter_unassigned()
    assert [one.external_userid for one in rest] == [ids[2]]


def transfer_of_groups(fake: FakeWeCom) -> Play:
    """Groups get a new owner, whether the old one stays or has left; each call does one of the two only."""
    fake.add_member("zhangsan")
    fake.add_member("lisi")
    group = fake.create_group("zhangsan", "一群").chat_id
    (early,) = yield lambda app: app.transfers.resigned_groups([group], new_owner="lisi")
    assert (early.chat_id, early.errcode, early.code.zh) == (group, 90500, "群主并未离职")
    assert (yield lambda app: app.transfers.groups([group], new_owner="lisi")) == ()
    assert (yield lambda app: app.groups.get(group)).owner == "lisi"
    fake.leave("lisi")
    (late,) = yield lambda app: app.transfers.groups([group], new_owner="zhangsan")
    assert late.errcode == 90502
    waiting = yield lambda app: app.groups.list(owners=["lisi"], status=GroupStatus.OWNER_LEFT)
    assert [one.chat_id for one in waiting.items] == [group]
    assert (yield lambda app: app.transfers.resigned_groups([group], new_owner="zhangsan")) == ()
    (done,) = (yield lambda app: app.groups.list(status=GroupStatus.INHERITED)).items
    assert done.chat_id == group
    try:
        yield lambda app: app.transfers.groups([group], new_owner="lisi")
    except NotFoundError as error:
        refused(NotFoundError, 60111, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (transfer_of_customers, transfer_after_leaving, transfer_of_groups)
