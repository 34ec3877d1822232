"""Thousands of codes from one table (活码管理): contact ways, group codes and acquisition links, with shifts and caps.

A plan says what would be done, `apply` does it and can be stopped anywhere; pictures and a sheet to print come out.
It refuses to delete what it was not asked to delete, and says where the platform lets nobody look.
"""

from __future__ import annotations

from wecom_auto.automotive.fleet._codes import Code, CodeKind
from wecom_auto.automotive.fleet._fleet import Fleet, FleetReport
from wecom_auto.automotive.fleet._pictures import CodePicture, print_sheet
from wecom_auto.automotive.fleet._plan import FleetFinding, FleetPlan, Platform, Todo, compare
from wecom_auto.automotive.fleet._reading import FleetTable, RowProblem
from wecom_auto.automotive.fleet._rows import KnownCode
from wecom_auto.automotive.fleet._shifts import Shift, Shifts, Staffing, Turn, staff

__all__ = [
    "Code",
    "CodeKind",
    "CodePicture",
    "Fleet",
    "FleetFinding",
    "FleetPlan",
    "FleetReport",
    "FleetTable",
    "KnownCode",
    "Platform",
    "RowProblem",
    "Shift",
    "Shifts",
    "Staffing",
    "Todo",
    "Turn",
    "compare",
    "print_sheet",
    "staff",
]
