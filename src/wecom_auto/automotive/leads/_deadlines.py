"""What is due: remind the member, tell the manager, give the lead to somebody else. It sends nothing itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._answers import back
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._states import Assignment, AssignmentState, LeadStatus, NoticeKind, StoredLead
from wecom_auto.store import one_of, reading, repeatable, transaction

_OWNED = (LeadStatus.ASSIGNED, LeadStatus.ACCEPTED, LeadStatus.WORKING)


class Step(StrEnum):
    """What to do about an assignment now."""

    NOTHING = "nothing"
    REMIND = "remind"
    ALARM = "alarm"
    REASSIGN = "reassign"
    FOLLOW_UP = "follow_up"


@frozen(kw_only=True)
class DueReport:
    """What a tick has found due.

    Attributes:
        reminded: Members reminded.
        alarmed: Managers told.
        reassigned: Leads taken away, to be given to others.
        follow_ups: Members reminded of a follow-up.
        not_added: Leads whose link led to nothing, which somebody has to add by phone.
    """

    reminded: int = 0
    alarmed: int = 0
    reassigned: int = 0
    follow_ups: int = 0
    not_added: int = 0


def step_for(one: Assignment, now: datetime) -> Step:
    """What is due for an assignment: pure.

    Args:
        one: It is somebody's.
        now: The time.
    """
    if one.state is AssignmentState.WORKING:
        return Step.FOLLOW_UP
    if now >= one.reassign_at:
        return Step.REASSIGN
    if now >= one.alarm_at and one.alarmed_at is None:
        return Step.ALARM
    if now >= one.contact_by and one.reminded_at is None and one.alarmed_at is None:
        return Step.REMIND
    return Step.NOTHING


def tick(desk: Desk, limit: int) -> DueReport:
    """Do what is due, one transaction for each lead."""
    with reading(desk.engine) as connection:
        waiting = books.due(connection, desk.corp_id, _OWNED, desk.now(), limit)
    counts = dict.fromkeys(Step, 0)
    for lead_id in waiting:
        counts[_one(desk, lead_id)] += 1
    return DueReport(
        reminded=counts[Step.REMIND],
        alarmed=counts[Step.ALARM],
        reassigned=counts[Step.REASSIGN],
        follow_ups=counts[Step.FOLLOW_UP],
        not_added=sum(_not_added(desk, lead_id) for lead_id in _unadded(desk, limit)),
    )


@repeatable
def _one(desk: Desk, lead_id: str) -> Step:
    now = desk.now()
    with transaction(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id)
        one = books.live(connection, desk.corp_id, lead_id) if found else None
        if found is None or found.next_at is None or found.next_at > now:
            return Step.NOTHING
        if one is None:
            books.change(connection, desk.corp_id, lead_id, next_at=None)
            return Step.NOTHING
        step = step_for(one, now)
        _carry_out(connection, desk, found, one, step, now)
        desk.crash("due")
    return step


def _carry_out(
    connection: Connection, desk: Desk, found: StoredLead, one: Assignment, step: Step, now: datetime
) -> None:
    corp_id, lead_id = desk.corp_id, found.lead_id
    if step is Step.REASSIGN:
        books.close(connection, corp_id, one, AssignmentState.REASSIGNED, now, "nobody was reached in time")
        books.note(connection, corp_id, lead_id, "reassigned", now, detail={"from": one.userid, "round": one.round})
        books.tell(connection, desk, found, NoticeKind.TAKEN, one.userid, now)
        back(connection, desk, found, now)
    elif step is Step.ALARM:
        boss = desk.network.supervisor(one.userid)
        books.change_assignment(connection, corp_id, one, alarmed_at=now)
        books.change(connection, corp_id, lead_id, next_at=one.reassign_at)
        books.note(connection, corp_id, lead_id, "alarmed", now, detail={"about": one.userid, "to": boss})
        books.tell(connection, desk, found, NoticeKind.ALARM, boss, now, about=one.userid)
    elif step is Step.REMIND:
        books.change_assignment(connection, corp_id, one, reminded_at=now)
        books.change(connection, corp_id, lead_id, next_at=one.alarm_at)
        books.note(connection, corp_id, lead_id, "reminded", now, detail={"to": one.userid})
        books.tell(connection, desk, found, NoticeKind.REMIND, one.userid, now)
    elif step is Step.FOLLOW_UP:
        when = now.isoformat(timespec="minutes")
        books.change(connection, corp_id, lead_id, next_at=None)
        books.note(connection, corp_id, lead_id, "follow_up_due", now, detail={"to": one.userid})
        books.tell(connection, desk, found, NoticeKind.FOLLOW_UP, one.userid, now, again=when)
    else:
        # The reminder and the alarm are over: what remains is that somebody else gets it.
        books.change(connection, corp_id, lead_id, next_at=one.reassign_at)


def _unadded(desk: Desk, limit: int) -> list[str]:
    """Leads that were sent a link and have added nobody since."""
    given = {"corp": desk.corp_id, "before": desk.now() - desk.settings.not_added_after, "most": limit}
    with reading(desk.engine) as connection:
        return [*connection.scalars(_UNADDED, given)]


def _unadded_query() -> sa.Select[str]:
    c = t.leads.c
    late = c.unadded_since <= sa.bindparam("before", type_=c.unadded_since.type)
    wanted = (c.corp_id == sa.bindparam("corp"), late, c.owner != "", one_of(c.status, _OWNED))
    return sa.select(c.lead_id).where(*wanted).order_by(c.unadded_since).limit(sa.bindparam("most"))


_UNADDED: Final = _unadded_query()
_TOLD: Final = (
    sa.update(t.leads)
    .where(
        t.leads.c.corp_id == sa.bindparam("corp"),
        t.leads.c.lead_id == sa.bindparam("lead"),
        t.leads.c.unadded_since.is_not(None),
    )
    .values(unadded_since=None)
)


@repeatable
def _not_added(desk: Desk, lead_id: str) -> int:
    now = desk.now()
    with transaction(desk.engine) as connection:
        found = books.lead(connection, desk.corp_id, lead_id)
        if found is None or not found.owner:
            return 0
        if connection.execute(_TOLD, {"corp": desk.corp_id, "lead": lead_id}).rowcount != 1:
            return 0
        books.note(connection, desk.corp_id, lead_id, "not_added", now, detail={"to": found.owner})
        books.tell(connection, desk, found, NoticeKind.NOT_ADDED, found.owner, now)
    return 1
