"""Prospect groups (潜客群): who is meant for which customer group, and what is done about it.

It removes nobody from a group and opens none, because no program can: those are tasks of members.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.groups._applying import Applied, TellInvited
from wecom_auto.automotive.groups._arrivals import Arrival, ArrivalBy, ArrivalCount, count_arrivals
from wecom_auto.automotive.groups._calendar import CalendarEntry, GroupCalendar
from wecom_auto.automotive.groups._decide import decide, rotate
from wecom_auto.automotive.groups._desk import GroupDesk, GroupSettings, TellGroup
from wecom_auto.automotive.groups._greeting import WelcomeAttachments, WelcomeText
from wecom_auto.automotive.groups._invitations import Invitation, InvitationState
from wecom_auto.automotive.groups._memory import PlaybookMemory
from wecom_auto.automotive.groups._playbook import Playbook, Post, Series, Used
from wecom_auto.automotive.groups._policy import AppointmentRule, Capacity, Desired, GroupPolicy, GroupRule, LeaveOthers
from wecom_auto.automotive.groups._report import GroupReport, GroupTrouble, corps
from wecom_auto.automotive.groups._schedules import ScheduleReport, put_into_schedules
from wecom_auto.automotive.groups._template import Deviation, GroupTemplate
from wecom_auto.automotive.groups._values import (
    Action,
    CustomerView,
    Decision,
    GroupKind,
    GroupPlan,
    GroupView,
    InviteWay,
    JoinWayView,
)

__all__ = [
    "Action",
    "Applied",
    "AppointmentRule",
    "Arrival",
    "ArrivalBy",
    "ArrivalCount",
    "CalendarEntry",
    "Capacity",
    "CustomerView",
    "Decision",
    "Desired",
    "Deviation",
    "GroupCalendar",
    "GroupDesk",
    "GroupKind",
    "GroupPlan",
    "GroupPolicy",
    "GroupReport",
    "GroupRule",
    "GroupSettings",
    "GroupTemplate",
    "GroupTrouble",
    "GroupView",
    "Invitation",
    "InvitationState",
    "InviteWay",
    "JoinWayView",
    "LeaveOthers",
    "Playbook",
    "PlaybookMemory",
    "Post",
    "ScheduleReport",
    "Series",
    "TellGroup",
    "TellInvited",
    "Used",
    "WelcomeAttachments",
    "WelcomeText",
    "corps",
    "count_arrivals",
    "decide",
    "put_into_schedules",
    "rotate",
]

publish(globals(), __all__, __name__)
