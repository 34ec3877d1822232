"""Names and cards of staff as customers see them (专属顾问, 对外资料): one template, an audit, and what makes it so.

Whatever a template does not name stays as the member has it, and `staff_standings` says who can have customers at all.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.profiles._applying import ProfileAudit, ProfileReport, apply, audit
from wecom_auto.automotive.profiles._cards import Card, CardDeviation
from wecom_auto.automotive.profiles._standing import StaffProblem, StaffStanding, staff_standings
from wecom_auto.automotive.profiles._template import ProfileLine, ProfileTemplate

__all__ = [
    "Card",
    "CardDeviation",
    "ProfileAudit",
    "ProfileLine",
    "ProfileReport",
    "ProfileTemplate",
    "StaffProblem",
    "StaffStanding",
    "apply",
    "audit",
    "staff_standings",
]

publish(globals(), __all__, __name__)
