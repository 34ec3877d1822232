"""The lead desk (线索台): leads come in from tables and webhooks, and none is lost before somebody calls.

It never dials and never adds a friend: those are tasks of a member.
A phone number stands in no log line, no repr and no exception.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.leads._cells import UnreadableError, read_day, read_moment, read_phone
from wecom_auto.automotive.leads._columns import Columns
from wecom_auto.automotive.leads._reading import LeadReader, StoreNames
from wecom_auto.automotive.leads._values import BadRow, BlankRow, LeadRow, NewLead, Problem, Row

__all__ = [
    "BadRow",
    "BlankRow",
    "Columns",
    "LeadReader",
    "LeadRow",
    "NewLead",
    "Problem",
    "Row",
    "StoreNames",
    "UnreadableError",
    "read_day",
    "read_moment",
    "read_phone",
]

publish(globals(), __all__, __name__)
