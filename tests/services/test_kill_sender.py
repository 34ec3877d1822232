"""Kill the sender with a real SIGKILL at every step, under every fault; restart it; count in the fake's own books.

The matrix: every crash point × {no fault, each network fault at each of the first three create calls}, on SQLite and on
PostgreSQL. A sender that repeats a create call it has no answer to must fail the same matrix.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import define
from sqlalchemy.engine import Engine
from tests.services import _kill_scene as scene
from tests.stores import empty_database

from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._runs._advance import advance
from wecom_auto.sop._sending._freeze import freeze
from wecom_auto.sop.runner import Runner
from wecom_auto.store import metadata, open_store
from wecom_auto.testing import FakeWeCom

ROOT = Path(__file__).parents[2]
FAULTS = {
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "late -1": {"late_busy": True},
    "500": {"status": 500},
    "html": {"html": True, "processed": True},
    "timeout": {"slow": 0.8},
}
GOOD_DAY = ("no fault", 1)
BAD_DAYS = [(fault, position) for fault in FAULTS for position in (1, 2, 3)]
"""A fault, and which of the create calls meets it."""
FIRST = [(point, 1) for point in ("K0", "K1", "K2", "K3", "K4", "K5", "K6")]
SECOND = [(point, 2) for point in ("K2", "K4", "K5")]
"""The second batch of the tick: its twin may be unknown, then it waits and another one takes its place."""
CLEAN = {"duplicates": 0, "lost": 0, "strangers": 0, "stuck": 0}
REPEATED = {"reset after", "html", "timeout"}
"""The faults after which the task exists and a sender that repeats a lost call makes another one."""

pytestmark = [pytest.mark.slow, pytest.mark.kill]


@define
class Arena:
    """One database, the process that forks the children who die, and an engine of the parent."""

    process: subprocess.Popen[str]
    engine: Engine
    restore: Callable[[], None]
    kind: str = "customers"

    def new_case(self, fault: str, position: int = 1) -> Case:
        """Start over: the same corp, the same database, another fault at the nth create call."""
        self.engine.dispose()
        self.restore()
        corp = scene.fake()
        if fault in FAULTS:
            create = scene.CREATES[self.kind]
            if position > 1:
                corp.fail_next(create, times=position - 1, slow=0.0)
            corp.fail_next(create, **FAULTS[fault])
        return Case(arena=self, corp=corp, runner=scene.recovered(self.engine, corp))

    def child(self, job: dict[str, object]) -> str:
        """Let a child do one tick; "killed" if it reached its crash point."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # Both processes write: no connection of this one may be in the way.
        self.engine.dispose()
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@define
class Case:
    """One run: a corp, a fault, a place to die."""

    arena: Arena
    corp: FakeWeCom
    runner: Runner
    kills: int = 0
    repeats: bool = False

    def play(self, *deaths: tuple[str, int]) -> None:
        """Die as told, restart, and go on to the end."""
        with self.corp.serve() as url:
            for point, nth in deaths:
                self.die_at(url, point, nth)
        scene.play_out(self.runner, self.corp)

    def die_at(self, url: str, point: str, nth: int) -> None:
        """Tick in children, from one wake-up to the next, until one is killed."""
        job = {"url": url, "corp_id": self.corp.corp_id, "secret": self.corp.secret, "point": point, "nth": nth}
        for _ in range(12 if point in {"K7", "K8", "K9"} else 1):
            now = self.corp.clock.now().isoformat()
            answer = self.arena.child(job | {"now": now, "repeats": self.repeats})
            if answer == "killed":
                self.kills += 1
                return
            assert answer == "exit 0"
            wake = self.runner.next_wake()
            self.corp.clock.advance_to(max(wake, self.corp.clock.now()))

    def verdict(self) -> dict[str, int]:
        """Duplicates and losses by the fake's books, stuck batches by ours."""
        kind = self.arena.kind
        tasks, wanted = scene.tasks(self.corp, kind), scene.expected(self.corp, kind)
        return {
            "duplicates": sum(times - 1 for times in tasks.values()),
            "lost": len(wanted - set(tasks)) + abs(len(wanted) - scene.received(self.corp, kind)),
            "strangers": len(set(tasks) - wanted),
            "stuck": sum(state != "done" for state in scene.states(self.runner)),
        }


@contextmanager
def _sqlite(kind: str) -> Iterator[tuple[str, Callable[[], None]]]:
    # SIGKILL does not need a disk to be survived, and memory does not make all these runs wait for one.
    memory = Path("/dev/shm")  # noqa: S108 - only where to put a private directory
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        template, live = Path(folder, "template.db"), Path(folder, "live.db")
        _fill(f"sqlite:///{template}", kind)

        def restore() -> None:
            for leftover in live.parent.glob("live.db-*"):
                leftover.unlink()
            shutil.copy(template, live)

        restore()
        yield f"sqlite:///{live}", restore


@contextmanager
def _postgres(kind: str) -> Iterator[tuple[str, Callable[[], None]]]:
    with empty_database("postgres", ROOT) as url:
        _fill(url, kind)
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        tables = [table.name for table in metadata.sorted_tables]
        with admin.connect() as connection:
            # As above: a client that dies is no server that dies.
            connection.exec_driver_sql(f"ALTER DATABASE {admin.url.database} SET synchronous_commit = off")
            connection.exec_driver_sql("CREATE SCHEMA saved")
            for name in tables:
                connection.exec_driver_sql(f"CREATE TABLE saved.{name} AS TABLE public.{name}")

        def restore() -> None:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} CASCADE")
                for name in tables:
                    connection.exec_driver_sql(f"INSERT INTO public.{name} TABLE saved.{name}")
            admin.dispose()

        yield url, restore


def _fill(url: str, kind: str) -> None:
    engine = open_store(url)
    scene.prepare(engine, scene.fake(), kind)
    # The last connection that closes brings SQLite's log into the file.
    engine.dispose()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.services])]
)
def arena(request) -> Iterator[Arena]:
    """The scene with customers, on each kind of database."""
    with opened(request.param, "customers") as found:
        yield found


@contextmanager
def opened(database: str, kind: str) -> Iterator[Arena]:
    """The database, the forking process, and the template that every case starts from."""
    with {"sqlite": _sqlite, "postgres": _postgres}[database](kind) as (url, restore):
        command = [sys.executable, "-m", "tests.services._kill_worker", url]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
            live = open_store(url, migrate=False)
            yield Arena(process=process, engine=live, restore=restore, kind=kind)
            live.dispose()
            process.stdin.close()


@pytest.mark.parametrize(("fault", "position"), [GOOD_DAY, *BAD_DAYS])
@pytest.mark.parametrize(("point", "nth"), FIRST + SECOND)
def test_killed_at_every_step_of_the_call(arena, point, nth, fault, position):
    """Killed around the create call: after a restart nobody got a message twice, or not, and nothing hangs."""
    case = arena.new_case(fault, position)
    case.play((point, nth))
    # Without an answer there is no moment after it, and a twin of an unknown batch waits: the step may not be reached.
    unanswered = fault in {"reset before", "reset after", "timeout"} and point == "K4" and nth >= position
    assert case.kills == 1 or unanswered
    assert case.verdict() == CLEAN


@pytest.mark.parametrize(("fault", "position"), [GOOD_DAY, *BAD_DAYS])
@pytest.mark.parametrize("point", ["K7", "K8", "K9"])
def test_killed_while_finding_out(arena, point, fault, position):
    """Killed a second time while the first death is cleared up, or while results are read: the same verdict."""
    case = arena.new_case(fault, position)
    case.play(("K2" if fault == "no fault" else "K6", 1), (point, 1))
    assert case.kills == 2
    assert case.verdict() == CLEAN


def test_a_sender_that_repeats_lost_calls_fails_the_matrix(arena):
    """The usual retry on a lost answer duplicates on the same stage, so the matrix proves something."""
    doubled = {}
    for fault, position in BAD_DAYS:
        case = arena.new_case(fault, position)
        case.repeats = True
        case.play(("K6", 3))
        doubled[fault, position] = case.verdict()["duplicates"]
    assert {day for day, times in doubled.items() if times} >= {day for day in BAD_DAYS if day[0] in REPEATED}


@pytest.mark.parametrize("fault", ["reset after", "late -1", "html"])
def test_the_matrix_can_fail(arena, fault):
    """The usual loop, "not recorded, so do it again", duplicates on the same stage: the matrix proves something."""
    case = arena.new_case(fault)
    with case.corp.serve() as url:
        case.die_at(url, "K6", 1)
    again = {"state": "planned", "live_key": None, "check_at": case.corp.clock.now(), "first_call_at": None}
    with arena.engine.begin() as connection:
        connection.execute(sa.update(t.batches).where(t.batches.c.state == "unknown").values(again))
    scene.play_out(case.runner, case.corp)
    assert case.verdict()["duplicates"] > 0


def test_a_frozen_worker_cannot_write_over_the_verdict(arena):
    """A worker that wakes up after its lease finds its fence gone and changes nothing."""
    case = arena.new_case("no fault")
    slow, other = case.runner, scene.recovered(arena.engine, case.corp)
    tick = slow._start(case.corp.clock.now())
    advance(slow._context, tick)
    freeze(slow._context, tick)
    batch_id = slow._due_batches(tick)[0]
    frozen = slow.steps(batch_id, tick)
    while next(frozen) != "K5":
        pass
    other.work(batch_id, case.corp.clock.advance(timedelta(minutes=5)))
    list(frozen)
    with arena.engine.connect() as connection:
        state = connection.scalar(sa.select(t.batches.c.state).where(t.batches.c.id == batch_id))
    assert state == "unknown"
    scene.play_out(other, case.corp)
    assert case.verdict() == CLEAN
