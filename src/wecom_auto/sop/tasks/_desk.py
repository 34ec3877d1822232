"""The desk where staff tasks are made, listed and closed. Starts no thread and no timer: somebody ticks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine import Engine

from wecom_auto._time import require_aware
from wecom_auto.callbacks.events import CustomerAdded, Event, GroupCreated, GroupDismissed, GroupUpdated
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop._shared._context import CustomerBook, Tick
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.tasks import _audit, _moves, _notices, _rows
from wecom_auto.sop.tasks._chores import look_after
from wecom_auto.sop.tasks._found import GROUP_KINDS
from wecom_auto.sop.tasks._office import Assignment, Office, assign
from wecom_auto.sop.tasks._roster import PlainRoster, Roster
from wecom_auto.sop.tasks._values import AuditLine, EvidenceLevel, TaskOrder, TaskPage, TaskRecord, TaskRules, require
from wecom_auto.store import insert_once, reading, repeatable, transaction

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_S: Final = t.staff_tasks.c
_LEFT: Final = datetime(9999, 1, 1, tzinfo=UTC)
_PAGE: Final = 1000
_WORDS: Final = 2000


class TaskDesk:
    """The staff tasks (人工任务) of one corp: those of SOPs, and those of programs that have none.

    Everything may be repeated, and two workers may do it at once.
    A `Runner` has one as `runner.tasks` and ticks it; a desk without a runner is ticked by you.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        client: Sends application messages to members; `None` tells nobody.
        book: Where completion is found, a `wecom_auto.directory.Directory` for example; `None` waits for people.
        roster: Who does what; without one everybody works from 9 to 20 and nobody stands in.
        rules: What the corp decides once.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        *,
        client: WeCom | None = None,
        book: CustomerBook | None = None,
        roster: Roster | None = None,
        rules: TaskRules | None = None,
    ) -> None:
        self._office = Office(
            engine=engine,
            corp_id=corp_id,
            client=client,
            notify=client is not None,
            book=book,
            roster=roster or PlainRoster(),
            rules=rules or TaskRules(),
        )

    @classmethod
    def _of(cls, office: Office) -> TaskDesk:
        desk = cls(office.engine, office.corp_id)
        desk._office = office
        return desk

    def __repr__(self) -> str:
        return f"TaskDesk(corp_id={self._office.corp_id!r})"

    def create(self, order: TaskOrder, *, key: str, now: datetime) -> TaskRecord:
        """Make a task, once for each key.

        Args:
            order: What is to be done.
            key: Names this task for its maker, for example ``lead:4711:first_call``; the same key gives the same task
                back, whatever the order says then.
            now: Aware.

        Returns:
            The task; its state is ``held`` if nobody could be found to do it.

        Raises:
            ConditionError: `order.done` is outside the grammar.
        """
        require_aware(now, "now")
        if order.done:
            Condition.parse(order.done)
        digest = _rows.order_key(self._office.corp_id, key)
        with reading(self._office.engine) as connection:
            known = _rows.by_key(connection, digest)
        return known or self._create(order, self._assign(order, now), digest, now)

    def _assign(self, order: TaskOrder, now: datetime) -> Assignment:
        return assign(
            self._office,
            now,
            assignee=order.assignee,
            role=order.role,
            member=order.member,
            subject=order.subject,
            on_absence=order.on_absence,
        )

    def _create(self, order: TaskOrder, assignment: Assignment, digest: str, now: datetime) -> TaskRecord:
        office = self._office
        row = _rows.row_of(office.corp_id, order, assignment, office.rules, now) | {"order_key": digest}

        @repeatable
        def write() -> TaskRecord | None:
            with transaction(office.engine) as connection:
                new = insert_once(connection, t.staff_tasks, row)
                task = _rows.by_key(connection, digest)
                if new and task is not None:
                    announce(office, connection, task, now)
                return task

        task = write()
        if task is None:  # pragma: no cover - nothing deletes a task
            msg = f"the task of {digest} is gone"
            raise LookupError(msg)
        return task

    def get(self, task_id: int) -> TaskRecord | None:
        """One task; `None` if there is none of this number."""
        with reading(self._office.engine) as connection:
            return _rows.get(connection, self._office.corp_id, task_id)

    def open(
        self,
        *,
        assignee: str = "",
        store: str = "",
        kind: str = "",
        subject: str = "",
        source: str = "",
        overdue: bool | None = None,
        after: str = "",
        limit: int = 100,
    ) -> TaskPage:
        """The to-do list: tasks that are still to be done, the most urgent first.

        Args:
            assignee: Only this member's.
            store: Only this shop's.
            kind: Only of this kind.
            subject: Only about this customer or group.
            source: Only of this SOP or program.
            overdue: Only those that are overdue, or only those that are not.
            after: The `next` of the page before.
            limit: 1 to 1,000 tasks.
        """
        require(1 <= limit <= _PAGE, "limit", str(limit), f"1 to {_PAGE}")
        given = {_S.assignee: assignee, _S.store: store, _S.kind: kind, _S.external_userid: subject, _S.source: source}
        where = [_S.corp_id == self._office.corp_id, _S.state.in_(_rows.LIVE)]
        where += [column == value for column, value in given.items() if value]
        if overdue is not None:
            late = _S.state == TaskStatus.OVERDUE.value
            where.append(late if overdue else sa.not_(late))
        with reading(self._office.engine) as connection:
            return _rows.find(connection, _rows.wanted_tasks(*where), after=after, limit=limit)

    def history(self, task_id: int) -> tuple[AuditLine, ...]:
        """Everything that has happened to one task, comments included."""
        with reading(self._office.engine) as connection:
            return _audit.read(connection, self._office.corp_id, task_id=task_id)

    def complete(
        self,
        task_id: int,
        *,
        now: datetime,
        evidence: str = "",
        by: str = "",
        level: EvidenceLevel = EvidenceLevel.DECLARED,
    ) -> bool:
        """Close a task as done; an overdue one, too.

        Args:
            task_id: The task.
            now: Aware.
            evidence: What proves it: a note, a work order, a message id; at most 2,000 characters.
            by: Who says so.
            level: What that is worth.

        Returns:
            False if the task is closed already, or does not exist.

        Raises:
            ValidationError: The task asks for evidence, and there is none.
        """
        task = self._live(task_id, evidence)
        silent = task is not None and task.needs_evidence and not evidence.strip()
        require(not silent, "evidence", "an empty text", "a note, a work order or a message id")
        return task is not None and self._close(task, TaskStatus.DONE, now, evidence, level.value, by)

    def reject(self, task_id: int, reason: str, *, now: datetime, by: str = "") -> bool:
        """Close a task that cannot be done; the supervisor hears of it.

        Args:
            task_id: The task.
            reason: Why, in words.
            now: Aware.
            by: Who says so.

        Returns:
            False if the task is closed already, or does not exist.
        """
        task = self._live(task_id, reason)
        require(task is None or reason.strip(), "reason", "an empty text", "words that say why")
        return task is not None and self._close(task, TaskStatus.REJECTED, now, reason, "", by)

    def reassign(self, task_id: int, to: str, reason: str, *, now: datetime, by: str = "") -> bool:
        """Give a task to somebody else, with a deadline of their own.

        Args:
            task_id: The task.
            to: The new assignee.
            reason: Why, in words.
            now: Aware.
            by: Who decides.

        Returns:
            False if the task is closed already, does not exist, or is theirs.
        """
        task = self._live(task_id, reason)
        if task is None or (task.assignee == to and task.state is TaskStatus.OPEN):
            return False
        roster = self._office.roster
        found = Assignment(userid=to, why="assignee", hours=roster.hours(to), store=roster.store(to))
        return self._hand_over(task, found, require_aware(now, "now"), by, reason)

    @repeatable
    def _hand_over(self, task: TaskRecord, to: Assignment, now: datetime, by: str, reason: str) -> bool:
        with transaction(self._office.engine) as connection:
            held = _rows.hold(connection, task)
            if held is None or held.task.state.final:
                return False
            _moves.hand_over(connection, self._office, held, to, "reassigned:by_hand", now, actor=by, detail=reason)
        return True

    def comment(self, task_id: int, text: str, *, now: datetime, by: str = "") -> bool:
        """Add words to a task, closed or not; `history` has them. False if there is no such task."""
        _short(text)
        task = self.get(task_id)
        if task is not None:
            self._note(task, AuditLine(at=require_aware(now, "now"), action="comment", actor=by, detail=text))
        return task is not None

    @repeatable
    def _note(self, task: TaskRecord, line: AuditLine) -> None:
        with transaction(self._office.engine) as connection:
            _rows.audit(connection, self._office.corp_id, task, line)

    def cancel(self, task_id: int, reason: str, *, now: datetime, by: str = "") -> bool:
        """Take a task back that there is no reason for any more. False if it is closed already, or does not exist."""
        task = self._live(task_id, reason)
        return task is not None and self._close(task, TaskStatus.CANCELLED, now, reason, "", by)

    def _live(self, task_id: int, text: str) -> TaskRecord | None:
        _short(text)
        task = self.get(task_id)
        return None if task is None or task.state.final else task

    @repeatable
    def _close(self, task: TaskRecord, state: TaskStatus, now: datetime, text: str, level: str, by: str) -> bool:
        office = self._office
        supervisor = office.roster.supervisor(task.assignee) if state is TaskStatus.REJECTED else ""
        with transaction(office.engine) as connection:
            held = _rows.hold(connection, task)
            if held is None or held.task.state.final:
                return False
            _rows.close(
                connection, office.corp_id, held, state, require_aware(now, "now"), evidence=text, level=level, actor=by
            )
            if supervisor:
                _notices.about(connection, office, evolve(task, description=text), "rejected", now, to=supervisor)
        return True

    def hear(self, event: Event, now: datetime) -> None:
        """Look at the tasks that an event may have closed; the directory has applied it already."""
        match event:
            case CustomerAdded():
                self.wake(event.external_userid, now)
            case GroupCreated() | GroupUpdated() | GroupDismissed():
                self._wake(event.chat_id, now, kinds=GROUP_KINDS)
            case _:
                return

    def wake(self, subject: str, now: datetime) -> None:
        """Look at the tasks about a customer or a group at the next tick: something has changed."""
        self._wake(subject, now)

    @repeatable
    def _wake(self, subject: str, now: datetime, *, kinds: Sequence[str] = ()) -> None:
        with transaction(self._office.engine) as connection:
            _rows.wake(connection, self._office.corp_id, subject, now, kinds=kinds)

    def member_absent(self, userid: str, start: datetime, end: datetime, *, now: datetime) -> None:
        """Remember a leave; open tasks go to somebody else when it begins.

        Args:
            userid: The member.
            start: Aware.
            end: Aware; the first instant at which the member works again.
            now: Aware.
        """
        later = require_aware(end, "end") > require_aware(start, "start")
        require(later, "end", end.isoformat(), f"a time after {start.isoformat()}")
        self._absent(userid, start, end, max(start, require_aware(now, "now")))

    def member_left(self, userid: str, now: datetime) -> None:
        """Give the tasks of a member who has left to somebody else, at the next tick."""
        self._absent(userid, require_aware(now, "now"), _LEFT, now)

    @repeatable
    def member_back(self, userid: str, now: datetime) -> None:
        """Forget a leave that is not over; tasks that were handed over stay where they are."""
        a = t.absences.c
        mine = (a.corp_id == self._office.corp_id, a.userid == userid, a.until_at > require_aware(now, "now"))
        with transaction(self._office.engine) as connection:
            connection.execute(sa.delete(t.absences).where(*mine))

    @repeatable
    def _absent(self, userid: str, start: datetime, end: datetime, look_at: datetime) -> None:
        row = {"corp_id": self._office.corp_id, "userid": userid, "from_at": start, "until_at": end}
        same = (t.absences.c[name] == row[name] for name in ("corp_id", "userid", "from_at"))
        mine = (_S.corp_id == self._office.corp_id, _S.assignee == userid, _S.state == TaskStatus.OPEN.value)
        with transaction(self._office.engine) as connection:
            connection.execute(sa.delete(t.absences).where(*same))
            connection.execute(sa.insert(t.absences).values(row))
            connection.execute(sa.update(t.staff_tasks).where(*mine, _S.check_at > look_at).values(check_at=look_at))

    def audit(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        userid: str = "",
        task_id: int | None = None,
        action: str = "",
        limit: int | None = None,
    ) -> tuple[AuditLine, ...]:
        """Who did what to confirmations and staff tasks, oldest first.

        Args:
            since: Not before.
            until: Before.
            userid: Whose work it is.
            task_id: Only this task.
            action: Only this action, see `AuditLine`.
            limit: At most so many lines.
        """
        with reading(self._office.engine) as connection:
            return _audit.read(
                connection,
                self._office.corp_id,
                since=since,
                until=until,
                userid=userid,
                task_id=task_id,
                action=action,
                limit=limit,
            )

    def next_wake(self) -> datetime | None:
        """The earliest instant at which anything is due; `None` if nothing ever is."""
        with reading(self._office.engine) as connection:
            return _rows.next_wake(connection, self._office.corp_id)

    def tick(self, now: datetime) -> dict[str, int]:
        """Find tasks done, remind, escalate, hand over, and send what members are to be told.

        Args:
            now: Aware. A runner does this with its own tick.

        Returns:
            How often each thing happened.
        """
        moment = require_aware(now, "now")
        tick = Tick(now=lambda: moment)
        work(self._office, tick)
        return {name: count for name, count in tick.counts.items() if count}


def corps(engine: Engine) -> tuple[str, ...]:
    """The corps that have staff tasks in a store."""
    with reading(engine) as connection:
        return tuple(connection.scalars(sa.select(_S.corp_id).distinct().order_by(_S.corp_id)))


def work(office: Office, tick: Tick) -> None:
    """Everything a tick of the desk does."""
    look_after(office, tick)
    _notices.deliver(office, tick)


def announce(office: Office, connection: sa.Connection, task: TaskRecord, now: datetime) -> None:
    """Write down and tell that a task was made."""
    _rows.audit(connection, office.corp_id, task, AuditLine(at=now, action="created"))
    if task.state is TaskStatus.OPEN:
        _notices.about(connection, office, task, "new", now)
    else:
        _moves.alert_held(connection, office, task, now)


def desk_of(office: Office) -> TaskDesk:
    """The desk of an office that exists already."""
    return TaskDesk._of(office)  # noqa: SLF001 - its own module


def _short(text: str) -> None:
    require(len(text) <= _WORDS, "text", f"{len(text)} characters", f"at most {_WORDS} characters")
