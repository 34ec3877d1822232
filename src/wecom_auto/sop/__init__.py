"""SOPs (标准作业流程): timed care of customers, defined as data, planned by a pure function, sent effectively once.

Needs the extra: `pip install "wecom-auto[sop]"`. Nothing here is imported by `import wecom_auto`.
"""

from __future__ import annotations

from wecom_auto.sop._document._actions import (
    Action,
    Branch,
    Case,
    EndAction,
    Evidence,
    Goto,
    GroupMass,
    Jump,
    Mass,
    Moment,
    MovePool,
    Notice,
    Sending,
    ServerAction,
    SetStage,
    StaffConfirmed,
    StaffTask,
    Tag,
    TaskKind,
    Untag,
    Webhook,
    Welcome,
)
from wecom_auto.sop._document._files import LocalFile
from wecom_auto.sop._document._policies import (
    Absence,
    Arms,
    Concurrency,
    Conflict,
    Edit,
    Entry,
    Fatigue,
    Holidays,
    Owner,
    Policy,
    Purpose,
    Reentry,
    Shift,
    Target,
    Transfer,
    Unconfirmed,
    Window,
)
from wecom_auto.sop._document._problems import ConditionError, DefinitionError
from wecom_auto.sop._document._schema import json_schema
from wecom_auto.sop._document._timing import ClockRange, Offset
from wecom_auto.sop._planning._occurrences import Occurrence, occurrences
from wecom_auto.sop._planning._remap import Remap, remap
from wecom_auto.sop._rows._states import BatchKind, BatchStatus, EnrolmentStatus, SopStatus, TaskStatus, TouchStatus
from wecom_auto.sop._sending._publications import Publication
from wecom_auto.sop._sending._sweep import Swept
from wecom_auto.sop._shared._context import (
    ContentSource,
    CustomerBook,
    CustomerFacts,
    EventBook,
    FollowerFacts,
    RelationFacts,
)
from wecom_auto.sop._shared._subjects import SubjectBook
from wecom_auto.sop._shared._webhooks import WebhookCall, WebhookPort
from wecom_auto.sop.calendar import Calendar, ChinaCalendar, Day, WeekendCalendar, plant_holidays
from wecom_auto.sop.conditions import Condition, Facts
from wecom_auto.sop.contents import Content, Contents
from wecom_auto.sop.definition import Definition, Exit, Step, Wait
from wecom_auto.sop.experiments import ArmCount, Experiment, Happened, Uplift, compare_arms
from wecom_auto.sop.explaining import Explanation, ReasonLine, RunStory, TapStory
from wecom_auto.sop.observing import AlertRaised, BatchMoved, DecisionMade, Observer, TickFinished
from wecom_auto.sop.planner import Decision, DecisionKind, EndReason, EnrolmentState, Plan, plan, reason_text
from wecom_auto.sop.preview import KnownFacts
from wecom_auto.sop.replaying import Replay, ReplayedDecision
from wecom_auto.sop.runner import DueWork, LoggedDecision, Runner, Settings, TickReport
from wecom_auto.sop.sending import Timing
from wecom_auto.sop.status import Health, HealthLimits, Status

__all__ = [
    "Absence",
    "Action",
    "AlertRaised",
    "ArmCount",
    "Arms",
    "BatchKind",
    "BatchMoved",
    "BatchStatus",
    "Branch",
    "Calendar",
    "Case",
    "ChinaCalendar",
    "ClockRange",
    "Concurrency",
    "Condition",
    "ConditionError",
    "Conflict",
    "Content",
    "ContentSource",
    "Contents",
    "CustomerBook",
    "CustomerFacts",
    "Day",
    "Decision",
    "DecisionKind",
    "DecisionMade",
    "Definition",
    "DefinitionError",
    "DueWork",
    "Edit",
    "EndAction",
    "EndReason",
    "EnrolmentState",
    "EnrolmentStatus",
    "Entry",
    "EventBook",
    "Evidence",
    "Exit",
    "Experiment",
    "Explanation",
    "Facts",
    "Fatigue",
    "FollowerFacts",
    "Goto",
    "GroupMass",
    "Happened",
    "Health",
    "HealthLimits",
    "Holidays",
    "Jump",
    "KnownFacts",
    "LocalFile",
    "LoggedDecision",
    "Mass",
    "Moment",
    "MovePool",
    "Notice",
    "Observer",
    "Occurrence",
    "Offset",
    "Owner",
    "Plan",
    "Policy",
    "Publication",
    "Purpose",
    "ReasonLine",
    "Reentry",
    "RelationFacts",
    "Remap",
    "Replay",
    "ReplayedDecision",
    "RunStory",
    "Runner",
    "Sending",
    "ServerAction",
    "SetStage",
    "Settings",
    "Shift",
    "SopStatus",
    "StaffConfirmed",
    "StaffTask",
    "Status",
    "Step",
    "SubjectBook",
    "Swept",
    "Tag",
    "TapStory",
    "Target",
    "TaskKind",
    "TaskStatus",
    "TickFinished",
    "TickReport",
    "Timing",
    "TouchStatus",
    "Transfer",
    "Unconfirmed",
    "Untag",
    "Uplift",
    "Wait",
    "Webhook",
    "WebhookCall",
    "WebhookPort",
    "WeekendCalendar",
    "Welcome",
    "Window",
    "compare_arms",
    "json_schema",
    "occurrences",
    "plan",
    "plant_holidays",
    "reason_text",
    "remap",
]
