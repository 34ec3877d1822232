"""What each job does: three idempotent functions over one `Runner`, and the tick that sends them.

All decisions are the runner's. Nothing here waits, repeats or remembers: what is lost is due again at the next tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen

from wecom_auto.sop.carriers._port import Carrier, Job

if TYPE_CHECKING:
    from wecom_auto.sop.runner import Runner

TICK_SECONDS: Final = 60
BUNDLE: Final = 10
"""Batches in one message: each is a call of the platform, so a message is a few seconds of work."""


@frozen
class Message:
    """One job to be carried.

    Attributes:
        job: What to do.
        key: Names it among those that wait.
        payload: Ids.
    """

    job: Job
    key: str
    payload: tuple[str, ...] = ()


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


class Jobs:
    """Carries out jobs.

    Args:
        runner: Of one corp.
        clock: Gives the present, aware.
        seconds: The distance of two ticks: of all that come in one such span, only the first one does anything.
    """

    def __init__(self, runner: Runner, *, clock: Callable[[], datetime] = utc_now, seconds: int = TICK_SECONDS) -> None:
        self._runner, self._clock, self._seconds = runner, clock, seconds

    def run(self, job: str, payload: Sequence[str], carrier: Carrier) -> None:
        """Do one job, and submit what follows from it as soon as it does.

        Args:
            job: One of `Job`.
            payload: Its ids.
            carrier: Takes what follows.

        Raises:
            ValueError: No such job.
        """
        for message in self.steps(Job(job), payload):
            carrier.submit(message.job, message.key, message.payload)

    def steps(self, job: Job, payload: Sequence[str]) -> Iterator[Message]:
        """Do one job, and yield what follows from it as soon as it does.

        Args:
            job: What to do.
            payload: Its ids.
        """
        match job:
            case Job.TICK:
                yield from self._tick()
            case Job.PLAN:
                yield from self._plan([int(shard) for shard in payload])
            case Job.DISPATCH | Job.POLL:
                for batch_id in payload:
                    self._runner.work(batch_id, self._clock())

    def _tick(self) -> Iterator[Message]:
        now = self._clock()
        if not self._runner.is_first_tick(self._slot(now)):
            return
        self._runner.enrol_due(now)
        # What is one worker's work: what others have sent, whose date has come, and the tasks of members.
        self._runner.upkeep(now)
        self._runner.enrol_due(now)
        due = self._runner.due_work(self._clock())
        yield from _bundles(Job.DISPATCH, due.dispatch)
        yield from _bundles(Job.POLL, due.poll)
        for shard in due.shards:
            yield Message(Job.PLAN, f"plan:{shard}", (str(shard),))
        if (due.freeze or due.tasks) and not due.shards:
            # Staff tasks, deferred messages whose time has come, or a worker that died before it froze.
            yield Message(Job.PLAN, "plan")
        self._runner.tend_tasks(self._clock())
        self._runner.note_tick(now)

    def _plan(self, shards: Sequence[int]) -> Iterator[Message]:
        for shard in shards:
            self._runner.plan(shard, self._clock())
        now = self._clock()
        if self._runner.freeze(now, slot=self._slot(now)).counts.get("batches"):
            # Asked by the clock as it is now: what was frozen a moment ago is not due for the time before.
            yield from _bundles(Job.DISPATCH, self._runner.due_work(self._clock()).dispatch)
        for shard in shards:
            self._runner.perform(shard, self._clock())
        self._runner.tend_tasks(self._clock())

    def _slot(self, now: datetime) -> datetime:
        """The beginning of the minute, which two tickers compute alike."""
        return datetime.fromtimestamp(now.timestamp() // self._seconds * self._seconds, UTC)


def _bundles(job: Job, batch_ids: Sequence[str]) -> Iterator[Message]:
    for start in range(0, len(batch_ids), BUNDLE):
        some = tuple(batch_ids[start : start + BUNDLE])
        yield Message(job, f"{job}:{some[0]}", some)
