"""Rule groups in the fake: nesting, ranges, rights, who may see what, and every refusal that the fake claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeWeCom

KINDS = pytest.mark.parametrize("kind", ["customer", "moment"])
REGION = {"type": 2, "partyid": 2}


def node(who: str | int) -> dict[str, Any]:
    """Return the node of a member (text) or a department (number)."""
    return {"type": 1, "userid": who} if isinstance(who, str) else {"type": 2, "partyid": who}


class Console:
    """The six endpoints of one kind, with less to write."""

    def __init__(self, raw: Raw, kind: str) -> None:
        self.raw = raw
        self.kind = kind

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask one of the endpoints."""
        return self.raw.customer(f"{self.kind}_strategy/{path}", **body)

    def create(self, *nodes: str | int, **more: Any) -> dict[str, Any]:
        """Make a rule group that holds `nodes`."""
        body = {"strategy_name": "华东", "admin_list": ["zhangsan"], "range": list(map(node, nodes)), **more}
        return self.ask("create", **body)

    def made(self, *nodes: str | int, **more: Any) -> int:
        """Make a rule group and return its id."""
        answer = self.create(*nodes, **more)
        assert code(answer) == 0, answer
        return int(answer["strategy_id"])

    def get(self, strategy_id: int) -> dict[str, Any]:
        """Read a rule group."""
        return dict(self.ask("get", strategy_id=strategy_id)["strategy"])

    def range(self, strategy_id: int) -> list[str | int]:
        """Return who is in the range."""
        found = self.ask("get_range", strategy_id=strategy_id)["range"]
        return [one.get("userid") or one["partyid"] for one in found]


@pytest.fixture
def fake() -> FakeWeCom:
    """Give a corp with a region (2) above two dealers (21, 22), and somebody in each."""
    fake = FakeWeCom()
    for party in (2, 3):
        fake.add_department(party)
    for party in (21, 22):
        fake.add_department(party, parent=2)
    for userid, party in (("zhangsan", 1), ("qu", 2), ("dian1", 21), ("dian2", 22), ("other", 3)):
        fake.add_member(userid, department=party)
    return fake


@pytest.fixture
def console(fake: FakeWeCom) -> Callable[[str], Console]:
    """Give the endpoints of a kind."""
    raw = Raw(fake)
    return lambda kind: Console(raw, kind)


@KINDS
def test_a_strategy_is_answered_as_documented(fake: FakeWeCom, console: Callable[[str], Console], kind: str) -> None:
    """All fields come back; rights that were not said are granted."""
    app = console(kind)
    one = app.get(app.made(2, "zhangsan", "zhangsan", admin_list=["zhangsan", "qu", "qu"]))
    privilege = one.pop("privilege")
    assert one == {
        "strategy_id": 1,
        "parent_id": 0,
        "strategy_name": "华东",
        "create_time": int(fake.clock.time()),
        "admin_list": ["zhangsan", "qu"],
    }
    assert set(privilege.values()) == {True}
    assert len(privilege) == {"customer": 21, "moment": 3}[kind]
    assert app.range(1) == [2, "zhangsan"]


def test_the_kinds_have_nothing_in_common(console: Callable[[str], Console]) -> None:
    """A customer strategy is no moment strategy; each kind counts its own ids."""
    customer, moment = console("customer"), console("moment")
    assert customer.made(2) == moment.made(3) == 1
    assert code(customer.ask("del", strategy_id=1)) == 0
    assert moment.range(1) == [3]


def test_basic_rights_cannot_be_turned_off(console: Callable[[str], Console]) -> None:
    """The five basic rights stay, whatever is asked; the others are as asked."""
    app = console("customer")
    made = app.made(2, privilege={"contact_me": False, "share_customer": False})
    privilege = app.get(made)["privilege"]
    assert (privilege["contact_me"], privilege["share_customer"], privilege["rapid_reply"]) == (True, False, True)


@KINDS
def test_a_child_has_its_parents_rights(console: Callable[[str], Console], kind: str) -> None:
    """Below the top `privilege` is ignored, and a change at the top is felt at the bottom."""
    app = console(kind)
    right = {"customer": "share_customer", "moment": "send_moment"}[kind]
    top = app.made(2, privilege={right: False})
    middle = app.made(21, parent_id=top, privilege={right: True})
    bottom = app.made("dian1", parent_id=middle)
    assert app.get(bottom)["privilege"] == app.get(top)["privilege"]
    assert app.get(bottom)["privilege"][right] is False
    assert code(app.ask("edit", strategy_id=bottom, privilege={right: True})) == 0
    assert app.get(bottom)["privilege"][right] is False
    assert code(app.ask("edit", strategy_id=top, privilege={right: True})) == 0
    assert app.get(bottom)["privilege"][right] is True


def test_new_rights_replace_the_old_ones(console: Callable[[str], Console]) -> None:
    """An edit of the rights overwrites them; an empty one, and an edit of something else, leave them."""
    app = console("customer")
    made = app.made(2, privilege={"share_customer": False})
    app.ask("edit", strategy_id=made, strategy_name="华南", privilege={})
    assert app.get(made)["privilege"]["share_customer"] is False
    app.ask("edit", strategy_id=made, privilege={"rapid_reply": False})
    privilege = app.get(made)["privilege"]
    assert (privilege["share_customer"], privilege["rapid_reply"]) == (True, False)


@KINDS
@pytest.mark.parametrize(
    ("inside", "errcode"),
    [(2, 0), (21, 0), ("qu", 0), ("dian1", 0), ("zhangsan", 0), (1, 60011), (3, 60011), ("other", 60011)],
)
def test_a_range_lies_within_the_parents(
    console: Callable[[str], Console], kind: str, inside: str | int, errcode: int
) -> None:
    """A department holds those below it and everybody in them; the root holds all."""
    app = console(kind)
    top = app.made(2, "zhangsan")
    assert code(app.create(inside, parent_id=top)) == errcode
    child = app.made("qu", parent_id=top)
    assert code(app.ask("edit", strategy_id=child, range_add=[node(inside)])) == errcode
    assert (inside in app.range(child)) is (errcode == 0)


@KINDS
def test_a_member_of_the_parents_list_is_no_department(console: Callable[[str], Console], kind: str) -> None:
    """Who names every member of a department does not hold the department: tomorrow somebody joins it."""
    app = console(kind)
    top = app.made("dian1")
    assert code(app.create(21, parent_id=top)) == 60011


@KINDS
def test_a_range_does_not_shrink_below_its_children(console: Callable[[str], Console], kind: str) -> None:
    """A node that a child still holds stays, unless another node of the parent covers it."""
    app = console(kind)
    top = app.made(2, 21)
    app.made("dian1", parent_id=top)
    assert code(app.ask("edit", strategy_id=top, range_del=[node(21)])) == 0
    assert code(app.ask("edit", strategy_id=top, range_del=[node(2)])) == 60011
    assert app.range(top) == [2]
    assert code(app.ask("edit", strategy_id=top, range_del=[node(2)], range_add=[node("dian1")])) == 0
    assert app.range(top) == ["dian1"]


@KINDS
def test_an_edit_changes_what_is_given(console: Callable[[str], Console], kind: str) -> None:
    """Empty lists and names leave things alone; unknown nodes are taken out in silence; nodes come only once."""
    app = console(kind)
    made = app.made(2, "zhangsan")
    assert code(app.ask("edit", strategy_id=made, strategy_name="", admin_list=[], range_add=[], range_del=[])) == 0
    assert app.get(made)["strategy_name"] == "华东"
    assert app.get(made)["admin_list"] == ["zhangsan"]
    edit = {"range_add": [node("qu"), node(2)], "range_del": [node("zhangsan"), node("gone")]}
    assert code(app.ask("edit", strategy_id=made, admin_list=["qu"], **edit)) == 0
    assert app.range(made) == [2, "qu"]
    assert app.get(made)["admin_list"] == ["qu"]


@KINDS
def test_five_levels_and_no_more(console: Callable[[str], Console], kind: str) -> None:
    """管理组的最大层级为5层."""
    app = console(kind)
    parent = 0
    for _ in range(5):
        parent = app.made(2, parent_id=parent)
    assert code(app.create(2, parent_id=parent)) == 40058


@KINDS
def test_a_family_is_deleted_from_below(console: Callable[[str], Console], kind: str) -> None:
    """A rule group with others below it stays until they are gone."""
    app = console(kind)
    top = app.made(2)
    child = app.made(21, parent_id=top)
    assert code(app.ask("del", strategy_id=top)) == 40058
    assert code(app.ask("del", strategy_id=child)) == 0
    assert code(app.ask("del", strategy_id=top)) == 0
    assert app.ask("list")["strategy"] == []
    for path in ("get", "get_range", "edit", "del"):
        assert code(app.ask(path, strategy_id=top)) == 40058


@KINDS
def test_an_app_sees_its_own_only(fake: FakeWeCom, console: Callable[[str], Console], kind: str) -> None:
    """Rule groups of another app and of the console are neither listed nor touched, nor taken as a parent."""
    app = console(kind)
    own = app.made(2)
    from_console = fake.add_strategy("总部", kind=kind, departments=[1], admins=["zhangsan"])  # type: ignore[arg-type]
    fake.add_app("other", "s2", agent_id=7)
    other = Console(Raw(fake, "s2"), kind)
    foreign = other.made(2)
    assert app.ask("list")["strategy"] == [{"strategy_id": own}]
    assert other.ask("list")["strategy"] == [{"strategy_id": foreign}]
    for strategy_id in (from_console, foreign):
        for path in ("get", "get_range", "edit", "del"):
            assert code(app.ask(path, strategy_id=strategy_id)) == 60011
        assert code(app.create(2, parent_id=strategy_id)) == 60011


@KINDS
def test_lists_come_in_pages(console: Callable[[str], Console], kind: str) -> None:
    """Every id and node comes once, the last page has no cursor, and what was deleted between pages shifts nothing."""
    app = console(kind)
    made = [app.made(2) for _ in range(4)]
    first = app.ask("list", limit=2)
    app.ask("del", strategy_id=made[0])
    second = app.ask("list", limit=2, cursor=first["next_cursor"])
    assert [one["strategy_id"] for page in (first, second) for one in page["strategy"]] == made
    assert "next_cursor" not in second
    app.ask("edit", strategy_id=made[1], range_add=[node("qu"), node(3)])
    first = app.ask("get_range", strategy_id=made[1], limit=2)
    second = app.ask("get_range", strategy_id=made[1], limit=2, cursor=first["next_cursor"])
    assert [first["range"], second["range"]] == [[node(2), node("qu")], [node(3)]]
    assert code(app.ask("get_range", strategy_id=made[2], cursor=first["next_cursor"])) == 50100


@KINDS
@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"strategy_name": ""}, 40063),
        ({"admin_list": []}, 40063),
        ({"admin_list": ["zhangsan"] * 21}, 40058),
        ({"admin_list": ["nobody"]}, 60111),
        ({"admin_list": ["left"]}, 60111),
        ({"admin_list": ["boss"]}, 40058),
        ({"range": []}, 40063),
        ({"range": [{"type": 3, "tagid": 1}]}, 40058),
        ({"range": [{"userid": "zhangsan"}]}, 40063),
        ({"range": [{"type": 1}]}, 41009),
        ({"range": [{"type": 2}]}, 40063),
        ({"range": [{"type": 1, "userid": "nobody"}]}, 60111),
        ({"range": [{"type": 2, "partyid": 99}]}, 60003),
        ({"parent_id": 99}, 40058),
    ],
)
def test_create_refuses(
    fake: FakeWeCom, console: Callable[[str], Console], kind: str, change: dict[str, Any], errcode: int
) -> None:
    """What is missing, too much, unknown or not allowed has its code, and nothing is made."""
    fake.add_member("left")
    fake.leave("left")
    fake.add_member("boss")
    fake.make_super_admin("boss")
    app = console(kind)
    body = {"strategy_name": "x", "admin_list": ["zhangsan"], "range": [REGION], **change}
    assert code(app.ask("create", **body)) == errcode
    assert app.ask("list")["strategy"] == []


@pytest.mark.parametrize(("kind", "right"), [("customer", "rapid_reply"), ("moment", "send_moment")])
def test_a_right_is_true_or_false(console: Callable[[str], Console], kind: str, right: str) -> None:
    """A number is no right."""
    assert code(console(kind).create(2, privilege={right: 1})) == 40058


@pytest.mark.parametrize(("added", "removed", "errcode"), [(100, 0, 0), (50, 50, 0), (101, 0, 40058), (51, 50, 40058)])
def test_a_call_takes_100_nodes(
    fake: FakeWeCom, console: Callable[[str], Console], added: int, removed: int, errcode: int
) -> None:
    """Of a customer strategy, added and removed ones together (94883)."""
    names = [fake.add_member(f"m{number}").userid for number in range(101)]
    app = console("customer")
    made = app.made(2)
    change = {"range_add": list(map(node, names[:added])), "range_del": list(map(node, names[:removed]))}
    assert code(app.ask("edit", strategy_id=made, **change)) == errcode
    assert code(app.create(*names)) == 40058


@KINDS
def test_a_group_holds_3000_nodes(fake: FakeWeCom, console: Callable[[str], Console], kind: str) -> None:
    """The 3,001st node is refused, and one that is in the range already is no new node."""
    names = [fake.add_member(f"m{number}").userid for number in range(3001)]
    app = console(kind)
    made = app.made(names[0])
    for start in range(1, 3000, 100):
        nodes = list(map(node, names[start : min(start + 100, 3000)]))
        assert code(app.ask("edit", strategy_id=made, range_add=nodes)) == 0
    assert len(app.ask("get_range", strategy_id=made)["range"]) == 1000, "a page"
    assert code(app.ask("edit", strategy_id=made, range_add=[node(names[3000])])) == 40058
    assert code(app.ask("edit", strategy_id=made, range_add=[node(names[0])])) == 0


def test_who_is_out_of_sight_cannot_be_named(fake: FakeWeCom) -> None:
    """Members outside the app's visible range answer 60011, as administrators and in the range."""
    fake.add_app("small", "s3", agent_id=8, visible=["zhangsan"])
    app = Console(Raw(fake, "s3"), "customer")
    assert code(app.create("qu")) == 60011
    assert code(app.create("zhangsan", admin_list=["qu"])) == 60011
    assert code(app.create("zhangsan")) == 0


def test_departments_hold_those_below_them(fake: FakeWeCom) -> None:
    """What is sent to a region reaches its dealers; a department cannot lie below itself."""
    raw = Raw(fake)
    sent = raw.post("message/send", toparty="2", msgtype="text", agentid=fake.agent_id, text={"content": "x"})
    assert code(sent) == 0
    assert [len(fake.messages_to(one)) for one in ("qu", "dian1", "dian2", "other", "zhangsan")] == [1, 1, 1, 0, 0]
    with pytest.raises(ValueError, match="below itself"):
        fake.add_department(2, parent=21)


def test_scenes_name_what_is_missing(fake: FakeWeCom) -> None:
    """The stage cannot be set with people and rule groups that are not there."""
    with pytest.raises(LookupError, match="no such active member"):
        fake.make_super_admin("nobody")
    with pytest.raises(LookupError, match="no such customer strategy"):
        fake.add_strategy("x", parent_id=9)
    with pytest.raises(LookupError, match="add_strategy"):
        fake.add_strategy_tag(9, "意向", "高")
