"""Bind the desk to its neighbours: staff tasks and channel codes. Decides nothing."""

from __future__ import annotations

import time

from attrs import frozen

from wecom_auto._time import Clock, from_unix
from wecom_auto.automotive.channels import Channels
from wecom_auto.automotive.leads._delivery import LeadTask
from wecom_auto.sop.tasks import TaskDesk, TaskOrder


@frozen
class TaskDeskTasks:
    """Work of the desk as staff tasks (人工任务), with their reminders, stand-ins and audit.

    Attributes:
        desk: Makes each task once for each key.
        clock: Unix seconds of "now".
    """

    desk: TaskDesk
    clock: Clock = time.time

    def create(self, task: LeadTask, /) -> object:
        """Make the task, unless there is one of that key.

        Args:
            task: From the lead desk.
        """
        order = TaskOrder(
            title=task.title,
            kind=task.kind,
            assignee=task.userid,
            member=task.userid,
            source="leads",
            step=task.lead_id,
        )
        return self.desk.create(order, key=f"leads:{task.key}", now=from_unix(self.clock()))


@frozen
class ChannelStates:
    """Which lead a channel code (渠道码) was made for.

    Attributes:
        channels: The registry of the corp.
    """

    channels: Channels

    def __call__(self, state: str, /) -> str:
        """The lead's number; empty if the state names none.

        Args:
            state: Of the add event.
        """
        source = self.channels.source(state)
        return source.lead if source else ""
