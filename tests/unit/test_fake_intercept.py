"""Intercept rules in the fake: what they forbid, for whom, and what becomes of a message."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import Raw, code

from wecom_auto.testing import FakeCustomer, FakeWeCom, Limits, Settings


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp with a member at the root, and one in a department below another."""
    fake = FakeWeCom()
    fake.add_member("zhangsan")
    fake.add_department(7)
    fake.add_department(70, parent=7)
    fake.add_member("lisi", department=70)
    return fake


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """An app of the corp."""
    return Raw(fake)


@pytest.fixture
def customer(fake: FakeWeCom) -> FakeCustomer:
    """A customer of both."""
    return fake.add_customer(followed_by=["zhangsan", "lisi"])


RULE: dict[str, Any] = {
    "rule_name": "价格",
    "word_list": ["底价", "返现"],
    "intercept_type": 1,
    "applicable_range": {"user_list": ["zhangsan"]},
}


def make(raw: Raw, **changes: Any) -> dict[str, Any]:
    """Create a rule."""
    return raw.customer("add_intercept_rule", **(RULE | changes))


def test_a_blocked_message_is_not_sent(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """The member is warned, the customer gets nothing, and no statistic counts it."""
    make(raw)
    said = fake.member_says("zhangsan", customer, "给您底价，再返现")
    assert (said.sent, said.warned, said.rules, said.words) == (False, True, ("价格",), ("底价", "返现"))
    assert fake.state()["journal"]["talks"] == []
    assert "底价" not in repr(said)


def test_a_warning_lets_the_message_pass(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """Type 2 only warns."""
    make(raw, intercept_type=2)
    said = fake.member_says("zhangsan", customer, "底价")
    assert (said.sent, said.warned) == (True, True)
    assert len(fake.state()["journal"]["talks"]) == 1


def test_a_harmless_message_passes_in_silence(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """Nobody is warned of words that no rule has."""
    make(raw)
    said = fake.member_says("zhangsan", customer, "周末试驾")
    assert (said.sent, said.warned, said.rules, said.words, said.semantics) == (True, False, (), (), ())


def test_the_strictest_rule_wins(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """Of a rule that warns and one that blocks, both are told and the message stays."""
    make(raw, intercept_type=2)
    make(raw, rule_name="底线", word_list=["底"])
    said = fake.member_says("zhangsan", customer, "底价")
    assert (said.sent, said.rules) == (False, ("价格", "底线"))


@pytest.mark.parametrize(
    ("text", "red_packet", "found"),
    [
        ("电话 13800000001", False, (1,)),
        ("编号 213800000001", False, ()),
        ("写信到 li.si@example.com.cn", False, (2,)),
        ("a@b", False, ()),
        ("恭喜", True, (3,)),
        ("13800000001 li@example.com", True, (1, 2, 3)),
    ],
)
def test_semantics_are_recognised(
    fake: FakeWeCom, raw: Raw, customer: FakeCustomer, text: str, red_packet: bool, found: tuple[int, ...]
) -> None:
    """A rule can look for mobile numbers, e-mail addresses and red packets besides its words."""
    make(raw, semantics_list=[3, 1, 2, 1])
    said = fake.member_says("zhangsan", customer, text, red_packet=red_packet)
    assert (said.semantics, said.sent) == (found, not found)


def test_a_rule_holds_for_whom_it_says(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """Members by name, and departments with those below them."""
    make(raw, applicable_range={"department_list": [7]})
    assert fake.member_says("zhangsan", customer, "底价").sent
    assert not fake.member_says("lisi", customer, "底价").sent


def test_rules_hold_in_groups_for_members_only(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """A customer may write what they like."""
    make(raw)
    group = fake.create_group("zhangsan", "群")
    fake.join_group(group, customer)
    assert not fake.group_says(group, "zhangsan", "底价").sent
    assert fake.group_says(group, customer, "底价多少").sent
    assert [one["who"] for one in fake.state()["journal"]["group_talks"]] == [customer.external_userid]


def test_a_rule_is_changed_in_part(fake: FakeWeCom, raw: Raw) -> None:
    """What is not given stays; an empty list of words is ignored, one of semantics clears (95097)."""
    rule_id = make(raw, semantics_list=[1])["rule_id"]

    def change(**fields: Any) -> dict[str, Any]:
        assert code(raw.customer("update_intercept_rule", rule_id=rule_id, **fields)) == 0
        return raw.customer("get_intercept_rule", rule_id=rule_id)["rule"]

    first = change(word_list=[])
    assert first == {
        "rule_id": rule_id,
        "rule_name": "价格",
        "create_time": int(fake.clock.time()),
        "word_list": ["底价", "返现"],
        "extra_rule": {"semantics_list": [1]},
        "intercept_type": 1,
        "applicable_range": {"user_list": ["zhangsan"], "department_list": []},
    }
    assert change(extra_rule={"semantics_list": []})["extra_rule"] == {"semantics_list": []}
    assert change(word_list=["x"], rule_name="价格", intercept_type=2)["word_list"] == ["x"]
    changed = change(
        add_applicable_range={"user_list": ["lisi"], "department_list": [7]},
        remove_applicable_range={"user_list": ["zhangsan"]},
    )
    assert changed["applicable_range"] == {"user_list": ["lisi"], "department_list": [7]}
    assert changed["intercept_type"] == 2
    assert change(remove_applicable_range={"user_list": ["nobody"], "department_list": [7]})


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"rule_name": ""}, 40063),
        ({"rule_name": "字" * 21}, 40058),
        ({"word_list": []}, 40063),
        ({"word_list": [str(number) for number in range(301)]}, 41068),
        ({"word_list": ["字" * 33]}, 41083),
        ({"word_list": ["底价", ""]}, 41083),
        ({"semantics_list": [4]}, 41084),
        ({"intercept_type": 3}, 40058),
        ({"applicable_range": {}}, 40063),
        ({"applicable_range": {"user_list": [], "department_list": []}}, 40063),
        ({"applicable_range": {"user_list": ["nobody"]}}, 60111),
        ({"applicable_range": {"department_list": [9]}}, 60123),
        ({"applicable_range": {"user_list": ["u"] * 1001}}, 41076),
        ({"applicable_range": {"department_list": [1] * 1001}}, 41076),
    ],
)
def test_a_rule_that_is_none_is_refused(raw: Raw, changes: dict[str, Any], wanted: int) -> None:
    """Each limit of the page has its errcode."""
    assert code(make(raw, **changes)) == wanted
    assert raw.customer("get_intercept_rule", rule_id="x")["errcode"] == 41070
    assert raw.get("externalcontact/get_intercept_rule_list")["rule_list"] == []


def test_names_are_unique(raw: Raw) -> None:
    """Two rules cannot share a name, a rule may keep its own, and a deleted one gives it back."""
    first = make(raw)["rule_id"]
    assert code(make(raw)) == 41077
    second = make(raw, rule_name="其他")["rule_id"]
    assert code(raw.customer("update_intercept_rule", rule_id=second, rule_name="价格")) == 41077
    assert code(raw.customer("del_intercept_rule", rule_id=first)) == 0
    assert code(raw.customer("update_intercept_rule", rule_id=second, rule_name="价格")) == 0


def test_a_deleted_rule_is_told_from_none(fake: FakeWeCom, raw: Raw, customer: FakeCustomer) -> None:
    """It answers 41071, holds for nobody, and makes room."""
    fake.limits = Limits(intercept_rules=1)
    rule_id = make(raw)["rule_id"]
    assert code(make(raw, rule_name="其他")) == 41069
    raw.customer("del_intercept_rule", rule_id=rule_id)
    for path in ("get_intercept_rule", "update_intercept_rule", "del_intercept_rule"):
        assert code(raw.customer(path, rule_id=rule_id)) == 41071
    assert fake.member_says("zhangsan", customer, "底价").sent
    assert code(make(raw)) == 0


def test_an_app_changes_its_own_rules_and_sees_its_own_range(fake: FakeWeCom, raw: Raw) -> None:
    """Another app reads the rule without the people whom it does not see, and cannot change it."""
    fake.add_app("second", "s2", agent_id=2, visible=["lisi"])
    second = Raw(fake, "s2")
    rule_id = make(raw, applicable_range={"user_list": ["zhangsan", "lisi"], "department_list": [1, 70]})["rule_id"]
    seen = second.customer("get_intercept_rule", rule_id=rule_id)["rule"]["applicable_range"]
    assert seen == {"user_list": ["lisi"], "department_list": [70]}
    assert code(second.customer("update_intercept_rule", rule_id=rule_id, rule_name="x")) == 60011
    assert code(second.customer("del_intercept_rule", rule_id=rule_id)) == 60011
    for beyond in ({"user_list": ["zhangsan"]}, {"department_list": [1]}):
        assert code(make(second, rule_name="x", applicable_range=beyond)) == 60011


def test_a_rule_has_room_for_ten_thousand(fake: FakeWeCom, raw: Raw) -> None:
    """1,000 members go into one call, 10,000 into one rule, and it cannot hold for nobody."""
    fake.settings = Settings(token_seconds=10**8)
    people = [f"u{number}" for number in range(10_000)]
    for userid in people:
        fake.add_member(userid)
    rule_id = make(raw, applicable_range={"user_list": people[:1000]})["rule_id"]
    with fake.client() as app:
        added = app.intercept_rules.add_userids(rule_id, people[1000:])
        assert (added.ok, fake.count("externalcontact/update_intercept_rule")) == (True, 9)
        full = app.intercept_rules.add_userids(rule_id, ["zhangsan"])
        assert [(one.item, getattr(one.error, "errcode", 0)) for one in full.failed] == [("zhangsan", 41076)]
        assert len(app.intercept_rules.get(rule_id).applicable_range.userids) == 10_000
        assert app.intercept_rules.remove_userids(rule_id, people[1:]).ok
        left = app.intercept_rules.remove_userids(rule_id, people[:1])
    assert [getattr(one.error, "errcode", 0) for one in left.failed] == [40063]
