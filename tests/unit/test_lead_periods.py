"""Before and after: who was reached, what one of them has cost, and how sure the difference is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from tests.unit._lead_stage import TEN, Stage, new

from wecom_auto.automotive.leads import Added, Period, compare_periods
from wecom_auto.errors import ValidationError
from wecom_auto.sop import ArmCount, compare_arms
from wecom_auto.store import open_store

APRIL = TEN + timedelta(days=30)
MARCH = Period(name="电话", since=TEN, until=APRIL, people=1000, reached=300, cost=Decimal(60_000))
NEXT = Period(
    name="企微", since=APRIL, until=APRIL + timedelta(days=30), people=1000, reached=420, cost=Decimal(63_000)
)


def test_a_cost_is_of_one_person_who_was_reached():
    """The cost is the user's; without one, or without anybody reached, there is no quotient."""
    assert (MARCH.rate, MARCH.cost_per_reached) == (0.3, Decimal(200))
    assert evolve(MARCH, cost=None).cost_per_reached is None
    assert evolve(MARCH, reached=0).cost_per_reached is None
    assert evolve(MARCH, people=0, reached=0).rate is None


def test_two_periods_are_compared_with_the_statistics_of_experiments():
    """The same interval as of arms, the difference of costs, and beside both what they do not say."""
    change = compare_periods(MARCH, NEXT)
    arms = compare_arms(
        ArmCount(arm="after", customers=1000, successes=420), ArmCount(arm="before", customers=1000, successes=300)
    )
    assert change.uplift == arms
    assert change.uplift.clear
    assert change.cost_difference == Decimal(-50)
    assert change.caution.startswith("before and after is no experiment")
    assert compare_periods(MARCH, evolve(NEXT, cost=None)).cost_difference is None


def test_few_cases_are_called_small_and_are_not_clear():
    """Two of ten against three of ten is nothing to speak of."""
    change = compare_periods(evolve(MARCH, people=10, reached=2), evolve(NEXT, people=10, reached=3))
    assert (change.uplift.small, change.uplift.clear) == (True, False)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"until": TEN}, "until"),
        ({"until": datetime(2026, 4, 1)}, "until"),  # noqa: DTZ001 - that is the point
        ({"reached": 1001}, "reached"),
        ({"reached": -1}, "reached"),
        ({"cost": Decimal(-1)}, "cost"),
        ({"cost": Decimal("NaN")}, "cost"),
    ],
    ids=["no time", "naive", "too many", "negative", "negative cost", "no cost"],
)
def test_a_period_that_cannot_be_is_refused(values, field):
    """The message names the field."""
    with pytest.raises(ValidationError, match=field):
        evolve(MARCH, **values)


def test_periods_that_overlap_or_are_empty_are_not_compared():
    """Nobody would know which of the two a person belongs to."""
    with pytest.raises(ValidationError, match=r"after\.since"):
        compare_periods(MARCH, evolve(NEXT, since=APRIL - timedelta(days=1)))
    with pytest.raises(ValidationError, match="at least one customer"):
        compare_periods(evolve(MARCH, people=0, reached=0), NEXT)


def test_leads_are_counted_when_their_time_is_over(tmp_path):
    """Talked to or added in time counts; too late does not; who came just now waits."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    stage = Stage.open(engine)
    desk = stage.desk()
    talked, added, late = (desk.take(new(external_userid=f"wm{number}")).lead_id for number in range(3))
    desk.take(new(store="s2"))
    owners = {one.lead_id: one.userid for one in desk.assign()}
    desk.contacted(talked, owners[talked], evidence="call")
    desk.match(Added(external_userid="wm1", userid="anna", at=stage.fake.clock.now()))
    stage.wait(days=3)
    desk.contacted(late, owners[late], evidence="call")
    fresh = new()
    desk.take(fresh)
    month = {"since": TEN, "until": APRIL, "within": timedelta(days=2), "cost": Decimal(100)}
    period = desk.numbers.reached("三月", **month)
    assert (period.people, period.reached, period.waiting) == (4, 2, 1)
    assert period.cost_per_reached == Decimal(50)
    assert "within 2 days" in period.definition
    assert desk.numbers.reached("三月", **month, store="s2").people == 1
    assert desk.lead(added).added_at is not None
    with pytest.raises(ValidationError, match="within"):
        desk.numbers.reached("三月", **(month | {"within": timedelta(0)}))
    engine.dispose()
