"""The follow-up watch (未跟进预警): N members and one supervisor, and nobody's silence goes unseen.

Every alert says what it rests on and how closely that looks: without the message archive nobody knows when one
customer was answered, and the watch does not pretend to.
It refuses to tell anybody outside working hours, to tell the same rung of a silence twice, and to move a customer.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.watch._books import StoredAlert
from wecom_auto.automotive.watch._desk import WatchDesk, WatchReport
from wecom_auto.automotive.watch._figures import FigureBook
from wecom_auto.automotive.watch._group_scores import GroupScore, group_scores
from wecom_auto.automotive.watch._rules import Rule, Rung, WatchRules
from wecom_auto.automotive.watch._scorecard import Score, scorecard
from wecom_auto.automotive.watch._team import Friendship, TeamNumbers, friendships, team_numbers
from wecom_auto.automotive.watch._values import (
    Alert,
    Evidence,
    Facts,
    Fired,
    Precision,
    Silence,
    Standing,
    Subject,
    SubjectKind,
    Touch,
)
from wecom_auto.automotive.watch._watch import Watch

__all__ = [
    "Alert",
    "Evidence",
    "Facts",
    "FigureBook",
    "Fired",
    "Friendship",
    "GroupScore",
    "Precision",
    "Rule",
    "Rung",
    "Score",
    "Silence",
    "Standing",
    "StoredAlert",
    "Subject",
    "SubjectKind",
    "TeamNumbers",
    "Touch",
    "Watch",
    "WatchDesk",
    "WatchReport",
    "WatchRules",
    "friendships",
    "group_scores",
    "scorecard",
    "team_numbers",
]

publish(globals(), __all__, __name__)
