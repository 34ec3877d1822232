"""Strategy tags in the fake: whose they are, who may use them, and how they share a library with corp tags."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeTag, FakeWeCom, Limits


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp whose region 2 has zhangsan, while lisi works elsewhere."""
    fake = FakeWeCom()
    fake.add_member("zhangsan", department=2)
    fake.add_member("lisi", department=3)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """Give an app with a strategy (1) for the region and another one (2) for everybody."""
    raw = Raw(fake)
    for party in (2, 1):
        strategy(raw, party)
    return raw


def strategy(raw: Raw, party: int, **more: Any) -> dict[str, Any]:
    """Make a customer strategy for a department."""
    nodes = [{"type": 2, "partyid": party}]
    return raw.customer("customer_strategy/create", strategy_name="x", admin_list=["zhangsan"], range=nodes, **more)


def add(raw: Raw, *names: str, strategy_id: int = 1, group: str = "意向", **more: Any) -> dict[str, Any]:
    """Make tags in a group of a strategy."""
    body = {"group_name": group, "tag": [{"name": name} for name in names], **more}
    return raw.customer("add_strategy_tag", strategy_id=strategy_id, **body)


def listed(raw: Raw, **query: Any) -> dict[str, list[str]]:
    """Return the names of groups and tags."""
    groups = raw.customer("get_strategy_tag_list", **query)["tag_group"]
    return {one["group_name"]: [tag["name"] for tag in one["tag"]] for one in groups}


def test_tags_are_created_once_and_answered_as_documented(fake: FakeWeCom, raw: Raw) -> None:
    """A known group of the strategy is used again, a name given twice makes one tag, a known name is passed over."""
    first = add(raw, "高", "高", "低", order=3)["tag_group"]
    now = int(fake.clock.time())
    assert {name: value for name, value in first.items() if name not in ("group_id", "tag")} == {
        "group_name": "意向",
        "create_time": now,
        "order": 3,
        "strategy_id": 1,
    }
    assert [(one["name"], one["order"], one["create_time"]) for one in first["tag"]] == [("高", 0, now), ("低", 0, now)]
    second = add(raw, "低", "中")["tag_group"]
    assert (second["group_id"], [one["name"] for one in second["tag"]]) == (first["group_id"], ["中"])
    assert code(add(raw, "低", "中")) == 40071
    assert listed(raw) == {"意向": ["高", "低", "中"]}


def test_each_strategy_has_names_of_its_own(raw: Raw) -> None:
    """Two strategies, and the corp, may each have a group of the same name; ids of another's group are not found."""
    first, second = add(raw, "高")["tag_group"], add(raw, "高", strategy_id=2)["tag_group"]
    corp = raw.customer("add_corp_tag", group_name="意向", tag=[{"name": "高"}])["tag_group"]
    assert len({first["group_id"], second["group_id"], corp["group_id"]}) == 3
    for foreign in (first, corp):
        assert code(add(raw, "中", strategy_id=2, group_id=foreign["group_id"])) == 40068
    assert code(raw.customer("add_corp_tag", group_id=first["group_id"], tag=[{"name": "中"}])) == 40068
    other = add(raw, "x", group="来源")["tag_group"]
    assert code(raw.customer("edit_strategy_tag", id=other["group_id"], name="意向")) == 40071
    assert code(raw.customer("edit_strategy_tag", id=second["group_id"], name="来源")) == 0


def test_the_two_libraries_do_not_mix(raw: Raw) -> None:
    """Corp tags are not listed, edited or deleted as strategy tags, nor the other way round."""
    own = add(raw, "高")["tag_group"]
    corp = raw.customer("add_corp_tag", group_name="车型", tag=[{"name": "X5"}])["tag_group"]
    assert [one["group_name"] for one in raw.customer("get_corp_tag_list")["tag_group"]] == ["车型"]
    assert raw.customer("get_corp_tag_list", group_id=[own["group_id"]])["tag_group"] == []
    assert raw.customer("get_corp_tag_list", tag_id=[own["tag"][0]["id"]])["tag_group"] == []
    assert listed(raw, group_id=[corp["group_id"]]) == {}
    for path, group in (("strategy", corp), ("corp", own)):
        for row_id in (group["group_id"], group["tag"][0]["id"]):
            assert code(raw.customer(f"edit_{path}_tag", id=row_id, name="x")) == 40068
        assert code(raw.customer(f"del_{path}_tag", group_id=[group["group_id"]])) == 40068
        assert code(raw.customer(f"del_{path}_tag", tag_id=[group["tag"][0]["id"]])) == 40068


def test_they_share_the_corps_room() -> None:
    """Corp tags and strategy tags together fill the limit, from either side."""
    fake = FakeWeCom(limits=Limits(tags=3))
    fake.add_member("zhangsan")
    raw = Raw(fake)
    strategy(raw, 1)
    raw.customer("add_corp_tag", group_name="g", tag=[{"name": "a"}])
    assert code(add(raw, "b", "c", "d")) == 40126
    assert listed(raw) == {}
    assert code(add(raw, "b", "c")) == 0
    assert code(raw.customer("add_corp_tag", group_name="g", tag=[{"name": "e"}])) == 40126


def test_only_the_top_takes_tags(raw: Raw) -> None:
    """仅可在一级规则组下添加标签."""
    child = strategy(raw, 2, parent_id=2)["strategy_id"]
    assert code(add(raw, "高", strategy_id=child)) == 40058


def test_lists_can_be_narrowed(raw: Raw) -> None:
    """By strategy, by group and by tag; groups win over tags, bigger order comes first."""
    one = add(raw, "高", "低", order=1)["tag_group"]
    add(raw, "展厅", group="来源", order=2)
    add(raw, "高", strategy_id=2, group="别处")
    assert list(listed(raw)) == ["来源", "意向", "别处"]
    assert list(listed(raw, strategy_id=1)) == ["来源", "意向"]
    assert listed(raw, tag_id=[one["tag"][1]["id"], "etNONE"]) == {"意向": ["低"]}
    assert listed(raw, group_id=[one["group_id"]], tag_id=["etNONE"]) == {"意向": ["高", "低"]}
    assert listed(raw, strategy_id=2, group_id=[one["group_id"]]) == {}
    assert code(raw.customer("get_strategy_tag_list", strategy_id=99)) == 40058


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"strategy_id": None}, 40063),
        ({"strategy_id": 99}, 40058),
        ({"tag": []}, 40063),
        ({"tag": [{}]}, 40063),
        ({"group_name": ""}, 40063),
        ({"group_name": "", "group_id": "etNONE"}, 40068),
        ({"group_name": "字" * 31}, 40072),
        ({"tag": [{"name": "字" * 31}]}, 40072),
        ({"order": 2**32}, 40058),
    ],
)
def test_add_refuses(raw: Raw, body: dict[str, Any], errcode: int) -> None:
    """What is missing, unknown or too long has its code."""
    full = {"strategy_id": 1, "group_name": "g", "tag": [{"name": "x"}], **body}
    assert code(raw.customer("add_strategy_tag", **full)) == errcode
    assert listed(raw) == {}


def test_tags_can_be_renamed_and_reordered(raw: Raw) -> None:
    """A sibling's name answers 40071; what is not given stays."""
    group = add(raw, "高", "低")["tag_group"]
    high, low = (one["id"] for one in group["tag"])
    assert code(raw.customer("edit_strategy_tag", id=low, name="高")) == 40071
    assert code(raw.customer("edit_strategy_tag", id=low, order=7)) == 0
    assert code(raw.customer("edit_strategy_tag", id=high, name="很高")) == 0
    assert code(raw.customer("edit_strategy_tag", id="etNONE", name="x")) == 40068
    assert listed(raw) == {"意向": ["低", "很高"]}


def test_another_app_sees_and_touches_nothing(fake: FakeWeCom, raw: Raw) -> None:
    """An app sees only what it made: neither another app's tags nor those of the console."""
    group = add(raw, "高")["tag_group"]
    console = fake.add_strategy("总部", departments=[1])
    hidden = fake.add_strategy_tag(console, "总部标签", "重点")
    fake.add_app("other", "s2", agent_id=7)
    other = Raw(fake, "s2")
    assert listed(other) == {}
    assert list(listed(raw)) == ["意向"]
    assert code(add(other, "低")) == 60011
    assert code(other.customer("edit_strategy_tag", id=group["group_id"], name="x")) == 60011
    assert code(other.customer("del_strategy_tag", group_id=[group["group_id"]])) == 60011
    assert code(raw.customer("del_strategy_tag", tag_id=[hidden.id])) == 60011


# On customers


def mark(raw: Raw, userid: str, customer: str, **change: Any) -> int:
    """Put tags on a customer or take them off; return the errcode."""
    return code(raw.customer("mark_tag", userid=userid, external_userid=customer, **change))


def test_only_members_in_range_may_use_them(fake: FakeWeCom, raw: Raw) -> None:
    """60011 for somebody outside the range, 0 once they move in; who moved out may still take the tag off."""
    customer = fake.add_customer(followed_by=["zhangsan", "lisi"]).external_userid
    tag = add(raw, "高")["tag_group"]["tag"][0]["id"]
    assert mark(raw, "zhangsan", customer, add_tag=[tag]) == 0
    assert mark(raw, "lisi", customer, add_tag=[tag]) == 60011
    node = {"type": 1, "userid": "lisi"}
    raw.customer("customer_strategy/edit", strategy_id=1, range_add=[node])
    assert mark(raw, "lisi", customer, add_tag=[tag]) == 0
    raw.customer("customer_strategy/edit", strategy_id=1, range_del=[node])
    assert mark(raw, "lisi", customer, remove_tag=[tag]) == 0
    assert fake.customer(customer).tags_by("lisi") == []


def test_they_show_as_strategy_tags(fake: FakeWeCom, raw: Raw) -> None:
    """customers.get tells type 3, corp tags keep type 1, and the fake's own record names the strategy."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    group = add(raw, "高")["tag_group"]
    own, corp = group["tag"][0]["id"], fake.add_tag("意向", "中")
    assert corp.group_id != group["group_id"]
    assert mark(raw, "zhangsan", customer, add_tag=[own, corp.id]) == 0
    (follow,) = raw.get("externalcontact/get", external_userid=customer)["follow_user"]
    assert [(one["tag_id"], one["type"]) for one in follow["tags"]] == [(own, 3), (corp.id, 1)]
    named = {"group_id": group["group_id"], "group_name": "意向"}
    assert fake.customer(customer).tags_by("zhangsan") == [FakeTag(id=own, name="高", strategy_id=1, **named), corp]
    page = raw.customer("batch/get_by_user", userid_list=["zhangsan"])
    assert page["external_contact_list"][0]["follow_info"]["tag_id"] == [own, corp.id]


def test_another_apps_tags_cannot_be_marked(fake: FakeWeCom, raw: Raw) -> None:
    """Only the app that made the strategy puts its tags on customers (92118)."""
    customer = fake.add_customer(followed_by="zhangsan").external_userid
    tag = add(raw, "高")["tag_group"]["tag"][0]["id"]
    fake.add_app("other", "s2", agent_id=7)
    assert mark(Raw(fake, "s2"), "zhangsan", customer, add_tag=[tag]) == 60011


def test_members_mark_by_hand_within_their_range(fake: FakeWeCom, raw: Raw) -> None:
    """The client offers a strategy's tags to its members only."""
    one = fake.add_customer(followed_by=["zhangsan", "lisi"])
    tag = add(raw, "高")["tag_group"]["tag"][0]["id"]
    fake.staff_marks_tag("zhangsan", one, add=[tag])
    assert [found.id for found in fake.customer(one).tags_by("zhangsan")] == [tag]
    with pytest.raises(ValueError, match="not in the range of strategy 1"):
        fake.staff_marks_tag("lisi", one, add=[tag])


def test_mass_messages_choose_by_them(fake: FakeWeCom, raw: Raw) -> None:
    """The tag filter takes strategy tags, beside corp tags too; a deleted one is not found."""
    one, other = fake.add_customer(followed_by="zhangsan"), fake.add_customer(followed_by="zhangsan")
    own = add(raw, "高")["tag_group"]["tag"][0]["id"]
    corp = fake.add_tag("车型", "X5").id
    for customer, tags in ((one, [own, corp]), (other, [own])):
        mark(raw, "zhangsan", customer.external_userid, add_tag=tags)
    chosen = {"group_list": [{"tag_list": [own]}, {"tag_list": [corp]}]}
    made = raw.customer("add_msg_template", text={"content": "x"}, tag_filter=chosen)
    (task,) = fake.mass_tasks(made["msgid"])
    assert [recipient.target for recipient in task.recipients] == [one.external_userid]
    raw.customer("del_strategy_tag", tag_id=[own])
    assert code(raw.customer("add_msg_template", text={"content": "x"}, tag_filter=chosen)) == 40068


@pytest.mark.parametrize("how", ["tag", "group", "strategy"])
def test_what_is_deleted_leaves_the_customers(fake: FakeWeCom, raw: Raw, how: str) -> None:
    """A tag goes from its customers, whether it, its group or its strategy is deleted; the room is free again."""
    fake.limits = Limits(tags=1)
    one = fake.add_customer(followed_by="zhangsan")
    group = add(raw, "高")["tag_group"]
    tag = group["tag"][0]["id"]
    mark(raw, "zhangsan", one.external_userid, add_tag=[tag])
    gone = {
        "tag": lambda: raw.customer("del_strategy_tag", tag_id=[tag]),
        "group": lambda: raw.customer("del_strategy_tag", group_id=[group["group_id"]]),
        "strategy": lambda: raw.customer("customer_strategy/del", strategy_id=1),
    }
    assert code(gone[how]()) == 0
    assert fake.customer(one).tags_by("zhangsan") == []
    assert listed(raw) == {}
    assert code(raw.customer("del_strategy_tag", tag_id=[tag])) == 40068
    assert code(raw.customer("del_strategy_tag")) == 40063
    assert code(add(raw, "高", strategy_id=2)) == 0
