"""Carriers: Celery against the bare table, against one job per touch, and several workers on one timetable.

Starts a PostgreSQL and a Redis of its own in a temporary folder, and needs both installed.
``WECOM_AUTO_BENCH_TOUCHES`` says how many touches are due, 100,000 by default. Run: ``python -m benchmarks carrier``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from tests.servers import Own, running, until

from benchmarks import _carrier_app as ours
from benchmarks import bench_sop
from benchmarks.bench_sop import NOW, fill, touched
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._shards import SHARDS
from wecom_auto.sop.carriers import Job
from wecom_auto.sop.carriers.celery import CeleryCarrier
from wecom_auto.sop.store import due_enrolments
from wecom_auto.store import open_store

TOUCHES: Final = int(os.environ.get("WECOM_AUTO_BENCH_TOUCHES", "100000"))
FEW: Final = max(TOUCHES // 50, 500)
"""For what is slow: one job per touch, scaled by the touch."""
PROCESSES: Final = multiprocessing.get_context("spawn")
PATIENCE: Final = 900.0


def seconds(work: Callable[[], Any]) -> float:
    """Return the seconds on the wall for `work`."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prepare(engine: Engine, runs: int) -> None:
    """Fill the timetable with runs that are due, and let the database know what it holds."""
    fill(engine, runs=runs, wake_at=NOW)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE sop_enrolments")
        connection.exec_driver_sql("VACUUM ANALYZE sop_touches")


def is_idle(engine: Engine) -> bool:
    """Whether no run is due any more."""
    with engine.connect() as connection:
        return not due_enrolments(connection, bench_sop.CORP, NOW, 1)


def bare(engine: Engine, url: str, workers: int, runs: int) -> float:
    """Plan everything with so many processes and nothing between them; the seconds from the first look to the last."""
    prepare(engine, runs)
    shards, ready, begin = PROCESSES.Queue(), PROCESSES.Semaphore(0), PROCESSES.Event()
    for number in [*range(SHARDS), *[None] * workers]:
        shards.put(number)
    crowd = [PROCESSES.Process(target=ours.plan_shards, args=(url, shards, ready, begin)) for _ in range(workers)]
    for one in crowd:
        one.start()
    for _ in crowd:
        ready.acquire()
    begin.set()
    spent = seconds(lambda: [one.join() for one in crowd])
    assert touched(engine) == runs
    return spent


@contextmanager
def celery_worker(url: str, broker: str, processes: int) -> Iterator[Any]:
    """A warm Celery worker; yields the app of this process."""
    environment = os.environ | {ours.STORE: url, ours.BROKER: broker, "C_FORCE_ROOT": "1"}
    options = ["--queues", "bench", "-c", str(processes), "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "benchmarks._carrier_app", "worker", *options]
    root, quiet = Path(__file__).parents[1], subprocess.DEVNULL
    worker = subprocess.Popen(command, cwd=root, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield ours.make_app(broker, lambda: ours.make_runner(open_store(url, migrate=False)))
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def warm(engine: Engine, app: Any, processes: int) -> None:
    """Let every process of the worker import and connect: each plans a run."""
    fill(engine, runs=processes * 20, wake_at=NOW)
    for shard in range(SHARDS):
        CeleryCarrier(app, "bench").submit(Job.PLAN, "", (str(shard),))
    until(lambda: is_idle(engine), seconds=60)


def carried(engine: Engine, url: str, broker: str, runs: int) -> float:
    """Tick once and let Celery carry everything; the seconds from the tick until no run is due."""
    with celery_worker(url, broker, 2) as app:
        warm(engine, app, 2)
        prepare(engine, runs)
        with engine.begin() as connection:
            connection.execute(sa.delete(t.turns))
        tick = CeleryCarrier(app, "bench").submit
        spent = seconds(lambda: (tick(Job.TICK, "", ()), until(lambda: is_idle(engine), seconds=PATIENCE)))
    assert touched(engine) == runs
    return spent


def one_task_each(engine: Engine, url: str, broker: str) -> float:
    """Send one Celery task for each touch; the seconds from the first until the last is written."""
    with celery_worker(url, broker, 2) as app:
        warm(engine, app, 2)
        prepare(engine, FEW)
        runs = _runs(engine)

        def send() -> None:
            for run in runs:
                app.tasks["touch"].apply_async(run)
            until(lambda: touched(engine) == FEW, seconds=PATIENCE)

        return seconds(send)


def one_job_each(engine: Engine, url: str) -> float:
    """Let APScheduler 3 hold one job for each touch in the same PostgreSQL; the seconds until the last is written."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    os.environ[ours.STORE] = url
    prepare(engine, FEW)
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=url)},
        executors={"default": ThreadPoolExecutor(10)},
        # By default a job that is late by more than a second is dropped: all of these would be.
        job_defaults={"misfire_grace_time": None},
        timezone="UTC",
    )
    scheduler.start(paused=True)
    for run in _runs(engine):
        scheduler.add_job(ours.one_touch, "date", run_date=NOW, args=run)
    spent = seconds(lambda: (scheduler.resume(), until(lambda: touched(engine) == FEW, seconds=PATIENCE)))
    scheduler.shutdown()
    return spent


def _runs(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(t.enrolments.c.id, t.enrolments.c.external_userid))
        return [(row.id, row.external_userid) for row in rows]


def frozen(engine: Engine, runs: int) -> dict[str, Any]:
    """Freeze what was planned: all shards at once, as the engine does it, against each by itself; count the taps."""
    runner = ours.make_runner(engine)
    with engine.begin() as connection:
        # Twenty members with customers everywhere.
        number = t.touches.c.enrolment_id % 20
        connection.execute(sa.update(t.touches).values(userid=sa.func.concat("member", number)))
        member = sa.func.concat("member", t.enrolments.c.id % 20)
        connection.execute(sa.update(t.enrolments).values(userid=member))
        # The time stands still, whatever planning took: all of it is due.
        connection.execute(sa.update(t.touches).values(check_at=NOW))
        connection.execute(sa.delete(t.turns))
        shards = connection.scalar(
            sa.select(sa.func.count()).select_from(sa.select(t.touches.c.shard, number).distinct().subquery())
        )
    spent = seconds(lambda: runner.freeze(NOW))
    with engine.connect() as connection:
        made = connection.scalar(sa.select(sa.func.count()).select_from(t.batches)) or 0
    note = f"{made} batches of {runs} messages in one job of {spent:.1f} s ({runs / spent:,.0f}/s); by shard {shards}"
    what = "taps of 20 members, frozen for all shards at once / by shard"
    return {"what": what, "ratio": made / (shards or 1), "budget": "≤ 0.02", "note": note}


def run() -> list[dict[str, Any]]:
    """Return the rows of the budget table."""
    with running(Own.postgres) as server, running(Own.redis) as broker:
        engine = open_store(server.url)
        bench_sop.make_runner(engine)
        rows = _rows(engine, server.url, broker.url)
        engine.dispose()
    return rows


def _rows(engine: Engine, url: str, broker: str) -> list[dict[str, Any]]:
    table = bare(engine, url, 2, TOUCHES)
    rows = [frozen(engine, TOUCHES)]
    celery = carried(engine, url, broker, TOUCHES)
    again = bare(engine, url, 2, TOUCHES)
    # Before and after, so that a machine that gets slower or faster meanwhile favours neither.
    mean = (table + again) / 2
    note = f"{TOUCHES} due at once, 2 processes: {celery:.1f} s against {table:.1f} and {again:.1f} s"
    what = "Celery carrying due touches / the bare table, PostgreSQL and Redis"
    rows.append({"what": what, "ratio": mean / celery, "budget": "≥ 0.8", "note": note})
    for name, spent in (
        ("one Celery task per touch", one_task_each(engine, url, broker)),
        ("APScheduler 3, one job per touch", one_job_each(engine, url)),
    ):
        note = f"{FEW / spent:,.0f} against {TOUCHES / celery:,.0f} touches/s; measured with {FEW}"
        ratio = (FEW / spent) / (TOUCHES / celery)
        rows.append({"what": f"{name} / Celery carrying shards", "ratio": ratio, "budget": "–", "note": note})
    some = TOUCHES // 2
    alone = bare(engine, url, 1, some)
    for workers, budget in ((2, "≥ 1.4"), (4, "–")):
        spent = bare(engine, url, workers, some)
        note = f"{some} runs: {spent:.1f} s against {alone:.1f} s; {os.cpu_count()} cores, which the database shares"
        rows.append({"what": f"{workers} workers / 1 worker", "ratio": alone / spent, "budget": budget, "note": note})
    return rows
