"""What the parts of the task desk share, and who is to do a task. Asks the roster outside of transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Engine

from wecom_auto.sop._document._policies import Absence
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows._states import TaskStatus
from wecom_auto.sop._shared._context import CustomerBook, CustomerFacts
from wecom_auto.sop.tasks._hours import WorkingHours
from wecom_auto.sop.tasks._roster import PlainRoster, Roster
from wecom_auto.sop.tasks._values import TaskRecord, TaskRules
from wecom_auto.store import reading

if TYPE_CHECKING:
    from wecom_auto._client import WeCom


@frozen(kw_only=True)
class Office:
    """One corp's desk and everything it works with.

    Attributes:
        engine: The database.
        corp_id: The corp.
        client: Sends messages to members; `None` sends none.
        notify: Whether members and supervisors are told of tasks.
        book: Where completion is looked for; `None` looks nowhere.
        roster: Who does what.
        rules: What the corp decides once.
        facts: What is known about the subjects of tasks, by task; asked of the book by default.
    """

    engine: Engine
    corp_id: str
    client: WeCom | None = None
    notify: bool = False
    book: CustomerBook | None = None
    roster: Roster = field(factory=PlainRoster)
    rules: TaskRules = field(factory=TaskRules)
    facts: Callable[[Sequence[TaskRecord]], Mapping[int, CustomerFacts]] | None = None


@frozen(kw_only=True)
class Assignment:
    """Who is to do a task.

    Attributes:
        userid: Empty if nobody can be found.
        why: ``assignee``, ``backup``, ``supervisor`` or ``held``.
        hours: When they work.
        store: Their shop.
    """

    userid: str
    why: str
    hours: WorkingHours
    store: str


def on_leave(office: Office, userids: Iterable[str], at: datetime) -> frozenset[str]:
    """Which of the members are on leave, as somebody has told the runner."""
    names = sorted({one for one in userids if one})
    if not names:
        return frozenset()
    with reading(office.engine) as connection:
        given = {"corp": office.corp_id, "names": names, "moment": at}
        return frozenset(connection.scalars(_absent(), given))


@cache
def _absent() -> sa.Select[str]:
    """Built once: it is asked for every task."""
    a = t.absences.c
    names: sa.BindParameter[list[str]] = sa.bindparam("names", expanding=True)
    then = sa.bindparam("moment", type_=a.from_at.type)
    mine = (a.corp_id == sa.bindparam("corp"), a.userid.in_(names), a.from_at <= then, a.until_at > then)
    return sa.select(a.userid).where(*mine)


def is_away(office: Office, userid: str, at: datetime) -> bool:
    """Whether a member is on leave, by the roster or because somebody has told the runner."""
    return not office.roster.working(userid, at) or userid in on_leave(office, [userid], at)


def assign(
    office: Office,
    at: datetime,
    *,
    assignee: str = "",
    role: str = "",
    member: str = "",
    subject: str = "",
    on_absence: Absence = Absence.BACKUP,
    avoid: frozenset[str] = frozenset(),
) -> Assignment:
    """Choose who does a task: the assignee, else a stand-in, else a supervisor, else nobody.

    Args:
        office: The desk.
        at: When.
        assignee: Wins over the role.
        role: Looked up in the roster.
        member: Who looks after the subject.
        subject: Whom the task is about.
        on_absence: Who may stand in for somebody who is away.
        avoid: Members who have had their chance: somebody else takes over, whatever `on_absence` says.
    """
    first = [assignee] if assignee and assignee not in avoid else []
    if (role and not first) or not assignee:
        first = [*office.roster.resolve(role, member, subject)]
    known = [one for one in dict.fromkeys((assignee, *first)) if one] or [member]
    # Who must be replaced is replaced, whatever the task says about a leave.
    policy = Absence.BACKUP if avoid and on_absence is Absence.HOLD else on_absence
    for why, names in _tiers(office, first, known, policy, stand_in=bool(first or assignee)):
        here = [one for one in dict.fromkeys(names) if one and one not in avoid and office.roster.working(one, at)]
        away = on_leave(office, here, at)
        free = [one for one in here if one not in away]
        if free:
            chosen = _least_busy(office, free)
            return Assignment(
                userid=chosen, why=why, hours=office.roster.hours(chosen), store=office.roster.store(chosen)
            )
    anybody = known[0]
    return Assignment(userid="", why="held", hours=office.roster.hours(anybody), store=office.roster.store(anybody))


def _tiers(
    office: Office, first: list[str], known: list[str], on_absence: Absence, *, stand_in: bool
) -> Iterable[tuple[str, list[str]]]:
    """Whom to ask, in this order; the roster is asked for the next ones only if the earlier ones are away.

    Nobody stands in for a role that nobody holds: that is for the supervisor to mend.
    """
    yield "assignee", first
    if on_absence is Absence.HOLD:
        return
    if on_absence is not Absence.SUPERVISOR and stand_in:
        yield "backup", [office.roster.backup(one) for one in known]
    yield "supervisor", [office.roster.supervisor(one) for one in known]


def _least_busy(office: Office, userids: list[str]) -> str:
    """Of several the one with the fewest open tasks; the roster's order decides between equals."""
    if len(userids) == 1:
        return userids[0]
    s = t.staff_tasks.c
    mine = (s.corp_id == office.corp_id, s.assignee.in_(userids), s.state == TaskStatus.OPEN.value)
    query = sa.select(s.assignee, sa.func.count()).where(*mine).group_by(s.assignee)
    with reading(office.engine) as connection:
        load = {row[0]: row[1] for row in connection.execute(query)}
    return min(userids, key=lambda one: (load.get(one, 0), userids.index(one)))
