"""The watch over a database: who is watched, what was heard, who was told. Starts no thread: somebody ticks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from attrs import evolve, frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto.automotive.watch import _books as books
from wecom_auto.automotive.watch._books import StoredAlert
from wecom_auto.automotive.watch._delivery import LEVELS, Delivery
from wecom_auto.automotive.watch._figures import FigureBook
from wecom_auto.automotive.watch._rules import Rule, Rung, WatchRules
from wecom_auto.automotive.watch._tables import alerts as alert_rows
from wecom_auto.automotive.watch._values import Alert, Evidence, Facts, Fired, Standing, Subject, Touch
from wecom_auto.automotive.watch._watch import SOURCE, Watch
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop._rows._tables import staff_tasks
from wecom_auto.sop.tasks import TaskDesk, TaskRecord
from wecom_auto.sop.tasks._rows import LIVE, find, wanted_tasks
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import one_of, reading, repeatable, transaction

_A: Final = alert_rows.c
_T: Final = staff_tasks.c
_MOST: Final = 1000
_AHEAD: Final = timedelta(minutes=5)
_DAYS: Final = timedelta(days=30)
_OWN: Final = [Rung.ALERT.value, Rung.REASSIGN.value]
"""The rungs whose task is the contact itself."""


def _task_is(number: sa.ColumnElement[int | None], *states: TaskStatus) -> sa.ColumnElement[bool]:
    """Whether the staff task of an alert is in one of the states: asked for each open alert, of which few are."""
    mine = (_T.id == number, _T.corp_id == sa.bindparam("corp"), one_of(_T.state, states))
    return sa.exists().where(*mine).correlate(alert_rows)


_OPEN: Final = _A.closed_at.is_(None)
_UNTOLD: Final = books.wanted(_A.delivered_at.is_(None), _OPEN)
_FIRST: Final = books.wanted(_A.silence == sa.bindparam("key"), _A.rung == Rung.ALERT.value)
_DONE: Final = books.wanted(_OPEN, one_of(_A.rung, _OWN), _task_is(_A.task_id, TaskStatus.DONE))
_GONE: Final = books.wanted(_OPEN, _task_is(_A.watched_task, *(one for one in TaskStatus if one.final)))
_OLD: Final = books.wanted(_OPEN, _A.rule == Rule.FIGURES.value, _A.since < sa.bindparam("before"))
_OVER: Final = sa.select(_A.watched_task).where(
    _A.corp_id == sa.bindparam("corp"),
    _A.rule == Rule.TASK.value,
    _A.rung == sa.bindparam("last"),
    _OPEN,
    _A.watched_task.is_not(None),
)
_LATE: Final = wanted_tasks(
    _T.corp_id == sa.bindparam("corp"),
    one_of(_T.state, LIVE),
    _T.deadline_at <= sa.bindparam("now"),
    _T.source != SOURCE,
    _T.id.not_in(_OVER),
)
"""Asked at every tick, so built once."""


@frozen(kw_only=True)
class WatchReport:
    """What a tick did.

    Attributes:
        alerted: Members told.
        escalated: Supervisors told.
        reassigned: Given to another member.
        nobody: Alerts for which there was nobody to tell.
        closed: Alerts whose reason was gone.
    """

    alerted: int = 0
    escalated: int = 0
    reassigned: int = 0
    nobody: int = 0
    closed: int = 0


class WatchDesk:
    """Watches over follow-up (未跟进预警) in one corp, N members and one supervisor for each subject (N+1).

    Everything may be repeated, and two workers may do it at once: each rung of a silence is told once.
    It moves work, never the customer: a friend changes hands only by a transfer (在职继承), which the customer may
    refuse.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        watch: The rules, grades and roster.
        tasks: The corp's staff tasks, by which people are told.
        sources: Where a contact would have been seen; without archive or CRM only closed tasks count, and alerts
            say so.
        figures: Reads members' daily statistics; None looks at none.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        watch: Watch,
        tasks: TaskDesk,
        *,
        sources: Iterable[Evidence] = (),
        figures: FigureBook | None = None,
    ) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.watch = watch
        self.tasks = tasks
        self.sources = frozenset({Evidence.TASK, *sources})
        self.figures = figures
        self._delivery = Delivery(desk=tasks, due=_DAYS)

    def __repr__(self) -> str:
        return f"WatchDesk(corp_id={self.corp_id!r}, rules={self.watch.rules.name!r})"

    @repeatable
    def follow(self, subject: Subject, *, now: datetime) -> None:
        """Watch over somebody; once more with other members, another supervisor or another grade changes that.

        Args:
            subject: Whom; what was heard of them stays.
            now: Aware.
        """
        store = subject.store or self.watch.roster.store(subject.members[0])
        with transaction(self.engine) as connection:
            books.follow(connection, self.corp_id, subject, store, require_aware(now, "now"))

    def unfollow(self, subject: str, *, now: datetime) -> bool:
        """Watch over somebody no longer: bought, lost, or left the group. False if nobody did."""
        gone = self._forget(subject)
        if gone:
            self._close(self.alerts(subject=subject, open=True), now, "not watched any more", None)
        return gone

    @repeatable
    def _forget(self, subject: str) -> bool:
        with transaction(self.engine) as connection:
            return books.forget(connection, self.corp_id, subject)

    def touch(self, touch: Touch, *, now: datetime) -> bool:
        """Hear of a contact; one by a member ends the silences before it and closes their alerts and tasks.

        Contacts may come late and in any order.

        Args:
            touch: The contact.
            now: Aware.

        Returns:
            False if the subject is not watched, or the contact changes nothing.

        Raises:
            ValidationError: It lies more than 5 minutes ahead, and would hide a silence.
        """
        in_time = touch.at <= require_aware(now, "now") + _AHEAD
        require(in_time, "at", touch.at.isoformat(), f"not after {now.isoformat()}")
        changed = self._hear(touch, now)
        if not touch.inbound:
            ended = [one for one in self.alerts(subject=touch.subject, open=True) if one.since <= touch.at]
            self._close([one for one in ended if one.rule is not Rule.TASK], now, "contact seen", touch.evidence)
        return changed

    @repeatable
    def _hear(self, touch: Touch, now: datetime) -> bool:
        with transaction(self.engine) as connection:
            return books.hear(connection, self.corp_id, touch, now)

    def standing(self, subject: str) -> Standing | None:
        """What is known of a subject; None if it is not watched."""
        with reading(self.engine) as connection:
            return books.standing(connection, self.corp_id, subject)

    def alerts(
        self,
        *,
        subject: str = "",
        store: str = "",
        open: bool | None = None,  # noqa: A002 - the word of the list
        limit: int = _MOST,
    ) -> tuple[StoredAlert, ...]:
        """What was told, oldest first.

        Args:
            subject: Only about this one.
            store: Only of this shop.
            open: Only those whose reason is still there, or only those whose reason is gone.
            limit: At most so many.
        """
        known = {name: value for name, value in (("subject", subject), ("store", store)) if value}
        return self._find(_alerts_query(tuple(known), open), limit, **{f"of_{name}": known[name] for name in known})

    def _find(self, query: sa.Select[*tuple[Any, ...]], limit: int = _MOST, **known: object) -> tuple[StoredAlert, ...]:
        with reading(self.engine) as connection:
            return books.find(connection, self.corp_id, query, limit, **known)

    def tick(self, now: datetime, *, limit: int = _MOST) -> WatchReport:
        """Look at what is due, tell people, and close what is over; run it every minute.

        Args:
            now: Aware.
            limit: The most subjects, tasks and alerts that are looked at.
        """
        moment = require_aware(now, "now")
        closed = self._heed_tasks(moment, limit) + self._drop_gone(limit, moment)
        counts = dict.fromkeys(Rung, 0)
        nobody = 0
        for alert in self._evaluate(moment, limit):
            counts[alert.rung] += bool(alert.to)
            nobody += not alert.to
        self._deliver(moment, limit)
        return WatchReport(
            alerted=counts[Rung.ALERT],
            escalated=counts[Rung.ESCALATE],
            reassigned=counts[Rung.REASSIGN],
            nobody=nobody,
            closed=closed,
        )

    # Look, and write down.

    def _evaluate(self, now: datetime, limit: int) -> list[Alert]:
        with reading(self.engine) as connection:
            standings = books.due(connection, self.corp_id, now, limit)
        told: list[Alert] = []
        for one in standings:
            told += self._look(Facts(standings=(one,), sources=self.sources), now)
        for tasks in self._late_tasks(now, limit):
            told += self._look(Facts(tasks=tasks), now)
        figures = self.figures.newest(now) if self.figures is not None else {}
        return told + self._look(Facts(figures=figures), now)

    def _late_tasks(self, now: datetime, limit: int) -> Iterator[tuple[TaskRecord, ...]]:
        """Every task whose deadline has passed, by pages, without those of which nobody is left to be told."""
        after, more = "", self.watch.rules.task_grace is not None
        known = {"corp": self.corp_id, "now": now, "last": _last(self.watch.rules).value}
        while more:
            with reading(self.engine) as connection:
                page = find(connection, _LATE, after=after, limit=limit, **known)
            yield page.tasks
            after, more = page.next, bool(page.next)

    def _look(self, facts: Facts, now: datetime) -> list[Alert]:
        known = evolve(facts, fired=self._fired(facts))
        told = [alert for alert in self.watch.evaluate(known, now) if self._add(alert, facts.standings, now)]
        later = {one.silence.key: (*known.fired.get(one.silence.key, ()), Fired(rung=one.rung, at=now)) for one in told}
        self._look_again(evolve(known, fired={**known.fired, **later}), now)
        return told

    def _fired(self, facts: Facts) -> dict[str, tuple[Fired, ...]]:
        keys = [one.key for one in self.watch.silences(facts)]
        with reading(self.engine) as connection:
            return books.fired(connection, self.corp_id, keys) if keys else {}

    @repeatable
    def _look_again(self, facts: Facts, now: datetime) -> None:
        if not facts.standings:
            return
        at = self.watch.next_look(facts, now)
        with transaction(self.engine) as connection:
            for one in facts.standings:
                books.look_again(connection, self.corp_id, one, at, now)

    @repeatable
    def _add(self, alert: Alert, standings: Sequence[Standing], now: datetime) -> bool:
        """Write an alert down, unless it was, or a contact came between the look and now."""
        silence = alert.silence
        with transaction(self.engine) as connection:
            for seen in standings:
                present = books.standing(connection, self.corp_id, seen.subject.id, hold=True)
                if present is None or _heard(present) != _heard(seen):
                    return False
            new = books.add(connection, self.corp_id, alert, self.watch.roster.store(silence.about), now)
            if new and alert.rung is Rung.REASSIGN and standings and alert.to in silence.others:
                books.give_to(connection, self.corp_id, silence.subject, alert.to)
        return new

    # Tell people.

    def _deliver(self, now: datetime, limit: int) -> None:
        for one in self._find(_UNTOLD, limit):
            first = self._find(_FIRST, key=one.silence)
            task_id = self._delivery.tell(one, first[0] if first else None, now)
            if not self._delivered(one, task_id, now) and task_id != one.watched_task:
                self.tasks.cancel(task_id, "contact seen", now=now, by=SOURCE)

    @repeatable
    def _delivered(self, one: StoredAlert, task_id: int, now: datetime) -> bool:
        with transaction(self.engine) as connection:
            return books.delivered(connection, self.corp_id, one, task_id, now)

    # Close what is over.

    def _heed_tasks(self, now: datetime, limit: int) -> int:
        """Take a task of the watch that somebody has done for the contact that it asked for."""
        closed = 0
        for one in self._find(_DONE, limit):
            task = self.tasks.get(one.task_id or 0)
            if task is None or task.closed_at is None:  # pragma: no cover - a task that is done has its time
                continue
            if one.rule in {Rule.TASK, Rule.FIGURES}:
                closed += self._close([one], now, "task done", Evidence.TASK)
            else:
                before = len(self.alerts(subject=one.subject, open=True))
                self.touch(
                    Touch(subject=one.subject, at=task.closed_at, evidence=Evidence.TASK, userid=task.assignee), now=now
                )
                closed += before - len(self.alerts(subject=one.subject, open=True))
        return closed

    def _drop_gone(self, limit: int, now: datetime) -> int:
        """Close alerts about tasks that are closed, and about days that newer ones have followed."""
        closed = 0
        for one in self._find(_GONE, limit):
            closed += self._close([one], now, "the task is closed", Evidence.TASK)
        old = self._find(_OLD, limit, before=now - timedelta(days=3))
        return closed + self._close(old, now, "newer figures", None)

    def _close(self, found: Sequence[StoredAlert], now: datetime, why: str, evidence: Evidence | None) -> int:
        """Close alerts, and then their tasks: done if a contact was seen, else taken back."""
        self._close_rows(found, now)
        for task_id in {one.task_id for one in found if one.task_id is not None and one.task_id != one.watched_task}:
            if evidence is None:
                self.tasks.cancel(task_id, why, now=now, by=SOURCE)
            else:
                self.tasks.complete(task_id, now=now, evidence=why, by=SOURCE, level=LEVELS[evidence])
        return len(found)

    @repeatable
    def _close_rows(self, found: Sequence[StoredAlert], now: datetime) -> None:
        with transaction(self.engine) as connection:
            books.close(connection, self.corp_id, found, now)


@cache
def _alerts_query(names: tuple[str, ...], is_open: bool | None) -> sa.Select[*tuple[Any, ...]]:
    where = [_A[name] == sa.bindparam(f"of_{name}") for name in names]
    if is_open is not None:
        where.append(_OPEN if is_open else _A.closed_at.is_not(None))
    return books.wanted(*where)


def _last(rules: WatchRules) -> Rung:
    """The rung after which nobody is told any more."""
    if rules.reassign_after is not None:
        return Rung.REASSIGN
    return Rung.ESCALATE if rules.escalate_after is not None else Rung.ALERT


def _heard(one: Standing) -> tuple[datetime | None, datetime | None]:
    return one.touched_at, one.waiting_at
