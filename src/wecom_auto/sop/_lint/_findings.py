"""What the linter can find: codes, how bad each is, and a finding with its place and remedy. Looks at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from attrs import frozen


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Do not publish."""
    WARNING = "warning"
    """Publish only knowingly."""


CODES: Final[Mapping[str, tuple[Severity, str]]] = MappingProxyType(
    {
        "SOP001": (Severity.ERROR, "the document cannot be understood"),
        "SOP002": (Severity.ERROR, "a step id is used twice"),
        "SOP003": (Severity.ERROR, "a wait has no maximum"),
        "SOP004": (Severity.ERROR, "a condition is outside the grammar"),
        "SOP005": (Severity.ERROR, "a branch or goto leads nowhere, back, or before its time"),
        "SOP006": (Severity.ERROR, "an action or trigger does not go with the target"),
        "SOP010": (Severity.ERROR, "a step is never reached"),
        "SOP011": (Severity.WARNING, "a step is due outside the window"),
        "SOP012": (Severity.WARNING, "no exit is a goal"),
        "SOP013": (Severity.WARNING, "no exit on unfollowing or opting out"),
        "SOP014": (Severity.WARNING, "the steps of a SOP with branches are not in the order of their times"),
        "SOP015": (Severity.WARNING, "a SOP for prospects does not end with the order"),
        "SOP020": (Severity.WARNING, "a price in a text"),
        "SOP021": (Severity.ERROR, "personal data in a mass text"),
        "SOP022": (Severity.ERROR, "a content is missing"),
        "SOP023": (Severity.ERROR, "a content breaks a limit of the platform"),
        "SOP024": (Severity.ERROR, "a price in a text of a network whose dealers set the prices"),
        "SOP025": (Severity.ERROR, "a content cannot be posted as a moment"),
        "SOP026": (Severity.ERROR, "a content is for other SOPs"),
        "SOP027": (Severity.WARNING, "a content expires before its step is over"),
        "SOP028": (Severity.ERROR, "a variable that nobody fills in"),
        "SOP029": (Severity.ERROR, "a tag that the corp does not have"),
        "SOP030": (Severity.WARNING, "dates fall in a year whose holidays are not published"),
        "SOP031": (Severity.WARNING, "a fixed date is provisional"),
        "SOP032": (Severity.ERROR, "the day of entry has passed"),
        "SOP033": (Severity.ERROR, "a content is not approved"),
        "SOP040": (Severity.ERROR, "a welcome that cannot be sent as one"),
        "SOP050": (Severity.WARNING, "too many taps per member and day"),
        "SOP051": (Severity.WARNING, "more messages than the platform allows"),
        "SOP052": (Severity.WARNING, "more messages than the SOP's own fatigue allows"),
        "SOP053": (Severity.WARNING, "too many taps per group owner and day"),
        "SOP060": (Severity.ERROR, "marketing without consent"),
    }
)
"""Every code with its severity and meaning."""


@frozen(kw_only=True)
class Finding:
    """One thing to look at.

    Attributes:
        code: One of `CODES`.
        place: `step 'invite'.at`, `content 'tpl/x'`, or a path in the document.
        message: What is wrong, with the value.
        remedy: What to do.
    """

    code: str
    place: str
    message: str
    remedy: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return CODES[self.code][0]

    def __str__(self) -> str:
        return f"{self.code} {self.severity} {self.place}: {self.message}. {self.remedy}".rstrip()


def finding(code: str, place: str, message: str, remedy: str) -> Finding:
    """A finding in one line."""
    return Finding(code=code, place=place, message=message, remedy=remedy)
