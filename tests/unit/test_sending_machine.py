"""Two workers take turns at the same batches, crash, pause and meet six kinds of answers: the invariants hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit._sop_stage import LIBRARY, NINE, books, mass, sop

from wecom_auto.directory import Directory
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._batches import SupersededError
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop._runs._advance import advance
from wecom_auto.sop._sending._freeze import freeze
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
ANSWERS = {
    "created": {},
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "late -1": {"late_busy": True},
    "500": {"status": 500},
    "45009": {"errcode": 45009},
}
FINAL = {state.value for state in BatchStatus if state.final}
ENGINE = open_store("sqlite://")
SOP = sop("one", mass("s", "+0min", "a"))
OPTIONS = Settings(recipients=1)
SOP_TABLES = (t.decisions, t.staff_tasks, t.touches, t.batches, t.enrolments, t.caps, t.sops, t.definitions)
WORKERS = st.sampled_from(["one", "two"])


@pytest.fixture(scope="module", autouse=True)
def _the_database_is_closed() -> Iterator[None]:
    """Close the database that all histories share."""
    yield
    ENGINE.dispose()


def corp() -> FakeWeCom:
    """The same corp every time: two customers of one member, whose batches are twins with the same content."""
    fake = FakeWeCom(now=NINE)
    fake.settings = evolve(fake.settings, list_lag=timedelta(seconds=20))
    fake.add_member("zhang")
    for number in range(2):
        fake.add_customer(name=f"客户{number}", followed_by="zhang")
    return fake


Directory(ENGINE, corp().corp_id, clock=corp().clock.time).sync(corp().client())


class TwoWorkers(RuleBasedStateMachine):
    """What can happen to two batches while two workers handle them."""

    @initialize()
    def enrol(self) -> None:
        """Start over with two frozen batches."""
        with ENGINE.begin() as connection:
            for table in SOP_TABLES:
                connection.execute(sa.delete(table))
        self.fake = corp()
        self.numbers = count(1)
        self.runner = self.fresh()
        self.runner.publish(SOP, self.now)
        self.customers = [one.external_userid for one in self.fake.customers()]
        for customer in self.customers:
            self.runner.enrol("one", customer, now=self.now)
        tick = self.runner._start(self.now)
        advance(self.runner._context, tick)
        freeze(self.runner._context, tick)
        self.workers = {}
        self.ended = {}

    @property
    def now(self):
        """The virtual time."""
        return self.fake.clock.now()

    def fresh(self) -> Runner:
        """A runner as in a new process."""
        directory = Directory(ENGINE, self.fake.corp_id, clock=self.fake.clock.time)
        return Runner(
            ENGINE,
            self.fake.client(),
            directory,
            LIBRARY,
            settings=OPTIONS,
            # A worker between two steps sees the time pass.
            stopwatch=self.fake.clock.time,
            new_id=lambda: f"b{next(self.numbers):03}",
        )

    @rule(worker=WORKERS, which=st.integers(0, 1), points=st.integers(1, 8))
    def work(self, worker: str, which: int, points: int) -> None:
        """A worker goes on with its batch, or takes one if it is free, and stops after some crash points."""
        if worker not in self.workers:
            runner = self.fresh()
            ids = sorted(row["id"] for row in self.rows(t.batches))
            self.workers[worker] = runner.steps(ids[which], runner._start(self.now))
        try:
            for _ in range(points):
                next(self.workers[worker])
        except (StopIteration, SupersededError):
            del self.workers[worker]

    @rule(worker=WORKERS)
    def crash(self, worker: str) -> None:
        """A worker dies where it stands."""
        self.workers.pop(worker, None)

    @rule(seconds=st.sampled_from([1, 10, 61, 200]))
    def pause(self, seconds: int) -> None:
        """Time passes for everybody, also for a worker between two steps."""
        self.fake.clock.advance(seconds=seconds)

    @rule()
    def rest(self) -> None:
        """Time passes until unknown outcomes may be looked up."""
        self.fake.clock.advance(minutes=11)

    @rule(answer=st.sampled_from(sorted(ANSWERS)))
    def answer(self, answer: str) -> None:
        """The next create calls meet this answer."""
        self.fake.clear_faults()
        if ANSWERS[answer]:
            self.fake.fail_next(CREATE, times=3, **ANSWERS[answer])

    @rule()
    def tap(self) -> None:
        """The member confirms what is there."""
        self.fake.tap("zhang")

    def rows(self, table: sa.Table):
        """Everything in a table."""
        with ENGINE.connect() as connection:
            return list(connection.execute(sa.select(table)).mappings())

    @invariant()
    @precondition(lambda self: hasattr(self, "workers"))
    def nobody_gets_it_twice(self) -> None:
        """The verdict that counts: no customer stands in two tasks of the platform."""
        assert max(books(self.fake).values(), default=0) <= 1

    @invariant()
    @precondition(lambda self: hasattr(self, "workers"))
    def invariants_hold(self) -> None:
        """I1 to I9 in the database, after every step."""
        batches, touches = self.rows(t.batches), self.rows(t.touches)
        by_id = {row["id"]: row for row in batches}
        # I1: one touch per run and step.
        assert max(Counter((row["enrolment_id"], row["step"]) for row in touches).values()) == 1
        # I2: what is on its way belongs to a batch that is not over.
        live = [row for row in touches if row["state"] in {"batched", "requested"}]
        assert all(by_id[row["batch_id"]]["state"] not in FINAL for row in live)
        # I3: every request that was written had been written down before.
        assert self.fake.count(CREATE) <= sum(row["attempts"] for row in batches)
        # I6: at most one unsettled batch for a sender and a content.
        unsettled = Counter(row["sender"] for row in batches if row["state"] in {"calling", "unknown"})
        assert max(unsettled.values(), default=0) <= 1
        # I7: a task belongs to one batch.
        msgids = [row["msgid"] for row in batches if row["msgid"]]
        assert len(msgids) == len(set(msgids))
        # I9: no allowance is exceeded, no reservation is lost.
        held = Counter(row["external_userid"] for row in touches if row["reserved_period"])
        for row in self.rows(t.caps):
            assert row["reserved"] == held[row["external_userid"]]
            assert 0 <= row["reserved"] + row["used"] <= 31
        # Final is final; fences only grow (I4, I8).
        for row in batches:
            state, fence = self.ended.get(row["id"], ("", 0))
            assert state not in FINAL or state == row["state"]
            assert row["fence"] >= fence
            self.ended[row["id"]] = (row["state"], row["fence"])

    def teardown(self) -> None:
        """Restart, let everybody tap, and nothing is lost or stuck."""
        if not hasattr(self, "workers"):
            return
        self.workers.clear()
        self.fake.clear_faults()
        limit = self.now + timedelta(days=20)
        runner = self.fresh()
        while (wake := runner.next_wake()) is not None and wake < limit:
            self.fake.clock.advance_to(max(wake, self.now))
            runner.tick(self.now)
            self.tap()
        states = Counter(row["state"] for row in self.rows(t.batches))
        assert set(states) <= FINAL | {"held"}
        self.nobody_gets_it_twice()
        if not states["held"] and not states["expired"]:
            assert books(self.fake) == dict.fromkeys([(one, "内容 a") for one in self.customers], 1)


TestTwoWorkers = pytest.mark.slow(TwoWorkers.TestCase)
TestTwoWorkers.settings = settings(max_examples=100, stateful_step_count=40, suppress_health_check=list(HealthCheck))
