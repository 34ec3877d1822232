"""Whether anybody may be reached at all: why a customer, a group or a member gets nothing. Pure: reads facts.

A group says more about itself than a customer does, so its reasons are told apart.
"""

from __future__ import annotations

from typing import Final

from wecom_auto.sop._document._policies import Target
from wecom_auto.sop.conditions import Facts

FROZEN: Final = "frozen"
"""The attribute of a group that stops every SOP in it as long as it is true, for instance after a complaint (客诉)."""
GROUP_STATUS: Final = "group.status"
"""The attribute that says why a group cannot be reached: `dismissed`, `owner_left`, `unknown`; else `normal`."""
_GROUPS: Final = {"dismissed": "blocked:dismissed", "owner_left": "blocked:owner_left"}


def blocked(target: Target, facts: Facts) -> str | None:
    """Why nothing may reach the subject of a run now; `None` if something may."""
    if target is Target.GROUP and facts.attribute(FROZEN) is True:
        return "blocked:frozen"
    if facts.following():
        return None
    match target:
        case Target.GROUP:
            return _GROUPS.get(str(facts.attribute(GROUP_STATUS)), "blocked:no_group")
        case Target.STAFF:
            return "blocked:member_left"
        case _:
            return "blocked:not_friend"
