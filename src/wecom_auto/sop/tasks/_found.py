"""Find in data that a task is done. Never believes a person, and never takes a gap in the data for an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import sqlalchemy as sa

from wecom_auto.sop import store
from wecom_auto.sop._document._actions import TaskKind
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._shared._context import CustomerBook, CustomerFacts
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.tasks._office import Office
from wecom_auto.sop.tasks._values import TaskRecord
from wecom_auto.store import reading

_SECOND: Final = timedelta(seconds=1)


class GroupFacts(Protocol):
    """A customer group."""

    @property
    def chat_id(self) -> str:
        """The group."""
        ...

    @property
    def owner(self) -> str:
        """Its owner."""
        ...

    @property
    def created_at(self) -> datetime | None:
        """Since when, if anybody knows."""
        ...

    @property
    def living(self) -> bool:
        """Whether it exists."""
        ...


class MembershipFacts(Protocol):
    """Somebody in a group."""

    @property
    def chat_id(self) -> str:
        """The group."""
        ...

    @property
    def inside(self) -> bool:
        """Whether they are in it now."""
        ...


@runtime_checkable
class GroupBook(Protocol):
    """A customer book that also knows groups; `wecom_auto.directory.Directory` is one."""

    def group(self, chat_id: str, /) -> GroupFacts | None:
        """One group."""
        ...

    def memberships(self, userid: str, /, *, inside: bool = True) -> Sequence[MembershipFacts]:
        """The groups somebody is in; without `inside` also those they were in."""
        ...


def found_done(office: Office, tasks: Iterable[TaskRecord]) -> dict[int, str]:
    """Which of the tasks are done, with what shows it."""
    book = office.book
    wanted = [task for task in tasks if task.subject and (task.done or task.kind in _DETECTORS)]
    if book is None or not wanted:
        return {}
    facts = office.facts(wanted) if office.facts is not None else of_customers(book, wanted)
    delivered = _delivered(office, [task for task in wanted if task.done])
    proofs: dict[int, str] = {}
    for task in wanted:
        known = facts[task.id].with_delivered(delivered.get(task.id, ()))
        proof = _condition(task, known) or _DETECTORS.get(task.kind, _nothing)(task, known, book)
        if proof:
            proofs[task.id] = proof
    return proofs


def of_customers(book: CustomerBook, tasks: Sequence[TaskRecord]) -> Mapping[int, CustomerFacts]:
    """Facts of tasks whose subjects are customers."""
    facts = book.facts_for({pair_of(task) for task in tasks})
    return {task.id: facts[pair_of(task)] for task in tasks}


def pair_of(task: TaskRecord) -> tuple[str, str]:
    """The key of a task's facts."""
    return task.subject, task.assignee or task.member


def _delivered(office: Office, tasks: Sequence[TaskRecord]) -> Mapping[int, Sequence[str]]:
    """The steps that reached the customer, for the conditions that ask for them."""
    ids = {task.touch_id: task.id for task in tasks if task.touch_id is not None}
    if not ids:
        return {}
    with reading(office.engine) as connection:
        u = t.touches.c
        rows = connection.execute(sa.select(u.id, u.enrolment_id).where(u.id.in_(list(ids))))
        runs: dict[int, int] = {row.id: row.enrolment_id for row in rows}
        touched = store.touches_of(connection, runs.values())
    steps = {
        run: [step for step, touch in found.items() if touch.state in _work.DELIVERED] for run, found in touched.items()
    }
    return {ids[touch_id]: steps.get(run, []) for touch_id, run in runs.items()}


def _condition(task: TaskRecord, facts: CustomerFacts) -> str:
    if not task.done:
        return ""
    return task.done if Condition.parse(task.done).evaluate(facts) is True else ""


def _nothing(task: TaskRecord, facts: CustomerFacts, book: CustomerBook) -> str:
    del task, facts, book
    return ""


def _friend(task: TaskRecord, facts: CustomerFacts, book: CustomerBook) -> str:
    del book
    friends = [one.relation for one in facts.followers if one.relation.following]
    mine = next((one for one in friends if one.userid == task.assignee), None)
    if mine is None:
        return ""
    return f"friend of {mine.userid}" + (f" since {mine.added_at.isoformat()}" if mine.added_at else "")


def _group(task: TaskRecord, facts: CustomerFacts, book: CustomerBook) -> str:
    """A group of the assignee with the customer that did not exist when the task was made."""
    del facts
    if not isinstance(book, GroupBook):
        return ""
    groups = [book.group(one.chat_id) for one in book.memberships(task.subject)]
    # The platform tells whole seconds.
    made = task.created_at - _SECOND
    for group in groups:
        if group is not None and group.living and group.owner == task.assignee and (group.created_at or made) > made:
            return f"group {group.chat_id}"
    return ""


def _gone(task: TaskRecord, facts: CustomerFacts, book: CustomerBook) -> str:
    """The customer was in the group, or in one of the assignee's groups, and is in none of them any more."""
    del facts
    if not isinstance(book, GroupBook):
        return ""
    known = [one for one in book.memberships(task.subject, inside=False) if _is_meant(task, one, book)]
    if not known or any(one.inside for one in known):
        return ""
    return "no longer in " + ", ".join(sorted(one.chat_id for one in known))


def _is_meant(task: TaskRecord, one: MembershipFacts, book: GroupBook) -> bool:
    if task.chat_id:
        return one.chat_id == task.chat_id
    group = book.group(one.chat_id)
    return group is not None and group.owner in {task.assignee, task.member}


_DETECTORS: Final[Mapping[str, Callable[[TaskRecord, CustomerFacts, CustomerBook], str]]] = {
    TaskKind.ADD_FRIEND.value: _friend,
    TaskKind.CREATE_GROUP.value: _group,
    TaskKind.KICK.value: _gone,
}
GROUP_KINDS: Final = (TaskKind.CREATE_GROUP.value, TaskKind.KICK.value)
