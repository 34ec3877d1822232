"""What the tests know of `wecom.tags`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import NotFoundError
from wecom_auto.models import NewTag
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/get_corp_tag_list": [calls.tags.list(tag_ids=["t"], group_ids=["g"])],
    "externalcontact/add_corp_tag": [
        calls.tags.create([NewTag(name="x", order=1)], group_id="g", group_name="x", order=1, agentid=1)
    ],
    "externalcontact/edit_corp_tag": [calls.tags.edit("t", name="x", order=1, agentid=1)],
    "externalcontact/del_corp_tag": [calls.tags.delete(tag_ids=["t"], group_ids=["g"], agentid=1)],
    "externalcontact/mark_tag": [calls.tags.mark("u", "wm", add=["t"], remove=["t"])],
}

RECOGNISED = {"externalcontact/add_corp_tag": "the same names make no second tag"}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/get_corp_tag_list", calls.tags.list()),
    ("externalcontact/add_corp_tag", calls.tags.create(["x"], group_name="g")),
    ("externalcontact/edit_corp_tag", calls.tags.edit("t", name="x")),
    ("externalcontact/del_corp_tag", calls.tags.delete(tag_ids=["t"])),
    ("externalcontact/mark_tag", calls.tags.mark("u", "wm", add=["t"])),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/get_corp_tag_list",
        lambda: calls.tags.list(
            tag_ids=["etXXXXXXXXXX", "etYYYYYYYYYY"], group_ids=["etZZZZZZZZZZZZZ", "etYYYYYYYYYYYYY"]
        ),
    ),
    (
        "externalcontact/add_corp_tag",
        lambda: calls.tags.create(
            [NewTag(name="TAG_NAME_1", order=1), NewTag(name="TAG_NAME_2", order=2)],
            group_id="GROUP_ID",
            group_name="GROUP_NAME",
            order=1,
            agentid=1000014,
        ),
    ),
    ("externalcontact/edit_corp_tag", lambda: calls.tags.edit("TAG_ID", name="NEW_TAG_NAME", order=1, agentid=1000014)),
    (
        "externalcontact/del_corp_tag",
        lambda: calls.tags.delete(
            tag_ids=["TAG_ID_1", "TAG_ID_2"], group_ids=["GROUP_ID_1", "GROUP_ID_2"], agentid=1000014
        ),
    ),
    (
        "externalcontact/mark_tag",
        lambda: calls.tags.mark(
            "zhangsan", "woAJ2GCAAAd1NPGHKSD4wKmE8Aabj9AAA", add=["TAGID1", "TAGID2"], remove=["TAGID3", "TAGID4"]
        ),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("tag", lambda: calls.tags.create([], group_name="g")),
    ("group_id / group_name", lambda: calls.tags.create(["x"])),
    ("group_name", lambda: calls.tags.create(["x"], group_name="字" * 31)),
    ("tag[1].name", lambda: calls.tags.create(["x", "字" * 31], group_name="g")),
    ("order", lambda: calls.tags.create(["x"], group_name="g", order=2**32)),
    ("name", lambda: calls.tags.edit("t", name="字" * 31)),
    ("tag_id / group_id", calls.tags.delete),
    ("add_tag / remove_tag", lambda: calls.tags.mark("u", "wm")),
]

ACCEPTED: list[Make] = [lambda: calls.tags.create(["字" * 30], group_id="g", order=2**32 - 1)]


def tags(fake: FakeWeCom) -> Play:
    """A tag group is made, changed, marked on a customer, and deleted."""
    customer = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    group = yield lambda app: app.tags.create([NewTag(name="高", order=9), "低"], group_name="意向", order=5)
    assert (group.group_name, group.order, {tag.name for tag in group.tags}) == ("意向", 5, {"高", "低"})
    high, low = group.tag_named("高"), group.tag_named("低")
    more = yield lambda app: app.tags.create(["中"], group_id=group.group_id)
    assert more.group_id == group.group_id
    assert (yield lambda app: app.tags.edit(low.id, name="没有")) is None
    (listed,) = yield lambda app: app.tags.list()
    assert {tag.name for tag in listed.tags} == {"高", "中", "没有"}
    (one,) = yield lambda app: app.tags.list(group_ids=[group.group_id])
    assert one.group_id == group.group_id
    assert (yield lambda app: app.tags.mark("zhangsan", customer, add=[high.id, low.id])) is None
    yield lambda app: app.tags.mark("zhangsan", customer, remove=[low.id])
    detail = yield lambda app: app.customers.get(customer)
    (tag,) = detail.follows[0].tags
    assert (tag.tag_id, tag.name, tag.group_name) == (high.id, "高", "意向")
    page = yield lambda app: app.customers.list_by_user(["zhangsan"])
    assert page.items[0].follow.tag_ids == (high.id,)
    assert (yield lambda app: app.tags.delete(tag_ids=[low.id])) is None
    yield lambda app: app.tags.delete(group_ids=[group.group_id])
    assert (yield lambda app: app.tags.list()) == ()


def tag_names(fake: FakeWeCom) -> Play:
    """A tag that does not exist is not found."""
    customer = fake.add_customer(name="李四", followed_by="zhangsan").external_userid
    try:
        yield lambda app: app.tags.mark("zhangsan", customer, add=["etNOSUCHTAG"])
    except NotFoundError as error:
        refused(NotFoundError, 40068, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (tags, tag_names)
