"""Many processes tick one database at the same time, die and come back; the books of the fake say what came of it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import define, field
from tests.services import _many_worker as scene
from tests.services._many_worker import Job
from tests.stores import fresh_database
from tests.unit._sop_stage import books

from wecom_auto.directory import Directory
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import BatchStatus, TouchStatus
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

BAD_DAY = {
    "externalcontact/add_msg_template": (
        {"reset": "after"},
        {"late_busy": True},
        {"status": 500, "processed": True},
        {"reset": "before"},
    ),
    "externalcontact/get_groupmsg_list_v2": ({"reset": "after"}, {"status": 500}),
    "externalcontact/get_groupmsg_task": ({"reset": "before"}, {"errcode": -1}),
    "externalcontact/get_groupmsg_send_result": ({"html": True},),
    "externalcontact/mark_tag": ({"reset": "after"}, {"late_busy": True}),
}
BAD_SECONDS = float(os.environ.get("WECOM_AUTO_SOAK_SECONDS", "3"))
"""How long there are faults and deaths; after that everything has to come to its end by itself."""
PATIENCE = 120
"""Real seconds after which whatever is still open counts as stuck."""
CROWDS = [
    pytest.param("sqlite", 4, id="sqlite-4"),
    pytest.param("postgres", 2, id="postgres-2", marks=pytest.mark.postgres),
    pytest.param("postgres", 4, id="postgres-4", marks=pytest.mark.postgres),
    pytest.param("mysql", 4, id="mysql-4", marks=pytest.mark.mysql),
]

pytestmark = [pytest.mark.kill, pytest.mark.slow]
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([scene.__name__])


@define
class Crowd:
    """The workers: started, killed, started again."""

    job: Job
    folder: Path
    workers: dict[int, BaseProcess] = field(factory=dict)
    kills: int = 0
    started: int = 0

    def start(self, place: int) -> None:
        """Start one."""
        self.started += 1
        log = self.folder / f"worker{self.started}.log"
        self.workers[place] = processes.Process(target=scene.main, args=(self.job, str(log)), daemon=True)
        self.workers[place].start()

    def kill(self, place: int) -> None:
        """Kill one where it stands: no finally, no flush, no rollback."""
        self.workers[place].kill()
        self.workers[place].join()
        self.kills += self.workers[place].exitcode == -signal.SIGKILL

    def disband(self) -> None:
        """Kill all."""
        for place in self.workers:
            self.kill(place)

    def last_words(self) -> list[str]:
        """Why workers ended that nobody had killed: they never should."""
        return [log.read_text("utf-8") for log in sorted(self.folder.glob("worker*.log"))]


@pytest.fixture
def corp() -> FakeWeCom:
    """The corp on its bad day."""
    found = scene.fake()
    for path, faults in BAD_DAY.items():
        for fault in faults:
            found.fail_randomly(path, 0.08, **fault)
    return found


@pytest.fixture
def engine(request, tmp_path, corp) -> Iterator[sa.Engine]:
    """A database with a full mirror and published SOPs, in which nobody is enrolled."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        directory = Directory(engine, corp.corp_id, clock=corp.clock.time)
        directory.sync(corp.client())
        directory.upsert_tags(corp.client().tags.list())
        runner = scene.Runner(engine, corp.client(), directory, scene.LIBRARY, settings=scene.SETTINGS)
        for definition in scene.definitions():
            runner.publish(definition, scene.START)
        yield engine
        engine.dispose()


def unfinished(engine: sa.Engine) -> Counter[str]:
    """Whatever is not settled, by name; tasks of members stay open, as nobody does them."""
    with engine.connect() as connection:
        batches = Counter(connection.scalars(sa.select(t.batches.c.state)))
        touches = Counter(connection.scalars(sa.select(t.touches.c.state)))
        waiting = sa.select(sa.func.count()).where(t.touches.c.check_at.is_not(None), t.touches.c.state != "open")
        found = Counter({"waiting": connection.scalar(waiting) or 0})
    found += Counter({f"batch {state}": n for state, n in batches.items() if not BatchStatus(state).final})
    del touches["open"]
    return found + Counter({f"touch {state}": n for state, n in touches.items() if not TouchStatus(state).final})


def play(corp: FakeWeCom, engine: sa.Engine, crowd: Crowd, workers: int) -> None:
    """Let time pass, members tap and workers die; come back when everything is done, or when patience is over."""
    dice, began, wanted = random.Random(workers), crowd.job.began, sum(scene.expected(corp).values())
    for place in range(workers):
        crowd.start(place)
    next_kill = began + 1.0
    while (now := time.time()) < began + BAD_SECONDS + PATIENCE:
        corp.clock.advance_to(max(crowd.job.now(), corp.clock.now()))
        if now < began + BAD_SECONDS and now > next_kill:
            place = dice.randrange(workers)
            crowd.kill(place)
            crowd.start(place)
            next_kill = now + dice.uniform(0.1, 0.6)
        elif now > began + BAD_SECONDS:
            corp.clear_faults()
            if sum(books(corp).values()) >= wanted and not unfinished(engine):
                return
        for member in scene.MEMBERS:
            if dice.random() < 0.15:
                with suppress(LookupError):
                    corp.tap(member)
        time.sleep(0.05)


@pytest.mark.parametrize(("engine", "workers"), CROWDS, indirect=["engine"])
def test_many_workers_lose_and_double_nothing(engine, workers, corp, tmp_path):
    """Processes that enrol and tick at the same time, under faults and kill -9: nothing doubled, lost or stuck."""
    wanted = scene.expected(corp)
    with corp.serve() as url:
        database = engine.url.render_as_string(hide_password=False)
        job = Job(database=database, url=url, corp_id=corp.corp_id, secret=corp.secret, began=time.time())
        crowd = Crowd(job=job, folder=tmp_path)
        try:
            play(corp, engine, crowd, workers)
        finally:
            crowd.disband()
    assert crowd.last_words() == []
    assert crowd.kills > workers  # Somebody died before the end.
    assert unfinished(engine) == {}
    assert books(corp) == wanted
    assert {one.mass_messages for one in corp.customers()} == {4}
    with engine.connect() as connection:
        ledger = Counter((row.reserved, row.used) for row in connection.execute(sa.select(t.caps)))
        tasks = connection.scalar(sa.select(sa.func.count()).select_from(t.staff_tasks))
        reasons = Counter(connection.scalars(sa.select(t.decisions.c.reason)))
    assert (ledger, tasks) == ({(0, 4): len(corp.customers())}, len(corp.customers()))
    assert reasons["entered"] == 3 * len(corp.customers())
    assert reasons["sent"] == sum(wanted.values())
    assert not any(reason.startswith("alert") for reason in reasons)
