"""The carrier of the embedded default: a queue in memory and one loop. No server, no thread, no other process.

What waits here is lost with the process, and is due again at the first tick of the next one.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import define

from wecom_auto.sop.carriers._jobs import TICK_SECONDS, Jobs, Message, utc_now
from wecom_auto.sop.carriers._port import Job

if TYPE_CHECKING:
    from wecom_auto.sop.runner import Runner


@define
class _Repeated:
    seconds: int
    job: Job
    next_at: float


class Loop:
    """Runs the jobs of one corp in this process, one after the other.

    Args:
        runner: Of one corp.
        clock: Gives the present, aware.
        seconds: The distance of two ticks.
    """

    def __init__(self, runner: Runner, *, clock: Callable[[], datetime] = utc_now, seconds: int = TICK_SECONDS) -> None:
        self._jobs = Jobs(runner, clock=clock, seconds=seconds)
        self._waiting: OrderedDict[str, Message] = OrderedDict()
        self._repeated: list[_Repeated] = []
        self._stopped = threading.Event()
        self.every(seconds, Job.TICK)

    def submit(self, job: Job, key: str, payload: Sequence[str]) -> None:
        """Queue one job, unless one of the same key waits; see `Carrier`."""
        self._waiting.setdefault(key, Message(Job(job), key, tuple(payload)))

    def every(self, seconds: int, job: Job) -> None:
        """Queue a job again and again, for the first time at once; see `Carrier`."""
        self._repeated = [one for one in self._repeated if one.job is not job]
        self._repeated.append(_Repeated(seconds, job, time.monotonic()))

    def run_worker(self) -> None:
        """Work until `stop` is called from a signal handler or another thread."""
        self._stopped.clear()
        while not self._stopped.is_set():
            for one in self._repeated:
                if one.next_at <= time.monotonic():
                    one.next_at = time.monotonic() + one.seconds
                    self.submit(one.job, one.job, ())
            self.drain()
            self._stopped.wait(max(0.0, min(one.next_at for one in self._repeated) - time.monotonic()))

    def stop(self) -> None:
        """Let `run_worker` end after the job in hand."""
        self._stopped.set()

    def drain(self) -> int:
        """Do what waits, and what follows from it; returns how many jobs that were."""
        done = 0
        while self._waiting and not self._stopped.is_set():
            _key, message = self._waiting.popitem(last=False)
            self._jobs.run(message.job, message.payload, self)
            done += 1
        return done
