"""Two threads meet at one point on each database: who is second finds out, and nothing happens twice."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from attrs import define
from tests.stores import KINDS, fresh_database
from tests.unit._sop_stage import LIBRARY, TEN, Stage, mass, sop

from wecom_auto.directory import Directory
from wecom_auto.sop import store
from wecom_auto.sop._rows import _ledger
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TouchStatus
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.store import given_up, repeatable, transaction

ONE = sop("one", mass("s1", "+0d 10:00", "a"))
WAIT = 20


@pytest.fixture(params=KINDS)
def stage(request, tmp_path):
    """One corp on an empty database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        stage = Stage.open(url, settings=Settings(gap=timedelta(days=2)))
        yield stage
        stage.directory.engine.dispose()


@define
class MeetingBook:
    """A book of customers whose readers wait for each other once they have read."""

    book: Directory
    barrier: threading.Barrier

    def facts_for(self, pairs):
        """Facts; both threads go on with what was true before either wrote anything."""
        found = self.book.facts_for(pairs)
        with suppress(threading.BrokenBarrierError):
            self.barrier.wait(WAIT)
        return found

    def __getattr__(self, name):
        return getattr(self.book, name)


def runner_at(stage, barrier: threading.Barrier) -> Runner:
    """A worker that meets another one after it has read the facts."""
    names = iter(f"{threading.get_ident() % 9999}x{n}" for n in range(99))
    book = MeetingBook(stage.directory, barrier)
    return Runner(
        stage.directory.engine,
        stage.fake.client(),
        book,
        LIBRARY,
        settings=stage.settings,
        stopwatch=lambda: 0.0,
        new_id=lambda: next(names),
    )


def both(work: Callable[[int], object]) -> list[object]:
    """Do it in two threads at the same time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, range(2), timeout=WAIT * 2))


def test_two_reasons_for_entry_at_the_same_moment_make_one_run(stage):
    """Two processes let one customer in at the same moment, for two reasons: one run begins."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(ONE)
    barrier = threading.Barrier(2)
    runners = [runner_at(stage, barrier) for _ in range(2)]

    def enter(number: int) -> bool:
        return runners[number].enrol("one", customer, userid="zhang", now=stage.now, occurrence=f"reason {number}")

    assert sorted(both(enter)) == [False, True]
    assert stage.reasons(customer) == ["entered"]


def test_two_dates_at_the_same_moment_leave_one_run_with_the_last_date(stage):
    """An expiry date set by two processes at the same moment makes one run, which is planned by what is stored."""
    (customer,) = stage.member("zhang", 1)
    head = 'sop = "r"\nversion = 1\ntitle = "r"\n[entry]\non = "attribute.set:insurance_expiry"\n'
    anchor = 'reentry = "per anchor"\nanchor = "insurance_expiry"\n'
    stage.publish(Definition.from_toml(head + anchor + mass("d30", "-30d 10:00", "a")))
    gate = threading.Barrier(2)

    def change(number: int) -> None:
        gate.wait(WAIT)
        stage.runner.set_attribute(customer, "insurance_expiry", f"2026-06-0{number + 1}", stage.now)

    both(change)
    with stage.directory.engine.connect() as connection:
        runs = connection.execute(sa.select(t.enrolments.c.anchor_at, t.enrolments.c.state)).all()
    stored = stage.directory.facts(customer, "zhang").attribute("insurance_expiry")
    assert [(f"{at.astimezone(TEN.tzinfo):%Y-%m-%d}", state) for at, state in runs] == [(stored, 0)]


def test_two_callbacks_of_one_event_use_the_code_once(stage):
    """The platform repeats a callback while the first one is at work: one welcome is sent."""
    stage.member("zhang", 0)
    head = 'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\nreentry = "never"\n'
    stage.publish(Definition.from_toml(head + '[[step]]\nid = "hello"\nat = "+0d"\ndo = { welcome = "welcome" }\n'))
    way = stage.fake.client().contact_ways.create(users=["zhang"], state="showroom")
    stage.fake.scan(way.config_id, name="客户")
    (event,) = stage.fake.events
    stage.directory.apply(event, stage.fake.client())
    code, plain = event, type(event)(**{name: getattr(event, name) for name in ("created_at", "to_user")},
                                     userid=event.userid, external_userid=event.external_userid)  # fmt: skip
    stage.runner.on_event(plain, stage.now)
    barrier = threading.Barrier(2)
    runners = [runner_at(stage, barrier) for _ in range(2)]
    assert sorted(both(lambda number: runners[number].welcome(code, stage.now))) == [False, True]
    assert stage.fake.count("externalcontact/send_welcome_msg") == 1


def test_two_freezers_keep_the_gap_between_them(stage):
    """Each of two workers holds one of two messages to the same customer: the gap holds all the same."""
    (customer,) = stage.member("zhang", 1)
    stage.publish(ONE, sop("two", mass("s1", "+0d 10:00", "b")))
    for name in ("one", "two"):
        stage.runner.enrol(name, customer, now=stage.now)
    stage.fake.clock.advance_to(TEN)
    from wecom_auto.sop._runs._advance import advance
    from wecom_auto.sop._sending._freeze import _freeze

    advance(stage.runner._context, stage.runner._start(stage.now))
    with stage.directory.engine.connect() as connection:
        touches = list(store.touches_of(connection, [1, 2]).values())
    barrier = threading.Barrier(2)
    runners = [runner_at(stage, barrier) for _ in range(2)]
    mine = [[*one.values()] for one in touches]
    both(lambda number: _freeze(runners[number]._context, mine[number], now=stage.now))
    assert Counter(stage.touches_by_step().values()) == {"batched": 1, "due": 1}


def test_the_last_message_of_an_allowance_is_reserved_once(stage):
    """I9: two workers want the last message of a day: one gets it."""
    customers = ["wm1", "wm2"]
    gate = threading.Barrier(2)

    @repeatable
    def reserve(_number: int) -> int:
        with transaction(stage.directory.engine) as connection:
            if not gate.broken and stage.directory.engine.dialect.name != "sqlite":
                gate.wait(WAIT)
            _ledger.lock(connection, "ww", customers, "2026-03-02")
            return len(_ledger.reserve(connection, "ww", customers, "2026-03-02", 1))

    assert sorted(both(reserve)) == [0, 2]
    with stage.directory.engine.connect() as connection:
        assert {(row.reserved, row.used) for row in connection.execute(sa.select(t.caps))} == {(1, 0)}


def test_a_deadlock_is_repeated_and_surfaces_nowhere(stage):
    """Two transactions that wait for each other: the database gives one up, and it is done again."""
    if stage.directory.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing to wait for in a ring")
    customers = stage.member("zhang", 2)
    stage.publish(ONE)
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    gate, attempts = threading.Barrier(2), [0, 0]

    @repeatable
    def cross(number: int) -> None:
        attempts[number] += 1
        e = t.enrolments.c
        with transaction(stage.directory.engine) as connection:
            for which in ([1, 2], [2, 1])[number]:
                bump = sa.update(t.enrolments).where(e.id == which).values(news=e.news + 1)
                connection.execute(bump)
                if attempts == [1, 1] or sum(attempts) < 2:
                    gate.wait(WAIT) if which == (1, 2)[number] else None

    both(cross)
    assert sorted(attempts) == [1, 2]
    with stage.directory.engine.connect() as connection:
        assert set(connection.scalars(sa.select(t.enrolments.c.news))) == {2}


def test_only_what_was_rolled_back_is_repeated():
    """A broken connection or a wrong statement is not: nobody knows whether the first was committed."""

    class CauseError(Exception):
        sqlstate = "08006"

    broken = sa.exc.OperationalError("COMMIT", {}, CauseError())
    assert not given_up(broken)
    CauseError.sqlstate = "40P01"
    assert given_up(broken)
    assert given_up(sa.exc.OperationalError("UPDATE", {}, Exception(1213, "Deadlock found")))
    assert not given_up(sa.exc.OperationalError("COMMIT", {}, Exception(2013, "Lost connection")))
    assert not given_up(ValueError(1213))
    busy, broken_file = sqlite3.OperationalError("database is locked"), sqlite3.OperationalError("disk I/O error")
    busy.sqlite_errorcode, broken_file.sqlite_errorcode = 261, 10
    assert given_up(busy)
    assert given_up(sa.exc.OperationalError("BEGIN IMMEDIATE", {}, busy))
    assert not given_up(broken_file)


def test_an_end_that_meets_an_advance_leaves_no_touch_behind(stage):
    """A SOP ends while a worker plans its runs: no touch remains that nobody would look at."""
    customers = stage.member("zhang", 3)
    stage.publish(ONE)
    for one in customers:
        stage.runner.enrol("one", one, now=stage.now)
    stage.fake.clock.advance_to(TEN)
    barrier = threading.Barrier(2)
    other = runner_at(stage, barrier)

    def work(number: int) -> None:
        if number:
            barrier.wait(WAIT)
            barrier.abort()
            stage.runner.end("one", stage.now)
        else:
            other.tick(stage.now)

    both(work)
    stage.runner.tick(stage.now)
    assert set(stage.touches().values()) <= {state.value for state in TouchStatus if state.final}
    assert stage.runner.next_wake() is None
