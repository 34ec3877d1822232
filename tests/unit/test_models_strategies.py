"""Rule groups and strategy tags as values: the manual's examples field by field, nodes, and rights that nobody said."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console
from tests.chapters._shared import at, calls
from tests.unit._models import fields, official

from wecom_auto import _codec
from wecom_auto.models import (
    CustomerPrivilege,
    CustomerStrategy,
    MomentPrivilege,
    MomentStrategy,
    RangeNode,
    RangeNodeType,
    StrategyRef,
    Tag,
)

MADE = at(1_557_838_797)
PRIVILEGES = pytest.mark.parametrize("kind", [CustomerPrivilege, MomentPrivilege])


def test_a_customer_strategy() -> None:
    """获取规则组详情 (94883), field by field."""
    strategy = calls.customer_strategies.get(1).decode(official("externalcontact/customer_strategy/get.response"))
    assert isinstance(strategy, CustomerStrategy)
    assert (strategy.strategy_id, strategy.parent_id, strategy.name) == (1, 0, "NAME")
    assert (strategy.created_at, strategy.admins, strategy.is_top) == (MADE, ("zhangsan", "lisi"), True)
    rights = {field.name: getattr(strategy.privilege, field.name) for field in fields(CustomerPrivilege)}
    assert {name for name, right in rights.items() if right is False} == {"share_customer"}
    assert {name for name, right in rights.items() if right is None} == {"manage_customer_tag"}, "not in the example"
    assert len(rights) == 21


def test_a_moment_strategy() -> None:
    """获取规则组详情 for moments (94890), field by field."""
    strategy = calls.moment_strategies.get(1).decode(official("externalcontact/moment_strategy/get.response"))
    assert isinstance(strategy, MomentStrategy)
    assert (strategy.strategy_id, strategy.parent_id, strategy.name) == (1, 0, "NAME")
    assert (strategy.created_at, strategy.admins) == (MADE, ("zhangsan", "lisi"))
    assert strategy.privilege == MomentPrivilege(view_moment_list=True, send_moment=True)


@pytest.mark.parametrize("name", ["customer", "moment"])
def test_lists_ranges_and_ids(name: str) -> None:
    """The other answers of both pages (94883, 94890), field by field."""
    chapter: Any = getattr(calls, f"{name}_strategies")
    page = chapter.list().decode(official(f"externalcontact/{name}_strategy/list.response"))
    assert (page.items, page.next_cursor) == ((StrategyRef(strategy_id=1), StrategyRef(strategy_id=2)), "NEXT_CURSOR")
    nodes = chapter.list_range(1).decode(official(f"externalcontact/{name}_strategy/get_range.response"))
    assert nodes.items == (RangeNode.member("zhangsan"), RangeNode.department(1))
    assert [node.type for node in nodes.items] == [RangeNodeType.MEMBER, RangeNodeType.DEPARTMENT]
    made = chapter.create("x", admins=["u"], nodes=[RangeNode.department(1)])
    assert made.decode(official(f"externalcontact/{name}_strategy/create.response")) == 1


def test_strategy_tags() -> None:
    """规则组标签 (94882), field by field; the answer to adding leaves the strategy out."""
    raw = official("externalcontact/get_strategy_tag_list.response")
    (group,) = calls.strategy_tags.list().decode(raw)
    assert (group.strategy_id, group.group_id, group.group_name) == (1, "TAG_GROUPID1", "GOURP_NAME")
    assert (group.created_at, group.order) == (MADE, 1)
    assert group.tags == (
        Tag(id="TAG_ID1", name="NAME1", created_at=MADE, order=1),
        Tag(id="TAG_ID2", name="NAME2", created_at=MADE, order=2),
    )
    assert group.tag_named("NAME2") == group.tags[1]
    made = calls.strategy_tags.create(1, ["x"], group_name="g")
    assert made.decode(official("externalcontact/add_strategy_tag.response")).strategy_id == 0


def test_a_node_says_what_it_is() -> None:
    """A member has no department on the wire, and a department no member."""
    assert _codec.encode(RangeNode.member("zhangsan")) == {"type": 1, "userid": "zhangsan"}
    assert _codec.encode(RangeNode.department(7)) == {"type": 2, "partyid": 7}
    future = _codec.decode(RangeNode, {"type": 3, "tagid": 9})
    assert (future.type, future.extra) == (3, {"tagid": 9})


@PRIVILEGES
def test_rights_that_nobody_said(kind: Any) -> None:
    """None is sent as nothing; the manual's default is True for all of them."""
    assert _codec.encode(kind()) == {}
    assert set(_codec.encode(kind().complete()).values()) == {True}
    assert len(_codec.encode(kind().complete())) == len(fields(kind))


def test_rights_are_merged() -> None:
    """What the change says wins, also a False; what it does not say stays, and so do rights without a name here."""
    before = _codec.decode(MomentPrivilege, {"view_moment_list": True, "send_moment": False, "future_right": False})
    after = before.merged(MomentPrivilege(view_moment_list=False))
    assert _codec.encode(after) == {"view_moment_list": False, "send_moment": False, "future_right": False}
    assert after.complete().manage_moment_cover_and_sign is True
    assert after.complete().send_moment is False


def test_a_strategy_shows_itself() -> None:
    """Notebooks and terminals get a table."""
    strategy = CustomerStrategy(strategy_id=7, parent_id=3, name="<上海>", admins=("zhangsan", "lisi"))
    assert "&lt;上海&gt;" in strategy._repr_html_()
    console = Console(width=80)
    with console.capture() as capture:
        console.print(strategy)
    assert "<上海>" in capture.get()
    assert "zhangsan, lisi" in capture.get()
