"""What an operator sees: one snapshot, whether it is healthy, what observers and the log are told."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

import pytest
from attrs import define, evolve, field
from tests.unit._sop_stage import LIBRARY, NINE, TEN, URL, Stage, mass, sop

from wecom_auto.sop import AlertRaised, BatchMoved, DecisionMade, HealthLimits, Observer, Runner, Status, TickFinished
from wecom_auto.sop import status as status_module

CALL = "externalcontact/add_msg_template"
SOON = sop("soon", mass("one", "+1h", "a"))


@define
class Heard:
    """An observer that keeps what it hears."""

    ticks: list[TickFinished] = field(factory=list)
    decisions: list[DecisionMade] = field(factory=list)
    batches: list[BatchMoved] = field(factory=list)
    alerts: list[AlertRaised] = field(factory=list)

    def on_tick(self, tick: TickFinished, /) -> None:
        """Keep it."""
        self.ticks.append(tick)

    def on_decision(self, decision: DecisionMade, /) -> None:
        """Keep it."""
        self.decisions.append(decision)

    def on_batch(self, batch: BatchMoved, /) -> None:
        """Keep it."""
        self.batches.append(batch)

    def on_alert(self, alert: AlertRaised, /) -> None:
        """Keep it."""
        self.alerts.append(alert)


def observed(stage: Stage, *observers: Observer) -> Stage:
    """The same stage with a runner that is observed."""
    runner = Runner(
        stage.directory.engine, stage.fake.client(), stage.directory, LIBRARY, stopwatch=lambda: 0.0,
        observers=observers, new_id=iter(f"batch{number:04}" for number in range(1, 99)).__next__,
    )  # fmt: skip
    return evolve(stage, runner=runner)


@pytest.fixture
def stage() -> Stage:
    """A member with two customers, both in a SOP that sends in an hour."""
    stage = Stage.open(URL)
    customers = stage.member("zhangsan", 2)
    stage.publish(SOON)
    for customer in customers:
        stage.runner.enrol("soon", customer, now=stage.now)
    return stage


def test_a_quiet_corp_is_healthy(stage):
    """Right after a tick nothing is due, and nothing is wrong."""
    stage.tick()
    status = stage.runner.status(stage.now)
    assert (status.active, status.due, status.due_lag, status.last_tick) == (2, 0, timedelta(0), stage.now)
    assert stage.runner.health(stage.now).healthy


def test_what_nobody_looks_at_counts_as_lag(stage):
    """Half an hour without a tick is half an hour of lag, and a reason."""
    stage.tick()
    later = TEN + timedelta(minutes=30)
    status, health = stage.runner.status(later), stage.runner.health(later)
    assert (status.due, status.due_lag) == (2, timedelta(minutes=30))
    assert health.state == "degraded"
    assert health.exit_code == 1
    assert any("due work waits for 0:30:00" in reason for reason in health.reasons)
    assert any("last tick was 1:30:00 ago" in reason for reason in health.reasons)


def test_an_unconfirmed_task_is_counted_until_the_member_taps(stage):
    """The task waits for a tap; after it, it does not."""
    stage.tick(TEN)
    assert (stage.runner.status(stage.now).unconfirmed, stage.runner.status(stage.now).batches) == (1, {"created": 1})
    stage.tap_all()
    stage.tick(minutes=15)
    assert (stage.runner.status(stage.now).unconfirmed, stage.runner.status(stage.now).batches) == (0, {"done": 1})


def test_an_unknown_outcome_is_counted(stage):
    """A lost answer shows as unknown until the platform's list was read."""
    stage.fake.fail_next(CALL, reset="after")
    stage.tick(TEN)
    assert stage.runner.status(stage.now).unknown == 1
    stage.tick(minutes=11)
    assert stage.runner.status(stage.now).unknown == 0


def test_a_paused_sop_is_due_to_nobody(stage):
    """What rests is no lag."""
    stage.runner.pause("soon", stage.now)
    assert stage.runner.status(TEN + timedelta(days=1)).due == 0


@pytest.mark.parametrize(
    ("numbers", "limits", "word"),
    [
        ({"held": 1}, {}, "wait for a person"),
        ({"dead_letters": 1}, {}, "given up"),
        ({"unknown": 6}, {}, "unknown outcome"),
        ({"clock_skew": timedelta(seconds=-6)}, {}, "NTP"),
        ({"unconfirmed": 3}, {"unconfirmed": 2}, "tap"),
        ({"overdue_tasks": 1}, {"overdue_tasks": 0}, "overdue"),
    ],
)
def test_each_limit_gives_its_own_reason(numbers, limits, word):
    """One number over its limit is one sentence."""
    health = status_module.judge(Status(at=NINE, **numbers), HealthLimits(**limits))
    assert len(health.reasons) == 1
    assert word in health.reasons[0]


def test_a_limit_of_none_never_wakes_anybody():
    """Held batches are nobody's business if so decided."""
    assert status_module.judge(Status(at=NINE, held=9), HealthLimits(held=None)).healthy


def test_observers_hear_of_ticks_decisions_and_batches(stage):
    """A day's work arrives in order, with ids and without a customer's."""
    heard = Heard()
    stage = observed(stage, heard)
    stage.tick(TEN)
    stage.tap_all()
    stage.tick(minutes=15)
    assert [one.state for one in heard.batches] == ["planned", "calling", "created", "created", "done"]
    assert [one.reason for one in heard.decisions].count("sent") == 2
    assert {one.enrolment for one in heard.decisions if one.reason == "sent"} == {1, 2}
    assert [one.counts["created"] for one in heard.ticks if "created" in one.counts] == [1]
    assert all("wm" not in str(one.attributes()) for one in [*heard.decisions, *heard.batches, *heard.ticks])


def test_observers_hear_of_alerts(stage):
    """Nobody taps for a day: the N+1 alert is heard."""
    heard = Heard()
    stage = observed(stage, heard)
    stage.tick(TEN)
    stage.tick(hours=25)
    assert [one.kind for one in heard.alerts] == ["unconfirmed"]


def test_an_observer_that_raises_stops_nothing(stage, caplog):
    """It is logged, and the other observer still hears."""

    class Broken(Heard):
        def on_batch(self, batch: BatchMoved, /) -> None:
            """Fail."""
            raise RuntimeError(batch.batch)

    heard = Heard()
    observed(stage, Broken(), heard).tick(TEN)
    assert "an observer failed" in caplog.text
    assert heard.batches[-1].state == "created"


def test_a_transaction_that_is_rolled_back_is_never_told(stage):
    """What did not happen is not heard of."""
    from wecom_auto.sop._rows import _journal
    from wecom_auto.store import transaction

    heard = Heard()
    engine = observed(stage, heard).runner._context.engine
    entry = _journal.Entry(reason="alert:test")
    with suppress(LookupError), transaction(engine) as connection:
        _journal.write(connection, "wwx", NINE, [entry])
        raise LookupError
    assert heard.alerts == []
    with transaction(engine) as connection:
        _journal.write(connection, "wwx", NINE, [entry])
    assert [one.kind for one in heard.alerts] == ["test"]


def test_the_log_carries_ids_and_no_customer(stage, caplog):
    """At INFO a batch is named by its id; no customer and no text is there, at any level."""
    caplog.set_level(logging.DEBUG, "wecom_auto.sop")
    stage.tick(TEN)
    records = [one for one in caplog.records if one.name == "wecom_auto.sop"]
    assert {"batch0001"} == {one.wecom_batch for one in records if hasattr(one, "wecom_batch")}
    assert {one.wecom_enrolment for one in records if hasattr(one, "wecom_enrolment")} >= {1, 2}
    assert not [one for one in records if "wm" in one.getMessage() or "内容" in one.getMessage()]
