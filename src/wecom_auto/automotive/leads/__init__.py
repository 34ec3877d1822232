"""The lead desk (线索台): leads come in from tables and webhooks, and none is lost before somebody calls.

It never dials and never adds a friend: those are tasks of a member.
A phone number stands in no log line, no repr and no exception, and in the database only sealed.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.leads._answers import Answer, CallOutcome, PoolAnswer
from wecom_auto.automotive.leads._audience import AudienceReport, HashName, export_audience
from wecom_auto.automotive.leads._cells import UnreadableError, read_day, read_moment, read_phone
from wecom_auto.automotive.leads._columns import Columns
from wecom_auto.automotive.leads._consent import PROVIDE_TO_DEALER, ConsentLedger, ConsentRecord
from wecom_auto.automotive.leads._crm import Crm, CrmNews, CrmReport, CrmSync, LeadChange
from wecom_auto.automotive.leads._deadlines import DueReport
from wecom_auto.automotive.leads._delivery import DeliveryReport, LeadTask, LeadTasks
from wecom_auto.automotive.leads._desk import LeadDesk
from wecom_auto.automotive.leads._handover import HandedLead, HandOver, LeadSink
from wecom_auto.automotive.leads._importing import ImportReport
from wecom_auto.automotive.leads._intake import Taken
from wecom_auto.automotive.leads._keys import LeadKeys
from wecom_auto.automotive.leads._links import LinkReport, Sms, SmsError, SmsSender
from wecom_auto.automotive.leads._matching import Added, LeadStates, Match, MatchKind
from wecom_auto.automotive.leads._metrics import (
    AnswerCount,
    FunnelStage,
    LeadNumbers,
    Metric,
    Overdue,
    SourceCount,
    Span,
)
from wecom_auto.automotive.leads._periods import Period, PeriodChange, compare_periods
from wecom_auto.automotive.leads._ports import ChannelStates, TaskDeskTasks
from wecom_auto.automotive.leads._reading import LeadReader, StoreNames
from wecom_auto.automotive.leads._scripts import LeadScripts, TalkScript
from wecom_auto.automotive.leads._states import (
    Assignment,
    AssignmentState,
    CustomerAnswer,
    DeskSettings,
    HistoryEntry,
    LeadStatus,
    NoticeKind,
    StoredLead,
)
from wecom_auto.automotive.leads._values import BadRow, BlankRow, LeadRow, NewLead, Problem, Row

__all__ = [
    "PROVIDE_TO_DEALER",
    "Added",
    "Answer",
    "AnswerCount",
    "Assignment",
    "AssignmentState",
    "AudienceReport",
    "BadRow",
    "BlankRow",
    "CallOutcome",
    "ChannelStates",
    "Columns",
    "ConsentLedger",
    "ConsentRecord",
    "Crm",
    "CrmNews",
    "CrmReport",
    "CrmSync",
    "CustomerAnswer",
    "DeliveryReport",
    "DeskSettings",
    "DueReport",
    "FunnelStage",
    "HandOver",
    "HandedLead",
    "HashName",
    "HistoryEntry",
    "ImportReport",
    "LeadChange",
    "LeadDesk",
    "LeadKeys",
    "LeadNumbers",
    "LeadReader",
    "LeadRow",
    "LeadScripts",
    "LeadSink",
    "LeadStates",
    "LeadStatus",
    "LeadTask",
    "LeadTasks",
    "LinkReport",
    "Match",
    "MatchKind",
    "Metric",
    "NewLead",
    "NoticeKind",
    "Overdue",
    "Period",
    "PeriodChange",
    "PoolAnswer",
    "Problem",
    "Row",
    "Sms",
    "SmsError",
    "SmsSender",
    "SourceCount",
    "Span",
    "StoreNames",
    "StoredLead",
    "Taken",
    "TalkScript",
    "TaskDeskTasks",
    "UnreadableError",
    "compare_periods",
    "export_audience",
    "read_day",
    "read_moment",
    "read_phone",
]

publish(globals(), __all__, __name__)
