"""Judge what a member wants to send by the corp's intercept rules. Sends nothing.

Unverified: that words are looked for as they stand, upper and lower case apart, also inside other words; what the
platform takes for a mobile number or an e-mail address; that the strictest of several rules wins.
"""

from __future__ import annotations

import re

from wecom_auto.testing._records import FakeSaid
from wecom_auto.testing._state import State
from wecom_auto.testing._state_intercept import InterceptRule

__all__ = ["judge"]

BLOCK = 1
MOBILE, EMAIL, RED_PACKET = 1, 2, 3
PATTERNS = {
    MOBILE: re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    EMAIL: re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII),
}


def judge(state: State, userid: str, text: str, *, red_packet: bool) -> FakeSaid:
    """Say what becomes of a message: sent, warned about, or blocked."""
    rules = [rule for rule in state.intercept.living() if _holds(state, rule, userid)]
    kinds = {kind for kind, pattern in PATTERNS.items() if pattern.search(text)} | (
        {RED_PACKET} if red_packet else set()
    )
    hits = [rule for rule in rules if any(word in text for word in rule.words) or not kinds.isdisjoint(rule.semantics)]
    return FakeSaid(
        text=text,
        sent=all(rule.intercept_type != BLOCK for rule in hits),
        warned=bool(hits),
        rules=tuple(rule.name for rule in hits),
        words=tuple(dict.fromkeys(word for rule in hits for word in rule.words if word in text)),
        semantics=tuple(sorted({kind for rule in hits for kind in rule.semantics if kind in kinds})),
    )


def _holds(state: State, rule: InterceptRule, userid: str) -> bool:
    above = state.line(state.members[userid].department)
    return userid in rule.users or not above.isdisjoint(rule.departments)
