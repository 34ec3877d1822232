"""Prospect groups (潜客群): who is meant for which customer group, and what is done about it.

It removes nobody from a group and opens none, because no program can: those are tasks of members.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.groups._applying import Applied, TellInvited
from wecom_auto.automotive.groups._decide import decide, rotate
from wecom_auto.automotive.groups._desk import GroupDesk, GroupSettings, TellGroup
from wecom_auto.automotive.groups._invitations import Invitation, InvitationState
from wecom_auto.automotive.groups._policy import AppointmentRule, Capacity, Desired, GroupPolicy, GroupRule, LeaveOthers
from wecom_auto.automotive.groups._report import GroupReport, GroupTrouble
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
    "Capacity",
    "CustomerView",
    "Decision",
    "Desired",
    "GroupDesk",
    "GroupKind",
    "GroupPlan",
    "GroupPolicy",
    "GroupReport",
    "GroupRule",
    "GroupSettings",
    "GroupTrouble",
    "GroupView",
    "Invitation",
    "InvitationState",
    "InviteWay",
    "JoinWayView",
    "LeaveOthers",
    "TellGroup",
    "TellInvited",
    "decide",
    "rotate",
]

publish(globals(), __all__, __name__)
