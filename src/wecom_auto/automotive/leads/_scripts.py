"""What a talk script (话术) is, and who chooses one. Knows no content; `automotive.content.SegmentScripts` does."""

from __future__ import annotations

import logging
from typing import Final, Protocol

from attrs import field, frozen

from wecom_auto.automotive.leads._states import StoredLead

log: Final = logging.getLogger("wecom_auto.automotive.leads")


@frozen(kw_only=True)
class TalkScript:
    """What a member may say to one lead.

    Attributes:
        name: Of the content; stands beside the answers in the numbers.
        text: The words, up to 160 characters.
    """

    name: str
    text: str = field(repr=False)


class LeadScripts(Protocol):
    """Chooses the script (话术) of a lead."""

    def __call__(self, lead: StoredLead, /) -> TalkScript | None:
        """The script; None for a card without one."""
        ...


def script_of(scripts: LeadScripts, lead: StoredLead) -> TalkScript | None:
    """Ask for a script; a chooser that fails costs the card its script, not the member the lead."""
    try:
        found = scripts(lead)
    except Exception as error:  # noqa: BLE001  # somebody else's program
        log.warning("lead %s: no script, the chooser raised %s", lead.lead_id, type(error).__name__)
        return None
    return found
