"""Kill the processes around an inbox with a real SIGKILL at every step, and see that no event is lost or swallowed."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define, evolve, field
from tests.services import _inbox_worker as scene
from tests.services._inbox_worker import Job
from tests.stores import KINDS, fresh_database

from wecom_auto.store import open_store

pytestmark = [pytest.mark.kill, pytest.mark.slow]
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([scene.__name__])
TRIES = 3
"""How often the platform makes a call in all."""


@define
class Case:
    """One database, what handlers noted, and how many processes died."""

    job: Job
    kills: int = 0
    tries: Counter[str] = field(factory=Counter)

    def run(self, task: Callable[..., None], *args: str, point: str = "", nth: int = 1) -> bool:
        """Run a process; whether it came to its end."""
        process = processes.Process(target=task, args=(evolve(self.job, point=point, nth=nth), *args))
        process.start()
        process.join(30)
        assert process.exitcode in {0, -signal.SIGKILL}
        self.kills += process.exitcode != 0
        return process.exitcode == 0

    def deliver(self, which: str, *, point: str = "") -> None:
        """Call the door until it answers, as the platform does; the first one may die."""
        for attempt in range(TRIES):
            self.tries[which] += 1
            if self.run(scene.door, which, point=point if attempt == 0 else ""):
                return
        pytest.fail(f"{which} was never answered")

    def notes(self) -> Counter[str]:
        """What handlers and doors noted."""
        return Counter(Path(self.job.log).read_text("utf-8").splitlines())

    def verdict(self) -> dict[str, object]:
        """What there must be, whatever was killed."""
        notes, inbox = self.notes(), self.job.inbox()
        stats = inbox.stats()
        inbox._desk.engine.dispose()
        by_handler = Counter(line.split()[0] for line in notes)
        return {
            "handlers": {name: by_handler[name] for name in ("greet", "first", "second")},
            "states": {str(state): number for state, number in stats.counts.items()},
            "late": stats.late,
            "most": max(times for line, times in notes.items() if not line.startswith("answered")) <= 2,
        }


# Each handler saw each event: greet one, the others three, of which two look alike and are two.
RIGHT = {
    "handlers": {"greet": 1, "first": 3, "second": 3},
    "states": {"waiting": 0, "done": 3, "dead": 0},
    "late": 0,
    "most": True,
}


@pytest.fixture(params=KINDS)
def case(request, tmp_path) -> Iterator[Case]:
    """A fresh database of each kind."""
    with fresh_database(request.param, tmp_path) as url:
        open_store(url).dispose()
        log = tmp_path / "log"
        log.touch()
        yield Case(Job(url, str(log), began=time.time()))


@pytest.mark.parametrize("point", scene.DOOR)
def test_the_door_is_killed(case, point):
    """Killed before, while and after it stores, greets and answers: the platform calls again, and nothing is lost."""
    case.deliver("a", point=point)
    case.deliver("b", point=point if point not in {"handled", "urgent"} else "")
    case.deliver("c")
    assert case.kills == (2 if point not in {"handled", "urgent"} else 1)
    case.run(scene.work)
    assert case.verdict() == RIGHT


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("point", scene.WORKER)
def test_the_worker_is_killed(case, point, nth):
    """Killed after claiming, after a handler, between two, before and after the end: the next one goes on."""
    for which in "abc":
        case.deliver(which)
    case.run(scene.work, point=point, nth=nth)
    assert case.kills == 1
    case.run(scene.work)
    assert case.verdict() == RIGHT


@pytest.mark.parametrize("second", ["claimed", "handled", "closing"])
@pytest.mark.parametrize("first", ["stored", "handled", "urgent"])
def test_both_are_killed(case, first, second):
    """The door dies, nobody calls again, and the worker that takes over dies too."""
    case.run(scene.door, "a", point=first)
    for which in "bc":
        case.deliver(which)
    case.run(scene.work, point=second)
    case.run(scene.work)
    assert case.kills == 2
    assert case.verdict() == RIGHT


@pytest.mark.parametrize("point", scene.CLEANER)
def test_the_cleaner_is_killed(case, point):
    """Killed while it deletes: what is finished goes the next time, what waits stays, a redelivery is harmless."""
    for which in "ab":
        case.deliver(which)
    case.run(scene.work)
    case.deliver("c")
    case.run(scene.clean, point=point)
    assert case.kills == 1
    case.run(scene.clean)
    assert case.verdict()["states"] == {"waiting": 1, "done": 0, "dead": 0}
    case.run(scene.work)
    assert case.verdict()["handlers"] == RIGHT["handlers"]


def test_the_matrix_can_fail(case):
    """A door that answers before it stores loses the event: the verdict sees it."""
    case.run(scene.door, "a", point="inserted")
    for which in "bc":
        case.deliver(which)
    case.run(scene.work)
    assert case.verdict() != RIGHT
