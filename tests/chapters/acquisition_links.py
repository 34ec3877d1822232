"""What the tests know of `wecom.acquisition_links`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import evolve
from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto._time import CHINA
from wecom_auto.callbacks.events import LinkMessagesReceived
from wecom_auto.errors import InvalidRequestError, PermissionDeniedError
from wecom_auto.models import (
    AcquisitionPriority,
    AcquisitionQuotaBatch,
    AcquisitionRange,
    AcquisitionStatistics,
    AddWay,
    ChatStatus,
    LinkAuthMode,
    PayMode,
    PriorityType,
    channel_url,
)
from wecom_auto.testing import FakeWeCom, Settings

LINKS: Final = "externalcontact/customer_acquisition/"
DAY: Final = date(2026, 3, 2)
EVERYTHING: Final[Mapping[str, Any]] = {
    "priority": AcquisitionPriority.among(["u"]),
    "skip_verify": True,
    "mark_source": True,
}
OFFICIAL: Final[Mapping[str, Any]] = {
    "priority": AcquisitionPriority.among(["tom", "lisi"]),
    "skip_verify": True,
    "mark_source": True,
}
links = calls.acquisition_links

CALLS: Mapping[str, list[Call[Any]]] = {
    LINKS + "create_link": [links.create("x", userids=["u"], department_ids=[1], **EVERYTHING)],
    LINKS + "get": [links.get("l")],
    LINKS + "list_link": [links.list(cursor="c", limit=1), links.iter_all(cursor="c", limit=1)],
    LINKS + "update_link": [
        links.update("l", name="x", range=AcquisitionRange(userids=("u",), department_ids=(1,)), **EVERYTHING)
    ],
    LINKS + "delete_link": [links.delete("l")],
    LINKS + "customer": [
        links.list_customers("l", cursor="c", limit=1),
        links.iter_customers("l", cursor="c", limit=1),
    ],
    LINKS + "statistic": [links.get_statistics("l", first_day=DAY, last_day=DAY)],
    LINKS + "get_chat_info": [links.get_chat("k")],
    LINKS + "get_comp_auth_info": [links.get_authorization()],
    "externalcontact/customer_acquisition_app/get_permit": [links.get_permit()],
    "externalcontact/customer_acquisition_quota": [links.get_quota()],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    (LINKS + "create_link", links.create("x", userids=["u"])),
    (LINKS + "get", links.get("l")),
    (LINKS + "list_link", links.list()),
    (LINKS + "customer", links.list_customers("l")),
    (LINKS + "statistic", links.get_statistics("l", first_day=DAY, last_day=DAY)),
    (LINKS + "get_chat_info", links.get_chat("k")),
    (LINKS + "get_comp_auth_info", links.get_authorization()),
    ("externalcontact/customer_acquisition_app/get_permit", links.get_permit()),
    ("externalcontact/customer_acquisition_quota", links.get_quota()),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        LINKS + "create_link",
        lambda: links.create("获客链接1号", userids=["zhangsan", "lisi"], department_ids=[2, 3], **OFFICIAL),
    ),
    (LINKS + "get", lambda: links.get("LINK_ID_AAA")),
    (LINKS + "list_link", lambda: links.list(cursor="CURSOR", limit=100)),
    (
        LINKS + "update_link",
        lambda: links.update(
            "LINK_ID",
            name="获客链接1号",
            range=AcquisitionRange(userids=("zhangsan", "lisi"), department_ids=(2, 3)),
            **OFFICIAL,
        ),
    ),
    (LINKS + "delete_link", lambda: links.delete("LINK_ID")),
    (LINKS + "customer", lambda: links.list_customers("LINK_ID", cursor="CURSOR", limit=1000)),
    (
        LINKS + "statistic",
        lambda: links.get_statistics("caxxxxxxx", first_day=date(2023, 7, 1), last_day=date(2023, 7, 5)),
    ),
    (LINKS + "get_chat_info", lambda: links.get_chat("CHAT_KEY")),
]

REFUSED: list[tuple[str, Make]] = [
    ("range.user_list / range.department_list", lambda: links.create("x")),
    ("link_name", lambda: links.create("字" * 31, userids=["u"])),
    ("link_name", lambda: links.create("", userids=["u"])),
    ("range.user_list", lambda: links.create("x", userids=[f"u{i}" for i in range(501)])),
    (
        "priority_option.priority_userid_list",
        lambda: links.create("x", userids=["u"], priority=AcquisitionPriority.among([])),
    ),
    (
        "priority_option.priority_userid_list",
        lambda: links.create("x", userids=["u"], priority=AcquisitionPriority.among(f"u{i}" for i in range(1001))),
    ),
    ("priority_option.priority_type", lambda: links.create("x", userids=["u"], priority=AcquisitionPriority())),
    (
        "priority_option.priority_type",
        lambda: links.update("l", priority=AcquisitionPriority(type=PriorityType(3))),
    ),
    ("range.user_list / range.department_list", lambda: links.update("l", range=AcquisitionRange())),
    ("link_name", lambda: links.update("l", name="字" * 31)),
    ("limit", lambda: links.list(limit=101)),
    ("limit", lambda: links.iter_all(limit=0)),
    ("limit", lambda: links.list_customers("l", limit=1001)),
    ("limit", lambda: links.iter_customers("l", limit=1001)),
    ("end_time", lambda: links.get_statistics("l", first_day=DAY, last_day=DAY + timedelta(days=31))),
    ("end_time", lambda: links.get_statistics("l", first_day=DAY, last_day=DAY - timedelta(days=1))),
]

ACCEPTED: list[Make] = [
    lambda: links.create("字" * 30, userids=[f"u{i}" for i in range(500)], department_ids=[1]),
    lambda: links.create("x", department_ids=[1], priority=AcquisitionPriority.among(f"u{i}" for i in range(1000))),
    lambda: links.create("x", userids=["u"], priority=AcquisitionPriority.corp_wide()),
    lambda: links.update("l"),
    lambda: links.update("l", range=AcquisitionRange(department_ids=(1,))),
    lambda: links.get_statistics("l", first_day=DAY, last_day=DAY + timedelta(days=30)),
]

ARGUMENTS: Mapping[str, Any] = {
    "name": "x",
    "link_id": "l",
    "chat_key": "k",
    "first_day": DAY,
    "last_day": DAY,
}


def acquisition_links(fake: FakeWeCom) -> Play:
    """A link is made, read, changed and listed; after it is deleted, nobody knows it."""
    fake.settings = Settings(link_priority=True)
    for userid in ("zhangsan", "lisi"):
        fake.add_member(userid, department=2)
    made = yield lambda app: app.acquisition_links.create("短信邀约", userids=["zhangsan"], skip_verify=False)
    assert made.link_id
    assert (made.name, made.created_at) == ("短信邀约", fake.clock.now())
    assert made.url.startswith("https://")
    detail = yield lambda app: app.acquisition_links.get(made.link_id)
    assert (detail.link.name, detail.link.url, detail.link.skip_verify) == ("短信邀约", made.url, False)
    assert detail.range.userids == ("zhangsan",)
    assert detail.priority is None
    wider = evolve(detail.range, department_ids=(2,))
    priority = AcquisitionPriority.among(["lisi"])
    done = yield lambda app: app.acquisition_links.update(
        made.link_id, name="短信", range=wider, priority=priority, skip_verify=True
    )
    assert done is None
    changed = yield lambda app: app.acquisition_links.get(made.link_id)
    assert (changed.link.name, changed.link.skip_verify) == ("短信", True)
    assert (changed.range, changed.priority) == (wider, priority)
    second = yield lambda app: app.acquisition_links.create("展厅", department_ids=[2])
    page = yield lambda app: app.acquisition_links.list(limit=1)
    assert (page.items, bool(page.next_cursor)) == ((made.link_id,), True)
    ids = yield lambda app: app.acquisition_links.iter_all(limit=1)
    assert ids == (made.link_id, second.link_id)
    read = yield lambda app: app.acquisition_links.get_many(ids)
    assert (read.done, [one.link.name for one in read.answers]) == (ids, ["短信", "展厅"])
    assert (yield lambda app: app.acquisition_links.delete(second.link_id)) is None
    assert (yield lambda app: app.acquisition_links.iter_all()) == (made.link_id,)
    try:
        yield lambda app: app.acquisition_links.get(second.link_id)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


def acquisition_customers(fake: FakeWeCom) -> Play:
    """Each lead opens an address of their own, comes back with its channel, and costs a use."""
    fake.add_member("zhangsan")
    fake.buy_link_uses(100, days=30)
    made = yield lambda app: app.acquisition_links.create("短信邀约", userids=["zhangsan"])
    first = fake.open_link(made.channel_url("lead-1001"), name="李四")
    second = fake.open_link(channel_url(made.url, "线索 1002"), name="王五")
    fake.click_link(made.channel_url("lead-1003"))
    for _ in range(3):
        fake.chat(first, "zhangsan")
    page = yield lambda app: app.acquisition_links.list_customers(made.link_id, limit=1)
    assert (len(page.items), bool(page.next_cursor)) == (1, True)
    one, two = yield lambda app: app.acquisition_links.iter_customers(made.link_id, limit=1)
    assert (one.external_userid, one.userid) == (first.external_userid, "zhangsan")
    assert (one.state, one.chat_status) == ("lead-1001", ChatStatus.WROTE)
    assert (two.external_userid, two.state, two.chat_status) == (
        second.external_userid,
        "线索 1002",
        ChatStatus.SILENT,
    )
    detail = yield lambda app: app.customers.get(second.external_userid)
    assert (detail.follows[0].state, detail.follows[0].add_way) == ("线索 1002", AddWay.ACQUISITION_LINK)
    (key,) = [event.chat_key for event in fake.events if isinstance(event, LinkMessagesReceived)]
    chat = yield lambda app: app.acquisition_links.get_chat(key)
    assert (chat.userid, chat.external_userid) == ("zhangsan", first.external_userid)
    assert (chat.chat_info.link_id, chat.chat_info.state, chat.chat_info.received) == (made.link_id, "lead-1001", 3)
    quota = yield lambda app: app.acquisition_links.get_quota()
    assert (quota.used, quota.balance) == (2, 98)
    assert quota.batches == (AcquisitionQuotaBatch(balance=98, expires_at=datetime(2026, 4, 1, tzinfo=CHINA)),)
    today = fake.clock.now()
    used = yield lambda app: app.acquisition_links.get_statistics(made.link_id, first_day=today, last_day=today)
    assert used == AcquisitionStatistics(clicked=3, added=2)
    days = yield lambda app: app.acquisition_links.get_statistics_by_day(
        made.link_id, first_day=date(2026, 3, 1), last_day=date(2026, 3, 2)
    )
    assert (days.done, days.answers) == ((date(2026, 3, 1), date(2026, 3, 2)), (AcquisitionStatistics(), used))
    fake.clock.advance(minutes=31)
    try:
        yield lambda app: app.acquisition_links.get_chat(key)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError


def acquisition_apps(fake: FakeWeCom) -> Play:
    """What a component and a 营销获客 app may do is told to them, and to no other app."""
    for question in (_permit, _authorization):
        try:
            yield question
        except PermissionDeniedError as error:
            refused(PermissionDeniedError, 48002, error)
        else:
            raise AssertionError
    fake.permit_links(userids=["zhangsan"], department_ids=[2], tag_ids=[7])
    permit = yield _permit
    assert (permit.userids, permit.department_ids, permit.tag_ids) == (("zhangsan",), (2,), (7,))
    fake.authorize_component(pay_mode=1, price_fen=300, link_auth_mode=1, agent_ids=[1000002])
    told = yield _authorization
    assert (told.pay_mode, told.price_fen, told.link_auth_mode) == (PayMode.PROVIDER, 300, LinkAuthMode.BY_APPS)
    assert [app.agentid for app in told.apps] == [1000002]


def _permit(app: Any) -> Any:
    return app.acquisition_links.get_permit()


def _authorization(app: Any) -> Any:
    return app.acquisition_links.get_authorization()


CASES: tuple[Case, ...] = (acquisition_links, acquisition_customers, acquisition_apps)
