"""Run published SOPs: one `tick` brings everything up to now. Starts no thread, no timer and no server.

Every wait is a column in the database, so a tick may come late, twice, or from two processes at once.
All times are given by the caller; the runner itself reads a clock only to know how long a tick has taken.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto._types import JSON
from wecom_auto.callbacks.events import CustomerAdded, Event
from wecom_auto.sop import (
    _attributes,
    _batches,
    _control,
    _entry,
    _journal,
    _news,
    _publications,
    _rounds,
    _sharing,
    _transfers,
    store,
)
from wecom_auto.sop import _tables as t
from wecom_auto.sop import status as _status
from wecom_auto.sop._advance import WELCOME_CODE, advance
from wecom_auto.sop._batches import SupersededError
from wecom_auto.sop._catalogue import Catalogue
from wecom_auto.sop._context import ContentSource, Context, CustomerBook, CustomerFacts, Settings, Tick
from wecom_auto.sop._dispatch import Steps, claim, dispatch
from wecom_auto.sop._entry import Candidate
from wecom_auto.sop._freeze import freeze
from wecom_auto.sop._journal import LoggedDecision
from wecom_auto.sop._perform import perform
from wecom_auto.sop._policies import Edit, Target
from wecom_auto.sop._polling import follow
from wecom_auto.sop._publications import Publication
from wecom_auto.sop._server_actions import WebhookPort
from wecom_auto.sop._sharing import DueWork
from wecom_auto.sop._states import BatchStatus, SopStatus
from wecom_auto.sop._subjects import facts_of_tasks
from wecom_auto.sop._sweep import Swept, sweep
from wecom_auto.sop._timing import ClockRange
from wecom_auto.sop._upkeep import upkeep
from wecom_auto.sop._welcome import send_welcome
from wecom_auto.sop.administration import Administration
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.explaining import Explanation, explain
from wecom_auto.sop.forecast import forecast
from wecom_auto.sop.observing import OBSERVERS, Observer, TickFinished, ticked
from wecom_auto.sop.preview import PreviewRow
from wecom_auto.sop.reconcile import reconcile
from wecom_auto.sop.replaying import Replay, replay
from wecom_auto.sop.sending import Trouble
from wecom_auto.sop.status import Health, HealthLimits, Status
from wecom_auto.sop.tasks import AuditLine, PlainRoster, Roster, TaskDesk, TaskRecord, TaskRules, WorkingHours
from wecom_auto.sop.tasks._desk import desk_of
from wecom_auto.sop.tasks._desk import work as tend
from wecom_auto.sop.tasks._office import Office
from wecom_auto.store import reading

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["DueWork", "LoggedDecision", "Runner", "Settings", "Swept", "TickReport"]

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


def _no_crash(_point: str) -> None:
    """The crash hook of real life."""


def _plain_roster(settings: Settings, calendar: Calendar) -> PlainRoster:
    """What the settings say about everybody."""
    shop = WorkingHours(shifts=(ClockRange(*settings.working_hours),), zone=settings.zone, calendar=calendar)
    return PlainRoster(above=settings.supervisor, shop=shop)


def _short_id() -> str:
    return secrets.token_hex(6)


class Runner:
    """Runs the SOPs of one corp.

    Args:
        engine: From `wecom_auto.store.open_store`.
        client: For the calls of this corp.
        directory: Where facts come from: a `wecom_auto.directory.Directory`, or your own.
        contents: Where message contents come from: a `wecom_auto.sop.contents.Contents`, or your own.
        corp_id: The corp; the client's own by default.
        calendar: Knows holidays.
        settings: What the corp decides once.
        new_id: Makes batch ids: short, unique, printable.
        stopwatch: Seconds; how long a tick has taken counts towards its leases. By default the wall clock, which goes
            on while a virtual machine is suspended, and the monotonic one, which nobody puts back.
        crash: Called with the name of each crash point (K0 to K9); for tests that kill.
        roster: Who does what; without one the settings' supervisor and working hours hold for everybody.
        task_rules: What the corp decides for its staff tasks.
        webhooks: Functions of yours that steps call by name, at least once; see `WebhookCall`.
        observers: Told of ticks, decisions, batches and alerts; see `wecom_auto.sop.observing`.
    """

    def __init__(
        self,
        engine: Engine,
        client: WeCom,
        directory: CustomerBook,
        contents: ContentSource,
        *,
        corp_id: str = "",
        calendar: Calendar | None = None,
        settings: Settings | None = None,
        new_id: Callable[[], str] = _short_id,
        stopwatch: Callable[[], float] | None = None,
        crash: Callable[[str], None] = _no_crash,
        roster: Roster | None = None,
        task_rules: TaskRules | None = None,
        webhooks: Mapping[str, WebhookPort] | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        corp_id, settings, calendar = corp_id or client.corp_id, settings or Settings(), calendar or ChinaCalendar()
        self._observers = tuple(observers)
        self._clocks = (time.time, time.monotonic) if stopwatch is None else (stopwatch,)
        self._context = Context(
            engine=engine.execution_options(**{OBSERVERS: self._observers}),
            client=client,
            book=directory,
            contents=contents,
            corp_id=corp_id,
            calendar=calendar,
            settings=settings,
            catalogue=Catalogue(corp_id),
            office=Office(
                engine=engine,
                corp_id=corp_id,
                client=client,
                notify=settings.notify,
                book=directory,
                roster=roster or _plain_roster(settings, calendar),
                rules=task_rules or TaskRules(due=settings.task_due),
                facts=self._facts_of_tasks,
            ),
            webhooks=dict(webhooks or {}),
            new_id=new_id,
            crash=crash,
        )

    def tick(self, now: datetime) -> TickReport:
        """Bring everything that is due up to `now`.

        Args:
            now: Aware. Tick every minute, or at `next_wake`; late ticks lose nothing, a second one does nothing.
        """
        tick = self._start(now)
        # What others have sent is counted first: it takes from the allowance of what is frozen now.
        upkeep(self._context, tick)
        _rounds.enrol_due(self._context, tick)
        advance(self._context, tick)
        self._perform(tick)
        while freeze(self._context, tick):
            pass
        batches = self._due_batches(tick)
        for batch_id in batches:
            self._run(self.steps(batch_id, tick))
        tend(self._context.office, tick)
        if tick.counts["settled"] or tick.counts["tasks_found_done"]:
            # What was delivered, or found done, may go on with a tag.
            self._perform(tick)
        self.note_tick(now)
        return self._finish(tick, now)

    def status(self, now: datetime) -> Status:
        """How the corp's SOPs stand: what is due, unknown, held, unconfirmed, overdue.

        Args:
            now: Aware.
        """
        with reading(self._context.engine) as connection:
            return _status.snapshot(connection, self._context.corp_id, now)

    def health(self, now: datetime, limits: HealthLimits | None = None) -> Health:
        """Whether somebody has to look, and why; for a probe.

        Args:
            now: Aware.
            limits: From when on a number is a reason.
        """
        return _status.judge(self.status(now), limits or HealthLimits())

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
        """
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
        tick = self._start(now)
        more = True
        while more and _sharing.may_freeze(self._context, slot or now, tick.now()):
            with _sharing.turn_to_freeze(self._context, tick.now()) as mine:
                more = mine and freeze(self._context, tick)
        return self._finish(tick, now)

    def perform(self, shard: int, now: datetime) -> TickReport:
        """Do what a server can do by itself in one shard, and hand out what people must do.

        Args:
            shard: 0 to 63.
            now: Aware.
        """
        tick = self._start(now)
        self._perform(tick, shard)
        return self._finish(tick, now)

    def tend_tasks(self, now: datetime) -> TickReport:
        """Look after staff tasks and tell members of them; a job that a message queue would carry.

        Args:
            now: Aware.
        """
        tick = self._start(now)
        tend(self._context.office, tick)
        return self._finish(tick, now)

    @property
    def tasks(self) -> TaskDesk:
        """The desk of staff tasks: the to-do list, and everything that may be done with a task."""
        return desk_of(self._context.office)

    def _facts_of_tasks(self, tasks: Sequence[TaskRecord]) -> Mapping[int, CustomerFacts]:
        return facts_of_tasks(self._context, tasks)

    def work(self, batch_id: str, now: datetime) -> TickReport:
        """Do whatever one batch needs now; the job that a message queue would carry.

        Args:
            batch_id: From the table of batches; one that needs nothing is left alone.
            now: Aware.
        """
        tick = self._start(now)
        self._run(self.steps(batch_id, tick))
        return self._finish(tick, now)

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
        return report

    def steps(self, batch_id: str, tick: Tick) -> Steps:
        """Work on one batch, pausing at every crash point of the protocol."""
        yield "K0"
        row = claim(self._context, batch_id, tick.now(), create=tick.may_call(create=True)) if tick.may_call() else None
        if row is None:
            return
        match row.batch.state:
            case BatchStatus.PLANNED:
                yield from dispatch(self._context, tick, row)
            case BatchStatus.UNKNOWN:
                yield from reconcile(self._context, tick, row)
            case _:
                yield from follow(self._context, tick, row)

    def _start(self, now: datetime) -> Tick:
        begun, moment = [clock() for clock in self._clocks], require_aware(now, "now")

        def time_passed() -> datetime:
            # The clock that ran furthest is believed: too late is safe, and a clock that was put back is too early.
            passed = max(clock() - start for clock, start in zip(self._clocks, begun, strict=True))
            return moment + timedelta(seconds=passed)

        return Tick(now=time_passed)

    def _run(self, steps: Steps) -> None:
        try:
            for point in steps:
                self._context.crash(point)
        except SupersededError:
            # Somebody else has taken the batch: whatever was read here is out of date.
            return

    def _due_batches(self, tick: Tick) -> list[str]:
        with reading(self._context.engine) as connection:
            return _batches.due(connection, self._context.corp_id, tick.now())

    def _perform(self, tick: Tick, shard: int | None = None) -> None:
        perform(self._context, tick, shard)

    def next_wake(self) -> datetime | None:
        """The earliest instant at which anything is due; `None` if nothing ever is.

        Work of paused SOPs is due to nobody.
        """
        with reading(self._context.engine) as connection:
            runs = store.next_wake(connection, self._context.corp_id)
        return min((at for at in (runs, self.tasks.next_wake()) if at is not None), default=None)

    @property
    def admin(self) -> Administration:
        """Migration, backfill, retention and sizes of this corp's store."""
        return Administration(self._context)

    def publish(self, definition: Definition, now: datetime) -> bool:
        """Publish a version; running runs do what it says (`policy.on_edit`): by default they finish on theirs.

        Returns:
            False if exactly this version was published before.

        Raises:
            ConfigurationError: The version exists with other content, or is older than the present one.
        """
        is_new = _control.publish(self._context, definition, require_aware(now, "now"))
        if definition.policy.on_edit is not Edit.FINISH:
            # Also where it was published before: whoever did so may have died half-way through the runs.
            self.admin.migrate(definition.sop, now)
        return is_new

    def enrol(
        self,
        sop: str,
        external_userid: str,
        *,
        now: datetime,
        userid: str = "",
        anchor_at: datetime | None = None,
        occurrence: str = "",
    ) -> bool:
        """Let one customer into one SOP by hand or by import; its condition and re-entry rule still hold.

        Args:
            sop: A published SOP.
            external_userid: The customer.
            now: Aware.
            userid: The member; empty lets the SOP's owner rule choose.
            anchor_at: What offsets are counted from; by default the SOP's anchor, or now.
            occurrence: Tells this entry from the next one; the same text never enrols twice.

        Returns:
            Whether a run began. If not, `why` says so.

        Raises:
            ConfigurationError: No such SOP is published.
        """
        with reading(self._context.engine) as connection:
            definition = self._context.catalogue.latest(connection, sop)
        key = occurrence or f"manual@{require_aware(now, 'now').isoformat()}"
        candidate = Candidate(external_userid=external_userid, userid=userid, occurrence=key, anchor_at=anchor_at)
        return _entry.enrol(self._context, definition, candidate, now)

    def on_event(self, event: Event, now: datetime) -> None:
        """Take a callback that the directory has applied already: let the customer in, welcome, wake, withdraw.

        Args:
            event: Any; those that concern no SOP do nothing.
            now: Aware.
        """
        self.tasks.hear(event, now)
        _news.take(self._context, event, now)

    def welcome(self, event: CustomerAdded, now: datetime, *, deadline: datetime | None = None) -> bool:
        """Send the welcome message of the customer's run with the event's code; `on_event` does this by itself.

        Args:
            event: With its code.
            now: Aware.
            deadline: When the code dies; 20 seconds after the event by default.

        Returns:
            Whether a message was sent. It is never sent twice, and never after the deadline.
        """
        return send_welcome(self._context, event, now, deadline or event.created_at + WELCOME_CODE)

    def record_event(
        self, external_userid: str, name: str, now: datetime, *, target: Target | str = Target.CUSTOMER
    ) -> None:
        """Tell the SOPs what happened outside the platform, such as ``testdrive.booked``; the directory is told first.

        Args:
            external_userid: The customer; or the chat_id of a group, the userid of a member, the name of a SOP.
            name: As the definitions name it.
            now: When it happened.
            target: What the id names; only SOPs about that kind are told.
        """
        candidate = Candidate(external_userid=external_userid, occurrence=f"event:{name}@{now.isoformat()}")
        _entry.trigger(self._context, f"event:{name}", candidate, now, target=Target(target))
        _entry.wake(self._context, external_userid, now)

    def set_attribute(
        self,
        external_userid: str,
        name: str,
        value: JSON | date,
        now: datetime,
        *,
        target: Target | str = Target.CUSTOMER,
    ) -> None:
        """Set an attribute in the directory and tell the SOPs: a changed anchor re-plans its run.

        The attribute ``frozen`` of a group stops every SOP in it as long as it is true, and withdraws what its owner
        has not confirmed; what other groups were to get by the same tap is asked for again.

        Args:
            external_userid: The customer; or the chat_id of a group, the userid of a member, the name of a SOP.
            name: Such as ``insurance_expiry``.
            value: Anything JSON can hold, or a date.
            now: Aware.
            target: What the id names; only SOPs about that kind are told.
        """
        stored = value.isoformat() if isinstance(value, date) else value
        _attributes.set_attribute(self._context, external_userid, name, stored, now, Target(target))

    def enrol_due(self, now: datetime) -> TickReport:
        """Let in whom a date lets in now (``calendar:``, ``birthday``); `tick` does this by itself.

        Args:
            now: Aware. A day that was slept through is dealt with afterwards, as far as lateness allows.
        """
        tick = self._start(now)
        _rounds.enrol_due(self._context, tick)
        return self._finish(tick, now)

    def pause(self, sop: str, now: datetime) -> None:
        """Stop a SOP for the time being: nothing more is sent, tasks nobody has confirmed are withdrawn, runs stay."""
        _control.stop(self._context, sop, SopStatus.PAUSED, "cancelled:paused", now)

    def resume(self, sop: str, now: datetime) -> None:
        """Let a paused SOP go on; what has become too late meanwhile is skipped with its reason."""
        _control.resume(self._context, sop, now)

    def end(self, sop: str, now: datetime) -> None:
        """End a SOP for good: close its runs, withdraw its tasks. What was sent stays sent."""
        _control.stop(self._context, sop, SopStatus.ENDED, "ended:sop", now)
        _control.end_runs(self._context, t.enrolments.c.sop == sop, "ended:sop", now)

    def member_left(self, userid: str, now: datetime) -> None:
        """Withdraw what a member has not confirmed and close the member's runs; other members' runs go on.

        What the member was to send for somebody else's run, and is proved unsent, goes to another follower.
        """
        self._context.book.member_left(userid, now)
        _control.member_left(self._context, userid, now)
        self.tasks.member_left(userid, now)

    def transfer_started(
        self, external_userids: Sequence[str], *, handover_userid: str, takeover_userid: str, now: datetime,
        resigned: bool = False,
    ) -> None:  # fmt: skip
        """Tell the SOPs that customers were given to another member: nothing is sent to them until that is settled.

        Their runs follow them, rest or end, as ``on_transfer`` of their SOPs says; ticks ask the platform what became
        of it.

        Args:
            external_userids: Those whose transfer has started, by `api.transfers`.
            handover_userid: Who gives them away.
            takeover_userid: Who gets them.
            now: Aware.
            resigned: Whether the giver has left the company.
        """
        _transfers.start(
            self._context,
            external_userids,
            handover_userid,
            takeover_userid,
            require_aware(now, "now"),
            resigned=resigned,
        )

    def resume_customer(self, sop: str, external_userid: str, now: datetime) -> int:
        """Let the runs of one customer go on that rest after a transfer; returns how many."""
        return _transfers.resume(self._context, sop, external_userid, require_aware(now, "now"))

    def resolve(self, batch_id: str, now: datetime, *, msgid: str = "") -> bool:
        """Settle a held batch by hand.

        Args:
            batch_id: A batch in HELD.
            now: Aware.
            msgid: The task that a person found in the console; empty if there is none, and it is to be asked again.

        Returns:
            False if the batch is not held.
        """
        return _control.resolve(self._context, batch_id, msgid, now)

    def complete_task(self, task_id: int, evidence: str, now: datetime) -> bool:
        """Close a staff task with its evidence.

        Args:
            task_id: From the table of staff tasks.
            evidence: What proves it: a note, a work order, a message id.
            now: Aware.

        Returns:
            False if the task is closed already, or does not exist.
        """
        return self.tasks.complete(task_id, now=now, evidence=evidence)

    def member_absent(self, userid: str, start: datetime, end: datetime, *, now: datetime) -> None:
        """Remember a leave: tasks go to a stand-in, messages to another follower, as each SOP's `on_absence` says.

        Args:
            userid: The member.
            start: Aware.
            end: Aware; the first instant at which the member works again.
            now: Aware.
        """
        self.tasks.member_absent(userid, start, end, now=now)

    def audit(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        userid: str = "",
        limit: int | None = None,
    ) -> tuple[AuditLine, ...]:
        """Who did what to confirmations and staff tasks, oldest first; `wecom_auto.sop.tasks.to_csv` writes a table.

        Args:
            since: Not before.
            until: Before.
            userid: Whose work it is.
            limit: At most so many lines.
        """
        return self.tasks.audit(since=since, until=until, userid=userid, limit=limit)

    def publications(self, sop: str) -> tuple[Publication, ...]:
        """Who has published the moments of a SOP, how many customers can see them, comments and likes.

        Read with the results, several times in the days after a moment was made; the words of a comment are not told.
        """
        with reading(self._context.engine) as connection:
            return _publications.of_sop(connection, self._context.corp_id, sop)

    def explain(self, external_userid: str, now: datetime) -> Explanation:
        """Why one customer did or did not get something, as a chain of sentences; `why` is the data underneath.

        Args:
            external_userid: The customer.
            now: Aware; what comes next is counted from here.
        """
        return explain(self._context, external_userid, require_aware(now, "now"))

    def forecast(self, now: datetime, *, days: int = 30, external_userid: str = "") -> Iterator[PreviewRow]:
        """Who gets what in the next days, and what is dropped and why, for every run; nothing is collected.

        Args:
            now: Aware.
            days: How far, 1 to 1,000.
            external_userid: Only this customer.

        Yields:
            Rows, by run and by time within a run; `wecom_auto.sop.forecast` writes them as CSV and HTML.
        """
        return forecast(self._context, require_aware(now, "now"), days=days, customer=external_userid)

    def replay(self, external_userid: str) -> Replay:
        """Plan one customer's past again and compare it with what was decided.

        Args:
            external_userid: The customer.
        """
        return replay(self._context, external_userid)

    def why(self, external_userid: str) -> tuple[LoggedDecision, ...]:
        """Everything that was decided about one customer, oldest first; `reason_text` puts a reason into words."""
        with reading(self._context.engine) as connection:
            return _journal.read(connection, self._context.corp_id, external_userid)
