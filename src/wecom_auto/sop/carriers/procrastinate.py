"""Procrastinate as a carrier: jobs are rows of PostgreSQL, so that no broker is needed beside the store.

It schedules nothing into the future: sleeping jobs slow every fetch, and the store knows when things are due.
Needs the extra ``wecom-auto[procrastinate]``. Manual: https://procrastinate.readthedocs.io/.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.carriers._jobs import TICK_SECONDS, Jobs, utc_now
from wecom_auto.sop.carriers._port import Job

if TYPE_CHECKING:
    from wecom_auto.sop.runner import Runner

__all__ = ["ProcrastinateCarrier", "register"]

_NAME: Final = "wecom_auto"


class ProcrastinateCarrier:
    """Sends SOP jobs with Procrastinate; made by `register`.

    Args:
        app: The Procrastinate app.
        jobs: Gives the jobs of this process.
        name: Prefix of the tasks, and the queue.
    """

    def __init__(self, app: App, jobs: Callable[[], Jobs], name: str = _NAME) -> None:
        self.app, self.name, self._jobs = app, name, jobs
        self._tasks = {job: self._add_task(job) for job in Job}

    def _add_task(self, job: Job) -> Any:
        def task(payload: Sequence[str] = ()) -> None:
            self._jobs().run(job, payload, self)

        return self.app.task(name=f"{self.name}.{job}", queue=self.name)(task)

    def submit(self, job: Job, key: str, payload: Sequence[str]) -> None:
        """Send one job, unless one of the same key waits; see `Carrier`."""
        with suppress(AlreadyEnqueued):
            self._tasks[job].configure(queueing_lock=f"{self.name}:{key}").defer(payload=list(payload))

    def every(self, seconds: int, job: Job) -> None:
        """Have the workers send a job; see `Carrier`. Of several workers one does it.

        Args:
            seconds: A divisor of 60, or whole minutes that divide an hour: Procrastinate thinks in cron expressions.
            job: What to do.
        """
        name = f"{self.name}.every_{seconds}.{job}"

        def repeated(timestamp: int) -> None:
            del timestamp
            self._jobs().run(job, (), self)

        task = self.app.task(name=name, queue=self.name)(repeated)
        self.app.periodic(cron=_cron(seconds), periodic_id=name)(task)

    def run_worker(self, *, concurrency: int = 1, **options: Any) -> None:
        """Work in this process, and send what is to be sent again and again.

        Args:
            concurrency: Jobs at the same time, each in a thread.
            **options: Of ``procrastinate.App.run_worker``.
        """
        self.app.run_worker(queues=[self.name], concurrency=concurrency, delete_jobs="always", **options)


def _cron(seconds: int) -> str:
    minutes = seconds // 60
    if 0 < seconds < 60 and 60 % seconds == 0:  # noqa: PLR2004 - a minute
        return f"* * * * * */{seconds}"
    if minutes and seconds % 60 == 0 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    msg = f"a job every {seconds} s cannot be written as a cron expression; take a divisor of 60, or 60, 120, 300 …"
    raise ConfigurationError(msg)


def register(
    app: App,
    runner: Callable[[], Runner],
    *,
    name: str = _NAME,
    clock: Callable[[], datetime] = utc_now,
    seconds: int = TICK_SECONDS,
) -> ProcrastinateCarrier:
    """Add the four tasks and the tick of one corp to an app of yours.

    Args:
        app: With a ``PsycopgConnector``; its schema must have been applied.
        runner: Makes the runner of a worker process; called once in each.
        name: Prefix of the tasks, and the queue; one for each corp.
        clock: Gives the present, aware.
        seconds: The distance of two ticks.
    """
    lock, made = threading.Lock(), list[Jobs]()

    def jobs() -> Jobs:
        with lock:
            if not made:
                made.append(Jobs(runner(), clock=clock, seconds=seconds))
            return made[0]

    carrier = ProcrastinateCarrier(app, jobs, name)
    carrier.every(seconds, Job.TICK)
    return carrier
