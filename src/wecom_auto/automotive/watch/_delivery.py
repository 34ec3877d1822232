"""Turn alerts into staff tasks, and contacts into tasks that are done. Names no customer by anything but an id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from wecom_auto.automotive.watch._books import StoredAlert
from wecom_auto.automotive.watch._rules import Rule, Rung
from wecom_auto.automotive.watch._values import Evidence, Precision
from wecom_auto.automotive.watch._watch import SOURCE
from wecom_auto.sop._document._policies import Absence
from wecom_auto.sop.tasks import EvidenceLevel, TaskDesk, TaskOrder

_TITLES: Final = {
    Rule.FIRST_RESPONSE: "客户等待首次回复",
    Rule.NO_TOUCH: "客户长时间未跟进",
    Rule.GRADE: "客户到期未跟进",
    Rule.TASK: "任务超时未处理",
    Rule.FIGURES: "回复质量预警",
}
_HEADS: Final = {Rung.ALERT: "", Rung.ESCALATE: "下属预警：", Rung.REASSIGN: "转交给您："}
_RESTS: Final = {
    Evidence.ARCHIVE: "会话存档",
    Evidence.CRM: "跟进记录",
    Evidence.TASK: "任务记录",
    Evidence.BEHAVIOUR: "客户联系统计",
}
_LOOKS: Final = {
    Precision.CONVERSATION: "逐条消息",
    Precision.CUSTOMER: "仅限已登记的跟进",
    Precision.MEMBER: "成员当日汇总，不代表某一客户",
}
LEVELS: Final = {
    Evidence.ARCHIVE: EvidenceLevel.ARCHIVE,
    Evidence.CRM: EvidenceLevel.CRM,
    Evidence.TASK: EvidenceLevel.DECLARED,
}
"""What a contact is worth as evidence of a task."""
_CHARS: Final = 64


@frozen(kw_only=True)
class Delivery:
    """Where tasks go.

    Attributes:
        desk: The corp's staff tasks.
        due: How long a task of the watch is open before it is overdue itself: longer than the ladder, which is what
            reminds and escalates here.
    """

    desk: TaskDesk
    due: timedelta

    def tell(self, one: StoredAlert, first: StoredAlert | None, now: datetime) -> int:
        """Give somebody a task, or give the task that is there to somebody else; return its number.

        Args:
            one: The alert.
            first: The alert of the lowest rung, whose task a reassignment moves.
            now: Aware.
        """
        moved = one.watched_task or (first.task_id if first is not None else None)
        if one.rung is Rung.REASSIGN and moved is not None and self._move(moved, one, now):
            return moved
        return self.desk.create(self._order(one), key=f"{SOURCE}:{one.silence}:{one.rung}", now=now).id

    def _move(self, task_id: int, one: StoredAlert, now: datetime) -> bool:
        """Whether the task is theirs now; one that is closed is nobody's."""
        self.desk.reassign(task_id, one.told, "未跟进，自动转交", now=now, by=SOURCE)
        task = self.desk.get(task_id)
        return task is not None and not task.state.final and task.assignee == one.told

    def _order(self, one: StoredAlert) -> TaskOrder:
        own = one.rung is not Rung.ESCALATE
        answer = "reply" if one.rule in {Rule.FIRST_RESPONSE, Rule.NO_TOUCH, Rule.GRADE} else "other"
        return TaskOrder(
            title=f"{_HEADS[one.rung]}{_TITLES[one.rule]}",
            kind=answer if own else "other",
            # A subject may be a name of the watch's own, which no directory knows.
            subject=one.subject if len(one.subject) <= _CHARS else "",
            member=one.about,
            assignee=one.told,
            description=_words(one),
            due=self.due,
            remind_after=self.due,
            escalate_after=self.due,
            needs_evidence=False,
            on_absence=Absence.HOLD,
            source=SOURCE,
            step=one.rung.value,
        )


def _words(one: StoredAlert) -> str:
    parts = [
        f"对象 {one.subject}，负责人 {one.about}" if one.about != one.told else f"对象 {one.subject}",
        one.detail,
        f"依据：{_RESTS[one.evidence]}（{_LOOKS[one.precision]}）",
    ]
    return "\n".join(part for part in parts if part)
