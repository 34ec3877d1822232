"""Kill the sender with a real SIGKILL at every step, under every fault; restart it; count in the fake's own books."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import define
from sqlalchemy.engine import Engine
from tests.services import _kill_scene as scene
from tests.unit._sop_stage import books

from wecom_auto.sop import _tables as t
from wecom_auto.sop._advance import advance
from wecom_auto.sop._freeze import freeze
from wecom_auto.sop.runner import Runner
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

CREATE = "externalcontact/add_msg_template"
ROOT = Path(__file__).parents[2]
FAULTS = {
    "no fault": {},
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "late -1": {"late_busy": True},
    "500": {"status": 500},
    "html": {"html": True, "processed": True},
    "timeout": {"slow": 0.8},
}
FIRST = [(point, 1) for point in ("K0", "K1", "K2", "K3", "K4", "K5", "K6")]
SECOND = [(point, 2) for point in ("K2", "K4", "K5")]
"""The second batch of the tick: its twin may be unknown, then it waits and another one takes its place."""
CLEAN = {"duplicates": 0, "lost": 0, "strangers": 0, "stuck": 0}

pytestmark = pytest.mark.slow


@define
class Arena:
    """One database file, the process that forks the children who die, and an engine of the parent."""

    process: subprocess.Popen[str]
    engine: Engine
    file: Path
    template: Path

    def new_case(self, fault: str) -> Case:
        """Start over: the same corp, the same database, another fault."""
        self.engine.dispose()
        for leftover in self.file.parent.glob("live.db-*"):
            leftover.unlink()
        shutil.copy(self.template, self.file)
        corp = scene.fake()
        if FAULTS[fault]:
            corp.fail_next(CREATE, **FAULTS[fault])
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
            answer = self.arena.child(job | {"now": self.corp.clock.now().isoformat()})
            if answer == "killed":
                self.kills += 1
                return
            assert answer == "exit 0"
            wake = self.runner.next_wake()
            self.corp.clock.advance_to(max(wake, self.corp.clock.now()))

    def verdict(self) -> dict[str, int]:
        """Duplicates and losses by the fake's books, stuck batches by ours."""
        tasks, wanted = books(self.corp), scene.expected(self.corp)
        received = Counter({one.external_userid: one.mass_messages for one in self.corp.customers()})
        return {
            "duplicates": sum(times - 1 for times in tasks.values()),
            "lost": len(wanted - set(tasks)) + abs(len(wanted) - received.total()),
            "strangers": len(set(tasks) - wanted),
            "stuck": sum(state != "done" for state in scene.states(self.runner)),
        }


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    """The database, the forking process, and the template that every case starts from."""
    # SIGKILL does not need a disk to be survived, and memory does not make 150 runs wait for one.
    memory = Path("/dev/shm")  # noqa: S108 - only where to put a private directory
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        template, file = Path(folder, "template.db"), Path(folder, "live.db")
        engine = open_store(f"sqlite:///{template}")
        scene.prepare(engine, scene.fake())
        # The last connection that closes brings the log into the file.
        engine.dispose()
        shutil.copy(template, file)
        command = [sys.executable, "-m", "tests.services._kill_worker", f"sqlite:///{file}"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
            live = open_store(f"sqlite:///{file}", migrate=False)
            yield Arena(process=process, engine=live, file=file, template=template)
            live.dispose()
            process.stdin.close()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("point", "nth"), FIRST + SECOND)
def test_killed_at_every_step_of_the_call(arena, point, nth, fault):
    """Killed around the create call: after a restart nobody got a message twice, or not, and nothing hangs."""
    case = arena.new_case(fault)
    case.play((point, nth))
    unanswered = point == "K4" and fault in {"reset before", "reset after", "timeout"}
    assert case.kills == 1 or unanswered  # Without an answer there is no moment after it.
    assert case.verdict() == CLEAN


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("point", ["K7", "K8", "K9"])
def test_killed_while_finding_out(arena, point, fault):
    """Killed a second time while the first death is cleared up, or while results are read: the same verdict."""
    case = arena.new_case(fault)
    case.play(("K2" if fault == "no fault" else "K6", 1), (point, 1))
    assert case.kills == 2
    assert case.verdict() == CLEAN


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
