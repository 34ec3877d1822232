"""Write a definition in Python. Makes exactly the document that TOML makes, and nothing else.

```python
from wecom_auto.sop.builders import UNFOLLOWED, Exit, Sop, Step, day, event, state_starts, tag

PROSPECT = Sop(
    "prospect-30d", 3, "展厅新客 30 天培育",
    entry=dict(on="customer.added", where=state_starts("showroom-") & ~tag("已成交")),
    exits=[Exit(event("deal.signed"), goal=True), Exit(UNFOLLOWED | tag("勿扰"))],
    steps=[Step("welcome", day(0), do=dict(welcome="tpl/welcome"))],
)
```
"""

from __future__ import annotations

from typing import Final

from wecom_auto.sop._timing import Offset, parse_clock
from wecom_auto.sop.conditions import Condition
from wecom_auto.sop.definition import Definition, Exit, Step

__all__ = [
    "UNFOLLOWED",
    "Exit",
    "Sop",
    "Step",
    "attr",
    "day",
    "delivered",
    "event",
    "has",
    "hours",
    "minutes",
    "months",
    "state_starts",
    "tag",
]

Sop = Definition
"""The definition itself: `Sop(sop, version, title, *, entry, steps, …)`."""

UNFOLLOWED: Final = Condition.parse("unfollowed()")
"""The customer is no longer a friend of the member."""


def day(count: int, clock: str | None = None) -> Offset:
    """Days from the anchor.

    Args:
        count: Negative before the anchor, 0 for the day of the anchor.
        clock: Wall-clock time, for example `"10:00"`; left out, the anchor's own time.
    """
    return Offset(count, "d", None if clock is None else parse_clock(clock))


def months(count: int, clock: str | None = None) -> Offset:
    """Calendar months from the anchor, clamped at the end of a shorter month."""
    return Offset(count, "mo", None if clock is None else parse_clock(clock))


def hours(count: int) -> Offset:
    """Elapsed hours from the anchor."""
    return Offset(count, "h")


def minutes(count: int) -> Offset:
    """Elapsed minutes from the anchor."""
    return Offset(count, "min")


def tag(name: str) -> Condition:
    """The customer carries this corp tag."""
    return Condition.parse(f"tag({name!r})")


def event(name: str) -> Condition:
    """This event has been seen."""
    return Condition.parse(f"event({name!r})")


def attr(name: str) -> Condition:
    """This attribute is true; unknown while it was never set."""
    return Condition.parse(f"attr({name!r})")


def has(name: str) -> Condition:
    """This attribute was set."""
    return Condition.parse(f"attr({name!r}) is not None")


def delivered(step_id: str) -> Condition:
    """This step has really reached the customer."""
    return Condition.parse(f"delivered({step_id!r})")


def state_starts(prefix: str) -> Condition:
    """The channel text of the contact way starts like this."""
    return Condition.parse(f"state.startswith({prefix!r})")
