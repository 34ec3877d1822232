"""Give the runner only what may be sent: approved as it stands, and valid today. It refuses with a reason."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from wecom_auto._time import CHINA, Clock, from_unix
from wecom_auto.automotive.content._approval import Approval, Approvals
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Content


class Refusal(StrEnum):
    """Why a content is not given out."""

    UNKNOWN = "unknown"
    UNAPPROVED = "unapproved"
    WITHDRAWN = "withdrawn"
    EARLY = "early"
    EXPIRED = "expired"


class ContentRefusedError(ConfigurationError):
    """A content that may not be sent now.

    Attributes:
        name: The content.
        reason: Why.
    """

    def __init__(self, name: str, reason: Refusal, remedy: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"content {name!r:.80} is refused: {reason.value}; {remedy}")


class ApprovedContents:
    """A source of contents for `Runner(contents=…)` (内容源) that gives out nothing unapproved, early or expired.

    Args:
        approvals: Of the library.
        clock: Unix seconds of "now".
        zone: In which days are counted.
    """

    def __init__(self, approvals: Approvals, *, clock: Clock = time.time, zone: ZoneInfo = CHINA) -> None:
        self.approvals = approvals
        self._clock = clock
        self._zone = zone

    def __repr__(self) -> str:
        return f"ApprovedContents({self.approvals!r})"

    def render(self, name: str, variables: Mapping[str, str], /) -> Content:
        """The content with its variables filled in; local files are uploaded by whoever sends it.

        Raises:
            ContentRefusedError: It may not be sent now; `reason` says why.
            ConfigurationError: A variable that nobody gave.
        """
        self._check(name, from_unix(self._clock()).astimezone(self._zone).date())
        return self.approvals.library.contents.render(name, variables)

    def _check(self, name: str, today: date) -> None:
        item = self.approvals.library.items.get(name)
        if item is None:
            raise ContentRefusedError(name, Refusal.UNKNOWN, "add it to the library")
        state = self.approvals.state(name)
        if state is Approval.WITHDRAWN:
            raise ContentRefusedError(name, Refusal.WITHDRAWN, "submit it once more, or use another one")
        if state is not Approval.APPROVED:
            raise ContentRefusedError(name, Refusal.UNAPPROVED, f"it is {state.value}: have it approved")
        if item.is_early_on(today):
            raise ContentRefusedError(name, Refusal.EARLY, f"it may be sent from {item.valid_from} on")
        if not item.content.is_valid_on(today):
            raise ContentRefusedError(name, Refusal.EXPIRED, f"it was valid until {item.content.valid_until}")
