"""The working half of a runner: ticks, and the same work in pieces that a message queue can carry.

It decides nothing by itself: what is due stands in the database, and each piece of work has a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from wecom_auto._time import require_aware
from wecom_auto.sop import status as _status
from wecom_auto.sop import store
from wecom_auto.sop._acting._perform import perform
from wecom_auto.sop._hearing._upkeep import upkeep
from wecom_auto.sop._rows import _batches, _journal
from wecom_auto.sop._rows._batches import BatchRow, SupersededError
from wecom_auto.sop._rows._shards import SHARDS
from wecom_auto.sop._rows._states import BatchStatus
from wecom_auto.sop._runs import _control, _rounds
from wecom_auto.sop._runs._advance import advance
from wecom_auto.sop._sending._dispatch import Steps, claim, dispatch
from wecom_auto.sop._sending._freeze import freeze
from wecom_auto.sop._sending._polling import follow
from wecom_auto.sop._sending._sweep import Swept, sweep
from wecom_auto.sop._shared import _sharing
from wecom_auto.sop._shared._context import Context, Tick
from wecom_auto.sop._shared._due import Phase, find_due
from wecom_auto.sop._shared._faults import attempt, is_general
from wecom_auto.sop._shared._putting_off import put_off_batch
from wecom_auto.sop._shared._sharing import DueWork
from wecom_auto.sop.observing import Observer, TickFinished, ticked
from wecom_auto.sop.reconcile import reconcile
from wecom_auto.sop.sending import Trouble
from wecom_auto.sop.tasks._desk import work as tend
from wecom_auto.sop.tasks._rows import next_wake as tasks_wake
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import reading

_ALERT_EVERY: Final = timedelta(hours=1)


@frozen(kw_only=True)
class TickReport:
    """What one tick did.

    Attributes:
        now: The instant that the caller named.
        counts: How often each thing happened, by a short name: ``advanced``, ``touches``, ``batches``, ``created``,
            ``unknown``, ``settled``, ``performed``, ``staff_tasks``, and every reason code.
    """

    now: datetime
    counts: dict[str, int] = field(factory=dict[str, int])

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        return not any(self.counts.values())


def _check_shard(shard: int) -> None:
    # A shard that does not exist has no work: whoever counts wrongly would never notice.
    known = type(shard) is int and 0 <= shard < SHARDS
    require(known, "shard", repr(shard)[:60], f"a number from 0 to {SHARDS - 1}")


class RunnerWork:
    """What a runner does when time has passed; a part of `Runner`."""

    _context: Context
    _clocks: tuple[Callable[[], float], ...]
    _observers: tuple[Observer, ...]

    def tick(self, now: datetime) -> TickReport:
        """Bring everything that is due up to `now`.

        Args:
            now: Aware. Tick every minute, or at `next_wake`; late ticks lose nothing, a second one does nothing.
        """
        tick = self._start(now)
        due, done = find_due(self._context, tick.now()), 0
        for phase in Phase:
            if (so_far := tick.counts.total()) > done:
                # What one phase has done may be work for the next.
                due, done = find_due(self._context, tick.now()), so_far
            if phase in due:
                self._do(phase, tick)
        if tick.counts["settled"] or tick.counts["tasks_found_done"]:
            # What was delivered, or found done, may go on with a tag.
            perform(self._context, tick)
        self.note_tick(now)
        return self._finish(tick, now)

    def _do(self, phase: Phase, tick: Tick) -> None:
        match phase:
            case Phase.UPKEEP:
                upkeep(self._context, tick)
            case Phase.DAYS:
                _rounds.enrol_due(self._context, tick)
            case Phase.RUNS:
                advance(self._context, tick)
            case Phase.ACTIONS:
                perform(self._context, tick)
            case Phase.MESSAGES:
                while freeze(self._context, tick):
                    pass
            case Phase.BATCHES:
                for batch_id in self._due_batches(tick):
                    self._run(self.steps(batch_id, tick))
            case Phase.TASKS:
                tend(self._context.office, tick)

    def _start(self, now: datetime) -> Tick:
        begun, moment = [clock() for clock in self._clocks], require_aware(now, "now")

        def time_passed() -> datetime:
            # The clock that ran furthest is believed: too late is safe, and a clock that was put back is too early.
            passed = max(clock() - start for clock, start in zip(self._clocks, begun, strict=True))
            return moment + timedelta(seconds=passed)

        return Tick(now=time_passed)

    def _finish(self, tick: Tick, now: datetime) -> TickReport:
        for reason, trouble in tick.troubles.items():
            tick.counts[reason] += 1
            if trouble is Trouble.EVERYTHING:
                alert = _journal.Entry(reason=f"alert:{reason}")
                _journal.note(self._context.engine, self._context.corp_id, now, alert, every=_ALERT_EVERY)
        if tick.troubles:
            # Whoever ticks at `next_wake` must not find the same work due at once, over and over again.
            _control.rest(self._context, tick.now(), creates_only=tick.may_call())
        report = TickReport(now=now, counts=dict(tick.counts))
        seconds = (tick.now() - now).total_seconds()
        finished = TickFinished(corp_id=self._context.corp_id, at=now, seconds=seconds, counts=report.counts)
        ticked(self._observers, finished)
        tick.faults.surface()
        return report

    def _run(self, steps: Steps) -> None:
        try:
            for point in steps:
                self._context.crash(point)
        except SupersededError:
            # Somebody else has taken the batch: whatever was read here is out of date.
            return

    def upkeep(self, now: datetime) -> TickReport:
        """Do what a tick does beside the timetable, if it is time: count what others have sent, look for duplicates.

        Args:
            now: Aware. Whoever does not tick calls this every few minutes.
        """
        tick = self._start(now)
        upkeep(self._context, tick)
        return self._finish(tick, now)

    def sweep(self, now: datetime) -> Swept:
        """Look for second tasks of our batches in the platform's list of the last week, and withdraw the younger ones.

        A tick does this by itself every `Settings.sweep_every`; it should find none.

        Args:
            now: Aware.
        """
        return sweep(self._context, self._start(now))

    def enrol_due(self, now: datetime) -> TickReport:
        """Let in whom a date lets in now (``calendar:``, ``birthday``); `tick` does this by itself.

        Args:
            now: Aware. A day that was slept through is dealt with afterwards, as far as lateness allows.
        """
        tick = self._start(now)
        _rounds.enrol_due(self._context, tick)
        return self._finish(tick, now)

    def tend_tasks(self, now: datetime) -> TickReport:
        """Look after staff tasks and tell members of them; a job that a message queue would carry.

        Args:
            now: Aware.
        """
        tick = self._start(now)
        tend(self._context.office, tick)
        return self._finish(tick, now)

    def due_work(self, now: datetime) -> DueWork:
        """What a tick would do now, as the numbers and names that a message queue carries.

        Args:
            now: Aware.
        """
        return _sharing.due_work(self._context, require_aware(now, "now"))

    def is_first_tick(self, slot: datetime) -> bool:
        """Whether nobody has ticked for this slot before; of any number of tickers one hears yes, once.

        Args:
            slot: Aware; the same for all tickers, such as the beginning of the minute.
        """
        return _sharing.is_first(self._context, require_aware(slot, "slot"))

    def note_tick(self, now: datetime) -> None:
        """Remember that a tick is over; `tick` does this by itself, and `health` looks at it.

        Args:
            now: Aware.
        """
        _status.note_tick(self._context.engine, self._context.corp_id, require_aware(now, "now"))

    def plan(self, shard: int, now: datetime) -> TickReport:
        """Move the runs of one shard along the timetable; a job that a message queue would carry.

        Args:
            shard: 0 to 63. A customer is always in the same one.
            now: Aware.

        Raises:
            ValidationError: No such shard.
        """
        _check_shard(shard)
        tick = self._start(now)
        advance(self._context, tick, shard)
        return self._finish(tick, now)

    def freeze(self, now: datetime, *, slot: datetime | None = None) -> TickReport:
        """Put the messages of all shards into batches, unless a shard is still unplanned or another worker is at it.

        Messages of all shards are frozen together, because each batch is one tap: 64 shards would be up to 64 taps.

        Args:
            now: Aware.
            slot: Runs that were due by then are waited for, at most five minutes; by default `now`.
        """
        tick, since = self._start(now), now if slot is None else require_aware(slot, "slot")
        more = True
        while more and _sharing.may_freeze(self._context, since, tick.now()):
            with _sharing.turn_to_freeze(self._context, tick.now()) as mine:
                more = mine and freeze(self._context, tick)
        return self._finish(tick, now)

    def perform(self, shard: int, now: datetime) -> TickReport:
        """Do what a server can do by itself in one shard, and hand out what people must do.

        Args:
            shard: 0 to 63.
            now: Aware.

        Raises:
            ValidationError: No such shard.
        """
        _check_shard(shard)
        tick = self._start(now)
        perform(self._context, tick, shard)
        return self._finish(tick, now)

    def work(self, batch_id: str, now: datetime) -> TickReport:
        """Do whatever one batch needs now; the job that a message queue would carry.

        Args:
            batch_id: From the table of batches; one that needs nothing is left alone.
            now: Aware.
        """
        tick = self._start(now)
        self._run(self.steps(batch_id, tick))
        return self._finish(tick, now)

    def steps(self, batch_id: str, tick: Tick) -> Steps:
        """Work on one batch, pausing at every crash point of the protocol."""
        yield "K0"
        row = self._claim(batch_id, tick) if tick.may_call() else None
        if row is None:
            return
        try:
            match row.batch.state:
                case BatchStatus.PLANNED:
                    yield from dispatch(self._context, tick, row)
                case BatchStatus.UNKNOWN:
                    yield from reconcile(self._context, tick, row)
                case _:
                    yield from follow(self._context, tick, row)
        except SupersededError:
            raise
        except Exception as error:
            if is_general(error):
                raise
            tick.faults.failed(error)
            put_off_batch(self._context, tick, row, error)
        else:
            tick.faults.went_well()

    def _claim(self, batch_id: str, tick: Tick) -> BatchRow | None:
        """Take a batch; one that cannot even be read, such as a newer release's, is left as it is."""
        found: list[BatchRow | None] = []

        def take() -> None:
            found.append(claim(self._context, batch_id, tick.now(), create=tick.may_call(create=True)))

        attempt(self._context.engine, self._context.corp_id, tick, batch_id, take)
        return found[0] if found else None

    def _due_batches(self, tick: Tick) -> list[str]:
        with reading(self._context.engine) as connection:
            return _batches.due(connection, self._context.corp_id, tick.now())

    def next_wake(self) -> datetime | None:
        """The earliest instant at which anything is due; `None` if nothing ever is.

        Work of paused SOPs is due to nobody.
        """
        with reading(self._context.engine) as connection:
            times = (one(connection, self._context.corp_id) for one in (store.next_wake, tasks_wake))
            return min((at for at in times if at is not None), default=None)
