"""Two workers at one desk on each database: nothing is made, told, closed or handed over twice."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, fresh_database
from tests.unit._sop_stage import LIBRARY, TEN, Stage, sop

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop.runner import Runner, Settings
from wecom_auto.sop.tasks import StaticRoster, TaskDesk, TaskOrder

pytestmark = pytest.mark.slow

ROSTER = StaticRoster.parse(tomllib.loads('[members.zhang]\nbackup = "li"\nsupervisor = "wang"\n'))
ORDER = TaskOrder(title="回访", subject="wm1", assignee="zhang", due=timedelta(hours=2))
MANY = 12
PATIENCE = 120


@pytest.fixture(params=KINDS)
def stage(request, tmp_path):
    """One corp on an empty database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        stage = Stage.open(url, settings=Settings(notify=True))
        for member in ("zhang", "li", "wang"):
            stage.fake.add_member(member)
        yield stage
        stage.directory.engine.dispose()


def desk_at(stage):
    """A worker's desk."""
    return TaskDesk(
        stage.directory.engine, stage.fake.corp_id, client=stage.fake.client(), book=stage.directory, roster=ROSTER
    )


def together(*works):
    """Do all of it at the same time."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(PATIENCE) for done in [pool.submit(work) for work in works]]


def actions(stage):
    """What the audit says, in no order."""
    with stage.directory.engine.connect() as connection:
        return sorted(connection.scalars(sa.select(t.audit.c.action)))


def test_one_key_is_one_task_for_two_makers(stage):
    """Both makers of the same tasks get the same tasks, and each is announced once."""
    desks = [desk_at(stage), desk_at(stage)]

    def make(desk):
        return [desk.create(ORDER, key=str(number), now=stage.now).id for number in range(MANY)]

    first, second = together(lambda: make(desks[0]), lambda: make(desks[1]))
    assert first == second
    assert actions(stage) == ["created"] * MANY


def test_two_ticks_tell_and_escalate_once(stage):
    """Two workers tick at the same moment, through announcement, reminder and deadline: each is said once."""
    desks = [desk_at(stage), desk_at(stage)]
    for number in range(MANY):
        desks[0].create(ORDER, key=str(number), now=stage.now)
    for hours in (0, 1, 1):
        stage.fake.clock.advance(timedelta(hours=hours))
        together(*(partial(desk.tick, stage.now) for desk in desks))
    desks[0].tick(stage.now)
    assert actions(stage) == sorted(["created", "reminded", "overdue"] * MANY)
    with stage.directory.engine.connect() as connection:
        told = connection.execute(sa.select(t.notices.c.kind, sa.func.count()).group_by(t.notices.c.kind)).all()
    assert sorted(map(tuple, told)) == [("new", MANY), ("overdue", MANY), ("reminder", MANY)]


def test_of_two_who_close_a_task_one_does(stage):
    """Done and rejected at the same moment: one of them counts, and the other one hears so."""
    one, two = desk_at(stage), desk_at(stage)
    for number in range(MANY):
        task = one.create(ORDER, key=str(number), now=stage.now)
        answers = together(
            partial(one.complete, task.id, now=stage.now, evidence="已接通"),
            partial(two.reject, task.id, "空号", now=stage.now),
        )
        assert sorted(answers) == [False, True]


def test_two_runners_hand_a_task_out_once(stage):
    """Two runners meet the same due steps: each is one task of one member."""
    customers = stage.member("zhang", MANY)
    stage.publish(sop("one", '[[step]]\nid = "s1"\nat = "+0d 10:00"\ndo = { staff_task = "电话" }\n'))
    for customer in customers:
        stage.runner.enrol("one", customer, now=stage.now)
    stage.fake.clock.advance_to(TEN)
    others = [
        Runner(
            stage.directory.engine,
            stage.fake.client(),
            stage.directory,
            LIBRARY,
            settings=stage.settings,
            roster=ROSTER,
            stopwatch=lambda: 0.0,
        )
        for _ in range(2)
    ]
    together(*(partial(runner.tick, stage.now) for runner in others))
    others[0].tick(stage.now)
    assert len(others[0].tasks.open(assignee="zhang").tasks) == MANY
    assert actions(stage) == ["created"] * MANY
