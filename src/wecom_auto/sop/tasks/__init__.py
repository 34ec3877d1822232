"""Staff tasks (人工任务): work that no server call can do, with assignee, deadline, evidence and escalation.

A task belongs to a step of a SOP, or to a program of yours that has no SOP at all.
It is never claimed to be done: it is found in data, or a person says so, and which of the two is kept.
"""

from __future__ import annotations

from wecom_auto.sop.tasks._audit import to_csv
from wecom_auto.sop.tasks._desk import TaskDesk, corps
from wecom_auto.sop.tasks._found import GroupBook, GroupFacts, MembershipFacts
from wecom_auto.sop.tasks._hours import WorkingHours
from wecom_auto.sop.tasks._roster import PlainRoster, Roster, Staffer, StaticRoster, Store
from wecom_auto.sop.tasks._values import AuditLine, EvidenceLevel, TaskOrder, TaskPage, TaskRecord, TaskRules

__all__ = [
    "AuditLine",
    "EvidenceLevel",
    "GroupBook",
    "GroupFacts",
    "MembershipFacts",
    "PlainRoster",
    "Roster",
    "Staffer",
    "StaticRoster",
    "Store",
    "TaskDesk",
    "TaskOrder",
    "TaskPage",
    "TaskRecord",
    "TaskRules",
    "WorkingHours",
    "corps",
    "to_csv",
]
