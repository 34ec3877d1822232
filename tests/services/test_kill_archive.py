"""Kill the reader of the archive with a real SIGKILL at every step: no message is lost, none is stored twice."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.services import _archive_worker as scene
from tests.services._archive_worker import BAD, PAGE, POINTS, ROWS, Job
from tests.stores import KINDS, fresh_database

from wecom_auto.archive import _tables as t
from wecom_auto.store import open_store

pytestmark = [pytest.mark.kill, pytest.mark.slow]
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([scene.__name__])
WANTED = [f"m{number:02}" for number in range(ROWS) if number != BAD]


@pytest.fixture(params=KINDS)
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Job]:
    """A fresh database of each kind, and a file that outlives processes."""
    with fresh_database(request.param, tmp_path) as url:
        (tmp_path / "log").touch()
        yield Job(url, str(tmp_path / "log"))


def run(job: Job, point: str = "", nth: int = 1) -> bool:
    """Run the reader in a process; whether it came to its end."""
    process = processes.Process(target=scene.read, args=(Job(job.url, job.log, point, nth),))
    process.start()
    process.join(30)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


@pytest.mark.parametrize("point", POINTS)
def test_a_reader_is_killed_again_and_again(job: Job, point: str) -> None:
    """Each life dies a little later; whatever is there is whole, and in the end everything is, once."""
    deaths = 0
    while not run(job, point, deaths + 2):
        deaths += 1
        engine = open_store(job.url, migrate=False)
        with engine.connect() as connection:
            position = connection.scalar(sa.select(t.cursors.c.position)) or "0"
            stored = connection.scalars(sa.select(t.messages.c.msgid).order_by(t.messages.c.msgid)).all()
            aside = len(connection.scalars(sa.select(t.unread.c.raw)).all())
        engine.dispose()
        # The cursor says exactly what is there: never a row too many, never one too few.
        assert int(position or 0) == len(stored) + aside
        assert stored == WANTED[: len(stored)]
    assert deaths >= (ROWS // PAGE) // 2
    mine = scene.reader(job)
    state = mine.state()
    assert [one.msgid for one in reversed(mine.said())] == WANTED
    assert (state.stored, state.unread, state.untold) == (len(WANTED), 1, 0)
    mine.engine.dispose()
    told = Counter(Path(job.log).read_text().split())
    assert set(told) == set(WANTED)


def test_the_verdict_can_fail(job: Job) -> None:
    """A cursor that moves before its rows are there loses a page: the count sees it."""
    engine = open_store(job.url, migrate=False)
    mine = scene.reader(job)
    mine.read(scene.NOW, pages=1)
    with engine.begin() as connection:
        connection.execute(sa.update(t.cursors).values(position=str(2 * PAGE)))
    engine.dispose()
    mine.read(scene.NOW)
    assert [one.msgid for one in reversed(mine.said())] != WANTED
    mine.engine.dispose()
