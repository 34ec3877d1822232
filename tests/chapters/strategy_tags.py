"""What the tests know of `wecom.strategy_tags`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from wecom_auto.models import NewTag, RangeNode, TagFilter, TagType
from wecom_auto.testing import FakeWeCom

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/get_strategy_tag_list": [calls.strategy_tags.list(strategy_id=1, tag_ids=["t"], group_ids=["g"])],
    "externalcontact/add_strategy_tag": [
        calls.strategy_tags.create(1, [NewTag(name="x", order=1)], group_id="g", group_name="x", order=1)
    ],
    "externalcontact/edit_strategy_tag": [calls.strategy_tags.edit("t", name="x", order=1)],
    "externalcontact/del_strategy_tag": [calls.strategy_tags.delete(tag_ids=["t"], group_ids=["g"])],
}

RECOGNISED = {"externalcontact/add_strategy_tag": "the same names make no second tag"}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/get_strategy_tag_list", calls.strategy_tags.list()),
    ("externalcontact/add_strategy_tag", calls.strategy_tags.create(1, ["x"], group_name="g")),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/get_strategy_tag_list",
        lambda: calls.strategy_tags.list(
            strategy_id=1,
            tag_ids=["etXXXXXXXXXX", "etYYYYYYYYYY"],
            group_ids=["etZZZZZZZZZZZZZ", "etYYYYYYYYYYYYY"],
        ),
    ),
    (
        "externalcontact/add_strategy_tag",
        lambda: calls.strategy_tags.create(
            1,
            [NewTag(name="TAG_NAME_1", order=1), NewTag(name="TAG_NAME_2", order=2)],
            group_id="GROUP_ID",
            group_name="GROUP_NAME",
            order=1,
        ),
    ),
    ("externalcontact/edit_strategy_tag", lambda: calls.strategy_tags.edit("TAG_ID", name="NEW_TAG_NAME", order=1)),
    (
        "externalcontact/del_strategy_tag",
        lambda: calls.strategy_tags.delete(tag_ids=["TAG_ID_1", "TAG_ID_2"], group_ids=["GROUP_ID_1", "GROUP_ID_2"]),
    ),
]

REFUSED: list[tuple[str, Make]] = [
    ("tag", lambda: calls.strategy_tags.create(1, [], group_name="g")),
    ("group_id / group_name", lambda: calls.strategy_tags.create(1, ["x"])),
    ("group_name", lambda: calls.strategy_tags.create(1, ["x"], group_name="字" * 31)),
    ("tag[1].name", lambda: calls.strategy_tags.create(1, ["x", "字" * 31], group_name="g")),
    ("tag[0].name", lambda: calls.strategy_tags.create(1, [""], group_name="g")),
    ("order", lambda: calls.strategy_tags.create(1, ["x"], group_name="g", order=2**32)),
    ("tag[0].order", lambda: calls.strategy_tags.create(1, [NewTag(name="x", order=-1)], group_name="g")),
    ("name", lambda: calls.strategy_tags.edit("t", name="字" * 31)),
    ("order", lambda: calls.strategy_tags.edit("t", order=2**32)),
    ("tag_id / group_id", calls.strategy_tags.delete),
]

ACCEPTED: list[Make] = [
    lambda: calls.strategy_tags.create(1, ["字" * 30], group_name="字" * 30, order=2**32 - 1),
    lambda: calls.strategy_tags.edit("t", name="字" * 30, order=0),
]

ARGUMENTS: Mapping[str, Any] = {"strategy_id": 1}


def strategy_tags(fake: FakeWeCom) -> Play:
    """A region has tags of its own: made, changed, put on a customer by a member of the region, deleted."""
    customer = fake.add_customer(name="李四", followed_by=["zhangsan", "lisi"]).external_userid
    region = yield lambda app: app.customer_strategies.create(
        "华东", admins=["zhangsan"], nodes=[RangeNode.member("zhangsan")]
    )
    group = yield lambda app: app.strategy_tags.create(
        region, [NewTag(name="高", order=9), "低"], group_name="意向", order=5
    )
    assert (group.strategy_id, group.group_name, group.order) == (region, "意向", 5)
    assert group.created_at == fake.clock.now()
    high, low = group.tag_named("高"), group.tag_named("低")
    more = yield lambda app: app.strategy_tags.create(region, ["中"], group_id=group.group_id)
    assert more.group_id == group.group_id
    assert (yield lambda app: app.strategy_tags.edit(low.id, name="没有", order=1)) is None
    (listed,) = yield lambda app: app.strategy_tags.list(strategy_id=region)
    assert [tag.name for tag in listed.tags] == ["高", "没有", "中"]
    (one,) = yield lambda app: app.strategy_tags.list(tag_ids=[high.id])
    assert [tag.id for tag in one.tags] == [high.id]
    assert (yield lambda app: app.tags.list()) == ()
    yield lambda app: app.tags.mark("zhangsan", customer, add=[high.id])
    detail = yield lambda app: app.customers.get(customer)
    (tag,) = detail.followed_by("zhangsan").tags
    assert (tag.tag_id, tag.name, tag.group_name, tag.type) == (high.id, "高", "意向", TagType.STRATEGY)
    made = yield lambda app: app.mass_messages.create(tag_filter=TagFilter.all_of((high.id,)), text="周末试驾")
    (task,) = fake.mass_tasks(made.msgid)
    assert (task.userid, len(task.recipients)) == ("zhangsan", 1)
    try:
        yield lambda app: app.tags.mark("lisi", customer, add=[high.id])
    except PermissionDeniedError as error:
        refused(PermissionDeniedError, 60011, error)
    else:
        raise AssertionError
    assert (yield lambda app: app.strategy_tags.delete(tag_ids=[low.id])) is None
    yield lambda app: app.strategy_tags.delete(group_ids=[group.group_id])
    assert (yield lambda app: app.strategy_tags.list()) == ()
    detail = yield lambda app: app.customers.get(customer)
    assert detail.followed_by("zhangsan").tags == ()


def strategy_tags_at_the_top_only(fake: FakeWeCom) -> Play:
    """A strategy below another takes no tags, and a corp tag is no strategy tag."""
    fake.add_member("zhangsan")
    corp = fake.add_tag("意向", "高")
    region = yield lambda app: app.customer_strategies.create(
        "华东", admins=["zhangsan"], nodes=[RangeNode.department(1)]
    )
    dealer = yield lambda app: app.customer_strategies.create(
        "上海一店", parent_id=region, admins=["zhangsan"], nodes=[RangeNode.member("zhangsan")]
    )
    try:
        yield lambda app: app.strategy_tags.create(dealer, ["高"], group_name="意向")
    except InvalidRequestError as error:
        refused(InvalidRequestError, 40058, error)
    else:
        raise AssertionError
    try:
        yield lambda app: app.strategy_tags.edit(corp.id, name="很高")
    except NotFoundError as error:
        refused(NotFoundError, 40068, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (strategy_tags, strategy_tags_at_the_top_only)
