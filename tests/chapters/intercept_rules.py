"""What the tests know of `wecom.intercept_rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import ConflictError, NotFoundError
from wecom_auto.models import InterceptType, Semantics
from wecom_auto.testing import FakeWeCom

rules = calls.intercept_rules
BLOCK = InterceptType.BLOCK
EVERYTHING = [Semantics.MOBILE, Semantics.EMAIL, Semantics.RED_PACKET]
RULE: Mapping[str, Any] = {"words": ["敏感词1", "敏感词2"], "semantics": EVERYTHING, "intercept_type": BLOCK}

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/add_intercept_rule": [rules.create("n", userids=["u"], departments=[2], **RULE)],
    "externalcontact/get_intercept_rule_list": [rules.list()],
    "externalcontact/get_intercept_rule": [rules.get("r")],
    "externalcontact/update_intercept_rule": [
        rules.update(
            "r",
            name="n",
            add_userids=["u"],
            add_departments=[2],
            remove_userids=["u"],
            remove_departments=[2],
            **RULE,
        )
    ],
    "externalcontact/del_intercept_rule": [rules.delete("r")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/add_intercept_rule", rules.create("n", userids=["u"], **RULE)),
    ("externalcontact/get_intercept_rule_list", rules.list()),
    ("externalcontact/get_intercept_rule", rules.get("r")),
]

RESPELT: Mapping[str, list[str]] = {"externalcontact/get_intercept_rule": [".rule_id"]}
"""The example has a number where every other page has a text."""

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/add_intercept_rule",
        lambda: rules.create("rulename", userids=["zhangshan"], departments=[2, 3], **RULE),
    ),
    ("externalcontact/get_intercept_rule", lambda: rules.get("xxx")),
    (
        "externalcontact/update_intercept_rule",
        lambda: rules.update(
            "xxxx",
            name="rulename",
            add_userids=["zhangshan"],
            add_departments=[2, 3],
            remove_userids=["zhangshan"],
            remove_departments=[2, 3],
            **RULE,
        ),
    ),
    ("externalcontact/del_intercept_rule", lambda: rules.delete("xxx")),
]


def _rule(**changes: Any) -> Call[Any]:
    name = changes.pop("name", "n")
    return rules.create(name, **{"words": ["x"], "intercept_type": BLOCK, "userids": ["u"], **changes})


REFUSED: list[tuple[str, Make]] = [
    ("rule_name", lambda: _rule(name="")),
    ("rule_name", lambda: _rule(name="字" * 21)),
    ("word_list", lambda: _rule(words=[])),
    ("word_list", lambda: _rule(words="底价")),
    ("word_list", lambda: _rule(words=["x"] * 301)),
    ("word_list[1]", lambda: _rule(words=["x", "字" * 33])),
    ("word_list[0]", lambda: _rule(words=[""])),
    ("semantics_list[0]", lambda: _rule(semantics=[4])),
    ("intercept_type", lambda: _rule(intercept_type=3)),
    ("applicable_range", lambda: _rule(userids=[])),
    ("applicable_range.user_list", lambda: _rule(userids=["u"] * 1001)),
    ("applicable_range.department_list", lambda: _rule(departments=[1] * 1001)),
    (
        "rule_name / word_list / extra_rule / intercept_type / add_applicable_range / remove_applicable_range",
        lambda: rules.update("r"),
    ),
    ("extra_rule.semantics_list[0]", lambda: rules.update("r", semantics=[0])),
    ("word_list", lambda: rules.update("r", words=["x"] * 301)),
    ("add_applicable_range.user_list", lambda: rules.update("r", add_userids=["u"] * 1001)),
    ("remove_applicable_range.department_list", lambda: rules.update("r", remove_departments=[1] * 1001)),
]

ACCEPTED: list[Make] = [
    lambda: _rule(name="字" * 20, words=["字" * 32] * 300, userids=["u"] * 1000, departments=[1] * 1000),
    lambda: rules.update("r", semantics=[]),
    lambda: rules.update("r", remove_userids=["u"] * 1000),
]

ARGUMENTS: Mapping[str, Any] = {"name": "n", "words": ["x"], "intercept_type": BLOCK, "rule_id": "r"}


def intercept_rules(fake: FakeWeCom) -> Play:
    """A rule is made, holds for whom it says, is changed, and deleted."""
    fake.add_member("zhangsan")
    fake.add_member("lisi", department=7)
    customer = fake.add_customer(name="王五", followed_by=("zhangsan", "lisi"))
    rule_id = yield lambda app: app.intercept_rules.create(
        "价格", words=["底价", "返现"], intercept_type=InterceptType.BLOCK, userids=["zhangsan"]
    )
    assert not fake.member_says("zhangsan", customer, "给您底价").sent
    assert fake.member_says("lisi", customer, "给您底价").sent
    (ref,) = yield lambda app: app.intercept_rules.list()
    assert (ref.rule_id, ref.name, ref.created_at) == (rule_id, "价格", fake.clock.now())
    assert (
        yield lambda app: app.intercept_rules.update(
            rule_id,
            intercept_type=InterceptType.WARN,
            semantics=[Semantics.MOBILE],
            add_departments=[7],
            remove_userids=["zhangsan"],
        )
    ) is None
    rule = yield lambda app: app.intercept_rules.get(rule_id)
    assert (rule.words, rule.semantics, rule.intercept_type) == (("底价", "返现"), (Semantics.MOBILE,), 2)
    assert (rule.applicable_range.userids, rule.applicable_range.departments) == ((), (7,))
    said = fake.member_says("lisi", customer, "加我 13800000001")
    assert (said.sent, said.warned, said.rules, said.semantics) == (True, True, ("价格",), (1,))
    added = yield lambda app: app.intercept_rules.add_userids(rule_id, ["zhangsan"])
    assert (added.ok, added.done) == (True, ("zhangsan",))
    removed = yield lambda app: app.intercept_rules.remove_userids(rule_id, ["zhangsan"])
    assert removed.ok
    try:
        yield lambda app: app.intercept_rules.create(
            "价格", words=["x"], intercept_type=InterceptType.BLOCK, userids=["lisi"]
        )
    except ConflictError as error:
        refused(ConflictError, 41077, error)
    else:
        raise AssertionError
    assert (yield lambda app: app.intercept_rules.delete(rule_id)) is None
    assert (yield lambda app: app.intercept_rules.list()) == ()
    try:
        yield lambda app: app.intercept_rules.get(rule_id)
    except NotFoundError as error:
        refused(NotFoundError, 41071, error)
    else:
        raise AssertionError


CASES: tuple[Case, ...] = (intercept_rules,)
