"""Whom a run is about, whatever the SOP's target: facts of customers, groups, members and programmes. Decides nothing.

A run's ``external_userid`` holds the subject: a customer, a group's chat_id, a member's userid, or the name of the
moment SOP itself. Each kind is asked of the book in its own way, and answers in the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from wecom_auto._types import JSON
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._shared._context import Context, CustomerFacts
from wecom_auto.sop._shared._senders import choose_sender
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.store import Enrolment
from wecom_auto.sop.tasks import TaskRecord
from wecom_auto.sop.tasks._found import pair_of
from wecom_auto.store import reading

Pair: TypeAlias = tuple[str, str]
"""(subject, member)."""


@runtime_checkable
class SubjectBook(Protocol):
    """A book that knows more than customers; `wecom_auto.directory.Directory` is one."""

    def group_facts(self, pairs: Iterable[Pair], /) -> Mapping[Pair, CustomerFacts]:
        """Facts of many (chat_id, member): the group's name, owner and size, and whether it can be reached."""
        ...

    def staff_facts(self, pairs: Iterable[Pair], /) -> Mapping[Pair, CustomerFacts]:
        """Facts of many (userid, member): the departments, and whether the member works here."""
        ...

    def programme_facts(self, pairs: Iterable[Pair], /) -> Mapping[Pair, CustomerFacts]:
        """Facts of many (name of a SOP, member): its attributes and events."""
        ...

    def subjects(self, kind: str, /, *, after: str, most: int) -> tuple[str, ...]:
        """Ids of a kind by id, for a calendar: ``customer``, ``group`` or ``staff``; only those of today."""
        ...

    def attributes_of(self, name: str, /, *, after: str, most: int) -> tuple[tuple[str, JSON], ...]:
        """(subject, value) of an attribute, by subject: whose birthday is when."""
        ...


def subject_book(context: Context) -> SubjectBook:
    """The book, if it knows groups, members and programmes.

    Raises:
        ConfigurationError: It knows customers only.
    """
    if isinstance(context.book, SubjectBook):
        return context.book
    msg = f"{type(context.book).__name__} knows customers only: SOPs for groups, members and moments need more methods"
    raise ConfigurationError(msg)


def facts_for(context: Context, target: Target, pairs: Iterable[Pair]) -> Mapping[Pair, CustomerFacts]:
    """Facts of subjects of one kind."""
    if target is Target.CUSTOMER:
        return context.book.facts_for(pairs)
    book = subject_book(context)
    ask = {Target.GROUP: book.group_facts, Target.STAFF: book.staff_facts, Target.MOMENT: book.programme_facts}
    return ask[target](pairs)


def facts_of(context: Context, runs: Iterable[Enrolment]) -> dict[int, CustomerFacts]:
    """Facts of runs, by run: one question for each kind of subject."""
    by_target: defaultdict[Target, list[Enrolment]] = defaultdict(list)
    for run in runs:
        by_target[context.catalogue.cached(context.engine, run.sop, run.version).target].append(run)
    found: dict[int, CustomerFacts] = {}
    for target, some in by_target.items():
        known = facts_for(context, target, [run.pair for run in some])
        found |= {run.id: known[run.pair] for run in some}
    return found


def member_for(definition: Definition, facts: CustomerFacts, member: str = "") -> str | None:
    """Who acts for a subject: the member who sends, the owner of a group, the member itself.

    Returns:
        A userid; empty for a moment, which many publish; `None` if there is nobody.
    """
    if definition.target is Target.MOMENT:
        return ""
    return choose_sender(definition, facts, member) or None


def facts_of_tasks(context: Context, tasks: Sequence[TaskRecord]) -> dict[int, CustomerFacts]:
    """Facts of staff tasks, by task: whom the SOP is about; a task without a SOP is about a customer."""
    sops = {task.source for task in tasks if task.touch_id is not None}
    with reading(context.engine) as connection:
        known = context.catalogue.sops(connection)
        targets = {sop: context.catalogue.latest(connection, sop).target for sop in sops if sop in known}
    by_target: defaultdict[Target, list[TaskRecord]] = defaultdict(list)
    for task in tasks:
        target = targets.get(task.source, Target.CUSTOMER) if task.touch_id is not None else Target.CUSTOMER
        by_target[target].append(task)
    found: dict[int, CustomerFacts] = {}
    for target, some in by_target.items():
        facts = facts_for(context, target, {pair_of(task) for task in some})
        found |= {task.id: facts[pair_of(task)] for task in some}
    return found
