"""Branches through the runner: one arm is sent, the other is written down as passed by, and nothing repeats."""

from __future__ import annotations

from tests.unit._sop_stage import NINE, Stage, mass, sop

TREE = sop(
    "tree",
    '[[step]]\nid = "ask"\nat = "+1d"\ndo = { branch = [{ if = "event(\'visit\')", goto = "a" }, { goto = "b" }] }\n'
    + mass("a", "+2d 10:00", "a", do=', goto = "z"')
    + mass("b", "+2d 10:00", "b")
    + '[[step]]\nid = "z"\nat = "+6d"\ndo = { end = true }\n',
)


def test_each_customer_walks_one_arm() -> None:
    """Who has visited gets a, who has not gets b; the platform's books hold one message for each."""
    stage = Stage.open("sqlite://")
    visitor, other = stage.member("zhangsan", 2)
    stage.publish(TREE)
    for customer in (visitor, other):
        stage.runner.enrol("tree", customer, now=NINE, userid="zhangsan")
    stage.directory.record_event(visitor, "visit", NINE)
    stage.run_until_idle()
    assert stage.sent() == {(visitor, "内容 a"): 1, (other, "内容 b"): 1}
    assert stage.touches() == {
        (visitor, "ask"): "done",
        (visitor, "a"): "delivered",
        (visitor, "b"): "skipped",
        (visitor, "z"): "done",
        (other, "ask"): "done",
        (other, "a"): "skipped",
        (other, "b"): "delivered",
        (other, "z"): "done",
    }
    assert {"branch:taken", "skipped:branch"} <= set(stage.reasons(other))


def test_news_after_the_branch_does_not_turn_it_back() -> None:
    """The visit comes after the branch was decided: the run stays on its arm, and nobody gets both messages."""
    stage = Stage.open("sqlite://")
    (customer,) = stage.member("zhangsan", 1)
    stage.publish(TREE)
    stage.runner.enrol("tree", customer, now=NINE, userid="zhangsan")
    stage.tick(NINE)
    stage.tick(days=1)
    stage.directory.record_event(customer, "visit", stage.now)
    stage.runner.record_event(customer, "visit", stage.now)
    stage.run_until_idle()
    assert stage.sent() == {(customer, "内容 b"): 1}
