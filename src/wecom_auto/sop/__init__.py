"""SOPs (标准作业流程): timed care of customers, defined as data, planned by a pure function, sent effectively once.

Needs the extra: `pip install "wecom-auto[sop]"`. Nothing here is imported by `import wecom_auto`.
"""

from __future__ import annotations

from wecom_auto.sop._actions import (
    Action,
    EndAction,
    Mass,
    MovePool,
    ServerAction,
    StaffConfirmed,
    StaffTask,
    Tag,
    Untag,
    Welcome,
)
from wecom_auto.sop._context import ContentSource, CustomerBook, CustomerFacts, FollowerFacts, RelationFacts
from wecom_auto.sop._policies import Arms, Entry, Holidays, Owner, Reentry, Shift, Window
from wecom_auto.sop._problems import ConditionError, DefinitionError
from wecom_auto.sop._schema import json_schema
from wecom_auto.sop._states import BatchStatus, EnrolmentStatus, SopStatus, TaskStatus, TouchStatus
from wecom_auto.sop._timing import ClockRange, Offset
from wecom_auto.sop.calendar import Calendar, ChinaCalendar, Day, WeekendCalendar, plant_holidays
from wecom_auto.sop.conditions import Condition, Facts
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition, Exit, Step, Wait
from wecom_auto.sop.planner import Decision, DecisionKind, EndReason, EnrolmentState, Plan, plan, reason_text
from wecom_auto.sop.preview import KnownFacts
from wecom_auto.sop.runner import LoggedDecision, Runner, Settings, TickReport
from wecom_auto.sop.sending import Timing

__all__ = [
    "Action",
    "Arms",
    "BatchStatus",
    "Calendar",
    "ChinaCalendar",
    "ClockRange",
    "Condition",
    "ConditionError",
    "Content",
    "ContentSource",
    "Contents",
    "CustomerBook",
    "CustomerFacts",
    "Day",
    "Decision",
    "DecisionKind",
    "Definition",
    "DefinitionError",
    "EndAction",
    "EndReason",
    "EnrolmentState",
    "EnrolmentStatus",
    "Entry",
    "Exit",
    "Facts",
    "FollowerFacts",
    "Holidays",
    "KnownFacts",
    "LoggedDecision",
    "Mass",
    "MovePool",
    "Offset",
    "Owner",
    "Plan",
    "Reentry",
    "RelationFacts",
    "Runner",
    "ServerAction",
    "Settings",
    "Shift",
    "SopStatus",
    "StaffConfirmed",
    "StaffTask",
    "Step",
    "Tag",
    "TaskStatus",
    "TickReport",
    "Timing",
    "TouchStatus",
    "Untag",
    "Wait",
    "WeekendCalendar",
    "Welcome",
    "Window",
    "json_schema",
    "plan",
    "plant_holidays",
    "reason_text",
]
