from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from tests.stores import KINDS, fresh_database
from tests.unit._sop_stage import NINE, TEN, URL, Stage, mass, sop

from wecom_auto.sop import store
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._shards import SHARDS, shard_of
from wecom_auto.sop._shared import _sharing
from wecom_auto.sop.carriers import Carrier, Job, Jobs, Loop, Message
from wecom_auto.store import migration_config, open_store

TAG = '[[step]]\nid = "t"\nat = "+1h"\ndo = { tag = "已发" }\n'


@pytest.fixture
def stage() -> Stage:
    """Two members with customers in many shards, and one SOP that is due at ten."""
    stage = Stage.open(URL)
    stage.fake.add_tag("进度", "已发")
    stage.publish(sop("s", mass("m", "+1h", "a") + TAG))
    for member, customers in (("li", 15), ("zhang", 15)):
        for customer in stage.member(member, customers):
            stage.runner.enrol("s", customer, now=stage.now)
    stage.directory.upsert_tags(stage.fake.client().tags.list())
    return stage


def loop(stage: Stage) -> Loop:
    """A carrier on the virtual clock."""
    return Loop(stage.runner, clock=lambda: stage.now)


def tick(stage: Stage, carrier: Loop) -> int:
    """Do what one tick brings; return how many jobs that were."""
    carrier.submit(Job.TICK, "tick", ())
    return carrier.drain()


def test_a_shard_is_for_ever():
    """The numbers are stored, so the arithmetic never changes; every shard is used."""
    assert [shard_of(name) for name in ("wmabc", "wm000001", "客户")] == [58, 29, 63]
    assert {shard_of(f"wm{number}") for number in range(2_000)} == set(range(SHARDS))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_before_get_their_shard(kind, tmp_path):
    """The migration computes in SQL what Python computes for new rows, on every database."""
    names = ["wmAbc", "wmabc", "woÄ", "客户", "x" * 64]
    with fresh_database(kind, tmp_path) as url:
        engine = open_store(url)
        with engine.begin() as connection:
            command.downgrade(migration_config(connection), "0006")
            for name in names:
                connection.execute(
                    sa.text(
                        "INSERT INTO sop_enrolments (corp_id, sop, version, external_userid, userid, occurrence,"
                        " anchor_at, enrolled_at, arm_seed, run, state, goal) VALUES ('ww', 's', 1, :name, 'li', 'o',"
                        " '2026-03-02 01:00:00', '2026-03-02 01:00:00', 'x', 1, 0, false)"
                    ),
                    {"name": name},
                )
        engine.dispose()
        engine = open_store(url)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(t.enrolments.c.external_userid, t.enrolments.c.shard))
            found = {row.external_userid: row.shard for row in rows}
        engine.dispose()
    assert found == {name: shard_of(name) for name in names}


def test_whoever_inserts_need_not_think_of_the_shard(stage):
    """Runs and touches of one customer have the same shard."""
    stage.tick(TEN)
    with stage.directory.engine.connect() as connection:
        for table in (t.enrolments, t.touches):
            rows = connection.execute(sa.select(table.c.external_userid, table.c.shard)).all()
            assert [row.shard for row in rows] == [shard_of(row.external_userid) for row in rows]
            assert len(rows) >= 30


def test_all_shards_together_make_one_batch_for_each_member(stage):
    """30 customers in many shards, two members, one text: two taps, as if one process had done everything."""
    stage.fake.clock.advance_to(TEN)
    due = stage.runner.due_work(stage.now)
    assert len(due.shards) > 15
    tick(stage, loop(stage))
    assert stage.states() == ["created", "created"]
    assert sum(stage.sent().values()) == 30


def test_nothing_is_frozen_before_the_last_shard_is_planned(stage):
    """A batch that went out now would lack the customers of the other shards, and cost a second tap."""
    stage.fake.clock.advance_to(TEN)
    *others, last = stage.runner.due_work(stage.now).shards
    for shard in others:
        stage.runner.plan(shard, stage.now)
        assert stage.runner.freeze(stage.now).idle
    stage.runner.plan(last, stage.now)
    assert stage.runner.freeze(stage.now).counts["batches"] == 2


def test_a_shard_that_stands_still_holds_the_others_up_for_minutes_only(stage):
    """After five minutes the messages of the other shards are frozen without it."""
    stage.fake.clock.advance_to(TEN)
    *others, _stuck = stage.runner.due_work(stage.now).shards
    for shard in others:
        stage.runner.plan(shard, stage.now)
    stage.fake.clock.advance(minutes=5)
    assert stage.runner.freeze(stage.now).idle
    stage.fake.clock.advance(seconds=1)
    assert stage.runner.freeze(stage.now).counts["batches"] == 2


def test_only_one_worker_freezes_at_a_time(stage):
    """Two that froze together would cut batches in two; the turn of one that died comes back by itself."""
    stage.fake.clock.advance_to(TEN)
    for shard in stage.runner.due_work(stage.now).shards:
        stage.runner.plan(shard, stage.now)
    with _sharing.turn_to_freeze(stage.runner._context, stage.now) as mine:
        assert mine
        assert stage.runner.freeze(stage.now).idle
    assert _sharing._take(stage.runner._context, "freeze", stage.now, stage.now, stage.now + timedelta(minutes=2))
    assert stage.runner.freeze(stage.now).idle
    assert stage.runner.freeze(stage.now + timedelta(minutes=2)).counts["batches"] == 2


def test_of_several_ticks_in_one_minute_one_does_something(stage):
    """A second beat is harmless, and so is one whose clock is behind."""
    stage.fake.clock.advance_to(TEN)
    carrier = loop(stage)
    assert tick(stage, carrier) > 15
    assert tick(stage, carrier) == 1
    stage.fake.clock.advance(seconds=59)
    assert tick(stage, carrier) == 1
    assert not stage.runner.is_first_tick(NINE)
    assert stage.runner.is_first_tick(TEN + timedelta(minutes=1))
    assert not stage.runner.is_first_tick(TEN + timedelta(minutes=1))


def test_every_job_may_come_twice(stage):
    """At least once is all that is asked of a carrier: what comes again finds nothing to do."""
    stage.fake.clock.advance_to(TEN)
    jobs, seen = Jobs(stage.runner, clock=lambda: stage.now), Counter()
    waiting = list(jobs.steps(Job.TICK, ()))
    while waiting:
        message = waiting.pop(0)
        seen[message.job] += 1
        waiting.extend(jobs.steps(message.job, message.payload))
        assert not any(one.job is Job.TICK for one in jobs.steps(message.job, message.payload))
    assert seen[Job.PLAN] > 15
    assert set(stage.sent().values()) == {1}
    assert len(stage.batches()) == 2


def test_messages_carry_numbers_and_names_only(stage):
    """No customer, no member and no text leaves the store."""
    stage.fake.clock.advance_to(TEN)
    jobs = Jobs(stage.runner, clock=lambda: stage.now)
    plans = list(jobs.steps(Job.TICK, ()))
    assert {(one.job, one.key, one.payload) for one in plans} == {
        (Job.PLAN, f"plan:{shard}", (str(shard),)) for shard in stage.runner.due_work(stage.now).shards
    }
    dispatches = [one for plan in plans for one in jobs.steps(plan.job, plan.payload)]
    (batches,) = {one.payload for one in dispatches}
    assert batches == tuple(row["id"] for row in stage.batches())


def test_a_whole_sop_through_the_loop(stage):
    """Planned, frozen, asked for, tapped, read and tagged, with ticks alone."""
    carrier = loop(stage)
    stage.fake.clock.advance_to(TEN)
    for _ in range(20):
        tick(stage, carrier)
        stage.tap_all()
        stage.fake.clock.advance(minutes=1)
    assert set(stage.touches().values()) == {"delivered", "done"}
    assert {one.mass_messages for one in stage.fake.customers()} == {1}


def test_messages_that_wait_for_the_gap_go_in_one_tick(stage):
    """What was deferred is frozen when its time has come, and still costs one tap for each member."""
    stage.publish(sop("other", mass("m", "+1h", "b")))
    for one in stage.fake.customers():
        stage.runner.enrol("other", one.external_userid, now=stage.now)
    carrier = loop(stage)
    stage.fake.clock.advance_to(TEN)
    tick(stage, carrier)
    assert len(stage.batches()) == 2
    stage.fake.clock.advance(days=2)
    tick(stage, carrier)
    assert len(stage.batches()) == 4


def test_what_waits_to_be_frozen_needs_no_shard(stage):
    """A worker died between the last plan and the freeze: the next tick freezes."""
    stage.fake.clock.advance_to(TEN)
    for shard in stage.runner.due_work(stage.now).shards:
        stage.runner.plan(shard, stage.now)
        stage.runner.perform(shard, stage.now)
    jobs = Jobs(stage.runner, clock=lambda: stage.now)
    assert list(jobs.steps(Job.TICK, ())) == [Message(Job.PLAN, "plan")]
    assert [one.job for one in jobs.steps(Job.PLAN, ())] == [Job.DISPATCH]


def test_a_limit_does_not_cut_a_member_in_two(stage, monkeypatch):
    """More messages than one transaction takes: each member's stay together, as each batch is a tap."""
    monkeypatch.setattr("wecom_auto.sop._sending._freeze._MOST", 20)
    stage.tick(TEN)
    assert len(stage.batches()) == 2


def test_what_was_just_frozen_is_sent_at_once(stage):
    """While time goes on, a batch is due a moment after the job began: it does not wait for the next tick."""
    stage.fake.clock.advance_to(TEN)
    stage.runner._clocks, began = (time.monotonic,), time.monotonic()
    jobs = Jobs(stage.runner, clock=lambda: TEN + timedelta(seconds=time.monotonic() - began))
    plans = list(jobs.steps(Job.TICK, ()))
    assert Job.DISPATCH in {one.job for plan in plans for one in jobs.steps(plan.job, plan.payload)}


def test_a_tick_does_what_is_one_workers_work(stage):
    """Whose date has come is let in, members' tasks are looked after, and the health knows of the tick."""
    call = sop("call", '[[step]]\nid = "c"\nat = "+0min"\ndo = { staff_task = "回访", due = "1h" }\n')
    stage.publish(call)
    stage.runner.enrol("call", next(iter(stage.fake.customers())).external_userid, now=stage.now)
    carrier = loop(stage)
    tick(stage, carrier)
    assert stage.runner.status(stage.now).last_tick == stage.now
    stage.fake.clock.advance(hours=3)
    tick(stage, carrier)
    assert stage.logged()["expired:task"] + stage.logged()["alert:overdue"] >= 1


def test_a_paused_sop_is_nobodys_work(stage):
    """No message is sent for what a pause holds."""
    stage.fake.clock.advance_to(TEN)
    stage.runner.pause("s", stage.now)
    assert stage.runner.due_work(stage.now).shards == ()
    assert list(Jobs(stage.runner, clock=lambda: stage.now).steps(Job.TICK, ())) == []


def test_the_due_runs_of_a_shard_are_found_by_an_index(stage):
    """A worker reads its own part of the timetable, and nothing of the others."""
    query = store._due_query(sharded=True)
    with stage.directory.engine.connect() as connection:
        text = str(query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True}))
        known = query.compile(dialect=connection.dialect).positiontup
        values = {"corp": "ww", "now": "2026-03-02", "shard": 1, "most": 10}
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {text}",
            tuple(values.get(name, "running") for name in known),
        )
        told = " ".join(row[3] for row in plan)
    assert "ix_sop_enrolments_shard (corp_id=? AND state=? AND shard=? AND wake_at<?)" in told


def test_the_loop_works_until_it_is_stopped(stage):
    """It ticks at once, and ends after the job in hand."""
    carrier: Carrier = Loop(stage.runner, clock=lambda: stage.now)
    stage.fake.clock.advance_to(TEN)
    called = Counter()

    def work(batch_id, now):
        called[batch_id] += 1
        carrier.stop()

    stage.runner.work = work
    carrier.run_worker()
    assert sum(called.values()) >= 1


def test_the_key_of_a_job_leaves_out_a_second_one(stage):
    """A queue that nobody empties does not grow with every tick."""
    carrier = loop(stage)
    for _ in range(3):
        carrier.submit(Job.PLAN, "plan:1", ("1",))
    assert carrier.drain() == 1


def test_a_clock_that_is_a_little_behind_does_not_cut_a_batch(stage):
    """One worker plans, another one freezes by a clock some seconds behind: still one tap for each member."""
    stage.fake.clock.advance_to(TEN + timedelta(seconds=30))
    for number, shard in enumerate(stage.runner.due_work(stage.now).shards):
        stage.runner.plan(shard, stage.now + timedelta(seconds=number))
    assert stage.runner.freeze(stage.now - timedelta(seconds=5)).counts["batches"] == 2
    assert stage.runner.freeze(stage.now + timedelta(minutes=1)).idle
