"""What an A/B step has shown: honest counts, an interval of the literature, and no verdict on too few."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database
from tests.unit._sop_stage import TEN, URL, Stage, close_stages, mass, sop

from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.sop import ArmCount, Definition, compare_arms

SPLIT = sop(
    "reach",
    mass("offer", "+0d", "{arm}", "ab = { a = 1, b = 1, holdout = 1 }") + mass("later", "+20d", "c"),
    exits="[[exit]]\nwhen = \"event('deal.signed')\"\ngoal = true",
)
MONTH = timedelta(days=30)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No database is forgotten."""
    yield
    close_stages()


def counted(arm: str, successes: int, customers: int) -> ArmCount:
    """An arm."""
    return ArmCount(arm=arm, customers=customers, successes=successes)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_is_that_of_the_literature(first, second, low, high):
    """The examples of Newcombe (1998), method 10."""
    found = compare_arms(counted("a", *first), counted("b", *second))
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert found.difference == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert found.clear is (low > 0)


arms = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(first=arms, second=arms)
@example(first=(0, 1), second=(220, 220))
def test_an_interval_is_one_and_turns_with_its_sides(first, second):
    """It holds the difference, lies between −1 and 1, and the other way round is the same with the sign turned."""
    one = compare_arms(counted("a", *first), counted("b", *second))
    other = compare_arms(counted("b", *second), counted("a", *first))
    assert -1 <= one.low <= one.difference <= one.high <= 1
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))


def test_no_effect_is_seldom_clear():
    """Of a thousand tests of nothing about one in twenty is clear by chance, and not more."""
    chance = random.Random(7)  # a sample that can be repeated
    clear = 0
    for _ in range(1000):
        first, second = (sum(chance.random() < 0.05 for _ in range(400)) for _ in range(2))
        clear += compare_arms(counted("a", first, 400), counted("b", second, 400)).clear
    assert clear <= 65


def test_few_are_said_to_be_few():
    """Thirty customers and five successes on both sides are the least; the relative uplift needs a control."""
    plenty = counted("a", 50, 100)
    assert not compare_arms(plenty, plenty).small
    assert compare_arms(plenty, counted("b", 10, 29)).small
    assert compare_arms(plenty, counted("b", 4, 100)).small
    assert compare_arms(plenty, counted("b", 0, 100)).relative is None
    assert compare_arms(counted("a", 34, 100), counted("b", 20, 100)).relative == pytest.approx(0.7)


@pytest.mark.parametrize("wrong", [(1, 0), (3, 2), (-1, 2), (0, 0)])
def test_counts_that_cannot_be_are_refused(wrong):
    """More successes than customers, or nobody at all."""
    with pytest.raises(ValidationError):
        compare_arms(counted("a", *wrong), counted("b", 1, 2))


@pytest.fixture(params=KINDS)
def everywhere(request, tmp_path) -> Iterator[str]:
    """A database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


def played(url: str = URL, definition: Definition = SPLIT, customers: int = 60) -> tuple[Stage, list[str]]:
    """Everybody enters at ten, and the member taps."""
    stage = Stage.open(url)
    who = stage.member("anna", customers)
    stage.publish(definition)
    stage.fake.clock.advance_to(TEN)
    for one in who:
        stage.runner.enrol(definition.sop, one, now=stage.now)
    stage.tick()
    stage.tap_all()
    stage.run_until_idle(days=3)
    return stage, who


def arm_of(customer: str) -> str:
    """As the engine draws it."""
    step = SPLIT.find("offer")
    assert step is not None
    assert step.ab is not None
    return step.ab.draw(customer, "offer")


def test_orders_of_a_dms_are_counted_by_arm(everywhere):
    """Everybody whom the step has met is counted, the holdout too; what came too early or too late is not."""
    stage, who = played(everywhere)
    by_arm = {name: [one for one in who if arm_of(one) == name] for name in ("a", "b", "holdout")}
    day = timedelta(days=1)
    orders: dict[str, list[datetime]] = {one: [TEN + day] for one in by_arm["a"][:8]}
    orders |= {one: [TEN - day, TEN + 2 * day] for one in by_arm["holdout"][:2]}
    orders |= {one: [TEN - day] for one in by_arm["b"][:1]} | {one: [TEN + 31 * day] for one in by_arm["b"][1:2]}
    stage.fake.clock.advance(days=40)
    found = stage.runner.experiment("reach", "offer", stage.now, within=MONTH, happened=orders)

    assert [one.arm for one in found.arms] == ["holdout", "a", "b"]
    assert {one.arm: (one.customers, one.successes) for one in found.arms} == {
        "holdout": (len(by_arm["holdout"]), 2),
        "a": (len(by_arm["a"]), 8),
        "b": (len(by_arm["b"]), 0),
    }
    assert {one.arm: one.reached for one in found.arms} == {
        "holdout": 0,
        "a": len(by_arm["a"]),
        "b": len(by_arm["b"]),
    }
    assert found.waiting == 0
    (first, second) = found.uplifts
    assert (first.arm, first.control, first.small) == ("a", "holdout", True)
    assert first.difference == pytest.approx(8 / len(by_arm["a"]) - 2 / len(by_arm["holdout"]))
    assert second.difference < 0
    assert "each at the first time" in found.definition


def test_the_goal_of_the_run_counts_by_itself():
    """Who reached the goal within the time is a success; another control may be chosen."""
    stage, who = played()
    chosen = next(one for one in who if arm_of(one) == "b")
    stage.fake.clock.advance(days=3)
    stage.directory.record_event(chosen, "deal.signed", stage.now)
    stage.runner.record_event(chosen, "deal.signed", stage.now)
    stage.tick(hours=1)
    stage.fake.clock.advance(days=40)
    found = stage.runner.experiment("reach", "offer", stage.now, control="a")
    assert {one.arm: one.successes for one in found.arms} == {"a": 0, "b": 1, "holdout": 0}
    assert [(one.arm, one.control) for one in found.uplifts] == [("b", "a"), ("holdout", "a")]
    # Three days after the message are too late for a test of one day.
    short = stage.runner.experiment("reach", "offer", stage.now, within=timedelta(days=1))
    assert sum(one.successes for one in short.arms) == 0


def test_who_still_has_time_is_not_counted():
    """A week after the message nobody's month is over."""
    stage, who = played()
    found = stage.runner.experiment("reach", "offer", stage.now, within=MONTH)
    assert (found.waiting, [one.customers for one in found.arms], found.uplifts) == (len(who), [0, 0, 0], ())


def test_versions_that_draw_otherwise_are_not_mixed():
    """Other weights are another test: only those of the newest version count."""
    stage, _ = played()
    stage.publish(evolve(SPLIT, version=2, title="another title"))
    stage.fake.clock.advance(days=40)
    assert sum(one.customers for one in stage.runner.experiment("reach", "offer", stage.now).arms) == 60
    heavier = mass("offer", "+0d", "{arm}", "ab = { a = 9, b = 1, holdout = 1 }")
    stage.publish(evolve(sop("reach", heavier), version=3))
    assert sum(one.customers for one in stage.runner.experiment("reach", "offer", stage.now).arms) == 0


@pytest.mark.parametrize(
    ("step", "more", "error"),
    [
        ("later", {}, ConfigurationError),
        ("nothing", {}, ConfigurationError),
        ("offer", {"control": "z"}, ConfigurationError),
        ("offer", {"within": timedelta(0)}, ValidationError),
    ],
)
def test_what_cannot_be_evaluated_is_named(step, more, error):
    """A step without arms, an arm that does not exist, no time at all."""
    stage = Stage.open(URL)
    stage.publish(SPLIT)
    with pytest.raises(error):
        stage.runner.experiment("reach", step, stage.now, **more)


def test_a_naive_order_is_refused():
    """A time without a zone would be eight hours wrong."""
    stage, who = played(customers=3)
    stage.fake.clock.advance(days=40)
    naive = {one: [datetime(2026, 3, 3)] for one in who}  # noqa: DTZ001  # that is the point
    with pytest.raises(ValidationError, match="happened"):
        stage.runner.experiment("reach", "offer", stage.now, happened=naive)
