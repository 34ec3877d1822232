"""Run published SOPs: one `tick` brings everything up to now. Starts no thread, no timer and no server.

Every wait is a column in the database, so a tick may come late, twice, or from two processes at once.
All times are given by the caller; the runner itself reads a clock only to know how long a tick has taken.
Its methods stand in three parts: `_runner_work` (time has passed), `_runner_news` (something has happened) and
`_runner_answers` (somebody asks); here is what concerns SOPs as a whole.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto.sop._document._policies import Edit
from wecom_auto.sop._document._timing import ClockRange
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._catalogue import Catalogue
from wecom_auto.sop._rows._journal import LoggedDecision
from wecom_auto.sop._rows._states import SopStatus
from wecom_auto.sop._runner_answers import RunnerAnswers
from wecom_auto.sop._runner_news import RunnerNews
from wecom_auto.sop._runner_work import RunnerWork, TickReport
from wecom_auto.sop._runs import _control
from wecom_auto.sop._sending._sweep import Swept
from wecom_auto.sop._shared._context import ContentSource, Context, CustomerBook, CustomerFacts, Settings
from wecom_auto.sop._shared._sharing import DueWork
from wecom_auto.sop._shared._subjects import facts_of_tasks
from wecom_auto.sop._shared._webhooks import WebhookPort
from wecom_auto.sop.administration import Administration
from wecom_auto.sop.calendar import Calendar, ChinaCalendar
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.observing import OBSERVERS, Observer
from wecom_auto.sop.tasks import PlainRoster, Roster, TaskDesk, TaskRecord, TaskRules, WorkingHours
from wecom_auto.sop.tasks._desk import desk_of
from wecom_auto.sop.tasks._office import Office

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["DueWork", "LoggedDecision", "Runner", "Settings", "Swept", "TickReport"]


def _no_crash(_point: str) -> None:
    """The crash hook of real life."""


def _plain_roster(settings: Settings, calendar: Calendar) -> PlainRoster:
    """What the settings say about everybody."""
    shop = WorkingHours(shifts=(ClockRange(*settings.working_hours),), zone=settings.zone, calendar=calendar)
    return PlainRoster(above=settings.supervisor, shop=shop)


def _short_id() -> str:
    return secrets.token_hex(6)


class Runner(RunnerWork, RunnerNews, RunnerAnswers):
    """Runs the SOPs of one corp: does what is due, takes in what happens, answers how things stand.

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

    @property
    def tasks(self) -> TaskDesk:
        """The desk of staff tasks: the to-do list, and everything that may be done with a task."""
        return desk_of(self._context.office)

    @property
    def admin(self) -> Administration:
        """Migration, backfill, retention and sizes of this corp's store."""
        return Administration(self._context)

    def _facts_of_tasks(self, tasks: Sequence[TaskRecord]) -> Mapping[int, CustomerFacts]:
        return facts_of_tasks(self._context, tasks)

    def publish(self, definition: Definition, now: datetime) -> bool:
        """Publish a version; running runs do what it says (`policy.on_edit`): by default they finish on theirs.

        Returns:
            False if exactly this version was published before; a SOP that has ended meanwhile stays so.

        Raises:
            ConfigurationError: The version exists with other content, is older than the present one, or is a new one
                of a SOP that has ended.
        """
        is_new = _control.publish(self._context, definition, require_aware(now, "now"))
        if definition.policy.on_edit is not Edit.FINISH:
            # Also where it was published before: whoever did so may have died half-way through the runs.
            self.admin.migrate(definition.sop, now)
        return is_new

    def pause(self, sop: str, now: datetime) -> None:
        """Stop a SOP for the time being: nothing more is sent, tasks nobody has confirmed are withdrawn, runs stay."""
        _control.stop(self._context, sop, SopStatus.PAUSED, "cancelled:paused", require_aware(now, "now"))

    def resume(self, sop: str, now: datetime) -> None:
        """Let a paused SOP go on; what has become too late meanwhile is skipped with its reason."""
        _control.resume(self._context, sop, require_aware(now, "now"))

    def end(self, sop: str, now: datetime) -> None:
        """End a SOP for good: close its runs, withdraw its tasks. What was sent stays sent."""
        _control.stop(self._context, sop, SopStatus.ENDED, "ended:sop", require_aware(now, "now"))
        _control.end_runs(self._context, t.enrolments.c.sop == sop, "ended:sop", now)

    def resolve(self, batch_id: str, now: datetime, *, msgid: str = "") -> bool:
        """Settle a held batch by hand.

        Args:
            batch_id: A batch in HELD.
            now: Aware.
            msgid: The task that a person found in the console; empty if there is none, and it is to be asked again.

        Returns:
            False if the batch is not held.
        """
        return _control.resolve(self._context, batch_id, msgid, require_aware(now, "now"))
