"""Stages and grades of customers (客户阶段, 意向等级): rules as data, decisions pure, history that is never rewritten.

It refuses to invent the lost period (战败周期), to lose a customer without a reason, and to let late news take a
customer back.
"""

from __future__ import annotations

from wecom_auto.automotive.lifecycle._grades import Grade, GradeScheme
from wecom_auto.automotive.lifecycle._journey import Journey
from wecom_auto.automotive.lifecycle._mirror import MirrorReport
from wecom_auto.automotive.lifecycle._moves import (
    LossKind,
    Move,
    Outcome,
    Position,
    TransitionError,
    decide,
    next_review,
    silent,
)
from wecom_auto.automotive.lifecycle._rows import HistoryEntry
from wecom_auto.automotive.lifecycle._stages import Lifecycle, LossReason, Stage

__all__ = [
    "Grade",
    "GradeScheme",
    "HistoryEntry",
    "Journey",
    "Lifecycle",
    "LossKind",
    "LossReason",
    "MirrorReport",
    "Move",
    "Outcome",
    "Position",
    "Stage",
    "TransitionError",
    "decide",
    "next_review",
    "silent",
]
